"""Draw docs/reference/written-forms.md: `python -m tests.browser.language_pictures [FLOW …]`.

A picture shows the main path through a flow on one channel, in all languages and scripts side by
side. The emulators' page or the web chat's template renders the messages, without servers.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, Self

from PIL import Image

from bot.broadcasts import archive
from bot.broadcasts import content as broadcast_content
from bot.channels import Message, RenderedButton
from bot.channels.telegram import layout as telegram_layout
from bot.channels.whatsapp import layout as whatsapp_layout
from bot.i18n import direction, tag
from bot.web import chat_rendering as webchat
from bot.web import templating
from flows import FLOWS
from flows.engine import announcement_screens, pin_screens
from flows.engine.conversation import step
from flows.engine.events import (
    Button,
    Event,
    Page,
    PinTried,
    Pressed,
    Resumed,
    Said,
    Say,
    UploadChecked,
)
from flows.engine.flow import path
from flows.engine.registration import Acknowledged
from flows.engine.text import _, button
from flows.knowledge import kandas
from tests.browser.chromium import launched
from tests.browser.picture_files import folder
from tests.channels.rendered_messages import LINK
from tests.emulators import page as emulators
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat

STATIC = Path(webchat.__file__).parent / "static"
PHONES = Path(emulators.__file__).parent
WIDTH, GAP, WHITE = 330, 6, (255, 255, 255)
# Fixed time of all messages, since the emulators show hours and minutes.
NOW = 1_795_500_000
SCALE, QUALITY = 0.5, 15
CHANNELS = {"telegram": Page.OFFERED, "whatsapp": Page.ALWAYS, "web": Page.NEVER}
CHAT_ONLY_STYLE = """
header, .say, .renew, .web, .toast, .begin, .bar, .top, .skip, .dock { display: none !important }
body, main, main.chat { display: block !important; block-size: auto !important }
body, main, main.chat { padding: 0 !important; min-block-size: 0 !important }
.talk { overflow: visible !important; padding: 6px !important }
.phone { border: 0 !important; border-radius: 0 !important }
"""
# On WhatsApp a list opens over the page. The pictures show it open under its button.
OPEN_LISTS = """
view => { const log = document.querySelectorAll('[data-phone="whatsapp"] .log > li');
  const written = (kind, words) => { const node = document.createElement(kind);
    node.dir = 'auto'; node.append(...words); return node; };
  view.messages.forEach((message, at) => { if (!message.rows) return;
    const rows = written('div', message.rows.map(({ title, more }) =>
      written('button', more ? [title, written('small', [more])] : [title])));
    rows.className = 'rows buttons';
    log[at].append(rows); }); }
