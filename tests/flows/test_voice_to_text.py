"""Voice messages to the assistant: consent to each, then the text that the person confirms."""

from dataclasses import replace

import pytest

from flows.engine import safety, screens, voice_messages
from flows.engine.events import Attached, ConsentGiven, Joined, Pressed, Relay, Resolved
from flows.engine.model_events import Transcribe, Transcribed
from flows.engine.recognition import Confidence, Danger, Recognition
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, Chat, at
from tests.flows.recognizer import FakeRecognizer, danger, sure

OPERATOR = "Example Speech Ltd"
ASKED, UNEASY, IN_DANGER = "about the pension", "maybe uneasy", "somebody was taken"
RECOGNIZER = FakeRecognizer(
    {
        ASKED: sure("life.pension"),
        UNEASY: Recognition(Confidence.UNKNOWN, danger=Danger.SUSPECTED),
        IN_DANGER: danger("danger.detained"),
    }
)
ON = understanding(RECOGNIZER, transcriber=OPERATOR)
OFF = understanding(RECOGNIZER, "Example Models Ltd")
VOICE = Attached("voice", "voice-1", 1000)
OTHER = Attached("voice", "voice-2", 1000)


def sent(language: str = "ru") -> Chat:
    """Return a chat whose person has just sent a voice message."""
    return Chat.begun(language, twice=True, understanding=ON).takes(VOICE)


def button(chat: Chat, name: str) -> str:
    return next(each for each in chat.keys if each.startswith(f"?voice.{name}."))


def agreed() -> Chat:
    chat = sent()
    return chat.presses(button(chat, "yes"))


def shown(text: str) -> Chat:
    """Return a chat in which the text of the voice message came."""
    chat = agreed()
    [asked] = chat.done(Transcribe)
    return chat.takes(Transcribed(asked.key, text))


def in_form(question: str) -> Chat:
    chat = at(question)
    chat.understanding = ON
    return chat


def test_voice_message_is_not_heard_when_switched_off() -> None:
    chat = Chat.begun("ru", understanding=OFF).takes(VOICE)
    assert chat.shows(screens.CANNOT_HEAR)
    assert chat.conversation.voice is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_consent_to_a_recording_begins_with_the_sentence_about_danger(language: str) -> None:
    chat = sent(language)
    assert chat.says_now[0].paragraphs[0] == (safety.ONE_SENTENCE,)
    assert chat.shows(voice_messages.CONSENT, operator=OPERATOR)
    assert OPERATOR in chat.text
    assert "!person" in chat.keys
    assert not chat.done(Transcribe)


@pytest.mark.parametrize("way", ["press", "type"])
def test_recording_is_sent_after_consent_only(way: str) -> None:
    chat = agreed() if way == "press" else sent().says("да")
    assert chat.shows(voice_messages.AGREED)
    [asked] = chat.done(Transcribe)
    assert (asked.ref, asked.language) == ("voice-1", "ru")
    assert "voice-1" not in repr((chat.effects_now, chat.conversation))
    assert not chat.done(ConsentGiven)


@pytest.mark.parametrize("way", ["press", "type"])
def test_refused_recording_is_not_sent(way: str) -> None:
    chat = sent()
    chat = chat.presses(button(chat, "no")) if way == "press" else chat.says("нет")
    assert chat.shows(voice_messages.REFUSED)
    assert not chat.done(Transcribe)
    assert chat.conversation.voice is None


def test_consent_of_a_known_person_is_recorded_for_each_recording() -> None:
    chat = in_form("education")
    for voice in (VOICE, OTHER):
        chat.takes(voice)
        chat.presses(button(chat, "yes"))
    given = [each for each in chat.done(ConsentGiven) if each.purpose == voice_messages.PURPOSE]
    assert len(given) == 2


@pytest.mark.parametrize("way", ["press", "type"])
def test_confirmed_text_is_read_as_the_words_of_the_person(way: str) -> None:
    chat = shown(ASKED)
    assert ASKED in chat.text
    assert not chat.shows(screens.OLD_BUTTON)
    chat = chat.presses(button(chat, "right")) if way == "press" else chat.says("да")
    typed = Chat.begun("ru", understanding=ON).says(ASKED)
    assert chat.says_now[0].paragraphs == typed.says_now[0].paragraphs
    assert chat.conversation.voice is None


@pytest.mark.parametrize("way", ["press", "type"])
def test_misheard_text_is_dropped_and_the_person_is_asked_to_type(way: str) -> None:
    chat = shown(ASKED)
    chat = chat.presses(button(chat, "wrong")) if way == "press" else chat.says("нет")
    assert chat.shows(voice_messages.MISHEARD)
    assert chat.conversation.voice is None
    assert chat.conversation.heard is None


def test_confirmed_text_answers_the_open_question_of_the_form() -> None:
    chat = in_form("timeframe").takes(VOICE)
    chat.presses(button(chat, "yes"))
    [asked] = chat.done(Transcribe)
    label = chat.conversation.asked.options[1] if chat.conversation.asked else None
    assert label is not None
    chat.takes(Transcribed(asked.key, label.words))
    assert "timeframe" not in chat.told()
    chat.presses(button(chat, "right"))
    assert chat.told()["timeframe"] == label.key


