"""An external language model chooses the topic of a text, with the person's consent."""

from dataclasses import replace

import pytest

from flows.engine import external_model, hearing, not_understood, reply_flows, screens
from flows.engine.events import ConsentGiven, Pressed, Said, Unreadable
from flows.engine.model_events import ChooseIntent, ConsentWithdrawn, IntentChosen
from flows.engine.recognition import Confidence, Danger, Recognition
from flows.engine.replies import Understanding
from flows.replies import COMMANDS, understanding
from tests.flows.chat import LANGUAGES, Chat, chat_at
from tests.flows.recognizer import FakeRecognizer

OPERATOR = "Example Models Ltd"
UNKNOWN = Recognition(Confidence.UNKNOWN, may_leave=True)
RECOGNIZER = FakeRecognizer(
    {
        "aaa": UNKNOWN,
        "bbb": Recognition(Confidence.UNSURE, ("support.money", "kandas.cost"), may_leave=True),
        "private": Recognition(Confidence.UNKNOWN),
        "uneasy": replace(UNKNOWN, danger=Danger.SUSPECTED, danger_intent="danger.police"),
        "sure": Recognition(Confidence.SURE, ("life.pension",), may_leave=True),
    }
)
ON = understanding(RECOGNIZER, OPERATOR)
OFF = understanding(RECOGNIZER)


def start_chat(language: str = "ru", known: Understanding = ON) -> Chat:
    return Chat.start(language, twice=True, understanding=known)


def consenting_chat(language: str = "ru") -> Chat:
    """Return a chat after the person's consent to the external model.

    Check that no text was sent to the model before.
    """
    chat = start_chat(language).says("aaa").presses("?model.yes")
    assert not chat.effects_of(ChooseIntent)
    return chat


def test_external_model_is_not_mentioned_when_switched_off() -> None:
    chat = start_chat(known=OFF).says("aaa", "bbb")
    assert "?model.yes" not in chat.keys
    assert not chat.effects_of(ChooseIntent)
    assert chat.conversation.model_operator is None
    chat.takes(Pressed("?model.yes"))
    assert chat.shows(screens.OLD_BUTTON)


@pytest.mark.parametrize("language", LANGUAGES)
def test_external_model_consent_names_the_operator(language: str) -> None:
    chat = start_chat(language).says("aaa")
    assert chat.shows(not_understood.LINES[0])
    assert chat.shows(external_model.CONSENT, operator=OPERATOR)
    assert OPERATOR in chat.text
    assert not chat.effects_of(ChooseIntent)


def test_external_model_consent_is_asked_only_once() -> None:
    chat = start_chat().says("aaa").says("bbb")
    assert not chat.shows(external_model.CONSENT)
    assert not chat.effects_of(ChooseIntent)


def test_external_model_gets_only_the_text_sent_after_consent() -> None:
    chat = consenting_chat()
    assert chat.shows(external_model.AGREED)
    chat.says("bbb")
    assert chat.shows(hearing.WHICH_ONE)
    assert chat.effects_of(ChooseIntent) == [ChooseIntent("bbb", chat.nonce)]
    assert "bbb" not in repr(chat.last_effects)


@pytest.mark.parametrize("text", ["private", "uneasy", "sure", "меня хотят убить"])
def test_external_model_gets_no_private_recognized_or_dangerous_message(text: str) -> None:
    chat = consenting_chat().says(text)
    assert not chat.effects_of(ChooseIntent)


def test_external_model_is_not_asked_within_a_form_or_about_captions() -> None:
    chat = consenting_chat().takes(Unreadable("photo", "aaa"))
    assert not chat.effects_of(ChooseIntent)
    inside = chat_at("purpose")
    inside.understanding = ON
    inside.conversation = replace(inside.conversation, model_operator=OPERATOR)
    inside.says("aaa bbb", "bbb")
    assert not inside.effects_of(ChooseIntent)


def test_external_model_is_not_asked_after_a_quick_exit() -> None:
    chat = consenting_chat()
    chat.conversation = replace(chat.conversation, is_masked=True)
    assert not chat.says("aaa").effects_of(ChooseIntent)


