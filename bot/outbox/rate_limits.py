"""Rate limits of sending: token buckets for each channel and for each chat, kept in Valkey.

Tokens are taken from both buckets in one round trip and not refunded, so call `acquire` right
before the call to the platform. Without Valkey, each process limits itself to a share of the rates.
"""

import asyncio
from typing import NamedTuple

from bot.cache import CacheUnavailable, Draw
from bot.channels import ChannelCall, Throttled, addresses
from bot.observability import logging
from bot.runtime import Runtime

# Maximum seconds to wait for a token while the message is claimed; a message that needs longer is
# deferred.
MAX_WAIT_SECONDS = 2.0
MAX_TRIES = 3

_logger = logging.get()


async def acquire(rt: Runtime, channel: str, act: ChannelCall) -> float:
    """Wait up to 2 s for a token of the channel and one of the chat.

    Return 0 to send the message now, or else the seconds for which to defer it.
    """
    draws = _draws(rt, channel, act)
    wait = 0.0
    for _try in range(MAX_TRIES if draws else 0):
        wait = await _draw(rt, draws)
        if wait == 0 or wait > MAX_WAIT_SECONDS:
            return wait
        await asyncio.sleep(wait)
    return wait


async def acquire_or_send(rt: Runtime, channel: str, act: ChannelCall) -> None:
    """Wait up to 2 s for tokens, then return without them; for calls that cannot be deferred."""
    if rt.channels[channel].rates.firm:
        wait = await acquire(rt, channel, act)
        await asyncio.sleep(min(wait, MAX_WAIT_SECONDS))


# RESERVE is the share of the rate that broadcasts leave to conversations. A broadcast takes tokens
# in advance, for SLICE_SECONDS of sending at a time.
RESERVE = 0.2
SLICE_SECONDS = 0.2
# Telegram's paid rate, in messages per second.
PAID_RATE = 1000.0


async def acquire_bulk(rt: Runtime, channel: str, limit: int, *, paid: bool = False) -> int:
    """Wait for tokens for sending announcements; return how many were taken, at most `limit`."""
    if not rt.channels[channel].rates.whole:
        return limit
    bulk = _bucket(rt, channel, paid=paid)
    many = max(1, min(limit, bulk.burst, int(bulk.rate * (1 - bulk.reserve) * SLICE_SECONDS)))
    while wait := await _wait_seconds(rt, bulk, many):  # noqa: ASYNC110
        await asyncio.sleep(min(wait, MAX_WAIT_SECONDS))
    return many


async def refund(rt: Runtime, channel: str, many: int, *, paid: bool = False) -> None:
    """Give `many` unused tokens back to the channel's bucket for announcements."""
    if many and rt.channels[channel].rates.whole:
        await _wait_seconds(rt, _bucket(rt, channel, paid=paid), -many)


class _Bucket(NamedTuple):
    """The token bucket for announcements, with the share reserved for conversations."""

    name: str
    rate: float
    burst: int
    reserve: float


def _bucket(rt: Runtime, channel: str, *, paid: bool) -> _Bucket:
    if paid:
        return _Bucket(bucket(rt, f"{channel}-paid"), PAID_RATE, int(PAID_RATE), 0.0)
    rates = rt.channels[channel].rates
    return _Bucket(bucket(rt, channel), rates.whole, rates.whole_burst, RESERVE)


async def _wait_seconds(rt: Runtime, bulk: _Bucket, cost: int) -> float:
    name, rate, burst, reserve = bulk
    try:
        return await rt.valkey.allow(name, rate=rate, burst=burst, cost=cost, reserve=reserve)
    except CacheUnavailable as error:
        _logger.warning("rate_limit.local", code=error.code)
        return await rt.local.allow(name, rate=rate, burst=burst, cost=cost, reserve=reserve)


async def penalize(rt: Runtime, channel: str, error: Throttled) -> None:
    """Take as many tokens as are refilled during the `delay` of a rate limit error.

    All processes then wait that long. Nothing is done for an error about a single chat.
    """
    rates = rt.channels[channel].rates
    if error.wide and rates.firm and error.delay:
        cost = error.delay * rates.whole
        whole = bucket(rt, channel)
        await _draw(rt, (Draw(whole, rates.whole, rates.whole_burst, cost, firm=False),))


def bucket(rt: Runtime, channel: str, address: str = "") -> str:
    """Return the name of a channel's or chat's bucket: a keyed hash, which hides the chat."""
    return rt.vault.index("pace", f"{channel}:{address}").hex()


def _draws(rt: Runtime, channel: str, act: ChannelCall) -> tuple[Draw, ...]:
    rates = rt.channels[channel].rates
    if not rates.whole or act.kind in ("delete", "leave"):
        return ()
    return (
        Draw(bucket(rt, channel), rates.whole, rates.whole_burst, firm=rates.firm),
        Draw(bucket(rt, channel, addresses.chat_of(act.address)), rates.each, rates.each_burst),
    )


async def _draw(rt: Runtime, draws: tuple[Draw, ...]) -> float:
    try:
        return await rt.valkey.draw(draws)
    except CacheUnavailable as error:
        _logger.warning("rate_limit.local", code=error.code)
        return await rt.local.draw(draws)
