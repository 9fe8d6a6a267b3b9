"""Render the web chat: the page, its labels, and messages as bubbles.

A note is a change of the page: a new message, one that replaces another, or the ids of messages to
delete. A mark of a message says how some of its lines are drawn, for example as a list entry.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import uuid4

from starlette.responses import HTMLResponse, Response

from bot.channels import Message, RenderedButton
from bot.channels.webchat import Note
from bot.i18n import direction, reserved_words, tag
from bot.runtime import Runtime
from bot.web.chat_session import ChatSession
from bot.web.public_pages import INFO, PRIVACY, STATUS
from bot.web.templating import templates
from flows.engine import labels
from flows.engine.events import Kind
from flows.engine.language_protocol import Reserved
from flows.engine.text import Text, _, button

EXIT_URL = "/away"
FILES_URL = "/chat/files"
EXIT = "!exit"
# Cookie that the page's script sets before it goes to EXIT_URL. The page there deletes it. Its
# value is VISIT if the page that was left belongs to a visit.
LEAVING = "away"
# First characters of the payloads of buttons that never expire: commands ("!"), buttons below an
# answer ("?") and ratings ("*").
LASTING = ("!", "?", "*")
# Menu options that are drawn as large buttons, each with the name of its icon.
MAIN_OPTIONS = {"checklist": "list", "eligibility": "way", "officer": "person"}
# Kinds of marks whose lines are drawn as one group if they are adjacent. A mark tells how lines of
# a message are drawn.
IN_ROWS = ("row", "tick")

LABELS: dict[str, Text] = {
    # Translators: the name of the assistant.
    "title": _("Kosh"),
    "placeholder": _("Write here"),
    "send": button("Send"),
    "you": _("You:"),
    "kosh": _("Kosh:"),
    "sending": _("Sending…"),
    # Translators: state of the person's own message in the chat: it was sent.
    "sent": _("Sent"),
    "failed": _("Not sent."),
    "change": button("Change"),
    "copy": button("Copy"),
    "copied": button("Copied"),
    "hidden": _("Received. For your safety it is not shown here."),
    "retry": button("Try again"),
    "offline": _("No connection. What you write is kept on this page."),
    "online": _("The connection is back."),
    "chat_ended": _(
        "This browser no longer opens your chat: the chat has ended, or the browser keeps no data"
        " of this site. You can begin again here. If this happens again, please allow this site to"
        " store data in the settings of the browser."
    ),
    "visit_ended": _(
        "This secure page has ended: it is open for 30 minutes. What you sent earlier has arrived."
        " To go on, write in your messenger. For a new page, write “new link” there."
    ),
    "skip_to_chat": _("Go to the writing field"),
    "menu": button("Menu"),
    "print": button("Print"),
    "close_page": labels.CLOSE_AND_CLEAR,
    "newest": _("To the newest message"),
    "registry_panel": _("What the registry received"),
    "registry_empty": _("Nothing yet."),
}
# Paths of pages that the chat links to, with their labels. In LABELS each path is the key of its
# label.
LINKS = {"/info": INFO, "/privacy": PRIVACY, "/status": STATUS}
LABELS |= LINKS
TROUBLE = _("Something went wrong on our side. Your answers are safe. Please try again.")

ID_LETTERS = frozenset("0123456789abcdef-")

type Notes = Sequence[tuple[str, Note]]


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that a person posted and Kosh could not accept.

    The page puts the text into the input field again. If the person posts it again, the post has
    the same id.
    """

    text: str
    id: str


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The text that the person just posted from a page without a script, with the post's id.

    `before` has the ids of the messages that the page showed at the time of the post. The text is
    neither logged nor stored. `typed` is a text that was in the writing field when a button was
    pressed. The page puts it into the field again.
    """

    text: str
    id: str
    before: frozenset[str]
    typed: str = ""


def render_page(
    rt: Runtime,
    session: ChatSession,
    notes: Notes,
    unsent: Unsent | None = None,
    own: OwnWords | None = None,
    browser: str = "",
) -> Response:
    """Return the chat page; with `unsent`, return 503 and put the unsent text into the input field.

    If the browser can no longer open the chat that the page showed, the page says so.
    `browser` is the browser's preferred language. Until the person chooses a language, the page
    uses this one, and its button is the first one in the choice of languages.
    """
    bubbles = current_bubbles(notes)
    language = next((str(each["language"]) for each in reversed(bubbles)), "")
    shown = language or browser or rt.settings.languages[0]
    for each in bubbles:
        each["buttons"].sort(key=lambda row: row[0].get("lang") != tag(browser))
    told = trouble(rt, language) if unsent else ""
    if session.ended and not unsent:
        told = rt.languages.render(LABELS["visit_ended" if session.visit else "chat_ended"], shown)
    html = templates.get_template("chat.html").render(
        **language_values(rt, shown),
        shown=shown,
        links=list(LINKS),
        bubbles=_with_own(bubbles, notes, own) if own and own.text else bubbles,
        chat=session.page_name,
        form_id=unsent.id if unsent else uuid4().hex,
        typed=unsent.text if unsent else own.typed if own else "",
        banner=told,
        demo=rt.settings.demo,
        stream="/chat/stream",
        exit_url=EXIT_URL,
        exit_payload=EXIT,
        exit_words=reserved_words.phrases(Reserved.EXIT),
    )
    return HTMLResponse(html, 503 if unsent else 200, headers={"Cache-Control": "no-store"})


def trouble(rt: Runtime, language: str) -> str:
    """Return the message that something went wrong and the person should try again.

    The message is in this language, or for "" in all languages, separated by slashes.
    """
    codes = [language] if language else [code for code, _own in rt.languages.languages()]
    return " / ".join(rt.languages.render(TROUBLE, code) for code in codes)


def current_bubbles(notes: Notes) -> list[dict[str, Any]]:
    """Return the messages that the chat page shows, as template values (bubbles).

    A note (a change of the page) adds a message, or replaces or deletes earlier messages. Only the
    newest bubble has all its buttons. The bubble before it keeps only buttons that do not expire,
    and older bubbles keep none.
    """
    bubbles: dict[str, dict[str, Any]] = {}
    for note_id, note in notes:
        for deleted_id in (*note.gone, note.replaces):
            bubbles.pop(deleted_id, None)
        if note.say is not None:
            bubbles[note_id] = bubble_of(note_id, note.say, note.officer, note.at)
    current = list(bubbles.values())
    for place, each in enumerate(reversed(current)):
        each["open"] = place == 0
        if place > 0:
            each["file"] = ""
            each["buttons"] = _lasting_buttons(each["buttons"]) if place == 1 else []
    return current


def _with_own(bubbles: list[dict[str, Any]], notes: Notes, own: OwnWords) -> list[dict[str, Any]]:
    """Insert the person's own text before the bubbles (messages) that answer it.

    If one of the notes (changes of the page) deletes the text, do not insert it.
    """
    if any(own.id in note.gone for _key, note in notes):
        return bubbles
    # The page's script creates UUIDs as ids. An id with other characters is forged and not
    # rendered.
    shown_id = own.id if set(own.id) <= ID_LETTERS else ""
    bubble = {"id": shown_id, "own": True, "paragraphs": own.text.splitlines(), "lang": "mul"}
    place = next(
        (at for at, each in enumerate(bubbles) if each["id"] not in own.before), len(bubbles)
    )
    return [
        *bubbles[:place],
        {**bubble, "dir": "auto", "buttons": [], "file": "", "parts": [], "progress": None},
        *bubbles[place:],
    ]


def _lasting_buttons(rows: list[list[dict[str, str]]]) -> list[list[dict[str, str]]]:
    """Keep only buttons that never expire, and drop rows that become empty.

    Other buttons expire, because their payload contains the number of the question for which they
    were shown.
    """
    remaining = [[each for each in row if each["payload"].startswith(LASTING)] for row in rows]
    return [row for row in remaining if row]


def bubble_of(note_id: str, message: Message, officer: bool = False, at: int = 0) -> dict[str, Any]:
    """Return a message as template values of a bubble.

    `officer`: an officer wrote the message. `at` is the message's time in milliseconds of Unix
    time, 0 if unknown.
    """
    parts = _with_folds(list(_parts(message)))
    return {
        "id": note_id,
        "own": False,
        "officer": officer,
        "at": at,
        "progress": message.progress,
        "place": message.place,
        "paragraphs": message.lines,
        "parts": parts,
        "buttons": _rows(message),
        "file": next((each.label for each in message.buttons if each.kind == Kind.FILE), ""),
        "language": message.language,
        "lang": tag(message.language) or "mul",
        "dir": direction(message.language),
        "protect": message.protect,
        "sent_file": [f"{FILES_URL}/{message.file.id}", message.file.name] if message.file else [],
    }


def _rows(message: Message) -> list[list[dict[str, str]]]:
    """Return a message's buttons in rows: first answers and links, then controls such as "Back"."""
    plain = [each for each in message.buttons if each.kind in (Kind.OPTION, Kind.LINK)]
    controls = [each for each in message.buttons if each.kind in (Kind.CONTROL, Kind.CONTACT)]
    large = [each for each in plain if _key(each) in MAIN_OPTIONS]
    if message.language == "" and len(plain) == len(message.lines):
        rows = [[_language_choice(*each)] for each in zip(plain, message.lines, strict=True)]
    elif len(large) == len(MAIN_OPTIONS):
        large.sort(key=lambda each: list(MAIN_OPTIONS).index(_key(each)))
        # One of the large buttons leads to an officer, so omit the small button with the same
        # effect.
        controls = [each for each in controls if each.payload != "!person"]
        rows = [
            [_button_values(each, f"main icon-{MAIN_OPTIONS[_key(each)]}") for each in large],
            [_button_values(each, "quiet") for each in plain if each not in large],
        ]
    else:
        rows = [[_button_values(each) for each in plain]]
    return [row for row in (*rows, [_button_values(each) for each in controls]) if row]


