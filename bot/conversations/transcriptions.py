"""Transcribes a voice message with the person's consent; recording and text are not stored."""

import asyncio

from bot.attachments import ogg_opus
from bot.channels import Channel, SendError
from bot.conversations import outside_budgets
from bot.i18n import reader_script
from bot.runtime import Runtime
from bot.understanding import transcription
from bot.understanding.endpoint import Outcome
from flows.engine.model_events import Transcribe, Transcribed
from flows.engine.voice_messages import MAX_BYTES, MAX_MINUTES


async def transcribe(
    rt: Runtime, effect: Transcribe, channel: Channel, author: str
) -> Transcribed | None:
    """Return the text of a recording in the script of the person's language.

    The text is empty if nothing was recognised, an hourly budget is spent, or the recording cannot
    be read. Returns None if no transcriber is configured. The transcriber gets only the sound,
    because comments and pictures in the file are removed.
    """
    if rt.transcriber is None:
        return None
    hourly, own = rt.settings.transcription_hourly, rt.settings.transcription_person_hourly
    if not await outside_budgets.draw(rt, "transcription", author, hourly=hourly, own_hourly=own):
        transcription.count(Outcome.BUDGET)
        return Transcribed(effect.key, "")
    recording = await _fetch_recording(channel, effect.ref)
    if recording is None:
        transcription.count(Outcome.UNREADABLE)
        return Transcribed(effect.key, "")
    language = effect.language.partition("_")[0]
    text = await rt.transcriber.transcribe(recording, language)
    return Transcribed(effect.key, reader_script.for_person(text, effect.language))


async def _fetch_recording(channel: Channel, ref: str) -> bytes | None:
    """Fetch a recording from the messenger; return only its header and sound.

    Returns None if the recording is gone, broken, too large or too long.
    """
    held = bytearray()
    try:
        async for chunk in channel.fetch(ref):
            held += chunk
            if len(held) > MAX_BYTES:
                return None
        return await asyncio.to_thread(ogg_opus.strip_metadata, bytes(held), MAX_MINUTES * 60)
    except (SendError, ogg_opus.Broken):
        return None
