"""Everything that a flow can say is laid out on every channel, in every language: nothing is cut.

What cannot be walked, because people write it, is bounded by what the readers take.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest

from bot.channels import Message, Press, telegram_layout, whatsapp_layout
from bot.channels.limits import LIMITS, TELEGRAM, WEB, WHATSAPP
from bot.languages import Languages
from bot.languages.catalogues import CONTEXTS
from flows import FLOWS
from flows.engine import house, walk
from flows.engine.asking import Asking
from flows.engine.events import Kind, Page, Say
from flows.engine.flow import Answer, Flow, Form, path
from flows.engine.state import Conversation, Standing
from flows.engine.words import Refusal

WORDS = Languages()
LANGUAGES = tuple(code for code, _name in WORDS.languages())
TODAY = date(2026, 11, 24)
# Words of a person as long as they may be, in the letters that take most room.
LONG_NAME = "ӘБДІҒАППАР" * 8


@cache
def _forms() -> tuple[tuple[Flow, Form], ...]:
    """A form for each state of each flow that later questions can tell apart."""
    found = []
    for flow in FLOWS.values():
        later, seen, todo = walk._read_later(flow), set(), [Form()]
        while todo:
            form = todo.pop()
            road = path(flow, form)
            stop = road.current(None)
            if stop is None or (state := walk._state(stop, road, form, later)) in seen:
                continue
            seen.add(state)
            found.append((flow, form))
            todo += [way for way in walk._ways(flow, stop, form) if isinstance(way, Form)]
    return tuple(found)


def _says(language: str, page: Page) -> Iterator[Say]:
    """Every question, screen and remark, with the notes that may stand before it."""
    for flow, form in _forms():
        here = Conversation(language, flow.name, {flow.name: form}, kept=True)
        yield from _asked(here, page)
        yield from _asked(_named(here, flow, form), page)
    for screen in _screens(language):
        yield from _asked(screen, page)


def _asked(conversation: Conversation, page: Page) -> Iterator[Say]:
    """Asked for the first time; and after the longest things that can stand before a question."""
    greeting = ((house.WELCOME,), (house.RISK,))
    remarks = ((house.NO_PICTURES,), (house.ASK_AGAIN,))
    for notes in ((), remarks if conversation.flow else greeting):
        turn = Asking(FLOWS, WORDS, conversation, TODAY, page)
        turn.notes = list(notes)
        turn.ask()
        yield from turn.says


def _named(here: Conversation, flow: Flow, form: Form) -> Conversation:
    """The same with answers as long as a reader takes them."""
    long = {
        key: Answer(LONG_NAME, answer.rev, answer.signature)
        for key, answer in form.answers.items()
        if answer.value in ("Testova", "words")
    }
    form = Form({**form.answers, **long}, form.members, form.cursor)
    return Conversation(here.language, here.flow, {flow.name: form}, kept=True)


def _screens(language: str) -> Iterator[Conversation]:
    yield Conversation()
    yield Conversation(language)
    yield Conversation(language, kept=True, standing=Standing("sent"))
    yield Conversation(language, kept=True, with_officer=True)


def _message(say: Say) -> Message:
    return Message(
        tuple(
            "\n".join(WORDS.render(line, say.language) for line in lines)
            for lines in say.paragraphs
        ),
        tuple(
            Press(
                each.payload or "https://kosh.example/p/" + "x" * 43,
                WORDS.render(each.label, say.language),
                each.kind.value,
            )
            for each in say.buttons
        ),
        say.language,
        say.progress,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_telegram_takes_everything_whole(language: str) -> None:
    for say in _says(language, Page.OFFERED):
        message = _message(say)
        found = telegram_layout.parts(message)
        assert all(0 < TELEGRAM.measure(text) <= TELEGRAM.text for text, _markup in found)
        assert _lettered("".join(text for text, _markup in found)) >= _lettered(
            "".join(message.paragraphs)
        )
        for press in message.buttons:
            assert TELEGRAM.measure(press.label) <= TELEGRAM.label, press.label


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatsapp_takes_everything_whole_and_in_one_message(language: str) -> None:
    for say in _says(language, Page.ALWAYS):
        message = _message(say)
        found = whatsapp_layout.parts(message, WORDS)
        text, labels = _shown(found[-1])
        if len(found) > 1:
            # Only a page of many answers under more than buttons can be under: two, whole.
            assert any(press.payload.endswith(":>") for press in message.buttons)
            text = "".join(part["text"]["body"] for part in found[:-1]) + text
            assert len(text) > WHATSAPP.text_over_buttons
        assert _lettered(text) >= _lettered("".join(message.paragraphs))
        for press in message.buttons:
            written = press.label in labels or press.label in text
            assert written or press.kind == Kind.CONTACT, press.label
        if found[-1]["type"] == "text":
            assert not any(press.payload.endswith(":>") for press in message.buttons)


def _shown(content: dict[str, Any]) -> tuple[str, set[str]]:
    """The text of a message and the labels it shows, each of a length that the platform takes."""
    if content["type"] == "text":
        return content["text"]["body"], set()
    action, text = content["interactive"]["action"], content["interactive"]["body"]["text"]
    assert 0 < len(text) <= WHATSAPP.text_over_buttons
    labels = {each["reply"]["title"] for each in action.get("buttons", ())}
    labels |= {action["parameters"]["display_text"]} if "parameters" in action else set()
    assert all(0 < len(label) <= WHATSAPP.label for label in {*labels, action.get("button", "x")})
    rows = [row for section in action.get("sections", ()) for row in section["rows"]]
    assert len(rows) <= WHATSAPP.rows
    for row in rows:
        more = row.get("description", "")
        assert 0 < len(row["title"]) <= WHATSAPP.row_label
        assert len(more) <= whatsapp_layout.MOST_DESCRIPTION
        labels.add(f"{row['title']} {more}".strip())
    return text, labels


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_web_page_takes_everything_whole(language: str) -> None:
    for say in _says(language, Page.NEVER):
        message = _message(say)
        assert sum(map(len, message.paragraphs)) <= WEB.text
        assert all(len(press.payload) <= WEB.payload for press in message.buttons)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_to_be_written_on_whatsapp_is_understood_there(language: str) -> None:
    """Labels that found no room in the list are reserved words, or controls that may be written."""
    spoken = {WORDS.render(each, language) for each in (house.EXIT, house.PERSON, house.KEEP)}
    spoken.add(WORDS.render(house.BACK_TO_BOT, language))
    for say in _says(language, Page.ALWAYS):
        message = _message(say)
        for press in whatsapp_layout.arranged(message.buttons)[1]:
            known = press.label in spoken or WORDS.reserved(press.label)
            assert known or press.kind == Kind.OPTION, press.label


def _lettered(text: str) -> int:
    return sum(not letter.isspace() for letter in text)


def test_the_limits_that_translators_are_told_are_those_of_the_channels() -> None:
    least = {
        "button": min(each.label for each in LIMITS.values()),
        "row": min(each.row_label for each in LIMITS.values() if each.row_label),
    }
    assert {kind: str(CONTEXTS[kind]).rpartition("<=")[2] for kind in least} == {
        kind: str(most) for kind, most in least.items()
    }


def test_the_longest_thing_a_person_may_write_to_an_officer_goes_out_whole() -> None:
    assert WORDS.text("ә" * 4001, 4000) is Refusal.TOO_LONG
    message = Message(("Қызметкер жазады:", "ә" * 4000), (), "kk")
    assert len(whatsapp_layout.parts(message, WORDS)) == 1
    assert len(telegram_layout.parts(message)) == 1
