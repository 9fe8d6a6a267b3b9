"""The only Valkey client of a process, with all operations on Valkey."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.cache.connections import connection_pool
from bot.cache.local_buckets import Draw
from bot.cache.local_store import LocalStore
from bot.cache.pubsub import PubSubConnection, Subscription
from bot.cache.scripts import ALLOW, APPEND, DRAW, HOLD, KEEP, MARK_KNOWN, TALLY, Script, Scripts
from bot.concurrency.batching import WaitedTooLong

_SECONDS: Final = 2.0
_STREAM_ID: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}", re.ASCII)


class CacheUnavailable(Exception):
    """Valkey does not answer, or rejects a write because its memory is full.

    Callers continue without Valkey or inform the person.
    """

    code = "E_VALKEY_UNAVAILABLE"


@dataclass(frozen=True)
class LockAcquired:
    """The lock of an anonymous conversation was acquired; `blob` is its stored state.

    `known` is True if the person's data has meanwhile been stored in PostgreSQL.
    """

    blob: bytes | None
    known: bool


@dataclass(frozen=True)
class Busy:
    """The lock was not acquired, because another holder has it."""


class Cache:
    """The only Valkey client of a process; methods raise CacheUnavailable if Valkey fails."""

    def __init__(self, client: Redis, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._line = PubSubConnection(client)
        self._scripts = Scripts(client, seconds)
        # In-memory fallback for writes that Valkey rejects because its memory is full: encrypted
        # sessions, and entries of streams.
        self.local = LocalStore[bytes]()
        self._local_streams = LocalStore[list[tuple[str, bytes]]]()

    @classmethod
    def at(cls, url: str, *, seconds: float = _SECONDS) -> Self:
        """Return a client for a URL, with the rules of `connection_pool`.

        A call waits for an answer for at most `seconds`.
        """
        return cls(Redis.from_pool(connection_pool(url, seconds)), seconds)

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()
        await self._client.aclose()

    async def version(self) -> dict[str, str]:
        """Return a dict with one item: the server's name (`valkey` or `redis`) and its version.

        Return {} if the server is down.
        """
        try:
            info = await self._client.info("server")
        except RedisError:
            return {}
        name = "valkey" if "valkey_version" in info else "redis"
        return {name: str(info[f"{name}_version"])}

    async def hold(self, key: str, token: str, *, lease_ms: int = 5000) -> LockAcquired | Busy:
        """Acquire the lock of an anonymous conversation, and read its state in the same step.

        `token` identifies the holder; the same token can acquire the lock again. Release the lock
        with `mark_known` if the person's data was stored in PostgreSQL, otherwise with `keep`.
        """
        reply = await self._run(HOLD, f"ask:{key}", token, lease_ms)
        return LockAcquired(blob=reply[0], known=reply[1] is not None) if reply else Busy()

    async def keep(self, key: str, token: str, blob: bytes | None, *, ttl_s: int = 1800) -> bool:
        """Store the conversation's state (None deletes it) and release its lock.

        Return False and store nothing if the lock was lost, since another holder may have stored a
        newer state.
        """
        stored = () if blob is None else (blob,)
        return bool(await self._run(KEEP, f"ask:{key}", token, ttl_s, *stored))

    async def peek(self, key: str) -> bytes | None:
        """Return the state of an anonymous conversation, or None; do not acquire its lock.

        A server with full memory still answers this read.
        """
        with _redis_errors():
            blob: Any = await self._client.hget(f"ask:{key}", "blob")
        return bytes(blob) if blob else None

    async def mark_known(self, key: str, *, ttl_s: int = 120) -> None:
        """Replace an anonymous conversation by a marker, once its person is stored in PostgreSQL.

        A concurrent holder loses the lock, because the state that the holder read is obsolete.
        """
        await self._run(MARK_KNOWN, f"ask:{key}", ttl_s)

    async def allow(
        self, bucket: str, *, rate: float, burst: int, cost: int = 1, reserve: float = 0.0
    ) -> float:
        """Take `cost` tokens from a bucket of `burst` tokens, refilled at `rate` per second.

        Return 0.0 on success, else the seconds to wait; then no token was taken. Valkey's clock is
        used. Bulk senders pass `reserve`, the share of rate and tokens that they leave to
        interactive messages. `cost` must not exceed `burst`; a negative `cost` returns tokens.
        """
        return float(await self._run(ALLOW, f"rate:{bucket}", rate, burst, cost, reserve))

    async def draw(self, draws: Sequence[Draw]) -> float:
        """Take tokens from all buckets in `draws`, or from none of them, like `allow`.

        A draw is a request for tokens of one bucket. Return 0.0 on success, else the seconds until
        the buckets of all `firm` draws have enough tokens. A draw that is not `firm` takes its
        tokens even if its bucket becomes negative.
        """
        keys = [f"rate:{each.bucket}" for each in draws]
        args = [
            value for each in draws for value in (each.rate, each.burst, each.cost, int(each.firm))
        ]
        return float(await self._run(DRAW, keys, *args))

    async def tally(self, key: str, name: str, other: str, *, limit: int, ttl_s: int) -> None:
        """Count an event: increment the counter `name` among the counters of `key`.

        If `key` has `limit` counters and none of this name, increment the counter `other` instead.
        All counters expire `ttl_s` seconds after the last call.
        """
        await self._run(TALLY, f"tally:{key}", name, other, limit, ttl_s)

    async def tallies(self, key: str) -> dict[str, int]:
        """Return the counts that `tally` made for `key`, by counter name."""
        with _redis_errors():
            found: Any = await self._client.hgetall(f"tally:{key}")
        return {name.decode(): int(count) for name, count in found.items()}

    async def publish(self, topic: str, data: bytes) -> None:
        """Publish a notification to all subscribers of a topic, in all processes."""
        with _redis_errors():
            await self._client.publish(f"wake:{topic}", data)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[Subscription]:
        """Subscribe to topics: `async with cache.listen(…) as subscription: async for each in …`.

        All listeners of a process share one connection. After an interruption the subscription
        yields `MISSED`, because messages may be lost. Read the current state before the loop, and
        again after each `MISSED`.
        """
        subscription, names = Subscription(), [f"wake:{topic}" for topic in topics]
        try:
            with _redis_errors():
                try:
                    async with asyncio.timeout(self._seconds):
                        await self._line.join(names, subscription)
                except TimeoutError:
                    await self._line.drop()
                    raise
            yield subscription
        finally:
            await self._line.leave(names, subscription)

    async def store_value(self, key: str, blob: bytes, *, ttl_s: int) -> None:
        """Store a value for `ttl_s` seconds; `load_value` can read it any number of times."""
        with _redis_errors():
            await self._client.set(f"lent:{key}", blob, ex=ttl_s)

    async def load_value(self, key: str) -> bytes | None:
        """Return a value stored by `store_value`; None if it has expired."""
        with _redis_errors():
            blob: Any = await self._client.get(f"lent:{key}")
        return bytes(blob) if blob else None

    async def append(self, stream_key: str, blob: bytes, ttl_s: int, limit: int) -> str:
        """Append an entry to a stream and return the entry's id.

        The stream keeps its last `limit` entries and expires `ttl_s` seconds after the last append.
        """
        added: bytes = await self._run(APPEND, f"chat:{stream_key}", blob, ttl_s, limit)
        return added.decode()

    def append_local(self, stream_key: str, blob: bytes, ttl_s: int, limit: int) -> str:
        """Append an entry to a stream in this process's memory, because the server rejected it.

        Return the entry's id.
        """
        entries = self._local_streams.get(stream_key) or []
        entry_id = f"{time.time_ns() // 1_000_000}-{len(entries)}"
        entries = [*entries, (entry_id, blob)][-limit:]
        self._local_streams.put(stream_key, entries, ttl_s)
        return entry_id

    async def read_after(self, stream_key: str, last_id: str) -> list[tuple[str, bytes]]:
        """Return the entries of a stream after the entry `last_id`, oldest first.

        Return all entries if `last_id` is not a valid id.
        """
        local = self._local_streams.get(stream_key) or []
        if not (is_id := _STREAM_ID.fullmatch(last_id)):
            last_id = "0-0"
        try:
            with _redis_errors():
                after = f"({last_id}" if is_id else "-"
                entries: Any = await self._client.xrange(f"chat:{stream_key}", min=after)
        except CacheUnavailable:
            if not local:
                raise
            entries = []
        found = [(entry.decode(), fields[b"blob"]) for entry, fields in entries]
        newer = [each for each in local if _moment(each[0]) > _moment(last_id)]
        return sorted([*found, *newer], key=lambda entry: _moment(entry[0]))

    async def _run(
        self, script: Script, key: str | Sequence[str], *args: str | bytes | float
    ) -> Any:
        with _redis_errors():
            return await self._scripts.run(script, (key,) if isinstance(key, str) else key, *args)


def _moment(entry_id: str) -> tuple[int, int]:
    milliseconds, _dash, number = entry_id.partition("-")
    return int(milliseconds), int(number)


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, WaitedTooLong) as error:
        raise CacheUnavailable(
            "E_VALKEY_UNAVAILABLE: Valkey can't be used; see that it runs"
        ) from error