def test_external_model_is_not_asked_after_the_person_refuses_consent() -> None:
    chat = start_chat().says("aaa").presses("?model.no")
    assert chat.shows(external_model.REFUSED)
    assert not chat.says("aaa").effects_of(ChooseIntent)
    assert not chat.shows(external_model.CONSENT)


@pytest.mark.parametrize("way", ["menu", "button"])
def test_external_model_consent_can_be_withdrawn(way: str) -> None:
    chat = consenting_chat()
    if way == "menu":
        chat.says("/menu").presses(">", "no_model")
    else:
        chat.takes(Pressed("?model.no"))
    assert chat.shows(external_model.WITHDRAWN)
    assert "no_model" not in chat.says("/menu").keys
    assert not chat.says("aaa").effects_of(ChooseIntent)


def test_external_model_consent_is_asked_again_for_a_new_operator() -> None:
    chat = consenting_chat()
    chat.understanding = understanding(RECOGNIZER, "Others Ltd")
    chat.says("aaa")
    assert not chat.effects_of(ChooseIntent)
    assert chat.shows(external_model.CONSENT, operator="Others Ltd")


def test_external_model_consent_of_an_anonymous_person_is_not_recorded() -> None:
    chat = consenting_chat().says("aaa").says("/menu").presses(">", "no_model")
    assert not chat.conversation.is_persistent
    assert not chat.effects_of(ConsentGiven)
    assert not chat.effects_of(ConsentWithdrawn)


def test_external_model_consent_and_withdrawal_are_recorded_once_each() -> None:
    chat = start_chat()
    chat.conversation = replace(chat.conversation, is_persistent=True)
    chat.says("aaa").presses("?model.yes").says("aaa")
    (given,) = chat.effects_of(ConsentGiven)
    assert (given.purpose, given.language) == (external_model.PURPOSE, "ru")
    assert dict(given.text.values) == {"operator": OPERATOR}
    chat.says("/menu").presses(">", "no_model")
    (withdrawn,) = chat.effects_of(ConsentWithdrawn)
    assert withdrawn.purpose == external_model.PURPOSE
    assert external_model.PURPOSE not in chat.conversation.consents


def test_external_model_consent_is_recorded_once_the_chat_has_stored_data() -> None:
    chat = consenting_chat()
    chat.conversation = replace(chat.conversation, is_persistent=True)
    assert len(chat.says("aaa").effects_of(ConsentGiven)) == 1


def test_answer_on_a_topic_chosen_by_an_external_model_names_its_operator() -> None:
    chat = consenting_chat().says("aaa")
    chat.takes(IntentChosen("life.pension", chat.nonce))
    assert chat.shows(external_model.CHOSEN, operator=OPERATOR)
    assert chat.shows(reply_flows.YOU_ASK)
    assert "?else.life.pension" in chat.keys
    assert chat.presses("?model.no").shows(external_model.WITHDRAWN)


@pytest.mark.parametrize("intent", ["", "danger.police", "talk.hello", "invented", *COMMANDS])
def test_external_model_choice_is_ignored_when_it_is_no_permitted_topic(intent: str) -> None:
    chat = consenting_chat().says("aaa")
    before = chat.conversation
    chat.takes(IntentChosen(intent, chat.nonce))
    assert not chat.last_messages
    assert chat.conversation == before


def test_external_model_choice_is_ignored_after_a_newer_message() -> None:
    chat = consenting_chat().says("aaa")
    nonce = chat.nonce
    chat.takes(Said("/menu")).takes(IntentChosen("life.pension", nonce))
    assert not chat.last_messages
    chat.says("/exit").takes(IntentChosen("life.pension", nonce))
    assert not chat.last_messages


def test_external_model_choice_is_ignored_after_consent_was_withdrawn() -> None:
    chat = consenting_chat().says("aaa")
    chat.conversation = replace(chat.conversation, model_operator="")
    assert not chat.takes(IntentChosen("life.pension", chat.nonce)).last_messages
