"""Our own web process with the ten-question form as its flow."""

from pathlib import Path

from fastapi import FastAPI

from bot.config.settings import settings
from bot.observability import logging
from bot.runtime import runtime
from bot.web.app import create_app
from tests.benchmarks.form import FORMS
from tests.benchmarks.orders import TOKEN, Place
from tests.benchmarks.serve import settled


def application(place: Place) -> FastAPI:
    logging.configure("warning")
    chosen = settings(
        database_url=place.database,
        redis_url=place.redis,
        data_dir=Path(place.data),
        key_dir=Path(place.data) / "keys",
        telegram_token=TOKEN,
        telegram_rate=0,
        telegram_api=place.api,
        telegram_secret=place.secret,
        pool_size=place.pool,
        demo=True,
    )
    return create_app(settled(runtime(chosen, flows=FORMS)))
