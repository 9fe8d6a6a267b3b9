"""Kosh's clients of three machine translation APIs, with strict HTTP emulators."""

import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bot.observability import logging
from bot.understanding.endpoint import Endpoint
from bot.understanding.translation import Program, Translator, headers
from tests.emulators.translation import FAULTS, KEY, MODEL, Translation, translation

TARGETS = {"deepl": "ZH-HANS", "libretranslate": "zh", "openai": "Simplified"}
TEXT, FOUND = "canary of an officer", "translated canary"


@pytest.fixture
async def server() -> AsyncIterator[Translation]:
    async with translation() as server:
        server.text = FOUND
        yield server


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as http:
        yield http


def translator(
    http: ClientSession, server: Translation, program: Program, seconds: float = 60
) -> Translator:
    endpoint = Endpoint(http, server.url, headers(program, KEY), seconds=seconds)
    return Translator(endpoint, program, KEY, name=MODEL)


@pytest.mark.parametrize("program", ["deepl", "libretranslate", "openai"])
async def test_translation_request_conforms_to_each_api(
    server: Translation, http: ClientSession, program: Program
) -> None:
    assert await translator(http, server, program).translate(TEXT, "zh") == FOUND
    assert (server.asked, server.mistakes) == ([(TEXT, TARGETS[program])], [])


@pytest.mark.parametrize("program", ["deepl", "libretranslate", "openai"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_translation_failure_returns_an_empty_text_and_logs_no_content(
    server: Translation, http: ClientSession, fault: str, program: Program
) -> None:
    server.fault, lines = fault, io.StringIO()
    seconds = 0.2 if fault == "slow" else 60
    logging.configure("debug", to=lines)
    try:
        assert await translator(http, server, program, seconds).translate(TEXT, "ru") == ""
    finally:
        logging.configure("error")
    assert '"translation.failed"' in lines.getvalue()
    assert not [word for word in ("canary", KEY) if word in lines.getvalue()]
