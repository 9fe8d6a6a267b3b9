"""Voice messages are relayed to an officer who has the conversation, and otherwise rejected."""

import pytest

from flows.engine import screens, upload_states
from flows.engine.events import Attached, Joined, Relay, TakeFile, UploadChecked
from flows.engine.upload_events import RECORDED, RECORDING
from tests.flows.chat import Chat, chat_at

VOICE = Attached("voice", "voice-1", 1000)
PASSED_ON = Relay(RECORDED, recording="voice-1")


def _with_officer() -> Chat:
    return Chat.start("ru").takes(Joined())


def test_voice_message_is_relayed_to_the_officer() -> None:
    chat = _with_officer().takes(VOICE)
    assert chat.effects_of(Relay) == [PASSED_ON]
    assert chat.effects_of(TakeFile) == []
    assert chat.last_messages == ()


def test_voice_message_caption_is_relayed_after_the_recording() -> None:
    chat = _with_officer().takes(Attached("voice", "voice-1", 1000, "listen"))
    assert chat.effects_of(Relay) == [PASSED_ON, Relay("listen")]


def test_voice_message_without_an_officer_is_answered_as_not_readable() -> None:
    chat = chat_at("birth_year").takes(VOICE)
    assert chat.effects_of(Relay) == []
    assert chat.shows(screens.CANNOT_HEAR)
    assert chat.shows(screens.OR_A_PERSON)
    assert chat.question_key == "birth_year"


def test_voice_message_without_a_file_reference_is_not_relayed() -> None:
    chat = _with_officer().takes(Attached("voice", ""))
    assert chat.effects_of(Relay) == []
    assert chat.shows(screens.CANNOT_HEAR)
    assert not chat.shows(screens.OR_A_PERSON)


@pytest.mark.parametrize("refusal", ["", upload_states.Refusal.BROKEN])
def test_broken_voice_message_to_an_officer_is_reported_to_the_person(refusal: str) -> None:
    chat = _with_officer().takes(VOICE).takes(UploadChecked("", RECORDING, refusal))
    assert chat.shows(screens.RECORDING_BROKEN) is bool(refusal)
    assert chat.shows(screens.WAITING)
    assert chat.conversation.verdicts == ()


def test_unusable_recording_is_not_reported_after_the_chat_was_closed() -> None:
    chat = _with_officer().takes(VOICE).says("выход")
    chat.takes(UploadChecked("", RECORDING, upload_states.Refusal.BROKEN))
    assert chat.last_messages == ()