"""


@dataclass
class Talk(Chat):
    """A conversation on one channel, recorded with the messages of both sides."""

    exchanges: list[tuple[str, tuple[Say, ...]]] = field(default_factory=list)

    def takes(self, event: Event) -> Self:
        own = self._own(event)
        super().takes(event)
        self.exchanges.append((own, self.last_messages))
        return self

    def _own(self, event: Event) -> str:
        """Return the text that the person typed, or the label of the button that they pressed."""
        asked = self.conversation.asked
        match event:
            case Said(text):
                return text
            case Pressed(payload):
                _nonce, _colon, key = payload.partition(":")
                words = {each.key: each.words for each in asked.options} if asked else {}
                skip = WORDS.render(button("Skip"), self.language)
                return (
                    skip if key == "-" else words.get(key) or self._event_label(event).strip("[]")
                )
            case _:
                return ""

    def answers(self, value: str) -> Self:
        """Enter a private answer on the secure page, if the channel sends people there."""
        if self.page is not Page.ALWAYS or not self._private() or value == "-":
            return super().answers(value)
        turn = step(self.flows, WORDS, self.conversation, Said(value), TODAY, Page.NEVER)
        self.conversation = turn.conversation
        return self.takes(Resumed())

    def _private(self) -> bool:
        flow = FLOWS.get(self.conversation.flow)
        if flow is None:
            return self.question_key == pin_screens.PIN
        stop = path(flow, self.form(flow.name)).current(self.form(flow.name).cursor)
        return stop is not None and stop.item.sensitive

    def add_messages(self, *messages: Say) -> Self:
        """Add messages that the engine does not send, such as notices of the registry."""
        self.exchanges.append(
            ("", tuple(replace(message, language=self.language) for message in messages))
        )
        return self


def about(talk: Talk) -> None:
    talk.presses("about")


def eligibility(talk: Talk) -> None:
    talk.presses("eligibility", "move", "yes", "yes", "CN", "no", "none", "unsaid")


def checklist(talk: Talk) -> None:
    talk.presses("checklist", "kandas_status", "CN", "both", "unsure", "yes", "origin", "keep")
    talk.presses("yes", "tick", "documents.kaztest_certificate")


def preregistration(talk: Talk) -> None:
    talk.presses("preregistration").until("surname", applying="family")
    talk.until("family").presses("add", "spouse", "adult", "no", "go_on", "done")
    talk.until("phone", contact="phone").says("12345")
    talk.until("review").presses("submit")
    talk.takes(Acknowledged("accepted", "KZ-2026-TEST")).presses("!status")


def officer(talk: Talk) -> None:
    talk.presses("officer").until("words").says("TESTOVA?")


def support(talk: Talk) -> None:
    talk.presses("support", "north_east", "pavlodar").says("5").presses("yes")


def interview(talk: Talk) -> None:
    talk.presses("interview", "stages", "interview", "practice", "thanks", "seen", "name", "age")


def faq(talk: Talk) -> None:
    talk.presses("faq").says("апостиль").presses("faq", "missions", "CN", "faq", "offices")


def after_sending(talk: Talk) -> None:
    talk.presses("preregistration").until("review").presses("submit")
    talk.takes(Acknowledged("received", "KZ-2026-TEST")).presses("!status")
    talk.exchanges.clear()


def next_steps(talk: Talk) -> None:
    after_sending(talk)
    talk.presses("next_steps")


def papers(talk: Talk) -> None:
    after_sending(talk)
    talk.presses("papers", "yes").takes(UploadChecked("papers", "paper_identity", hint="dark"))


def announcements(talk: Talk) -> None:
    talk.presses("announcements", "get", "rules", "events", "done", "seen", "yes", "hint", "yes")
    talk.presses("UZ", "kandas_status", "unsaid")
    opening = Button(broadcast_content.NEWS, broadcast_content.ANNOUNCEMENTS)
    talk.add_messages(Say(((announcement_screens.SOMETHING_NEW,),), (opening,)))
    dated = (_(archive.DAY.msgid, date=TODAY),)
    talk.add_messages(Say(((archive.HEAD,),)), Say((dated, (kandas.FEE.text,))))
    talk.presses("announcements").says("/stop")


def commands(talk: Talk) -> None:
    """Walk through commands that are not part of a flow: status, PIN, erasure, help, quick exit."""
    after_sending(talk)
    talk.presses("menu", ">", "pin").answers("204611").says("/status")
    talk.takes(PinTried(False, 2)).takes(PinTried(False)).says("/delete")
    talk.presses("yes").says("/help").presses("!exit")


WALKS: dict[str, Callable[[Talk], None]] = {
    "about": about,
    "eligibility": eligibility,
    "checklist": checklist,
    "preregistration": preregistration,
    "officer": officer,
    "support": support,
    "interview": interview,
    "faq": faq,
    "next_steps": next_steps,
    "papers": papers,
    "announcements": announcements,
    "beside": commands,
}


def record_talk(flow: str, language: str, page: Page) -> Talk:
    talk = Talk.start(language)
    talk.page = page
    # Only the picture of `about`, the shortest flow, includes the greeting and the menu.
    talk.exchanges = talk.exchanges[-1:] if flow == "about" else []
    WALKS[flow](talk)
    return talk


# Messages in the form in which a channel shows them


def _messages(talk: Talk) -> Iterator[str | Message]:
    for own, messages in talk.exchanges:
        if own:
            yield own
        for message in messages:
            yield Message(
                tuple(
                    "\n".join(WORDS.render(line, message.language) for line in lines)
                    for lines in message.paragraphs
                ),
                tuple(
                    RenderedButton(
                        b.payload or LINK, WORDS.render(b.label, message.language), b.kind.value
                    )
                    for b in message.buttons
                ),
                message.language,
                message.progress,
            )


def telegram(talk: Talk) -> dict[str, Any]:
    messages = []
    for each in _messages(talk):
        if isinstance(each, str):
            messages.append(_line(each, mine=True))
            continue
        for text, markup in telegram_layout.parts(each):
            rows = telegram_layout.labels(markup)
            buttons = [[{"title": label, "data": "x"} for label in row] for row in rows]
            messages.append(_line(text) | {"buttons": buttons, "entities": []})
    return _view(messages)


def whatsapp(talk: Talk) -> dict[str, Any]:
    messages = []
    for each in _messages(talk):
        if isinstance(each, str):
            messages.append(_line(each, mine=True))
            continue
        messages += [_content(content) for content in whatsapp_layout.parts(each, WORDS)]
    return _view(messages)


def _content(content: dict[str, Any]) -> dict[str, Any]:
    if content["type"] == "text":
        return _line(content["text"]["body"])
    action = content["interactive"]["action"]
    titles = [each["reply"]["title"] for each in action.get("buttons", ())]
    titles += [action["parameters"]["display_text"]] if "parameters" in action else []
    rows = [row for section in action.get("sections", ()) for row in section["rows"]]
    return _line(content["interactive"]["body"]["text"]) | {
        "buttons": [[{"title": title, "data": "x"}] for title in titles],
        "opener": action.get("button", ""),
        "rows": [{"title": row["title"], "more": row.get("description", "")} for row in rows],
    }


def _line(text: str, *, mine: bool = False) -> dict[str, Any]:
    return {"mine": mine, "at": NOW, "text": text, "buttons": []}


def _view(messages: list[dict[str, Any]]) -> dict[str, Any]:
    numbered = [{"id": str(number)} | each for number, each in enumerate(messages)]
    return {"who": "", "messages": numbered, "keyboard": [], "typing": False, "toast": "",
            "empty": False, "count": len(messages)}  # fmt: skip


def web(talk: Talk) -> str:
    """Return the HTML page as the server renders it; scripts do not run."""
    bubbles: list[dict[str, object]] = []
    for number, each in enumerate(_messages(talk)):
        if isinstance(each, Message):
            bubbles.append(webchat.bubble_of(str(number), each))
        else:
            own = {"own": True, "lang": "", "dir": "auto", "file": "", "buttons": []}
            bubbles.append({**own, "id": str(number), "paragraphs": [each]})
    labels = {name: WORDS.render(each, talk.language) for name, each in webchat.LABELS.items()}
    return templating.templates.get_template("chat.html").render(
        bubbles=bubbles,
        labels=labels,
        lang=tag(talk.language),
        dir=direction(talk.language),
        demo=False,
        links=(),
        exit_words=(),
        **dict.fromkeys(("shown", "chat", "stream", "exit_url", "exit_payload", "form_id"), ""),
        **dict.fromkeys(("typed", "banner"), ""),
    )


# Drawing of the pictures


async def _draw(page: Any, channel: str, talk: Talk) -> Image.Image:
    """Draw a conversation: load the channel's page with the messages as the server's response."""
    if channel == "web":
        await page.route("**/chat", _respond_with(web(talk), "text/html"))
        await page.goto("http://pictures.test/chat")
        wanted = page.locator("main")
    else:
        view = telegram(talk) if channel == "telegram" else whatsapp(talk)
        views = {each: _view([]) for each in ("telegram", "whatsapp")} | {channel: view}
        event_data = json.dumps({**views, "links": {"chat": "#", "registry": ""}})
        await page.route("**/events", _respond_with(f"data: {event_data}\n\n", "text/event-stream"))
        await page.goto("http://pictures.test/")
        log = f'[data-phone="{channel}"] .log'
        last = f"{log} > li:nth-child({len(view['messages'])})"
        await page.wait_for_selector(last, state="attached")
        await page.evaluate(OPEN_LISTS, view)
        wanted = page.locator(f'[data-phone="{channel}"] .talk')
    await page.add_style_tag(content=CHAT_ONLY_STYLE)
    picture = await wanted.screenshot(animations="disabled")
    return Image.open(BytesIO(picture)).convert("RGB")


def _respond_with(body: str, kind: str) -> Callable[[Any], Any]:
    async def fulfil(route: Any) -> None:
        await route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    return fulfil


def _respond_from(*folders: Path) -> Callable[[Any], Any]:
    """Return a request handler that responds with the file of the requested name in these folders.

    For a URL that ends in "/", the file is index.html.
    """

    async def fulfil(route: Any) -> None:
        name = route.request.url.partition("?")[0].rsplit("/", 1)[1] or "index.html"
        found = next((each for folder in folders for each in folder.rglob(name)), None)
        await (route.fulfill(path=found) if found else route.abort())

    return fulfil


def _sheet(columns: list[Image.Image]) -> Image.Image:
    height = max(each.height for each in columns)
    sheet = Image.new("RGB", (len(columns) * (WIDTH + GAP) - GAP, height), WHITE)
    for number, each in enumerate(columns):
        sheet.paste(each, (number * (WIDTH + GAP), 0))
    return sheet.resize(
        (int(sheet.width * SCALE), int(sheet.height * SCALE)), Image.Resampling.LANCZOS
    )


async def draw(*wanted: str) -> None:
    """Draw the main path through the named flows, or through all of them."""
    pictures = folder() / "languages"
    pictures.mkdir(exist_ok=True)
    async with launched() as browser:
        context = await browser.new_context(
            viewport={"width": WIDTH, "height": 700}, locale="en-GB", timezone_id="UTC"
        )
        page = await context.new_page()
        await page.route("http://pictures.test/**", _respond_from(PHONES, STATIC))
        for flow, (channel, rule) in product(wanted or WALKS, CHANNELS.items()):
            talks = [record_talk(flow, language, rule) for language in LANGUAGES]
            sheet = _sheet([await _draw(page, channel, talk) for talk in talks])
            sheet.save(pictures / f"{flow}-{channel}.webp", quality=QUALITY, method=4)


if __name__ == "__main__":
    asyncio.run(draw(*sys.argv[1:]))
