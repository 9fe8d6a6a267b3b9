"""Voice messages to the assistant, with an emulated transcription service.

Kosh sends a recording to the service only after the person's consent to this recording.
"""

import io
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.attachments import ogg_opus
from bot.config.settings import Settings
from bot.observability import logging, metrics
from flows.engine import safety, screens, voice_messages
from flows.engine.questions import YES
from tests.app_stack import AppStack, running_stack
from tests.attachments.opus_files import BROKEN, voice
from tests.emulators.transcription import KEY, MODEL, Transcription, transcription
from tests.emulators.whatsapp import User
from tests.web import whatsapp_chat

OPUS = "audio/ogg; codecs=opus"
OPERATOR = "Example Speech Ltd"


@pytest.fixture
async def server() -> AsyncIterator[Transcription]:
    async with transcription() as server:
        yield server


@pytest.fixture
async def stack(chosen: Settings, admin_url: str, server: Transcription) -> AsyncIterator[AppStack]:
    settings = chosen.model_copy(
        update={
            "transcription_url": server.url,
            "transcription_model": MODEL,
            "transcription_operator": OPERATOR,
            "transcription_key": SecretStr(KEY),
        }
    )
    async with running_stack(settings, admin_url) as stack:
        yield stack


async def _new_user(stack: AppStack, phone: str, language: str = "ru") -> User:
    user = await whatsapp_chat.new_user(stack, phone)
    await whatsapp_chat.choose_language(user, language)
    return user


async def _send_voice(user: User, data: bytes) -> str:
    """Send a voice message; return the text of Kosh's reply."""
    return (await whatsapp_chat.wait_for_reply(user, lambda: user.send("audio", data, OPUS))).text


async def _consent(user: User, yes: str = "да") -> list[str]:
    """Consent by the text `yes`; return the reply and the message with the transcription."""
    count = len(user.received)
    await user.say(yes)
    await user.wait_for_message(count + 2)
    return [each.text for each in user.received[count:]]


def _render(stack: AppStack, text: object, language: str = "ru") -> str:
    return stack.rt.languages.render(text, language)  # type: ignore[arg-type]


async def test_transcription_starts_after_consent_and_asks_to_confirm_its_text(
    stack: AppStack, server: Transcription
) -> None:
    server.text = "Как получить пенсию?"
    user = await _new_user(stack, "77010000931")
    reply = await _send_voice(user, voice())
    assert OPERATOR in reply
    assert reply.startswith(_render(stack, safety.ONE_SENTENCE))
    assert server.heard == []
    _agreed, transcript = await _consent(user)
    assert (len(server.heard), server.mistakes) == (1, [])
    assert server.text in transcript
    answer = (await whatsapp_chat.wait_for_reply(user, lambda: user.say("да"))).text
    other = await _new_user(stack, "77010000932")
    assert (
        answer == (await whatsapp_chat.wait_for_reply(other, lambda: other.say(server.text))).text
    )
    assert await stack.rows("SELECT 1 FROM people") == []


async def test_transcription_request_contains_only_the_audio(
    stack: AppStack, server: Transcription
) -> None:
    server.text = "canary"
    user = await _new_user(stack, "77010000933", "kk")
    await _send_voice(user, voice())
    await _consent(user, "иә")
    [(sent, language)] = server.heard
    assert (b"TITLE" in voice(), b"TITLE" in sent) == (True, False)
    assert sent == ogg_opus.strip_metadata(voice())
    assert language == "kk"


@pytest.mark.parametrize("kind", ["an mp3", "six megabytes", "three minutes"])
async def test_transcription_is_refused_for_a_broken_or_long_recording(
    stack: AppStack, server: Transcription, kind: str
) -> None:
    user = await _new_user(stack, "77010000934")
    data = voice(180) if kind == "three minutes" else BROKEN[kind]()
    await _send_voice(user, data)
    _agreed, answer = await _consent(user)
    assert _render(stack, voice_messages.FAILED) in answer
    assert server.heard == []


async def test_transcription_failure_asks_to_type_and_logs_no_text(
    stack: AppStack, server: Transcription
) -> None:
    server.fault, lines = "500", io.StringIO()
    user = await _new_user(stack, "77010000935")
    logging.configure("debug", to=lines)
    try:
        await _send_voice(user, voice())
        answers = await _consent(user)
        server.fault, server.text = "", "canary of a voice"
        await _send_voice(user, voice(4))
        answers += await _consent(user)
    finally:
        logging.configure("error")
    assert _render(stack, voice_messages.FAILED) in answers[1]
    assert "canary" in answers[3]
    assert "canary" not in lines.getvalue()


async def test_transcription_is_shown_in_the_script_of_its_reader(
    stack: AppStack, server: Transcription
) -> None:
    server.text = "зейнетақы қалай алуға болады"
    user = await _new_user(stack, "77010000936", "kk_Arab")
    await _send_voice(user, voice())
    _agreed, transcript = await _consent(user, _render(stack, YES.label, "kk_Arab"))
    assert "зейнетақы" not in transcript
    assert "زەينەتاقى" in transcript


async def test_transcription_about_danger_is_answered_at_once(
    stack: AppStack, server: Transcription
) -> None:
    server.text = "меня хотят убить"
    user = await _new_user(stack, "77010000937")
    await _send_voice(user, voice())
    _agreed, answer = await _consent(user)
    assert answer.startswith(_render(stack, safety.READ_ALONE))
    assert server.text not in answer


async def test_transcription_consent_is_stored_but_the_text_is_not(
    stack: AppStack, server: Transcription
) -> None:
    server.text = "canary of a voice"
    user = await whatsapp_chat.consented_user(stack, "77010000938")
    assert OPERATOR in await _send_voice(user, voice())
    await _consent(user)
    purposes = await stack.rows("SELECT purpose, given FROM consents ORDER BY id")
    assert purposes[-1] == (voice_messages.PURPOSE, True)
    [(state,)] = await stack.rows("SELECT state FROM conversations")
    assert b"canary" not in state
    await stack.rows("DELETE FROM people RETURNING id")
    assert await stack.rows("SELECT 1 FROM conversations") == []


async def test_transcription_is_limited_per_person_and_hour(
    stack: AppStack, server: Transcription
) -> None:
    server.text = "canary"
    few = stack.rt.settings.model_copy(update={"transcription_person_hourly": 1})
    object.__setattr__(stack.rt, "settings", few)
    user = await _new_user(stack, "77010000939")
    for seconds in (3, 4):
        await _send_voice(user, voice(seconds))
        await _consent(user)
    assert len(server.heard) == 1
    labels = {"outcome": "budget"}
    assert metrics.REGISTRY.get_sample_value("kosh_transcriptions_total", labels)


async def test_transcription_is_not_offered_when_switched_off(stack: AppStack) -> None:
    off = replace(stack.rt.understanding, transcriber="")
    object.__setattr__(stack.rt, "understanding", off)
    user = await _new_user(stack, "77010000940")
    assert _render(stack, screens.CANNOT_HEAR) in await _send_voice(user, voice())
