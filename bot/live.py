"""What may vanish, in Valkey: just-ask state, token buckets, wake-ups, replies to a web chat.

A flush at any moment costs people who just ask their place in the menu, and nobody anything else.
Names of keys, buckets and topics must not tell who somebody is, and blobs come in sealed.
"""

import asyncio
import hashlib
import math
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from bot.batching import Batcher, WaitedTooLong

_TIMEOUT_S: Final = 2
_CONNECTIONS: Final = 16
_TOGETHER: Final = 16
_TRIPS: Final = 2
_WAITING_WAKES: Final = 32
_NOTHING_S: Final = 1e-6
_STREAM_ID: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}", re.ASCII)


class _Script(NamedTuple):
    text: str
    sha: str

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_HOLD: Final = _Script.of("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = redis.call('HMGET', KEYS[1], 'holder', 'until', 'blob', 'known')
if seen[1] and seen[1] ~= ARGV[1] and tonumber(seen[2]) > now then return false end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {seen[3], seen[4]}
""")

_KEEP: Final = _Script.of("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = redis.call('HMGET', KEYS[1], 'holder', 'until')
if seen[1] ~= ARGV[1] or tonumber(seen[2]) <= now then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[3] then
  redis.call('HSET', KEYS[1], 'blob', ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return 1
""")

_SETTLE: Final = _Script.of("""
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'known', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
""")

# `bulk` is a second bucket, filled at the share of the rate that isn't kept back for people.
_ALLOW: Final = _Script.of("""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local cost, reserve = tonumber(ARGV[3]), tonumber(ARGV[4])
local function refilled(level, at, rate, most)
  return math.min(most, (tonumber(level) or most) + math.max(0, now - (tonumber(at) or now)) * rate)
end
local seen = redis.call('HMGET', KEYS[1], 'level', 'at', 'bulk', 'bulk_at')
local level = refilled(seen[1], seen[2], rate, burst)
local wait, bulk = (cost - level) / rate, nil
if reserve > 0 then
  local left = 1 - reserve
  bulk = refilled(seen[3], seen[4], rate * left, math.max(cost, burst * left))
  local floor = math.min(burst * reserve, burst - cost)
  wait = math.max((cost + floor - level) / rate, (cost - bulk) / (rate * left))
end
if wait > 0.000001 then return tostring(wait) end
redis.call('HSET', KEYS[1], 'level', level - cost, 'at', now)
if bulk then redis.call('HSET', KEYS[1], 'bulk', bulk - cost, 'bulk_at', now) end
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return '0'
""")

# All or nothing: what a bucket that is not firm lacks is owed, and others wait for it.
_DRAW: Final = _Script.of("""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local levels, wait = {}, 0
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  local seen = redis.call('HMGET', key, 'level', 'at')
  local gone = math.max(0, now - (tonumber(seen[2]) or now))
  levels[i] = math.min(burst, (tonumber(seen[1]) or burst) + gone * rate)
  if ARGV[4 * i] == '1' then
    wait = math.max(wait, (tonumber(ARGV[4 * i - 1]) - levels[i]) / rate)
  end
end
if wait > 0.000001 then return tostring(wait) end
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  local cost = tonumber(ARGV[4 * i - 1])
  local level = math.max(levels[i] - cost, -math.max(burst, cost))
  redis.call('HSET', key, 'level', level, 'at', now)
  redis.call('PEXPIRE', key, math.ceil((burst - level) / rate * 1000) + 1000)
end
return '0'
""")

_APPEND: Final = _Script.of("""
local id = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '*', 'blob', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return id
""")


class _Call(NamedTuple):
    """A script, how many of the values are keys, and the values."""

    script: _Script
    keys: int
    values: tuple[Any, ...]


class LiveUnavailable(Exception):
    """Valkey doesn't answer, is full or refuses; go on without it or say so to the person."""

    code = "E_LIVE"


@dataclass(frozen=True)
class Held:
    """The lock is ours: the stored blob, and whether PostgreSQL knows this person by now."""

    blob: bytes | None
    known: bool


