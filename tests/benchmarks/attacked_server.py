"""Kosh's two web processes that are attacked in `./kosh bench siege`, the same two as in `deploy/`.

One process serves all web pages, such as chat and console; the other serves the webhooks.
"""

from pathlib import Path
from secrets import token_hex

from fastapi import FastAPI

from bot.config.settings import settings
from bot.observability import logging
from bot.runtime import runtime
from bot.web.app import create_app
from flows.officer import OFFICER
from tests.benchmarks.form import FORMS
from tests.benchmarks.protocol import TOKEN, ServerConfig
from tests.benchmarks.serve import settled


def application(place: ServerConfig) -> FastAPI:
    logging.configure("error")
    chosen = settings(
        database_url=place.database,
        database_console_url=place.console,
        redis_url=place.redis,
        data_dir=Path(place.data),
        key_dir=Path(place.data) / "keys",
        telegram_token=TOKEN,
        telegram_rate=0,
        debounce_seconds=0,
        telegram_api=place.api,
        telegram_secret=place.secret,
        whatsapp_token=TOKEN,
        whatsapp_number_id="1000000000000001",
        whatsapp_app_secret=token_hex(16),
        whatsapp_verify_token=token_hex(16),
        whatsapp_api=place.api,
        pool_size=place.pool,
        demo=True,
    )
    opening = settled(runtime(chosen, flows={**FORMS, OFFICER.name: OFFICER}))
    return create_app(opening, platforms_only=place.server == "attacked-webhooks")
