"""Valkey with sentinels: Kosh follows the primary that the sentinels name."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.cache import MISSED, Cache, CacheUnavailable, Notification
from bot.cli import valkey_checks
from bot.config.settings import settings
from tests.cache.valkey_proxy import proxied
from tests.sentinels import SentinelServers, watched

TIMEOUT_SECONDS = 30
SILENCE_S = 2.0


@pytest.fixture
def group(tmp_path: Path) -> Iterator[SentinelServers]:
    with watched(tmp_path) as started:
        yield started


@asynccontextmanager
async def opened(url: str, seconds: float = 2.0) -> AsyncIterator[Cache]:
    live = Cache.at(url, seconds=seconds)
    try:
        yield live
    finally:
        await live.close()


async def read_shared(live: Cache) -> bytes | None:
    """Return the value of the key `shared`; retry until a server answers and has the key."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            try:
                if found := await live.load_value("shared"):
                    return found
            except CacheUnavailable:
                pass
            await asyncio.sleep(0.02)


async def written(live: Cache) -> None:
    """Write a value; retry until the server accepts writes."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            try:
                return await live.store_value("written", b"after", ttl_s=60)
            except CacheUnavailable:
                await asyncio.sleep(0.02)


async def test_cache_follows_the_primary_after_a_failover(group: SentinelServers) -> None:
    await asyncio.to_thread(group.await_agreement)
    async with (
        opened(group.url) as live,
        opened(group.address(1)) as replica,
        live.listen("topic") as subscription,
    ):
        await live.store_value("shared", b"before", ttl_s=600)
        assert await read_shared(replica) == b"before"
        group.kill_primary()
        # The replica accepts this write only after its promotion.
        await written(replica)
        await written(live)
        assert await read_shared(live) == b"before"
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await anext(subscription) == MISSED
            await live.publish("topic", b"news")
            assert await anext(subscription) == Notification("topic", b"news")


async def test_cache_follows_an_address_to_the_new_primary(group: SentinelServers) -> None:
    # A managed Valkey has an address that leads to its primary, and needs no sentinels.
    for sentinel in group.sentinels:
        sentinel.kill()
    async with proxied(group.address(0)) as (live, address):
        await live.allow("bucket", rate=1, burst=9)
        await asyncio.to_thread(group.swap)
        address.lead_to(group.address(1))
        with pytest.raises(CacheUnavailable):
            await live.allow("bucket", rate=1, burst=9)
        assert await live.allow("bucket", rate=1, burst=9) == 0.0


async def test_cache_asks_the_next_sentinel_when_the_first_is_silent(
    group: SentinelServers,
) -> None:
    group.silence_sentinel()
    async with opened(group.url, SILENCE_S) as live:
        # The whole call may take at most SILENCE_S, so the cache must stop waiting for the silent
        # sentinel earlier, and ask the next one.
        assert await live.allow("bucket", rate=1, burst=1) == 0.0


async def test_doctor_checks_the_primary_behind_the_sentinels(group: SentinelServers) -> None:
    chosen = settings(redis_url=group.url, demo=True)
    found = [finding async for finding in valkey_checks.valkey(chosen)]
    assert [each.said.partition(" ")[0] for each in found if each.what == "valkey"] == ["version"]


async def test_doctor_asks_for_the_primary_when_valkey_is_a_replica(
    group: SentinelServers,
) -> None:
    await asyncio.to_thread(group.await_agreement)
    chosen = settings(redis_url=group.address(1), demo=True)
    found = [finding async for finding in valkey_checks.valkey(chosen)]
    assert "primary" in found[0].fix
