"""A voice message to the assistant is transcribed after the person's consent to this recording.

The person confirms the transcription before Kosh answers it.
"""

from dataclasses import replace

import pytest

from flows.engine import safety, screens, voice_messages
from flows.engine.events import Attached, ConsentGiven, Joined, Pressed, Relay, Resolved
from flows.engine.model_events import Transcribe, Transcribed
from flows.engine.recognition import Confidence, Danger, Recognition
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, Chat, chat_at
from tests.flows.recognizer import FakeRecognizer, danger, sure

OPERATOR = "Example Speech Ltd"
ASKED, SUSPECTED_DANGER, IN_DANGER = "about the pension", "maybe uneasy", "somebody was taken"
RECOGNIZER = FakeRecognizer(
    {
        ASKED: sure("life.pension"),
        SUSPECTED_DANGER: Recognition(Confidence.UNKNOWN, danger=Danger.SUSPECTED),
        IN_DANGER: danger("danger.detained"),
    }
)
ON = understanding(RECOGNIZER, transcriber=OPERATOR)
OFF = understanding(RECOGNIZER, "Example Models Ltd")
VOICE = Attached("voice", "voice-1", 1000)
OTHER = Attached("voice", "voice-2", 1000)


def chat_with_voice(language: str = "ru") -> Chat:
    """Return a chat whose person has just sent a voice message."""
    return Chat.start(language, twice=True, understanding=ON).takes(VOICE)


def voice_button(chat: Chat, name: str) -> str:
    return next(each for each in chat.keys if each.startswith(f"?voice.{name}."))


def consenting_chat() -> Chat:
    chat = chat_with_voice()
    return chat.presses(voice_button(chat, "yes"))


def chat_with_transcription(text: str) -> Chat:
    """Return a chat that shows `text` as the transcription of a voice message."""
    chat = consenting_chat()
    [asked] = chat.effects_of(Transcribe)
    return chat.takes(Transcribed(asked.key, text))


def chat_in_form(question: str) -> Chat:
    chat = chat_at(question)
    chat.understanding = ON
    return chat


def test_voice_message_is_rejected_when_transcription_is_off() -> None:
    chat = Chat.start("ru", understanding=OFF).takes(VOICE)
    assert chat.shows(screens.CANNOT_HEAR)
    assert chat.conversation.voice is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_transcription_consent_begins_with_the_safety_sentence(language: str) -> None:
    chat = chat_with_voice(language)
    assert chat.last_messages[0].paragraphs[0] == (safety.ONE_SENTENCE,)
    assert chat.shows(voice_messages.CONSENT, operator=OPERATOR)
    assert OPERATOR in chat.text
    assert "!person" in chat.keys
    assert not chat.effects_of(Transcribe)


@pytest.mark.parametrize("way", ["press", "type"])
def test_transcription_starts_only_after_consent(way: str) -> None:
    chat = consenting_chat() if way == "press" else chat_with_voice().says("да")
    assert chat.shows(voice_messages.AGREED)
    [asked] = chat.effects_of(Transcribe)
    assert (asked.ref, asked.language) == ("voice-1", "ru")
    assert "voice-1" not in repr((chat.last_effects, chat.conversation))
    assert not chat.effects_of(ConsentGiven)


@pytest.mark.parametrize("way", ["press", "type"])
def test_transcription_does_not_start_after_the_person_refuses_consent(way: str) -> None:
    chat = chat_with_voice()
    chat = chat.presses(voice_button(chat, "no")) if way == "press" else chat.says("нет")
    assert chat.shows(voice_messages.REFUSED)
    assert not chat.effects_of(Transcribe)
    assert chat.conversation.voice is None


def test_transcription_consent_is_recorded_for_each_voice_message() -> None:
    chat = chat_in_form("education")
    for voice in (VOICE, OTHER):
        chat.takes(voice)
        chat.presses(voice_button(chat, "yes"))
    given = [
        each for each in chat.effects_of(ConsentGiven) if each.purpose == voice_messages.PURPOSE
    ]
    assert len(given) == 2


@pytest.mark.parametrize("way", ["press", "type"])
def test_transcription_is_handled_like_typed_text_when_confirmed(way: str) -> None:
    chat = chat_with_transcription(ASKED)
    assert ASKED in chat.text
    assert not chat.shows(screens.OLD_BUTTON)
    chat = chat.presses(voice_button(chat, "right")) if way == "press" else chat.says("да")
    typed = Chat.start("ru", understanding=ON).says(ASKED)
    assert chat.last_messages[0].paragraphs == typed.last_messages[0].paragraphs
    assert chat.conversation.voice is None


@pytest.mark.parametrize("way", ["press", "type"])
def test_transcription_is_dropped_when_the_person_rejects_it(way: str) -> None:
    chat = chat_with_transcription(ASKED)
    chat = chat.presses(voice_button(chat, "wrong")) if way == "press" else chat.says("нет")
    assert chat.shows(voice_messages.MISHEARD)
    assert chat.conversation.voice is None
    assert chat.conversation.heard is None


def test_transcription_answers_the_open_question_when_confirmed() -> None:
    chat = chat_in_form("timeframe").takes(VOICE)
    chat.presses(voice_button(chat, "yes"))
    [asked] = chat.effects_of(Transcribe)
    label = chat.conversation.asked.options[1] if chat.conversation.asked else None
    assert label is not None
    chat.takes(Transcribed(asked.key, label.words))
    assert "timeframe" not in chat.stored_answers()
    chat.presses(voice_button(chat, "right"))
    assert chat.stored_answers()["timeframe"] == label.key


def test_transcription_about_danger_is_answered_without_confirmation() -> None:
    chat = chat_with_transcription(IN_DANGER)
    assert chat.shows(safety.READ_ALONE)
    assert IN_DANGER not in chat.text
    assert chat.conversation.voice is None