class Draw(NamedTuple):
    """What is to be taken from a bucket; one that is not `firm` can be drawn into debt."""

    bucket: str
    rate: float
    burst: int
    cost: float = 1
    firm: bool = True


@dataclass(frozen=True)
class Busy:
    """Somebody else holds the lock."""


@dataclass(frozen=True)
class Wake:
    """Something happened under a topic; `MISSED` means that anything may have."""

    topic: str
    data: bytes


MISSED: Final = Wake("", b"")


class Live:
    """The one client of Valkey in a process; every method raises LiveUnavailable."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._line = _Line(client)
        self._trips = Batcher(most=_TOGETHER, lanes=_TRIPS, seconds=_TIMEOUT_S)

    @classmethod
    def at(cls, url: str) -> Self:
        """Prepare for a redis://, rediss:// or unix:// URL; connects when first used.

        A command isn't repeated: after a lost answer nobody knows whether it was carried out.
        """
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT_S,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        return cls(Redis.from_pool(pool))

    async def close(self) -> None:
        """Let every connection go."""
        await self._line.close()
        await self._client.aclose()

    async def version(self) -> dict[str, str]:
        """What the server says it is, by the name `valkey` or `redis`; nothing if it's away."""
        try:
            told = await self._client.info("server")
        except RedisError:
            return {}
        name = "valkey" if "valkey_version" in told else "redis"
        return {name: str(told[f"{name}_version"])}

    async def hold(self, key: str, token: str, *, lease_ms: int = 5000) -> Held | Busy:
        """Take the lock of a just-ask conversation, and its state with it.

        `token` is the caller's own for this attempt; the same token may ask again. What is
        `known` already is let go of by `settle`, else by `keep`.
        """
        seen = await self._run(_HOLD, f"ask:{key}", token, lease_ms)
        return Held(blob=seen[0], known=seen[1] is not None) if seen else Busy()

    async def keep(self, key: str, token: str, blob: bytes | None, *, ttl_s: int = 1800) -> bool:
        """Store the new state, or remove it, and unlock; False when the lock was lost.

        Then nothing was stored: another holder or a flush came between, and its state counts.
        """
        stored = () if blob is None else (blob,)
        return bool(await self._run(_KEEP, f"ask:{key}", token, ttl_s, *stored))

    async def settle(self, key: str, *, ttl_s: int = 120) -> None:
        """Replace the state by a marker, after the commit that made this a person we know.

        Whoever holds the lock meanwhile loses it, because the state it read no longer counts.
        """
        await self._run(_SETTLE, f"ask:{key}", ttl_s)

    async def allow(
        self, bucket: str, *, rate: float, burst: int, cost: int = 1, reserve: float = 0.0
    ) -> float:
        """Take `cost` from a bucket of `burst` refilled at `rate` per second, by Valkey's clock.

        Gives 0.0, or the seconds to wait before asking again (nothing was taken). Bulk names the
        share it leaves to people as `reserve`: of the rate, and of what is in the bucket.
        `cost` must not exceed `burst`; one below 0 gives back what was taken and not used.
        """
        return float(await self._run(_ALLOW, f"rate:{bucket}", rate, burst, cost, reserve))

    async def draw(self, draws: Sequence[Draw]) -> float:
        """Take from several buckets at once, those of `allow`, or from none of them.

        Gives 0.0, or the seconds until those that are firm will have enough.
        """
        keys = [f"rate:{each.bucket}" for each in draws]
        args = [
            value for each in draws for value in (each.rate, each.burst, each.cost, int(each.firm))
        ]
        return float(await self._run(_DRAW, keys, *args))

    async def publish(self, topic: str, data: bytes) -> None:
        """Wake everybody who listens to a topic, in any process."""
        with _redis_errors():
            await self._client.publish(f"wake:{topic}", data)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator["Ear"]:
        """Hear the topics from here on: `async with live.listen(…) as ear: async for wake in ear`.

        All listeners of a process share one connection. After an interruption the ear gets
        `MISSED`; look at what you listen for before the loop, and again then.
        """
        ear, names = Ear(), [f"wake:{topic}" for topic in topics]
        try:
            with _redis_errors():
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        await self._line.join(names, ear)
                except TimeoutError:
                    await self._line.drop()
                    raise
            yield ear
        finally:
            await self._line.leave(names, ear)

    async def lend(self, key: str, blob: bytes, *, ttl_s: int) -> None:
        """Keep something for a while, to be read as often as anybody asks."""
        with _redis_errors():
            await self._client.set(f"lent:{key}", blob, ex=ttl_s)

    async def lent(self, key: str) -> bytes | None:
        """What was lent, while it lasts."""
        with _redis_errors():
            blob: Any = await self._client.get(f"lent:{key}")
        return bytes(blob) if blob else None

    async def append(self, stream_key: str, blob: bytes, ttl_s: int, most: int) -> str:
        """Add to a stream that keeps the last `most` entries and lives `ttl_s` longer; its id."""
        added: bytes = await self._run(_APPEND, f"chat:{stream_key}", blob, ttl_s, most)
        return added.decode()

    async def read_after(self, stream_key: str, last_id: str) -> list[tuple[str, bytes]]:
        """Read the entries after an id, oldest first; all of them after what is no id."""
        after = f"({last_id}" if _STREAM_ID.fullmatch(last_id) else "-"
        with _redis_errors():
            entries: Any = await self._client.xrange(f"chat:{stream_key}", min=after)
        return [(entry.decode(), fields[b"blob"]) for entry, fields in entries]

    async def _run(
        self, script: _Script, key: str | Sequence[str], *args: str | bytes | float
    ) -> Any:
        keys = (key,) if isinstance(key, str) else key
        with _redis_errors():
            return await self._trips(_Call(script, len(keys), (*keys, *args)), self._together)

    async def _together(self, calls: Sequence[_Call]) -> Sequence[Any]:
        """Several scripts in one trip; those that the server does not know go in another, whole."""
        results = await self._sent("EVALSHA", [(each.script.sha, each) for each in calls])
        unknown = [at for at, each in enumerate(results) if isinstance(each, NoScriptError)]
        if unknown:
            texts = [(calls[at].script.text, calls[at]) for at in unknown]
            try:
                again = await self._sent("EVAL", texts)
            except (RedisError, OSError) as error:
                # What the first trip has answered was carried out, and is theirs to know.
                again = [error] * len(unknown)
            for at, result in zip(unknown, again, strict=True):
                results[at] = result
        return results

    async def _sent(self, command: str, calls: Sequence[tuple[str, _Call]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for script, call in calls:
            pipeline.execute_command(command, script, call.keys, *call.values)
        # The client's limits are of each step; others wait for the whole.
        async with asyncio.timeout(_TIMEOUT_S):
            return await pipeline.execute(raise_on_error=False)


class LocalBucket:
    """Token buckets of this process alone, for while Valkey is away.

    It uses only a `share` of each rate and burst, since the other processes do the same.
    """

    def __init__(self, share: float = 0.25, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    async def allow(
        self, bucket: str, *, rate: float, burst: int, cost: int = 1, reserve: float = 0.0
    ) -> float:
        """Do as `Live.allow` does."""
        now = self._clock()
        self._forget_full(now)
        shares = {bucket: self._share, f"{bucket}|bulk": self._share * (1 - reserve)}
        drawn = {
            name: self._bucket(name, rate * share, max(cost, burst * share), now)
            for name, share in shares.items()
            if reserve or name == bucket
        }
        wait = max((cost - each.level) / each.rate for each in drawn.values())
        if wait > _NOTHING_S:
            return wait
        for name, each in drawn.items():
            self._buckets.pop(name, None)
            self._buckets[name] = each._replace(level=each.level - cost)
        return 0.0

    async def draw(self, draws: Sequence[Draw]) -> float:
        """Do as `Live.draw` does."""
        now = self._clock()
        self._forget_full(now)
        shares = {each: self._share * each.rate for each in draws}
        found = {
            each: self._bucket(each.bucket, rate, max(1, each.burst * self._share), now)
            for each, rate in shares.items()
        }
        waits = [(each.cost - found[each].level) / shares[each] for each in draws if each.firm]
        wait = max(waits, default=0)
        if wait > _NOTHING_S:
            return wait
        for each, bucket in found.items():
            level = max(bucket.level - each.cost, -max(bucket.most, each.cost))
            self._buckets.pop(each.bucket, None)
            self._buckets[each.bucket] = bucket._replace(level=level)
        return 0.0

    def _bucket(self, name: str, rate: float, most: float, now: float) -> "_Bucket":
        seen = self._buckets.get(name)
        level = most if seen is None else min(most, seen.level + (now - seen.at) * rate)
        return _Bucket(level, most, rate, now)

    def _forget_full(self, now: float) -> None:
        for name in list(islice(self._buckets, 2)):
            oldest = self._buckets[name]
            if oldest.level + (now - oldest.at) * oldest.rate >= oldest.most:
                del self._buckets[name]


class _Bucket(NamedTuple):
    level: float
    most: float
    rate: float
    at: float


class Ear:
    """The wake-ups of one listener; one that is slow to read gets `MISSED` for what piled up."""

    def __init__(self) -> None:
        self._wakes: asyncio.Queue[Wake] = asyncio.Queue(_WAITING_WAKES)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Wake:
        return await self._wakes.get()

    def hear(self, wake: Wake) -> None:
        """Take a wake-up in, without ever waiting for the listener."""
        if self._wakes.full():
            while not self._wakes.empty():
                self._wakes.get_nowait()
            wake = MISSED
        self._wakes.put_nowait(wake)


@dataclass(eq=False)
class _Topic:
    ears: set[Ear] = field(default_factory=set)
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False

    def tell(self, wake: Wake) -> None:
        for ear in self.ears:
            ear.hear(wake)


class _Line:
    """The one connection of a process that listens, and who wants to hear what from it."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._topics: dict[str, _Topic] = {}
        self._connection: AbstractConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def join(self, names: list[str], ear: Ear) -> None:
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_for_ever())
        new = [name for name in names if name not in self._topics]
        topics = [self._topics.setdefault(name, _Topic()) for name in names]
        for topic in topics:
            topic.ears.add(ear)
        await self._send("SUBSCRIBE", new)
        for topic in topics:
            await topic.confirmed.wait()

    async def leave(self, names: list[str], ear: Ear) -> None:
        deserted = []
        for name in names:
            topic = self._topics.get(name)
            if topic and not topic.ears - {ear}:
                deserted.append(name)
                del self._topics[name]
            elif topic:
                topic.ears.discard(ear)
        with suppress(RedisError, OSError):
            await self._send("UNSUBSCRIBE", deserted)

    async def drop(self) -> None:
        """The line may have been cut without a word: the next one is tried."""
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _read_for_ever(self) -> None:
        while True:
            connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                with suppress(RedisError, OSError):
                    await self._read(connection)
            finally:
                await connection.disconnect(nowait=True)
            for topic in self._topics.values():
                topic.interrupted |= topic.confirmed.is_set()
                topic.confirmed.clear()
            await asyncio.sleep(random.uniform(0.05, 0.5))

    async def _read(self, connection: AbstractConnection) -> None:
        await connection.connect()  # type: ignore[no-untyped-call]
        self._connection = connection
        await self._send("SUBSCRIBE", list(self._topics))
        while True:
            reply = await connection.read_response(timeout=math.inf, push_request=True)
            self._pass_on(reply[0], reply[1].decode(), reply[2])

    async def _send(self, command: str, names: list[str]) -> None:
        # Without a connection there is nothing to do: a new one subscribes to all topics. It must
        # not be `send_command` that reconnects, for nobody would read from that connection.
        if names and self._connection is not None and self._connection.is_connected:
            await self._connection.send_command(command, *names, check_health=False)

    def _pass_on(self, kind: bytes, name: str, data: Any) -> None:
        topic = self._topics.get(name)
        if topic is None:
            return
        if kind == b"message":
            topic.tell(Wake(name.removeprefix("wake:"), data))
        elif kind == b"subscribe":
            topic.confirmed.set()
            if topic.interrupted:
                topic.interrupted = False
                topic.tell(MISSED)


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, WaitedTooLong) as error:
        raise LiveUnavailable("E_LIVE: Valkey can't be used; see that it runs") from error