def test_text_about_danger_is_answered_at_once_and_not_shown() -> None:
    chat = shown(IN_DANGER)
    assert chat.shows(safety.READ_ALONE)
    assert IN_DANGER not in chat.text
    assert chat.conversation.voice is None


def test_text_that_may_speak_of_danger_is_shown_below_a_sentence_about_it() -> None:
    chat = shown(UNEASY)
    assert chat.says_now[0].paragraphs[0] == (safety.ONE_SENTENCE,)
    assert UNEASY in chat.text


@pytest.mark.parametrize("text", ["", " ", "w" * 2001])
def test_missing_or_endless_text_is_reported_as_failed(text: str) -> None:
    chat = shown(text)
    assert chat.shows(voice_messages.FAILED)
    assert chat.conversation.voice is None


@pytest.mark.parametrize("event", [Pressed("!menu"), OTHER])
def test_late_text_is_dropped_when_the_person_has_gone_on(event: Pressed | Attached) -> None:
    chat = agreed()
    [asked] = chat.done(Transcribe)
    chat.takes(event).takes(Transcribed(asked.key, ASKED))
    assert chat.says_now == ()
    assert ASKED not in repr(chat.conversation)


def test_text_of_an_earlier_recording_is_dropped() -> None:
    chat = agreed()
    [first] = chat.done(Transcribe)
    chat.takes(OTHER)
    chat.presses(button(chat, "yes"))
    assert chat.takes(Transcribed(first.key, ASKED)).says_now == ()


def test_text_is_taken_once() -> None:
    chat = shown(ASKED)
    [asked] = chat.done(Transcribe)
    assert chat.takes(Transcribed(asked.key, UNEASY)).says_now == ()


@pytest.mark.parametrize("name", ["yes", "no", "right", "wrong"])
def test_button_of_an_earlier_recording_is_old(name: str) -> None:
    key = button(sent(), "yes").rpartition(".")[2]
    chat = sent().takes(OTHER).takes(Pressed(f"?voice.{name}.{key}"))
    assert chat.shows(screens.OLD_BUTTON)
    assert not chat.done(Transcribe)


def test_button_of_the_other_stage_of_a_recording_is_old() -> None:
    for chat, name in ((sent(), "right"), (shown(ASKED), "yes")):
        key = button(chat, "yes" if name == "right" else "right").rpartition(".")[2]
        before = len(chat.done(Transcribe))
        assert chat.takes(Pressed(f"?voice.{name}.{key}")).shows(screens.OLD_BUTTON)
        assert len(chat.done(Transcribe)) == before


def test_typed_yes_before_the_text_comes_is_no_confirmation() -> None:
    chat = agreed().says("да")
    assert chat.conversation.voice is None


def test_number_is_no_answer_about_a_recording() -> None:
    assert sent().says("1").conversation.voice is None


@pytest.mark.parametrize("question", ["surname", "given_name"])
def test_recording_at_a_private_question_is_not_offered(question: str) -> None:
    chat = in_form(question).takes(VOICE)
    assert chat.shows(screens.CANNOT_HEAR)
    assert chat.conversation.voice is None


@pytest.mark.parametrize(
    "voice", [Attached("voice", ""), Attached("voice", "voice-1", caption="listen")]
)
def test_recording_without_a_file_or_with_a_caption_is_not_offered(voice: Attached) -> None:
    chat = Chat.begun("ru", understanding=ON).takes(voice)
    assert chat.shows(screens.CANNOT_HEAR)


def test_recording_is_not_offered_before_a_language_or_in_a_cleared_chat() -> None:
    assert Chat(understanding=ON).takes(VOICE).conversation.voice is None
    chat = Chat.begun("ru", understanding=ON)
    chat.conversation = replace(chat.conversation, is_masked=True)
    assert chat.takes(VOICE).shows(screens.CANNOT_HEAR)


def test_large_recording_is_refused_before_consent() -> None:
    large = replace(VOICE, size=voice_messages.MAX_BYTES + 1)
    chat = Chat.begun("ru", understanding=ON).takes(large)
    assert chat.shows(voice_messages.FAILED)
    assert chat.conversation.voice is None


def test_recording_for_an_officer_is_passed_on_although_switched_on() -> None:
    chat = Chat.begun("ru", understanding=ON).takes(Joined()).takes(VOICE)
    assert chat.done(Relay)
    assert chat.conversation.voice is None


def test_consent_after_an_officer_came_sends_nothing() -> None:
    chat = sent()
    pressed = button(chat, "yes")
    chat.takes(Joined()).takes(Pressed(pressed))
    assert not chat.done(Transcribe)
    assert chat.shows(voice_messages.REFUSED)


def test_confirmed_text_goes_to_an_officer_who_came_meanwhile() -> None:
    chat = shown(ASKED)
    pressed = button(chat, "right")
    chat.takes(Joined()).takes(Pressed(pressed))
    assert chat.done(Relay) == [Relay(ASKED)]


def test_typed_yes_beside_an_officer_is_for_the_officer() -> None:
    chat = shown(ASKED).takes(Joined()).says("да")
    assert chat.done(Relay) == [Relay("да")]
    assert chat.conversation.voice is None


def test_event_of_an_officer_keeps_the_recording_open() -> None:
    chat = sent()
    pressed = button(chat, "yes")
    chat.takes(Joined()).takes(Resolved("")).takes(Pressed(pressed))
    assert len(chat.done(Transcribe)) == 1
