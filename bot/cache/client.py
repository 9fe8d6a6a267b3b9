"""The one client of Valkey in a process, and everything that is asked of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.cache.local_buckets import Draw
from bot.cache.pubsub import PubSubConnection, Subscription
from bot.cache.scripts import ALLOW, APPEND, DRAW, HOLD, KEEP, SETTLE, Script, Scripts
from bot.concurrency.batching import WaitedTooLong

_SECONDS: Final = 2.0
_CONNECTIONS: Final = 16
_STREAM_ID: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}", re.ASCII)


class CacheUnavailable(Exception):
    """Valkey doesn't answer, is full or refuses; go on without it or say so to the person."""

    code = "E_LIVE"


@dataclass(frozen=True)
class LockAcquired:
    """The lock is ours: the stored blob, and whether PostgreSQL knows this person by now."""

    blob: bytes | None
    known: bool


@dataclass(frozen=True)
class Busy:
    """Somebody else holds the lock."""


class Cache:
    """The one client of Valkey in a process; every method raises LiveUnavailable."""

    def __init__(self, client: Redis, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._line = PubSubConnection(client)
        self._scripts = Scripts(client, seconds)

    @classmethod
    def at(cls, url: str, *, seconds: float = _SECONDS) -> Self:
        """Prepare for a redis://, rediss:// or unix:// URL; connects when first used.

        Nobody waits for an answer longer than `seconds`. A command isn't repeated: after a lost
        answer nobody knows whether it was carried out.
        """
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=seconds,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        return cls(Redis.from_pool(pool), seconds)

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

    async def hold(self, key: str, token: str, *, lease_ms: int = 5000) -> LockAcquired | Busy:
        """Take the lock of a just-ask conversation, and its state with it.

        `token` is the caller's own for this attempt; the same token may ask again. What is
        `known` already is let go of by `settle`, else by `keep`.
        """
        seen = await self._run(HOLD, f"ask:{key}", token, lease_ms)
        return LockAcquired(blob=seen[0], known=seen[1] is not None) if seen else Busy()

    async def keep(self, key: str, token: str, blob: bytes | None, *, ttl_s: int = 1800) -> bool:
        """Store the new state, or remove it, and unlock; False when the lock was lost.

        Then nothing was stored: another holder or a flush came between, and its state counts.
        """
        stored = () if blob is None else (blob,)
        return bool(await self._run(KEEP, f"ask:{key}", token, ttl_s, *stored))

    async def settle(self, key: str, *, ttl_s: int = 120) -> None:
        """Replace the state by a marker, after the commit that made this a person we know.

        Whoever holds the lock meanwhile loses it, because the state it read no longer counts.
        """
        await self._run(SETTLE, f"ask:{key}", ttl_s)

    async def allow(
        self, bucket: str, *, rate: float, burst: int, cost: int = 1, reserve: float = 0.0
    ) -> float:
        """Take `cost` from a bucket of `burst` refilled at `rate` per second, by Valkey's clock.

        Gives 0.0, or the seconds to wait before asking again (nothing was taken). Bulk names the
        share it leaves to people as `reserve`: of the rate, and of what is in the bucket.
        `cost` must not exceed `burst`; one below 0 gives back what was taken and not used.
        """
        return float(await self._run(ALLOW, f"rate:{bucket}", rate, burst, cost, reserve))

    async def draw(self, draws: Sequence[Draw]) -> float:
        """Take from several buckets at once, those of `allow`, or from none of them.

        Gives 0.0, or the seconds until those that are firm will have enough.
        """
        keys = [f"rate:{each.bucket}" for each in draws]
        args = [
            value for each in draws for value in (each.rate, each.burst, each.cost, int(each.firm))
        ]
        return float(await self._run(DRAW, keys, *args))

    async def publish(self, topic: str, data: bytes) -> None:
        """Wake everybody who listens to a topic, in any process."""
        with _redis_errors():
            await self._client.publish(f"wake:{topic}", data)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[Subscription]:
        """Hear the topics from here on: `async with live.listen(…) as ear: async for wake in ear`.

        All listeners of a process share one connection. After an interruption the ear gets
        `MISSED`; look at what you listen for before the loop, and again then.
        """
        ear, names = Subscription(), [f"wake:{topic}" for topic in topics]
        try:
            with _redis_errors():
                try:
                    async with asyncio.timeout(self._seconds):
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

    async def append(self, stream_key: str, blob: bytes, ttl_s: int, limit: int) -> str:
        """Add to a stream that keeps the last `most` entries and lives `ttl_s` longer; its id."""
        added: bytes = await self._run(APPEND, f"chat:{stream_key}", blob, ttl_s, limit)
        return added.decode()

    async def read_after(self, stream_key: str, last_id: str) -> list[tuple[str, bytes]]:
        """Read the entries after an id, oldest first; all of them after what is no id."""
        after = f"({last_id}" if _STREAM_ID.fullmatch(last_id) else "-"
        with _redis_errors():
            entries: Any = await self._client.xrange(f"chat:{stream_key}", min=after)
        return [(entry.decode(), fields[b"blob"]) for entry, fields in entries]

    async def _run(
        self, script: Script, key: str | Sequence[str], *args: str | bytes | float
    ) -> Any:
        with _redis_errors():
            return await self._scripts.run(script, (key,) if isinstance(key, str) else key, *args)


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, WaitedTooLong) as error:
        raise CacheUnavailable("E_LIVE: Valkey can't be used; see that it runs") from error
