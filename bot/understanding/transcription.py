"""Client of a program that transcribes recordings, by OpenAI's API for transcriptions.

speaches, whisper.cpp's server behind a proxy, and commercial providers have this API. The person
sees the text and confirms it. A call is never retried.
"""

import time
from collections.abc import Callable

from aiohttp import ClientSession, FormData
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.observability import logging, metrics
from bot.understanding.endpoint import CallFailed, Endpoint, Outcome
from flows.engine.voice_messages import MAX_TEXT

MEDIA_TYPE, NAME = "audio/ogg", "voice.ogg"

_logger = logging.get()


class _Transcription(BaseModel):
    # Unknown fields are accepted: servers add some, such as the number of tokens.
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    text: str


class Transcriber:
    """Client of the model `name` at the base URL `url`; there is one object per process."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        name: str,
        key: str,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        address = f"{url.rstrip('/')}/audio/transcriptions"
        self._endpoint = Endpoint(session, address, key, seconds=seconds, clock=clock)
        self._name = name

    async def transcribe(self, recording: bytes, language: str) -> str:
        """Return the text of an Ogg Opus recording; empty without speech or after a failed call.

        `language` is an ISO 639-1 code. Every outcome is counted. No word of the text is logged.
        """
        try:
            with self._endpoint.guard(), metrics.called("transcription"):
                text = _read(await self._endpoint.post(data=self._form(recording, language)))
        except CallFailed as failure:
            count(failure.outcome)
            if failure.outcome is not Outcome.RESTING:
                reason, status = failure.outcome.value, failure.status
                _logger.warning("transcription.failed", reason=reason, status=status)
            return ""
        count(Outcome.TRANSCRIBED if text else Outcome.NONE)
        return text

    def _form(self, recording: bytes, language: str) -> FormData:
        form = FormData()
        form.add_field("file", recording, filename=NAME, content_type=MEDIA_TYPE)
        form.add_field("model", self._name)
        form.add_field("language", language)
        form.add_field("response_format", "json")
        return form


def count(outcome: Outcome) -> None:
    """Count the outcome of a transcription, or the reason why no transcription was made."""
    metrics.TRANSCRIPTIONS.labels(outcome).inc()


def _read(answer: bytes) -> str:
    """Return the text of an answer. Raises `CallFailed` for a wrong format or too long a text."""
    try:
        text = _Transcription.model_validate_json(answer).text.strip()
    except ValidationError:
        raise CallFailed(Outcome.INVALID) from None
    if len(text) > MAX_TEXT:
        raise CallFailed(Outcome.INVALID)
    return text
