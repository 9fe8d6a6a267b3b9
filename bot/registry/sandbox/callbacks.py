"""Background tasks of the sandbox: decide on due registrations, and send callbacks to the bot."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import psycopg

from bot.concurrency.backoff import backoff
from bot.registry.callback_signature import HEADER, sign
from bot.registry.sandbox import store
from bot.registry.sandbox.state import Sandbox

_FIRST_RETRY = 0.5
_MAX_RETRY = 30.0
_log = logging.getLogger(__name__)


async def decide(sandbox: Sandbox) -> None:
    """Decide on each registration when its decision is due, until cancelled."""

    async def due() -> float | None:
        async with sandbox.pool.connection() as connection:
            while await store.decide_one(connection):
                await connection.commit()
                sandbox.decided.set()
            return await store.until_decision(connection)

    await _keep(due, sandbox.changed)


async def deliver(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """Send callbacks to the bot when they are due, until cancelled.

    Returns immediately if no callback URL is configured.
    """

    async def due() -> float | None:
        async with sandbox.pool.connection() as connection:
            while letter := await store.next_letter(connection):
                await connection.commit()
                retry = await _send(sandbox, session, letter)
                await store.note_delivery(connection, letter, retry=retry)
                await connection.commit()
            return await store.until_letter(connection)

    if sandbox.callback_url is not None:
        await _keep(due, sandbox.decided)


async def _keep(due: Callable[[], Awaitable[float | None]], wake: asyncio.Event) -> None:
    """Call the function `due` repeatedly until cancelled.

    The next call follows when `wake` is set, or after the seconds that `due` returned.
    """
    while True:
        wake.clear()
        try:
            pause = await due()
        except psycopg.OperationalError:
            _log.warning("E_SANDBOX_DATABASE: the sandbox's database is away; trying again")
            pause = 1.0
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), pause)


async def _send(
    sandbox: Sandbox, session: aiohttp.ClientSession, letter: store.Letter
) -> float | None:
    """Send a callback once; return None if the bot accepted it, else the retry delay in seconds."""
    body = letter.body.encode()
    headers = {
        "Content-Type": "application/json",
        HEADER: sign(sandbox.callback_secret, body, at=int(time.time())),
    }
    url = sandbox.callback_url or ""
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            if 200 <= response.status < 300:
                return None
    return backoff(letter.attempts, first=_FIRST_RETRY, most=_MAX_RETRY)
