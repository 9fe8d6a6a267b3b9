"""Fetch Telegram updates by long polling, instead of receiving webhooks."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from bot.channels import Inbound, IncomingUpdate, Unreadable
from bot.channels.telegram.client import Telegram
from bot.concurrency import shutdown
from bot.config.sources import ConfigError
from bot.conversations import quarantine, receive
from bot.conversations.anonymous import Overloaded
from bot.conversations.background_delivery import deliver_or_defer
from bot.conversations.bursts import places
from bot.observability import logging
from bot.runtime import Runtime

_logger = logging.get()

POLL_RETRY_SECONDS = 1.0


async def poll(rt: Runtime) -> None:
    """Fetch and process Telegram updates until cancelled.

    A batch is confirmed to Telegram only after all its updates are committed. Raises ConfigError
    without a Telegram token.
    """
    channel = rt.channels.get(Telegram.name)
    if not isinstance(channel, Telegram):
        raise ConfigError("KOSH_TELEGRAM_TOKEN isn't set; set it to the token of your bot")
    later = set[asyncio.Task[None]]()
    try:
        async for batch in channel.batches():
            by_handle: dict[str, list[IncomingUpdate]] = {}
            for raw in batch:
                for arrival in await _retry(partial(_parse, rt, channel, raw)):
                    by_handle.setdefault(getattr(arrival, "handle", ""), []).append(arrival)
            people = (_in_order(rt, channel, arrivals, later) for arrivals in by_handle.values())
            await shutdown.finish_on_cancel(asyncio.gather(*people))
    finally:
        if later:
            await asyncio.wait(later, timeout=shutdown.GRACE_SECONDS)


async def _parse(rt: Runtime, channel: Telegram, raw: bytes) -> tuple[IncomingUpdate, ...]:
    try:
        return channel.parse(raw)
    except Unreadable as error:
        _logger.warning("update.unreadable", channel=channel.name, code=error.code)
        async with rt.pool.connection() as transaction:
            name = sha256(raw).hexdigest()
            await quarantine.quarantine(rt, transaction, channel.name, name, error.code, len(raw))
        return ()


async def _in_order(
    rt: Runtime,
    channel: Telegram,
    arrivals: list[IncomingUpdate],
    later: set[asyncio.Task[None]],
) -> None:
    """Process the updates of one person in order, and send the replies.

    If sending a reply fails, the outbox sweep sends it. A reply can be delayed, because the person
    may be sending several messages in a row, of which some arrive in the next batch. A task in
    `later` sends a delayed reply, so that the next batch is fetched at once.
    """
    for arrival, place in zip(arrivals, places(arrivals), strict=True):
        delivery = await _retry(partial(receive.receive, rt, arrival, place))
        if delivery is not None and delivery.waiting is not None:
            task = asyncio.create_task(deliver_or_defer(rt, delivery))
            later.add(task)
            task.add_done_callback(later.discard)
        else:
            await deliver_or_defer(rt, delivery)
        if isinstance(arrival, Inbound) and arrival.press_id:
            await channel.acknowledge(arrival.press_id)


async def _retry[Result](take: Callable[[], Awaitable[Result]]) -> Result:
    """Call `take` again until it succeeds, while the database is unavailable or overloaded.

    Telegram does not resend a confirmed update, so every update must be committed first.
    """
    while True:
        try:
            return await take()
        except (Overloaded, OperationalError, PoolTimeout):
            await asyncio.sleep(POLL_RETRY_SECONDS)
