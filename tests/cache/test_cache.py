"""Valkey as cache: locks with leases, token buckets, notifications, and outages of Valkey."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from bot.cache import (
    MISSED,
    Busy,
    Cache,
    CacheUnavailable,
    Draw,
    LocalRateLimiter,
    LockAcquired,
    Notification,
    Subscription,
)
from bot.embedded import valkey
from bot.web import chat_stream
from tests.cache.valkey_proxy import proxied

TIMEOUT_SECONDS = 60


@pytest.fixture
async def live(redis_url: str) -> AsyncIterator[Cache]:
    opened = Cache.at(redis_url)
    yield opened
    await opened.close()


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[tuple[Cache, Redis]]:
    """Yield a Valkey server used by this test only, so that the test may damage it."""
    with valkey(tmp_path, maxmemory="3mb") as url:
        live = Cache.at(url)
        async with Redis.from_url(url) as server:
            yield live, server
        await live.close()


@pytest.fixture
def key() -> str:
    return uuid4().hex


async def eventually[T](ask: Callable[[], Awaitable[T]], is_it: Callable[[T], bool]) -> T:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not is_it(result := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        return result


async def subscriptions(server: Redis, topic: str) -> int:
    ((_, count),) = await server.pubsub_numsub(f"wake:{topic}")
    return int(count)


async def next_notification(subscription: Subscription) -> Notification:
    return await asyncio.wait_for(anext(subscription), TIMEOUT_SECONDS)


async def test_anonymous_session_is_empty_at_first(live: Cache, key: str) -> None:
    assert await live.hold(key, "a") == LockAcquired(blob=None, known=False)


async def test_anonymous_session_is_read_by_the_next_lock_holder(live: Cache, key: str) -> None:
    await live.hold(key, "a")
    assert await live.keep(key, "a", b"\x00state\xff")
    assert await live.hold(key, "b") == LockAcquired(blob=b"\x00state\xff", known=False)


async def test_anonymous_session_distinguishes_empty_from_deleted_state(
    live: Cache, key: str
) -> None:
    await live.hold(key, "a")
    await live.keep(key, "a", b"")
    assert await live.hold(key, "b") == LockAcquired(blob=b"", known=False)
    assert await live.keep(key, "b", None)
    assert await live.hold(key, "c") == LockAcquired(blob=None, known=False)


async def test_anonymous_session_lock_is_acquired_by_exactly_one_of_many_callers(
    live: Cache, key: str
) -> None:
    for _ in range(5):
        name = f"{key}{_}"
        holds = await asyncio.gather(*(live.hold(name, f"t{n}") for n in range(20)))
        assert sum(isinstance(each, LockAcquired) for each in holds) == 1
        assert sum(isinstance(each, Busy) for each in holds) == 19


async def test_anonymous_session_lock_is_reentrant_for_the_same_token(
    live: Cache, key: str
) -> None:
    await live.hold(key, "a")
    assert isinstance(await live.hold(key, "a"), LockAcquired)
    assert isinstance(await live.hold(key, "b"), Busy)


async def test_anonymous_session_save_releases_the_lock(live: Cache, key: str) -> None:
    await live.hold(key, "a")
    assert isinstance(await live.hold(key, "b"), Busy)
    await live.keep(key, "a", b"state")
    assert isinstance(await live.hold(key, "b"), LockAcquired)


async def test_anonymous_session_is_not_overwritten_by_an_expired_lock_holder(
    live: Cache, key: str
) -> None:
    await live.hold(key, "a")
    await live.keep(key, "a", b"old")
    await live.hold(key, "slow", lease_ms=1)
    await eventually(lambda: live.hold(key, "b"), lambda hold: isinstance(hold, LockAcquired))
    assert not await live.keep(key, "slow", b"late")
    assert await live.keep(key, "b", b"new")
    assert await live.hold(key, "c") == LockAcquired(blob=b"new", known=False)


async def test_anonymous_session_save_fails_after_the_lease_expired(
    live: Cache, server: Redis, key: str
) -> None:
    await live.hold(key, "a")
    await live.keep(key, "a", b"old")
    await live.hold(key, "a", lease_ms=1)
    start = await server.time()
    await eventually(server.time, lambda now: now > (start[0], start[1] + 5000))
    assert not await live.keep(key, "a", b"late")


async def test_anonymous_session_lock_ends_after_the_clock_was_set_back(
    live: Cache, server: Redis, key: str
) -> None:
    await live.hold(key, "crashed")
    an_hour_ahead = ((await server.time())[0] + 3600) * 1000
    await server.hset(f"ask:{key}", "until", an_hour_ahead)
    assert isinstance(await live.hold(key, "next"), LockAcquired)
    assert not await live.keep(key, "crashed", b"late")


async def test_anonymous_session_save_needs_the_lock(live: Cache, key: str) -> None:
    assert not await live.keep(key, "a", b"state")
    assert await live.hold(key, "b") == LockAcquired(blob=None, known=False)


async def test_anonymous_session_is_deleted_when_its_person_is_stored(
    live: Cache, key: str
) -> None:
    await live.hold(key, "a")
    await live.keep(key, "a", b"state")
    await live.hold(key, "b")
    await live.mark_known(key)
    assert await live.hold(key, "c") == LockAcquired(blob=None, known=True)


async def test_anonymous_session_lock_is_released_when_its_person_is_stored(
    live: Cache, key: str
) -> None:
    await live.hold(key, "a")
    await live.mark_known(key)
    assert not await live.keep(key, "a", b"state")
    assert isinstance(await live.hold(key, "b"), LockAcquired)
    await live.mark_known(key)
    assert await live.hold(key, "c") == LockAcquired(blob=None, known=True)


async def test_anonymous_session_save_removes_the_mark_of_a_stored_person(
    live: Cache, key: str
) -> None:
    await live.mark_known(key)
    await live.hold(key, "a")
    await live.keep(key, "a", b"state")
    assert await live.hold(key, "b") == LockAcquired(blob=b"state", known=False)


async def test_cache_flush_before_the_save_loses_only_the_anonymous_session(
    alone: tuple[Cache, Redis], key: str
) -> None:
    live, server = alone
    await live.hold(key, "a")
    await server.flushall()
    assert not await live.keep(key, "a", b"state")
    assert await live.hold(key, "b") == LockAcquired(blob=None, known=False)
    assert await live.keep(key, "b", b"fresh")


async def test_cache_reloads_scripts_after_a_script_flush(
    alone: tuple[Cache, Redis], key: str
) -> None:
    live, server = alone
    await live.hold(key, "a")
    await server.script_flush()
    assert await live.keep(key, "a", b"state")
    await server.script_flush()
    assert await live.hold(key, "b") == LockAcquired(blob=b"state", known=False)


async def test_cache_pipelines_scripts_and_answers_each_caller(
    alone: tuple[Cache, Redis], key: str
) -> None:
    live, server = alone
    await live.hold(f"{key}-0", "a")
    await server.script_flush()
    await server.set(f"ask:{key}-bad", "no state")
    packets = await _packets(server)
    names = [f"{key}-{n}" for n in range(8)]
    answers = await asyncio.gather(
        *(live.hold(each, "b") for each in (*names, f"{key}-bad")), return_exceptions=True
    )
    assert isinstance(answers[0], Busy)
    assert answers[1:-1] == [LockAcquired(blob=None, known=False)] * 7
    assert isinstance(answers[-1], CacheUnavailable)
    # At most two round trips: one with script hashes, which Valkey does not have after the flush,
    # and one with the full scripts.
    assert await _packets(server) - packets <= 2 + 1
    assert all(await asyncio.gather(*(live.keep(each, "b", b"x") for each in names[1:])))


async def test_cache_resends_only_the_script_that_valkey_does_not_know(
    alone: tuple[Cache, Redis], key: str
) -> None:
    live, server = alone
    await server.script_flush()
    await live.allow(f"{key}-other", rate=0.01, burst=2)
    answers = await asyncio.gather(
        live.allow(key, rate=0.01, burst=2),
        live.hold(key, "a"),
        live.allow(key, rate=0.01, burst=2),
    )
    assert list(answers) == [0.0, LockAcquired(blob=None, known=False), 0.0]
    assert await live.allow(key, rate=0.01, burst=2) > 0


async def test_cache_pipeline_keeps_results_when_the_second_round_trip_fails(
    tmp_path: Path, key: str
) -> None:
    with valkey(tmp_path) as url:
        async with proxied(url) as (through, proxy):
            await through.hold(f"{key}-other", "a")
            proxy.cut_at = b"\r\nEVAL\r\n"
            held, allowed = await asyncio.gather(
                through.hold(key, "a"), through.allow(key, rate=1, burst=2), return_exceptions=True
            )
    assert held == LockAcquired(blob=None, known=False)
    assert isinstance(allowed, CacheUnavailable)


async def _packets(server: Redis) -> int:
    return int((await server.info("stats"))["total_reads_processed"])


async def test_cache_keys_all_have_an_expiry(live: Cache, server: Redis, key: str) -> None:
    await live.hold(key, "a", lease_ms=5000)
    assert 0 < await server.pttl(f"ask:{key}") <= 5000
    await live.keep(key, "a", b"state", ttl_s=1800)
    await live.hold(key, "b", lease_ms=5000)
    assert 1_700_000 < await server.pttl(f"ask:{key}") <= 1_800_000
    await live.mark_known(key, ttl_s=120)
    assert 100_000 < await server.pttl(f"ask:{key}") <= 120_000
    await live.allow(key, rate=10, burst=20)
    assert 0 < await server.pttl(f"rate:{key}") <= 3000
    await live.append(key, b"reply", ttl_s=60, limit=5)
    assert 50_000 < await server.pttl(f"chat:{key}") <= 60_000


async def test_rate_bucket_allows_a_burst_then_returns_seconds_to_wait(
    live: Cache, key: str
) -> None:
    waits = [await live.allow(key, rate=0.01, burst=5) for _ in range(6)]
    assert waits[:5] == [0.0] * 5
    assert 90 < waits[5] <= 100


async def test_rate_bucket_takes_all_tokens_of_a_call_or_none(live: Cache, key: str) -> None:
    assert await live.allow(key, rate=0.01, burst=5, cost=3) == 0.0
    assert 90 < await live.allow(key, rate=0.01, burst=5, cost=3) <= 100
    assert await live.allow(key, rate=0.01, burst=5, cost=2) == 0.0


async def test_rate_bucket_never_refills_beyond_its_burst(
    live: Cache, server: Redis, key: str
) -> None:
    await live.allow(key, rate=0.01, burst=5, cost=5)
    long_ago = (await server.time())[0] - 10_000
    await server.hset(f"rate:{key}", "at", long_ago)
    assert await live.allow(key, rate=0.01, burst=5, cost=5) == 0.0
    assert 90 < await live.allow(key, rate=0.01, burst=5) <= 100


@pytest.mark.parametrize("reserve", [0.0, 0.2])
async def test_rate_bucket_is_refilled_after_the_clock_was_set_back(
    live: Cache, server: Redis, key: str, reserve: float
) -> None:
    await live.allow(key, rate=0.01, burst=10, cost=8, reserve=reserve)
    ahead = (await server.time())[0] + 3600
    await server.hset(f"rate:{key}", mapping={"at": ahead, "bulk_at": ahead})
    waits = [await live.allow(key, rate=0.01, burst=10, cost=8, reserve=reserve) for _ in range(2)]
    assert 0 < waits[1] < waits[0]


async def test_rate_bucket_of_a_draw_is_refilled_after_the_clock_was_set_back(
    live: Cache, server: Redis, key: str
) -> None:
    wanted = (Draw(key, rate=0.01, burst=1),)
    await live.draw(wanted)
    await server.hset(f"rate:{key}", "at", (await server.time())[0] + 3600)
    waits = [await live.draw(wanted) for _ in range(2)]
    assert 0 < waits[1] < waits[0]


async def test_rate_buckets_are_independent(live: Cache, key: str) -> None:
    assert await live.allow(f"{key}a", rate=0.01, burst=1) == 0.0
    assert await live.allow(f"{key}b", rate=0.01, burst=1) == 0.0


async def drawn(live: Cache, key: str, times: int, rate: float, reserve: float = 0.0) -> float:
    """Return the seconds in which four concurrent clients take `times` permits from a rate bucket.

    The bucket allows bursts of 10 permits.
    """
    left = list(range(times))
    start = time.monotonic()

    async def client() -> None:
        while left:
            wait = await live.allow(key, rate=rate, burst=10, reserve=reserve)
            await asyncio.sleep(wait)
            if wait == 0.0 and left:
                left.pop()

    await asyncio.wait_for(asyncio.gather(*(client() for _ in range(4))), TIMEOUT_SECONDS)
    return time.monotonic() - start


async def test_rate_bucket_never_exceeds_its_rate(live: Cache, key: str) -> None:
    assert await drawn(live, key, times=70, rate=300) >= (70 - 10) / 300


async def test_rate_bucket_limits_bulk_messages_to_a_share_of_the_rate(
    live: Cache, key: str
) -> None:
    assert await drawn(live, key, times=68, rate=300, reserve=0.2) >= (68 - 8) / (300 * 0.8)


async def test_rate_bucket_keeps_a_reserve_that_bulk_messages_cannot_use(
    live: Cache, key: str
) -> None:
    bulk = [await live.allow(key, rate=0.01, burst=10, reserve=0.2) for _ in range(9)]
    people = [await live.allow(key, rate=0.01, burst=10) for _ in range(3)]
    assert bulk[:8] == [0.0] * 8
    assert bulk[8] > 0
    assert people[:2] == [0.0] * 2
    assert people[2] > 0


async def test_rate_bucket_delays_bulk_messages_until_the_reserve_is_full(
    live: Cache, key: str
) -> None:
    for _ in range(10):
        await live.allow(key, rate=0.01, burst=10)
    assert 290 < await live.allow(key, rate=0.01, burst=10, reserve=0.2) <= 300


async def test_rate_bucket_allows_bulk_messages_when_the_burst_is_one(
    live: Cache, key: str
) -> None:
    assert await live.allow(key, rate=0.01, burst=1, reserve=0.2) == 0.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_local_rate_limiter_allows_only_its_share_of_burst_and_rate() -> None:
    clock = Clock()
    bucket = LocalRateLimiter(share=0.5, clock=clock)
    waits = [await bucket.allow("a", rate=2, burst=4) for _ in range(3)]
    assert waits == [0.0, 0.0, 1.0]
    clock.now += 1.0
    assert await bucket.allow("a", rate=2, burst=4) == 0.0
    assert await bucket.allow("a", rate=2, burst=4) == pytest.approx(1.0)
    assert await bucket.allow("b", rate=2, burst=4) == 0.0


async def test_local_rate_limiter_keeps_a_reserve_from_bulk_messages() -> None:
    clock = Clock()
    bucket = LocalRateLimiter(share=1.0, clock=clock)
    bulk = [await bucket.allow("a", rate=1, burst=10, reserve=0.2) for _ in range(9)]
    people = [await bucket.allow("a", rate=1, burst=10) for _ in range(3)]
    assert bulk == [0.0] * 8 + [pytest.approx(1.25)]
    assert people == [0.0, 0.0, pytest.approx(1.0)]


async def test_local_rate_limiter_allows_a_burst_of_one() -> None:
    assert await LocalRateLimiter(share=0.25, clock=Clock()).allow("a", rate=1, burst=1) == 0.0


async def test_local_rate_limiter_evicts_only_refilled_buckets() -> None:
    clock = Clock()
    bucket = LocalRateLimiter(share=1.0, clock=clock)
    await bucket.allow("slow", rate=0.001, burst=1)
    for name in range(1000):
        clock.now += 1
        await bucket.allow(f"fast{name}", rate=10, burst=1)
    assert await bucket.allow("slow", rate=0.001, burst=1) == 0.0
    for name in range(1000):
        clock.now += 1
        await bucket.allow(f"more{name}", rate=10, burst=1)
    assert len(bucket._buckets) < 10


async def test_pubsub_notification_reaches_all_listeners_of_its_topic_only(
    live: Cache, redis_url: str, key: str
) -> None:
    other = Cache.at(redis_url)
    async with (
        live.listen(key, f"{key}2") as one,
        live.listen(key) as two,
        live.listen(f"{key}3") as three,
    ):
        await other.publish(key, b"1")
        await other.publish(f"{key}2", b"2")
        await other.publish(f"{key}3", b"3")
        assert [await next_notification(one), await next_notification(one)] == [
            Notification(key, b"1"),
            Notification(f"{key}2", b"2"),
        ]
        assert await next_notification(two) == Notification(key, b"1")
        assert await next_notification(three) == Notification(f"{key}3", b"3")
    await other.close()


async def test_pubsub_subscription_supports_async_iteration(live: Cache, key: str) -> None:
    received = []
    async with live.listen(key) as subscription:
        for number in (b"1", b"2", b"3"):
            await live.publish(key, number)
        async for notification in subscription:
            received.append(notification.data)
            if notification.data == b"3":
                break
    assert received == [b"1", b"2", b"3"]


async def test_pubsub_listeners_of_a_topic_share_one_subscription(
    live: Cache, server: Redis, key: str
) -> None:
    async def listen(leave: asyncio.Event, ready: asyncio.Semaphore) -> None:
        async with live.listen(key):
            ready.release()
            await leave.wait()

    leave, ready = asyncio.Event(), asyncio.Semaphore(0)
    async with live.listen(key) as last:
        tasks = [asyncio.create_task(listen(leave, ready)) for _ in range(200)]
        for _ in tasks:
            await ready.acquire()
        assert await subscriptions(server, key) == 1
        leave.set()
        await asyncio.gather(*tasks)
        assert await subscriptions(server, key) == 1
        await live.publish(key, b"still")
        assert await next_notification(last) == Notification(key, b"still")
    await eventually(lambda: subscriptions(server, key), lambda count: count == 0)


async def test_pubsub_listener_receives_messages_right_after_subscribing(
    live: Cache, key: str
) -> None:
    for number in range(50):
        async with live.listen(key) as subscription:
            await live.publish(key, b"%d" % number)
            assert await next_notification(subscription) == Notification(key, b"%d" % number)


async def test_pubsub_slow_listener_is_notified_that_it_missed_messages(
    live: Cache, key: str
) -> None:
    async with live.listen(key) as slow, live.listen(key) as quick:
        for number in range(100):
            await live.publish(key, b"%d" % number)
            assert (await next_notification(quick)).data == b"%d" % number
        assert await next_notification(slow) == MISSED
        while (notification := await next_notification(slow)).data != b"99":
            assert notification.topic in ("", key)


async def test_pubsub_listener_is_notified_of_missed_messages_after_a_reconnect(
    live: Cache, redis_url: str, key: str
) -> None:
    async with proxied(redis_url) as (through, proxy), through.listen(key) as subscription:
        for number in (b"1", b"2"):
            proxy.cut()
            assert await next_notification(subscription) == MISSED
            await live.publish(key, number)
            assert await next_notification(subscription) == Notification(key, number)


async def test_pubsub_topic_can_be_subscribed_during_a_reconnect(
    redis_url: str, server: Redis, key: str
) -> None:
    async with proxied(redis_url) as (through, proxy), through.listen(key):
        proxy.cut()
        await eventually(lambda: subscriptions(server, key), lambda count: count == 0)
        async with through.listen(f"{key}2") as subscription:
            await through.publish(f"{key}2", b"1")
            assert await next_notification(subscription) == Notification(f"{key}2", b"1")
            assert await subscriptions(server, f"{key}2") == 1


async def test_pubsub_subscribing_fails_while_valkey_is_unreachable(
    redis_url: str, key: str
) -> None:
    async def joined() -> bool:
        try:
            async with through.listen(key):
                return True
        except CacheUnavailable:
            return False

    async with proxied(redis_url, seconds=0.2) as (through, proxy), through.listen(key):
        proxy.closed = True
        proxy.cut()
        await eventually(joined, lambda it_was: not it_was)
        proxy.closed = False
        await eventually(joined, bool)


async def test_pubsub_connection_is_dropped_when_it_stops_answering(
    redis_url: str, key: str
) -> None:
    async def joined() -> bool:
        try:
            async with through.listen(f"{key}2"):
                return True
        except CacheUnavailable:
            return False

    async with (
        proxied(redis_url, seconds=0.2) as (through, proxy),
        through.listen(key) as subscription,
    ):
        proxy.make_silent()
        await eventually(joined, bool)
        assert await next_notification(subscription) == MISSED


async def test_reply_stream_returns_only_entries_after_the_given_id(live: Cache, key: str) -> None:
    assert await live.read_after(key, "") == []
    ids = [await live.append(key, b"%d" % n, ttl_s=60, limit=10) for n in range(4)]
    assert await live.read_after(key, "") == list(zip(ids, [b"0", b"1", b"2", b"3"], strict=True))
    assert await live.read_after(key, ids[1]) == [(ids[2], b"2"), (ids[3], b"3")]
    assert await live.read_after(key, ids[3]) == []


async def test_reply_stream_is_trimmed_to_its_newest_entries(live: Cache, key: str) -> None:
    for number in range(8):
        await live.append(key, b"%d" % number, ttl_s=60, limit=3)
    assert [blob for _, blob in await live.read_after(key, "0-0")] == [b"5", b"6", b"7"]


@pytest.mark.parametrize(
    "last_id", ["junk", "-", "+", "(1-1", "1", "1-1-1", "99999999999999999999-0", "١-١", "1-1\n"]
)
async def test_reply_stream_is_read_from_the_start_when_the_id_is_invalid(
    live: Cache, key: str, last_id: str
) -> None:
    await live.append(key, b"first", ttl_s=60, limit=3)
    assert [blob for _, blob in await live.read_after(key, last_id)] == [b"first"]


async def listen_once(live: Cache) -> None:
    async with live.listen("topic"):
        pass


CALLS: dict[str, Callable[[Cache], Awaitable[object]]] = {
    "hold": lambda live: live.hold("k", "a"),
    "keep": lambda live: live.keep("k", "a", b"state"),
    "settle": lambda live: live.mark_known("k"),
    "allow": lambda live: live.allow("k", rate=1, burst=1),
    "publish": lambda live: live.publish("k", b""),
    "append": lambda live: live.append("k", b"", 1, 1),
    "read_after": lambda live: live.read_after("k", ""),
    "listen": listen_once,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["closed", "silent"])
@pytest.mark.requirement("S-11")
async def test_cache_call_fails_fast_without_the_address_when_valkey_is_down(
    redis_url: str, call: str, fault: str
) -> None:
    async with proxied(redis_url, seconds=0.2) as (through, proxy):
        setattr(proxy, fault, True)
        with pytest.raises(CacheUnavailable) as raised:
            await asyncio.wait_for(CALLS[call](through), TIMEOUT_SECONDS)
    assert raised.value.code == "E_VALKEY_UNAVAILABLE"
    assert "127.0.0.1" not in str(raised.value)


async def test_cache_call_is_not_repeated_when_its_answer_is_lost(redis_url: str, key: str) -> None:
    async with proxied(redis_url, seconds=0.2) as (through, proxy):
        await through.hold(key, "a")
        proxy.silent = True
        with pytest.raises(CacheUnavailable):
            await through.keep(key, "a", b"state")
        assert proxy.accepted == 1


async def test_cache_call_timeout_covers_all_its_round_trips(redis_url: str, key: str) -> None:
    async with proxied(redis_url, seconds=0.4) as (through, proxy):
        proxy.delay = lambda: 0.3
        with pytest.raises(CacheUnavailable):
            await through.hold(key, "a")
        proxy.delay = float
        assert isinstance(await through.hold(key, "a"), LockAcquired)


async def test_cache_call_works_again_after_an_outage(redis_url: str, key: str) -> None:
    async with proxied(redis_url) as (through, proxy):
        await through.hold(key, "a")
        proxy.closed = True
        proxy.cut()
        with pytest.raises(CacheUnavailable):
            await through.hold(key, "a")
        proxy.closed = False
        assert isinstance(await through.hold(key, "a"), LockAcquired)


async def test_cache_raises_unavailable_when_valkey_is_full(
    alone: tuple[Cache, Redis], key: str
) -> None:
    live, _ = alone
    with pytest.raises(CacheUnavailable):
        for number in range(100):
            await live.append(f"{key}{number}", bytes(100_000), ttl_s=60, limit=1)


@pytest.mark.requirement("S-18")
async def test_cache_answer_of_a_cancelled_call_reaches_no_other_call(redis_url: str) -> None:
    """Check for CVE-2023-28858: reuse of a connection that still has an unread answer."""
    chance = random.Random(7)
    async with proxied(redis_url) as (through, proxy):
        names = [uuid4().hex for _ in range(40)]
        for name in names:
            await through.hold(name, "a")
            await through.keep(name, "a", name.encode())
            await through.store_value(name, name.encode(), ttl_s=60)
        proxy.delay = lambda: chance.uniform(0, 0.004)

        async def visit(name: str) -> None:
            assert await through.load_value(name) == name.encode()
            held = await through.hold(name, "a")
            assert held == LockAcquired(blob=name.encode(), known=False)
            assert await through.keep(name, "a", name.encode())

        for _ in range(8):
            visits = [asyncio.create_task(visit(name)) for name in names]
            for cancelled_visit in chance.sample(visits, len(visits) // 2):
                await asyncio.sleep(chance.uniform(0, 0.002))
                cancelled_visit.cancel()
            done = await asyncio.gather(*visits, return_exceptions=True)
            assert {type(each) for each in done} <= {type(None), asyncio.CancelledError}
            assert asyncio.CancelledError in {type(each) for each in done}


async def test_chat_stream_cancels_its_tasks_when_the_page_closes() -> None:
    before = asyncio.all_tasks()
    page = asyncio.create_task(chat_stream._wait_for_messages(Subscription(), asyncio.Event()))
    await asyncio.sleep(0)
    waiting = asyncio.all_tasks() - before - {page}
    assert len(waiting) == 2
    page.cancel()
    await asyncio.wait([page])
    assert all(one.cancelling() or one.done() for one in waiting)
