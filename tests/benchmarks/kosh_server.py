"""Kosh's own web process with the ten-question form as its flow."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from fastapi import FastAPI

from bot.config.settings import settings
from bot.observability import logging
from bot.runtime import Runtime, runtime
from bot.web.app import create_app
from flows.engine.recognition import Confidence, Danger, Recognition
from tests.benchmarks.form import FORMS
from tests.benchmarks.protocol import TOKEN, ServerConfig
from tests.benchmarks.serve import settled


def application(place: ServerConfig) -> FastAPI:
    logging.configure("warning")
    chosen = settings(
        database_url=place.database,
        redis_url=place.redis,
        data_dir=Path(place.data),
        key_dir=Path(place.data) / "keys",
        telegram_token=TOKEN,
        telegram_rate=0,
        debounce_seconds=0,
        telegram_api=place.api,
        telegram_secret=place.secret,
        pool_size=place.pool,
        demo=True,
    )
    opening = runtime(chosen, flows=FORMS)
    return create_app(
        settled(_without_recognition(opening) if place.server == "kosh-unrecognized" else opening)
    )


class _NoRecognizer:
    """A recogniser that recognises nothing, to measure the rest of a turn."""

    danger, is_certain_danger, is_sure = Danger.NONE, False, False
    recognition = Recognition(Confidence.UNKNOWN)

    def read(self, _text: str, _language: str) -> Self:
        return self

    def entities(self, _text: str) -> dict[str, str]:
        return {}


@asynccontextmanager
async def _without_recognition(
    opening: AbstractAsyncContextManager[Runtime],
) -> AsyncIterator[Runtime]:
    async with opening as rt:
        yield replace(rt, understanding=replace(rt.understanding, recognizer=_NoRecognizer()))
