"""How fast we send: token buckets for each bot or number and for each chat, in one trip to Valkey.

What is asked for here is taken, so ask only right before a call. Without Valkey each process keeps
to a share of the rates.
"""

import asyncio
from typing import NamedTuple

from bot.cache import CacheUnavailable, Draw
from bot.channels import ChannelCall, Throttled
from bot.observability import logging
from bot.runtime import Runtime

# What is short enough to wait for, with the message in hand; longer waits are put off.
PATIENCE = 2.0
MAX_TRIES = 3

_logger = logging.get()


async def acquire(rt: Runtime, channel: str, act: ChannelCall) -> float:
    """Wait for an act's turn; the seconds to put it off for if that takes more than 2 s."""
    draws = _draws(rt, channel, act)
    wait = 0.0
    for _try in range(MAX_TRIES if draws else 0):
        wait = await _draw(rt, draws)
        if wait == 0 or wait > PATIENCE:
            return wait
        await asyncio.sleep(wait)
    return wait


async def acquire_or_send(rt: Runtime, channel: str, act: ChannelCall) -> None:
    """The same for an act that cannot be put off: it waits for 2 s at most, and goes."""
    if rt.channels[channel].rates.firm:
        wait = await acquire(rt, channel, act)
        await asyncio.sleep(min(wait, PATIENCE))


# Of the rate, what is left to people who wait for an answer; and how long bulk takes tokens for.
RESERVE = 0.2
SLICE_SECONDS = 0.2
# What Telegram lets through for a price, past the free rate.
PAID_RATE = 1000.0


async def acquire_bulk(rt: Runtime, channel: str, limit: int, *, paid: bool = False) -> int:
    """Wait until it is the turn of announcements; of how many at once."""
    if not rt.channels[channel].rates.whole:
        return limit
    purse = _bucket(rt, channel, paid=paid)
    many = max(1, min(limit, purse.burst, int(purse.rate * (1 - purse.reserve) * SLICE_SECONDS)))
    while wait := await _allowed(rt, purse, many):  # noqa: ASYNC110
        await asyncio.sleep(min(wait, PATIENCE))
    return many


async def refund(rt: Runtime, channel: str, many: int, *, paid: bool = False) -> None:
    """Return what bulk let through and nobody was there to get: else it would be lost."""
    if many and rt.channels[channel].rates.whole:
        await _allowed(rt, _bucket(rt, channel, paid=paid), -many)


class _Bucket(NamedTuple):
    """The bucket that bulk draws on, and what it leaves in it for people."""

    name: str
    rate: float
    burst: int
    reserve: float


def _bucket(rt: Runtime, channel: str, *, paid: bool) -> _Bucket:
    if paid:
        return _Bucket(bucket(rt, f"{channel}-paid"), PAID_RATE, int(PAID_RATE), 0.0)
    rates = rt.channels[channel].rates
    return _Bucket(bucket(rt, channel), rates.whole, rates.whole_burst, RESERVE)


async def _allowed(rt: Runtime, purse: _Bucket, cost: int) -> float:
    name, rate, burst, reserve = purse
    try:
        return await rt.live.allow(name, rate=rate, burst=burst, cost=cost, reserve=reserve)
    except CacheUnavailable as error:
        _logger.warning("pace.local", code=error.code)
        return await rt.local.allow(name, rate=rate, burst=burst, cost=cost, reserve=reserve)


async def penalize(rt: Runtime, channel: str, error: Throttled) -> None:
    """The platform holds back everything of ours: let nobody else run against it meanwhile."""
    rates = rt.channels[channel].rates
    if error.wide and rates.firm and error.delay:
        cost = error.delay * rates.whole
        whole = bucket(rt, channel)
        await _draw(rt, (Draw(whole, rates.whole, rates.whole_burst, cost, firm=False),))


def bucket(rt: Runtime, channel: str, address: str = "") -> str:
    """The name of a bucket, of all of a channel or of one chat; it must not tell whose it is."""
    return rt.vault.index("pace", f"{channel}:{address}").hex()


def _draws(rt: Runtime, channel: str, act: ChannelCall) -> tuple[Draw, ...]:
    rates = rt.channels[channel].rates
    if not rates.whole or act.kind in ("delete", "leave"):
        return ()
    return (
        Draw(bucket(rt, channel), rates.whole, rates.whole_burst, firm=rates.firm),
        Draw(bucket(rt, channel, act.address), rates.each, rates.each_burst),
    )


async def _draw(rt: Runtime, draws: tuple[Draw, ...]) -> float:
    try:
        return await rt.live.draw(draws)
    except CacheUnavailable as error:
        _logger.warning("pace.local", code=error.code)
        return await rt.local.draw(draws)
