"""Token buckets for rate limits: the type of a request for tokens, and in-memory buckets."""

import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

_NOTHING_S: Final = 1e-6


class Draw(NamedTuple):
    """A request for tokens of one bucket.

    A request that is not `firm` is never refused: its bucket becomes negative instead.
    """

    bucket: str
    rate: float
    burst: int
    cost: float = 1
    firm: bool = True


class LocalRateLimiter:
    """Token buckets local to this process, used while Valkey is down.

    They apply only a `share` of each rate and burst, since each other process has its own buckets.
    """

    def __init__(self, share: float = 0.25, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    async def allow(
        self, bucket: str, *, rate: float, burst: int, cost: int = 1, reserve: float = 0.0
    ) -> float:
        """Take tokens from a bucket of this process. The parameters are as in `Cache.allow`."""
        now = self._clock()
        self._forget_full(now)
        shares = {bucket: self._share, f"{bucket}|bulk": self._share * (1 - reserve)}
        refilled = {
            name: self._bucket(name, rate * share, max(cost, burst * share), now)
            for name, share in shares.items()
            if reserve or name == bucket
        }
        wait = max((cost - each.level) / each.rate for each in refilled.values())
        if wait > _NOTHING_S:
            return wait
        for name, each in refilled.items():
            self._buckets.pop(name, None)
            self._buckets[name] = each._replace(level=each.level - cost)
        return 0.0

    async def draw(self, draws: Sequence[Draw]) -> float:
        """Take tokens with the semantics of `Cache.draw`."""
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
            level = max(bucket.level - each.cost, -max(bucket.limit, each.cost))
            self._buckets.pop(each.bucket, None)
            self._buckets[each.bucket] = bucket._replace(level=level)
        return 0.0

    def _bucket(self, name: str, rate: float, limit: float, now: float) -> "_Bucket":
        bucket = self._buckets.get(name)
        level = limit if bucket is None else min(limit, bucket.level + (now - bucket.at) * rate)
        return _Bucket(level, limit, rate, now)

    def _forget_full(self, now: float) -> None:
        for name in list(islice(self._buckets, 2)):
            oldest = self._buckets[name]
            if oldest.level + (now - oldest.at) * oldest.rate >= oldest.limit:
                del self._buckets[name]


class _Bucket(NamedTuple):
    level: float
    limit: float
    rate: float
    at: float