def test_transcription_with_suspected_danger_shows_the_safety_sentence() -> None:
    chat = chat_with_transcription(SUSPECTED_DANGER)
    assert chat.last_messages[0].paragraphs[0] == (safety.ONE_SENTENCE,)
    assert SUSPECTED_DANGER in chat.text


@pytest.mark.parametrize("text", ["", " ", "w" * 2001])
def test_transcription_that_is_empty_or_too_long_is_reported_as_failed(text: str) -> None:
    chat = chat_with_transcription(text)
    assert chat.shows(voice_messages.FAILED)
    assert chat.conversation.voice is None


@pytest.mark.parametrize("event", [Pressed("!menu"), OTHER])
def test_transcription_is_dropped_after_a_newer_message_or_button(
    event: Pressed | Attached,
) -> None:
    chat = consenting_chat()
    [asked] = chat.effects_of(Transcribe)
    chat.takes(event).takes(Transcribed(asked.key, ASKED))
    assert chat.last_messages == ()
    assert ASKED not in repr(chat.conversation)


def test_transcription_of_an_earlier_voice_message_is_dropped() -> None:
    chat = consenting_chat()
    [first] = chat.effects_of(Transcribe)
    chat.takes(OTHER)
    chat.presses(voice_button(chat, "yes"))
    assert chat.takes(Transcribed(first.key, ASKED)).last_messages == ()


def test_transcription_result_is_accepted_only_once() -> None:
    chat = chat_with_transcription(ASKED)
    [asked] = chat.effects_of(Transcribe)
    assert chat.takes(Transcribed(asked.key, SUSPECTED_DANGER)).last_messages == ()


@pytest.mark.parametrize("name", ["yes", "no", "right", "wrong"])
def test_transcription_button_of_an_earlier_voice_message_is_outdated(name: str) -> None:
    key = voice_button(chat_with_voice(), "yes").rpartition(".")[2]
    chat = chat_with_voice().takes(OTHER).takes(Pressed(f"?voice.{name}.{key}"))
    assert chat.shows(screens.OLD_BUTTON)
    assert not chat.effects_of(Transcribe)


def test_transcription_button_that_belongs_to_another_screen_is_outdated() -> None:
    for chat, name in ((chat_with_voice(), "right"), (chat_with_transcription(ASKED), "yes")):
        key = voice_button(chat, "yes" if name == "right" else "right").rpartition(".")[2]
        before = len(chat.effects_of(Transcribe))
        assert chat.takes(Pressed(f"?voice.{name}.{key}")).shows(screens.OLD_BUTTON)
        assert len(chat.effects_of(Transcribe)) == before


def test_transcription_is_not_confirmed_by_a_yes_before_it_arrives() -> None:
    chat = consenting_chat().says("да")
    assert chat.conversation.voice is None


def test_typed_number_is_no_consent_to_a_transcription() -> None:
    assert chat_with_voice().says("1").conversation.voice is None


@pytest.mark.parametrize("question", ["surname", "given_name"])
def test_transcription_is_not_offered_at_a_private_question(question: str) -> None:
    chat = chat_in_form(question).takes(VOICE)
    assert chat.shows(screens.CANNOT_HEAR)
    assert chat.conversation.voice is None


@pytest.mark.parametrize(
    "voice", [Attached("voice", ""), Attached("voice", "voice-1", caption="listen")]
)
def test_transcription_is_not_offered_without_a_file_or_with_a_caption(voice: Attached) -> None:
    chat = Chat.start("ru", understanding=ON).takes(voice)
    assert chat.shows(screens.CANNOT_HEAR)


def test_transcription_is_not_offered_before_a_language_or_after_an_exit() -> None:
    assert Chat(understanding=ON).takes(VOICE).conversation.voice is None
    chat = Chat.start("ru", understanding=ON)
    chat.conversation = replace(chat.conversation, is_masked=True)
    assert chat.takes(VOICE).shows(screens.CANNOT_HEAR)


def test_transcription_of_a_large_file_is_refused_before_consent() -> None:
    large = replace(VOICE, size=voice_messages.MAX_BYTES + 1)
    chat = Chat.start("ru", understanding=ON).takes(large)
    assert chat.shows(voice_messages.FAILED)
    assert chat.conversation.voice is None


def test_voice_message_to_an_officer_is_relayed_not_transcribed() -> None:
    chat = Chat.start("ru", understanding=ON).takes(Joined()).takes(VOICE)
    assert chat.effects_of(Relay)
    assert chat.conversation.voice is None


def test_transcription_does_not_start_after_an_officer_joined() -> None:
    chat = chat_with_voice()
    pressed = voice_button(chat, "yes")
    chat.takes(Joined()).takes(Pressed(pressed))
    assert not chat.effects_of(Transcribe)
    assert chat.shows(voice_messages.REFUSED)


def test_transcription_confirmed_after_an_officer_joined_is_relayed() -> None:
    chat = chat_with_transcription(ASKED)
    pressed = voice_button(chat, "right")
    chat.takes(Joined()).takes(Pressed(pressed))
    assert chat.effects_of(Relay) == [Relay(ASKED)]


def test_transcription_is_not_confirmed_by_a_yes_to_the_officer() -> None:
    chat = chat_with_transcription(ASKED).takes(Joined()).says("да")
    assert chat.effects_of(Relay) == [Relay("да")]
    assert chat.conversation.voice is None


def test_transcription_offer_remains_valid_after_an_officer_came_and_left() -> None:
    chat = chat_with_voice()
    pressed = voice_button(chat, "yes")
    chat.takes(Joined()).takes(Resolved("")).takes(Pressed(pressed))
    assert len(chat.effects_of(Transcribe)) == 1
