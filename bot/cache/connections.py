"""Connection pools for Valkey: at a fixed address, or at the primary that sentinels name."""

import weakref
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelManagedConnection
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError

_CONNECTIONS: Final = 16
_SENTINEL_PORT: Final = 26379


def connection_pool(url: str, seconds: float) -> BlockingConnectionPool:
    """Return a pool for a redis://, rediss://, unix:// or redis+sentinel:// URL.

    The pool connects at its first use. Each answer is awaited for at most `seconds`. Commands are
    not retried: after a lost answer it is unknown whether the command was executed.
    """
    options = _options(seconds) | {"max_connections": _CONNECTIONS, "timeout": seconds}
    if urlsplit(url).scheme == "redis+sentinel":
        return _sentinel_pool(url, seconds, options)
    pool = BlockingConnectionPool.from_url(url, **options)
    kind = pool.connection_class
    pool.connection_class = type(kind.__name__, (_WritableConnection, kind), {})
    return pool


def _options(seconds: float) -> dict[str, Any]:
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }


class _WritableConnection(AbstractConnection):
    """Part of a connection class: closes the connection if the server has become a replica.

    After a failover, a new connection to the same address can lead to the new primary.
    """

    async def read_response(self, *args: Any, **options: Any) -> Any:
        """Return the next response. Raises ReadOnlyError, after closing the connection."""
        try:
            return await super().read_response(*args, **options)
        except ReadOnlyError:
            await self.disconnect(nowait=True)
            raise


class _PrimaryPool(BlockingConnectionPool):
    """Pool of connections to the Valkey primary, whose address the sentinels know.

    Each new connection asks the sentinels for the primary's address. A connection whose server has
    become a replica closes at the first write that this server rejects. The SentinelConnectionPool
    of redis-py would raise an error instead of waiting if all connections are in use.
    """

    # SentinelManagedConnection reads these two attributes and calls `get_master_address`.
    is_master: Final = True
    check_connection: Final = False

    def __init__(self, sentinel: Sentinel, name: str, **options: Any) -> None:
        super().__init__(connection_class=SentinelManagedConnection, **options)
        self.connection_kwargs["connection_pool"] = weakref.proxy(self)
        self._sentinel = sentinel
        self._name = name

    async def get_master_address(self) -> tuple[str, int]:
        """Return host and port of the primary, as the first sentinel that answers names them."""
        host, port = await self._sentinel.discover_master(self._name)
        return host, port

    async def aclose(self) -> None:
        """Close the connections to the primary and to the sentinels."""
        await super().aclose()
        await self._sentinel.aclose()


def _sentinel_pool(url: str, seconds: float, options: dict[str, Any]) -> _PrimaryPool:
    """Return a pool for redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME."""
    parts = urlsplit(url)
    login, _at, hosts = parts.netloc.rpartition("@")
    username, _colon, password = map(unquote, login.partition(":"))
    sentinels = [_host_and_port(each) for each in hosts.split(",")]
    query = parse_qs(parts.query)
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        sentinels,
        # A call waits `seconds` in total. With this share of `seconds`, a call reaches the last
        # sentinel even if all other sentinels are silent.
        sentinel_kwargs=_options(seconds / (len(sentinels) + 1))
        | {"password": query.get("sentinel_password", [None])[0]},
    )
    return _PrimaryPool(
        sentinel,
        parts.path.removeprefix("/"),
        username=username or None,
        password=password or None,
        **options,
    )


def _host_and_port(address: str) -> tuple[str, int]:
    host, _colon, port = address.partition(":")
    return host, int(port or _SENTINEL_PORT)
