"""Process web chat events within rate budgets per network address and for the whole installation.

A budget is a number of events per hour. When a budget is spent, the page asks a question that
simple programs cannot answer, or shows how long to wait.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot import budgets, outbox
from bot.budgets import Asked, BudgetNeeded, Granted, Verdict, Waits
from bot.budgets.spending import draw_answer
from bot.channels import Inbound, Message
from bot.channels.telegram.client import Telegram
from bot.channels.whatsapp.client import WhatsApp
from bot.conversations import anonymous, receive
from bot.conversations.effects import AfterCommit
from bot.i18n import direction, tag
from bot.runtime import Runtime
from bot.web import chat_question
from bot.web.chat_rendering import EXIT, EXIT_URL, LABELS
from bot.web.chat_session import ChatForm
from bot.web.request_parsing import client_host
from bot.web.templating import templates
from flows.engine.events import Event, Page, Pressed, Said
from flows.engine.text import Text, _, button
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import fact_texts

TITLE = _("One question first")
WHY = _(
    "Very many messages are coming in. So that no program takes your place, please answer one"
    " question. Nothing that you wrote is lost."
)
QUESTION = _("Please write this number in digits: {number}")
WRONG = _("That was another number, or the question was too old. Here is a new one.")
ANSWER = _("The number in digits")
GO_ON = button("Go on")
WAIT = _(
    "Too much came from your internet connection, so this was not taken yet. Please try again in"
    " {minutes} min. If many people share the connection, this is not your fault."
)
TRY_AGAIN = button("Try again")
PERSON = _("If you need a person now:")
MESSENGERS = _("You can also write to us in the messenger: {names}.")


class PostRefused(Exception):
    """The event was not processed because its rate budget (events per hour) is used up.

    `wrong`: the form contained a wrong answer to the question that is asked while a budget is used
    up.
    """

    code = "E_BUDGET"

    def __init__(self, verdict: Verdict, *, wrong: bool = False) -> None:
        super().__init__(self.code)
        self.verdict, self.wrong = verdict, wrong


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to the question that a page asked because a budget was used up.

    `seal` is the token that identifies the question (see `chat_question`), `text` the typed answer.
    """

    seal: str
    text: str


async def receive_within_budgets(
    request: Request, inbound: Inbound, answered: Answered | None
) -> AfterCommit | None:
    """Process the event and charge its rate budgets.

    Return the messages to send after the commit. Raises PostRefused if a budget is spent; the page
    may then ask a question. `answered` is the answer to that question, or None.
    """
    rt: Runtime = request.app.state.rt
    host = client_host(request)
    network = bytes.fromhex(budgets.network_key(rt, host))
    drawn, right = frozenset[str](), None
    while True:
        try:
            return await receive.receive(rt, replace(inbound, drawn_budgets=drawn, network=network))
        except BudgetNeeded as needed:
            spendings = needed.spendings
        if answered is not None and right is None:
            right = await _is_right(rt, host, answered)
        verdict = await budgets.spend(rt, host, spendings, answered=bool(right))
        if not isinstance(verdict, Granted):
            raise PostRefused(verdict, wrong=right is False)
        drawn |= spendings


async def _is_right(rt: Runtime, host: str, answered: Answered) -> bool:
    if wait := await draw_answer(rt, host):
        raise PostRefused(Waits(wait))
    return await chat_question.is_right(rt, answered.seal, answered.text, host)


def refused_for_script(denied: PostRefused) -> Response:
    """Return 429 to the chat page's script, which then posts the form as an ordinary form.

    The response to the second post is the page of `refused_page`, which the browser shows.
    """
    return JSONResponse({"error": denied.code, "as_page": True}, 429)


def refused_page(
    request: Request, form: ChatForm, event: Event, denied: PostRefused, language: str
) -> Response:
    """Return the 429 page: a question that programs cannot answer, or the minutes to wait.

    The page's form contains the rejected input, to be posted again. If the rejected text, or one
    that waits behind a rejected press, was about danger, the safety message for that danger is
    shown at the top.
    """
    rt: Runtime = request.app.state.rt
    codes = [language] if language else [code for code, _own in rt.languages.languages()]
    today = datetime.now(UTC).date()
    says = anonymous.safety_answer(rt, _heard(rt, form, event), today, Page.NEVER, language)
    number = chat_question.new_number()
    asks = isinstance(denied.verdict, Asked)
    lines = _question(number, wrong=denied.wrong) if asks else _wait_lines(denied.verdict)
    html = templates.get_template("budget.html").render(
        lang=tag(codes[0]),
        dir=direction(codes[0]),
        title=rt.languages.render(TITLE if asks else LABELS["title"], codes[0]),
        safety=[_lines(outbox.rendered(rt, say)) for say in says],
        said=_in_languages(rt, lines, codes),
        person=_in_languages(rt, (*_messengers(rt), PERSON, *fact_texts(CONTACTS, today)), codes),
        label=" / ".join(rt.languages.render(ANSWER, code) for code in codes),
        action=request.url.path,
        fields={"chat": form.chat, "id": form.id, "last": form.last, "text": form.text,
                "payload": form.payload,
                **({"seal": chat_question.seal(rt, number, client_host(request))} if asks else {})},
        asks=asks,
        go_on=rt.languages.render(GO_ON if asks else TRY_AGAIN, codes[0]),
        exit_url=EXIT_URL,
        exit_payload=EXIT,
        leave=rt.languages.render(LABELS["close_page"], codes[0]),
    )  # fmt: skip
    headers = {"Cache-Control": "no-store"}
    if isinstance(denied.verdict, Waits):
        headers["Retry-After"] = str(ceil(denied.verdict.seconds))
    return HTMLResponse(html, 429, headers=headers)


def _lines(message: Message) -> tuple[str, str, list[str]]:
    """Return the language tag, the direction and the lines of a message."""
    lines = [line for paragraph in message.paragraphs for line in paragraph.split("\n")]
    return tag(message.language) or "mul", direction(message.language), lines


def _heard(rt: Runtime, form: ChatForm, event: Event) -> Event:
    """Return the text that waits behind a press, unless it is a command; otherwise the event."""
    is_command = rt.languages.command(form.text) or rt.languages.reserved(form.text)
    return Said(form.text) if isinstance(event, Pressed) and not is_command else event


def _question(number: int, *, wrong: bool) -> tuple[Text, ...]:
    return (WRONG if wrong else WHY, _(QUESTION.msgid, number=chat_question.in_words(number)))


def _wait_lines(verdict: Verdict) -> tuple[Text, ...]:
    seconds = verdict.seconds if isinstance(verdict, Waits) else 0
    return (_(WAIT.msgid, minutes=max(1, ceil(seconds / 60))),)


def _messengers(rt: Runtime) -> tuple[Text, ...]:
    names = {Telegram.name: "Telegram", WhatsApp.name: "WhatsApp"}
    found = [name for channel, name in names.items() if channel in rt.channels]
    return (_(MESSENGERS.msgid, names=", ".join(found)),) if found else ()


def _in_languages(
    rt: Runtime, lines: tuple[Text, ...], codes: list[str]
) -> list[tuple[str, str, str]]:
    return [
        (tag(code), direction(code), rt.languages.render(line, code))
        for code in codes
        for line in lines
    ]