def _key(pressed: RenderedButton) -> str:
    return pressed.payload.partition(":")[2]


def _button_values(button: RenderedButton, kind: str = "") -> dict[str, str]:
    return {"payload": button.payload, "label": button.label, "kind": kind or button.kind}


def _language_choice(button: RenderedButton, prompt: str) -> dict[str, str]:
    """Return the template values of a button that chooses a language.

    The button's label is the language's own name. `prompt` is the line that asks for the choice in
    that language.
    """
    code = _key(button)
    written = {"prompt": prompt, "lang": tag(code), "dir": direction(code)}
    return _button_values(button, "tongue") | written


def _parts(message: Message) -> Iterator[dict[str, Any]]:
    """Yield the groups of adjacent lines of a message that the page draws in the same way.

    A mark says how some lines are drawn. For a message without marks, yield nothing. Each group has
    the kind of its marks, its number of lines, and the fields `head` and `value` of each mark.
    Adjacent marks of a kind in IN_ROWS form one group.
    """
    drawn = 0
    for kind, group in groupby(message.marks, lambda mark: mark.kind):
        for marks in [list(group)] if kind in IN_ROWS else [[mark] for mark in group]:
            first, last = marks[0].first, marks[-1].first + marks[-1].count
            if first > drawn:
                yield {"kind": "", "lines": first - drawn, "values": []}
            values = [[mark.head, mark.value] for mark in marks]
            yield {"kind": kind, "lines": last - first, "values": values}
            drawn = last
    if message.marks and drawn < len(message.lines):
        yield {"kind": "", "lines": len(message.lines) - drawn, "values": []}


def _with_folds(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each part of a message whether it is collapsed, with only its beginning visible.

    Only warnings of one line are collapsed. In a message with list entries, all these warnings are
    collapsed. In a message without list entries, but with a part of the kind "more", the first
    warning stays open. In any other message, no warning is collapsed.
    """
    kinds = {part["kind"] for part in parts}
    places = [place for place, part in enumerate(parts) if part["kind"] == "caution"]
    some = places if "item" in kinds else places[1:] if "more" in kinds else []
    return [
        part | {"folds": place in some and part["lines"] == 1} for place, part in enumerate(parts)
    ]


def language_values(rt: Runtime, language: str) -> dict[str, object]:
    """Return the page's template values that depend on the language: code, direction and labels."""
    labels = {name: rt.languages.render(label, language) for name, label in LABELS.items()}
    labels["code"] = language
    return {"lang": tag(language), "dir": direction(language), "labels": labels}
