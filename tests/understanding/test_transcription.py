"""Kosh's client of a transcription API for voice messages, with a strict HTTP emulator."""

import io
import time
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientSession

from bot.observability import logging, metrics
from bot.understanding.endpoint import MAX_FAILURES, REST_SECONDS, Endpoint, Outcome, authorization
from bot.understanding.transcription import Transcriber
from tests.attachments.opus_files import voice
from tests.emulators.transcription import FAULTS, KEY, MODEL, Transcription, transcription

TEXT = "canary of a voice"
OUTCOMES = {
    "broken": Outcome.INVALID,
    "list": Outcome.INVALID,
    "number": Outcome.INVALID,
    "endless": Outcome.INVALID,
    "slow": Outcome.TIMEOUT,
    "401": Outcome.REFUSED,
    "500": Outcome.REFUSED,
    "redirect": Outcome.REFUSED,
}


@pytest.fixture
async def server() -> AsyncIterator[Transcription]:
    async with transcription() as server:
        server.text = TEXT
        yield server


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as http:
        yield http


def transcriber_at(
    http: ClientSession,
    url: str,
    *,
    seconds: float = 60,
    clock: Callable[[], float] = time.monotonic,
) -> Transcriber:
    endpoint = Endpoint(http, url, authorization(KEY), seconds=seconds, clock=clock)
    return Transcriber(endpoint, MODEL)


def counted(outcome: Outcome) -> float:
    labels = {"outcome": outcome.value}
    return metrics.REGISTRY.get_sample_value("kosh_transcriptions_total", labels) or 0.0


async def test_transcription_request_conforms_to_the_api(
    server: Transcription, http: ClientSession
) -> None:
    transcriber = transcriber_at(http, f"{server.url}/")
    assert await transcriber.transcribe(voice(), "kk") == TEXT
    assert (server.heard, server.mistakes) == ([(voice(), "kk")], [])


async def test_transcription_of_a_silent_recording_is_empty(
    server: Transcription, http: ClientSession
) -> None:
    server.text, before = " \n", counted(Outcome.NONE)
    transcriber = transcriber_at(http, server.url)
    assert await transcriber.transcribe(voice(), "ru") == ""
    assert counted(Outcome.NONE) == before + 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_transcription_failure_returns_an_empty_text_and_logs_no_content(
    server: Transcription, http: ClientSession, fault: str
) -> None:
    server.fault = fault
    before, lines = counted(OUTCOMES[fault]), io.StringIO()
    transcriber = transcriber_at(http, server.url, seconds=0.2 if fault == "slow" else 60)
    logging.configure("debug", to=lines)
    try:
        assert await transcriber.transcribe(voice(), "ru") == ""
    finally:
        logging.configure("error")
    assert counted(OUTCOMES[fault]) == before + 1
    assert '"transcription.failed"' in lines.getvalue()
    assert not [word for word in ("canary", "word", KEY) if word in lines.getvalue()]


async def test_transcription_is_paused_after_failures_and_retried_later(
    server: Transcription, http: ClientSession
) -> None:
    now = [0.0]
    transcriber = transcriber_at(http, server.url, clock=lambda: now[0])
    server.fault = "500"
    for _each in range(MAX_FAILURES + 3):
        await transcriber.transcribe(voice(), "ru")
    assert len(server.heard) == MAX_FAILURES
    now[0], server.fault = REST_SECONDS, ""
    assert await transcriber.transcribe(voice(), "ru") == TEXT
