"""How fast we send: token buckets for each bot or number and for each chat, in one trip to Valkey.

What is asked for here is taken, so ask only right before a call. Without Valkey each process keeps
to a share of the rates.
"""

import asyncio

from bot import log
from bot.channels import Act, Throttled
from bot.live import Draw, LiveUnavailable
from bot.runtime import Runtime

# What is short enough to wait for, with the message in hand; longer waits are put off.
PATIENCE = 2.0
MOST_TRIES = 3

_logger = log.get()


async def pace(rt: Runtime, channel: str, act: Act) -> float:
    """Wait for an act's turn; the seconds to put it off for if that takes more than 2 s."""
    draws = _draws(rt, channel, act)
    wait = 0.0
    for _try in range(MOST_TRIES if draws else 0):
        wait = await _draw(rt, draws)
        if wait == 0 or wait > PATIENCE:
            return wait
        await asyncio.sleep(wait)
    return wait


async def hurry(rt: Runtime, channel: str, act: Act) -> None:
    """The same for an act that cannot be put off: it waits for 2 s at most, and goes."""
    if rt.channels[channel].rates.firm:
        wait = await pace(rt, channel, act)
        await asyncio.sleep(min(wait, PATIENCE))


async def rest(rt: Runtime, channel: str, error: Throttled) -> None:
    """The platform holds back everything of ours: let nobody else run against it meanwhile."""
    rates = rt.channels[channel].rates
    if error.wide and rates.firm and error.delay:
        cost = error.delay * rates.whole
        whole = bucket(rt, channel)
        await _draw(rt, (Draw(whole, rates.whole, rates.whole_burst, cost, firm=False),))


def bucket(rt: Runtime, channel: str, address: str = "") -> str:
    """The name of a bucket, of all of a channel or of one chat; it must not tell whose it is."""
    return rt.vault.index("pace", f"{channel}:{address}").hex()


def _draws(rt: Runtime, channel: str, act: Act) -> tuple[Draw, ...]:
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
    except LiveUnavailable as error:
        _logger.warning("pace.local", code=error.code)
        return await rt.local.draw(draws)
