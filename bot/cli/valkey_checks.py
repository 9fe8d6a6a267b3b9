"""Checks for `doctor`: the Valkey server, and the web chat's hourly limits, stored in Valkey."""

from collections.abc import AsyncIterator
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from bot import budgets
from bot.cache import Cache, CacheUnavailable, connection_pool
from bot.cli.findings import Finding, check_version, doubtful, good, wrong
from bot.config import minimum_versions
from bot.config.settings import Settings
from bot.security.key_files import Keys, VaultError
from bot.security.vault import Vault

_SECONDS: Final = 3.0


async def valkey(settings: Settings) -> AsyncIterator[Finding]:
    """Yield findings on whether Valkey answers, accepts writes, and is configured as needed."""
    if settings.redis_url is None:
        yield wrong("valkey", "KOSH_REDIS_URL isn't set", "set it to redis://…")
        return
    client = Redis.from_pool(connection_pool(settings.redis_url.get_secret_value(), _SECONDS))
    try:
        info = await client.info()
        refusal = await _refusal(client)
    except RedisError as error:
        fix = "start it; nothing in it has to be kept"
        yield wrong("valkey", f"does not answer ({type(error).__name__})", fix)
        return
    finally:
        await client.aclose()
    if refusal:
        yield wrong("valkey", f"refuses writes ({type(refusal).__name__})", _fix(refusal))
    version = info.get("valkey_version") or info.get("redis_version")
    if info.get("maxmemory_policy") != "noeviction":
        fix = "set maxmemory-policy noeviction: rates and just-ask state must not vanish singly"
        yield doubtful("valkey", f"evicts: {info.get('maxmemory_policy')}", fix)
    if info.get("aof_enabled"):
        yield doubtful("valkey", "writes to disk", 'set appendonly no and save ""')
    for finding in check_version("valkey", minimum_versions.VALKEY, str(version), settings):
        yield finding
    yield good("valkey", f"version {version}")


def _fix(refusal: ResponseError) -> str:
    if isinstance(refusal, ReadOnlyError):
        return "it is a replica; set KOSH_REDIS_URL to the primary, or see runbook KoshLiveAway"
    return "see runbook KoshLiveAway; give it memory, or restart it empty"


async def _refusal(client: Redis) -> ResponseError | None:
    """Write a key that expires after a second; return Valkey's error, or None.

    A server that has reached its memory limit rejects writes but still answers reads.
    """
    try:
        await client.set("doctor", b"1", ex=1)
    except ResponseError as error:
        return error
    return None


async def web_budgets(settings: Settings) -> AsyncIterator[Finding]:
    """Yield one finding: a warning if an hourly limit for all web chats together is used up.

    Yield nothing if Valkey or the keys are unavailable.
    """
    if settings.redis_url is None:
        return
    live = Cache.at(settings.redis_url.get_secret_value())
    try:
        spent = await budgets.spent_by_all(live, Vault(Keys.load(settings.key_dir)), settings)
    except (CacheUnavailable, VaultError):
        return
    finally:
        await live.close()
    if spent:
        description = f"spent for this hour: {', '.join(spent)}; the web chat asks a question first"
        yield doubtful("budgets", description, "see runbook KoshWebChatBurst and /console/bursts")
    else:
        yield good("budgets", "none of the web chat's is spent")
