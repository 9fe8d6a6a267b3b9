"""Client of a program that transcribes voice recordings by OpenAI's HTTP API for transcriptions.

The program may be speaches, whisper.cpp's server behind a proxy, or a commercial provider. The
person sees the transcribed text and confirms it before it is used. A failed call is never
retried.
"""

from aiohttp import FormData
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.observability import logging, metrics
from bot.understanding.endpoint import CallFailed, Endpoint, Outcome
from flows.engine.voice_messages import MAX_TEXT

MEDIA_TYPE, NAME = "audio/ogg", "voice.ogg"

_logger = logging.get()


class _Transcription(BaseModel):
    # Unknown fields of a response are accepted: servers add some, such as the number of tokens.
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    text: str


class Transcriber:
    """Client of the speech model `name`; there is one client per process."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self._endpoint, self._name = endpoint, name

    async def transcribe(self, recording: bytes, language: str) -> str:
        """Return the text spoken in an Ogg Opus recording; "" without speech or if the call failed.

        `language` is an ISO 639-1 code. Each outcome is counted in the metrics. No word of the text
        is logged.
        """
        try:
            with self._endpoint.guard(), metrics.time_call("transcription"):
                form = self._form(recording, language)
                text = _read(await self._endpoint.post("/audio/transcriptions", data=form))
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
    """Count the outcome of a transcription, or why none was made, in the metric TRANSCRIPTIONS."""
    metrics.TRANSCRIPTIONS.labels(outcome).inc()


def _read(answer: bytes) -> str:
    """Return the text in a server's response. Raises `CallFailed` if malformed or too long."""
    try:
        text = _Transcription.model_validate_json(answer).text.strip()
    except ValidationError:
        raise CallFailed(Outcome.INVALID) from None
    if len(text) > MAX_TEXT:
        raise CallFailed(Outcome.INVALID)
    return text
