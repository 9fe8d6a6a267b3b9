"""A change of language or script at any question of any flow changes no stored answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import msgspec
import pytest

from bot.registrations import registry_codes
from flows import FLOWS
from flows.engine import exhaustive_walk, screens
from flows.engine.conversation import step
from flows.engine.effects import Submit
from flows.engine.events import ConsentGiven, Effect, Pressed, Resumed, Said, UploadChecked
from flows.engine.flow import Flow, Form, RepeatingGroup, Step, Upload, options, path
from flows.engine.state import Conversation, Turn
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat, default_answer
from tests.flows.form_paths import forms

pytestmark = pytest.mark.no_cover

CONSENT = {
    "text_sha256": "0" * 64,
    "language": "ru",
    "given_at": datetime(2026, 11, 24, tzinfo=UTC),
}
FAMILY = {"applying": "family", "location": "kazakhstan", "contact": "phone"}


@cache
def _questions() -> tuple[tuple[Flow, Form, Step], ...]:
    """Return (flow, form, question) for each question; the form leads to the question."""
    return tuple(_first_forms())


def _first_forms() -> Iterator[tuple[Flow, Form, Step]]:
    seen = set()
    for flow, form in forms():
        open_step = path(flow, form).current(None)
        if open_step is not None and (flow.name, open_step.item.name) not in seen:
            seen.add((flow.name, open_step.item.name))
            yield flow, form, open_step


# The tests need each of the following conversations several times, so each is computed once and
# cached. `at` is the index of a question in `_questions()`.


@cache
def _state_at(at: int, language: str) -> Conversation:
    flow, form, _step = _questions()[at]
    here = Conversation(language, flow.name, {flow.name: form}, is_persistent=True)
    return step(FLOWS, WORDS, here, Resumed(), TODAY).conversation


@cache
def _state_at_language(at: int, language: str) -> Conversation:
    return step(FLOWS, WORDS, _state_at(at, language), Said("/language"), TODAY).conversation


@cache
def _state_after_switch(at: int, before: str, language: str) -> Conversation:
    """Return the conversation after the language at the question `at` changes to `language`."""
    offered = _state_at_language(at, before)
    chosen = Pressed(f"{offered.nonce}:{language}")
    return step(FLOWS, WORDS, offered, chosen, TODAY).conversation


@cache
def _answer_turn(at: int, value: str | None, language: str) -> Turn:
    """Return the turn in which `value` answers the question `at`, asked in Russian.

    Before the answer, the person changes to `language`. A `value` of None skips the question.
    """
    flow, form, open_step = _questions()[at]
    c = _state_at(at, "ru") if language == "ru" else _state_after_switch(at, "ru", language)
    # Press an offered option, upload a file, or write any other value.
    keys = {option.key for option in options(open_step, form)}
    if isinstance(open_step.item, Upload) and value is not None:
        return step(FLOWS, WORDS, c, UploadChecked(flow.name, open_step.key), TODAY)
    if value is None or value in keys:
        return step(FLOWS, WORDS, c, Pressed(f"{c.nonce}:{value or '-'}"), TODAY)
    return step(FLOWS, WORDS, c, Said(value), TODAY)


def _stored(c: Conversation) -> bytes:
    return msgspec.json.encode(
        (c.flow, c.forms, c.consents, c.registration, c.papers, c.draft_list)
    )


def _effects(turn: Turn) -> tuple[Effect, ...]:
    """Return the turn's effects without the language in which the person read a consent text."""
    return tuple(
        replace(effect, language="") if isinstance(effect, ConsentGiven) else effect
        for effect in turn.effects
    )


def test_language_switch_tests_cover_every_question() -> None:
    tried = {(flow.name, open_step.item.name) for flow, _form, open_step in _questions()}
    assert tried == {(flow.name, item.name) for flow in FLOWS.values() for item in flow.questions()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_switch_at_any_question_changes_no_stored_answer(language: str) -> None:
    for at in range(len(_questions())):
        for other in LANGUAGES:
            here, there = _state_at(at, other), _state_after_switch(at, other, language)
            assert there.language == language
            assert _stored(there) == _stored(here)
            assert here.asked is not None
            assert there.asked is not None
            assert there.asked.key == here.asked.key
            keys = [each.key for each in here.asked.options]
            assert [each.key for each in there.asked.options] == keys


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "ru"])
def test_language_switch_changes_the_effect_of_no_answer(language: str) -> None:
    for at, (flow, form, open_step) in enumerate(_questions()):
        values = [*exhaustive_walk._values(flow, open_step.item, options(open_step, form))]
        for value in (*values, *((None,) if open_step.item.skippable else ())):
            one, other = _answer_turn(at, value, "ru"), _answer_turn(at, value, language)
            assert _effects(one) == _effects(other), (flow.name, open_step.key, value)
            asked = [turn.conversation.asked for turn in (one, other)]
            assert len({each.key.partition("@")[0] if each else "" for each in asked}) == 1
            # A new member's key is the number of the answered message, which differs between the
            # two chats.
            if not isinstance(open_step.item, RepeatingGroup) or value != "add":
                assert _stored(one.conversation) == _stored(other.conversation)


@cache
def _payload(shift: int | None) -> bytes:
    """Return the submission of a family's form as JSON for the registry.

    If `shift` is None, all answers are in Russian. Otherwise the language changes before each
    answer, in the order of LANGUAGES from the index `shift` on.
    """
    chat = Chat.start("ru", "preregistration")
    for turn in range(60):
        if chat.question_key == screens.MENU:
            break
        if shift is not None:
            chat.says("/language").presses(LANGUAGES[(turn + shift) % len(LANGUAGES)])
        chat.answers(FAMILY.get(chat.name) or default_answer(chat.name))
    [sent] = chat.effects_of(Submit)
    return registry_codes.payload(sent, "ru", CONSENT).model_dump_json().encode()


@pytest.mark.parametrize("shift", range(len(LANGUAGES)))
def test_language_switch_leaves_the_registry_payload_unchanged(shift: int) -> None:
    """The language and the hash of the consent text may differ; they are outside the payload."""
    assert _payload(shift) == _payload(None)
