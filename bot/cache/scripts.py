"""Atomic operations of Valkey as Lua scripts; concurrent calls share a round trip."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from bot.concurrency.batching import Batcher

_TOGETHER: Final = 16
_MAX_ROUND_TRIPS: Final = 2
# Seconds between round trips of a busy process to Valkey (decision 49). The interval for the
# database is longer, because a message of an anonymous person needs several round trips to Valkey.
_INTERVAL: Final = 0.002


class Script(NamedTuple):
    """A Lua script with its SHA-1, by which the server finds a script that it has loaded."""

    text: str
    sha: str

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


# No lease ends later than `ARGV[2]` milliseconds from now, unless the server's clock was set back.
HOLD: Final = Script.of("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = redis.call('HMGET', KEYS[1], 'holder', 'until', 'blob', 'known')
local left = (tonumber(seen[2]) or now) - now
if seen[1] and seen[1] ~= ARGV[1] and left > 0 and left <= tonumber(ARGV[2]) then return false end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {seen[3], seen[4]}
""")

KEEP: Final = Script.of("""
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

MARK_KNOWN: Final = Script.of("""
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'known', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
""")

# `bulk` is the number of tokens in a second bucket, for callers with `reserve`. The bucket is
# refilled at the share of `rate` that is not reserved. If the server's clock was set back, the
# bucket is refilled from the new time on, and does not stay empty until the clock reaches `at`.
ALLOW: Final = Script.of("""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local cost, reserve = tonumber(ARGV[3]), tonumber(ARGV[4])
local function refilled(level, field, at, rate, most)
  at = tonumber(at) or now
  if at > now then redis.call('HSET', KEYS[1], field, now) end
  return math.min(most, (tonumber(level) or most) + math.max(0, now - at) * rate)
end
local seen = redis.call('HMGET', KEYS[1], 'level', 'at', 'bulk', 'bulk_at')
local level = refilled(seen[1], 'at', seen[2], rate, burst)
local wait, bulk = (cost - level) / rate, nil
if reserve > 0 then
  local left = 1 - reserve
  bulk = refilled(seen[3], 'bulk_at', seen[4], rate * left, math.max(cost, burst * left))
  local floor = math.min(burst * reserve, burst - cost)
  wait = math.max((cost + floor - level) / rate, (cost - bulk) / (rate * left))
end
if wait > 0.000001 then return tostring(wait) end
redis.call('HSET', KEYS[1], 'level', level - cost, 'at', now)
if bulk then redis.call('HSET', KEYS[1], 'bulk', bulk - cost, 'bulk_at', now) end
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return '0'
""")

# Takes tokens from all buckets or from none. A bucket whose request is not `firm` may become
# negative; requests that are `firm` then wait until it is refilled. A clock that was set back is
# handled as in ALLOW.
DRAW: Final = Script.of("""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local levels, wait = {}, 0
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  local seen = redis.call('HMGET', key, 'level', 'at')
  local at = tonumber(seen[2]) or now
  if at > now then redis.call('HSET', key, 'at', now) end
  levels[i] = math.min(burst, (tonumber(seen[1]) or burst) + math.max(0, now - at) * rate)
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

APPEND: Final = Script.of("""
local id = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '*', 'blob', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return id
""")


# Increments a counter by its name. If there are too many counters, new names are counted under a
# common name.
TALLY: Final = Script.of("""
local name = ARGV[1]
if redis.call('HEXISTS', KEYS[1], name) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3])
then name = ARGV[2] end
redis.call('HINCRBY', KEYS[1], name, 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
""")


class Scripts:
    """Runs scripts; concurrent calls share a round trip, which takes at most `seconds`."""

    def __init__(self, client: Redis, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._batcher = Batcher(
            limit=_TOGETHER, concurrency=_MAX_ROUND_TRIPS, seconds=seconds, interval=_INTERVAL
        )

    async def run(self, script: Script, keys: Sequence[str], *args: str | bytes | float) -> Any:
        """Run a script and return its result.

        Raises errors of the client library, or WaitedTooLong.
        """
        return await self._batcher(_Call(script, len(keys), (*keys, *args)), self._together)

    async def _together(self, calls: Sequence["_Call"]) -> Sequence[Any]:
        """Run scripts by their hashes in one round trip; return a result or an exception for each.

        Scripts that the server does not know are sent as text in a second round trip.
        """
        results = await self._execute("EVALSHA", [(each.script.sha, each) for each in calls])
        unknown = [at for at, each in enumerate(results) if isinstance(each, NoScriptError)]
        if unknown:
            texts = [(calls[at].script.text, calls[at]) for at in unknown]
            try:
                again = await self._execute("EVAL", texts)
            except (RedisError, OSError) as error:
                # The scripts that the server knew were executed in the first round trip. Their
                # callers must get the results, although the second round trip failed.
                again = [error] * len(unknown)
            for at, result in zip(unknown, again, strict=True):
                results[at] = result
        return results

    async def _execute(self, command: str, calls: Sequence[tuple[str, "_Call"]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for script, call in calls:
            pipeline.execute_command(command, script, call.keys, *call.values)
        # The timeout of the Valkey client applies to each reply; this timeout covers the whole
        # pipeline.
        async with asyncio.timeout(self._seconds):
            return await pipeline.execute(raise_on_error=False)


class _Call(NamedTuple):
    script: Script
    keys: int
    values: tuple[Any, ...]
