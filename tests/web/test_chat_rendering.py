"""Bubbles of the chat page as the server renders them."""

from bot.channels import Message, RenderedButton
from bot.channels.webchat import Note
from bot.web.chat_rendering import current_bubbles
from flows.engine.events import Kind


def _note(*payloads: str) -> Note:
    buttons = tuple(RenderedButton(each, "label", Kind.OPTION) for each in payloads)
    return Note(Message(("words",), buttons, "ru"))


def _payloads(*notes: Note) -> list[list[str]]:
    bubbles = current_bubbles([(str(number), note) for number, note in enumerate(notes)])
    return [[b["payload"] for row in each["buttons"] for b in row] for each in bubbles]


def test_rating_is_open_while_the_menu_follows_it() -> None:
    asked, menu = _note("*yes", "*no"), _note("1:menu", "!person")
    assert _payloads(asked, menu) == [["*yes", "*no"], ["1:menu", "!person"]]


def test_question_closes_when_a_newer_message_follows() -> None:
    assert _payloads(_note("1:a", "!person"), _note("2:b")) == [["!person"], ["2:b"]]
    assert _payloads(_note("!person"), _note("1:a"), _note("2:b")) == [[], [], ["2:b"]]
