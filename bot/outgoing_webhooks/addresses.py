"""Checks of endpoints' URLs: https only, and never an address inside of a private network.

A host name is resolved when the URL is registered, and again for each connection. The connection is
opened to the IP addresses that were checked, so that a changed DNS answer has no effect.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

MAX_URL = 500
RESOLVE_SECONDS = 5.0
RESOLVER_THREADS = 8

# IPv6's global unicast. Other IPv6 addresses are local, or embed IPv4 addresses that were not
# checked.
_UNICAST = ipaddress.ip_network("2000::/3")
_REFUSED = tuple(
    ipaddress.ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "2001::/32", "2002::/16")
)


class BadAddress(ValueError):
    """The URL cannot be an endpoint; `why` names the cause: url, address or unresolved."""

    code = "E_WEBHOOK_ADDRESS"

    def __init__(self, why: str) -> None:
        super().__init__(f"{self.code}: {why}")
        self.why = why


class PrivateAddress(OSError):
    """The host name resolves to an IP address that is not public."""


def is_public(address: str) -> bool:
    """Return True if an IP address is global and has no special purpose, such as multicast."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found.version == 6 and found not in _UNICAST:
        return False
    special = found.is_multicast or found.is_reserved or not found.is_global
    return not special and not any(
        found.version == each.version and found in each for each in _REFUSED
    )


def parse(url: str, allowed: Collection[str] = ()) -> URL:
    """Parse the URL of an endpoint. Raises BadAddress if the URL must not be called.

    For the hosts with ports in `allowed`, http and private addresses are accepted too. A host that
    is an IP address is checked here, because it is never passed to a resolver.
    """
    try:
        found = URL(url)
        authority, host = f"{found.host}:{found.port}", found.host
    except ValueError:
        raise BadAddress("url") from None
    is_proper = len(url) <= MAX_URL and url.isascii() and url.isprintable() and bool(host)
    if not is_proper or found.user is not None or found.password is not None or "#" in url:
        raise BadAddress("url")
    if authority in allowed:
        return found
    if found.scheme != "https":
        raise BadAddress("url")
    if _is_ip(host or "") and not is_public(host or ""):
        raise BadAddress("address")
    return found


async def check(url: str, resolver: AbstractResolver, allowed: Collection[str] = ()) -> None:
    """Check a URL and the IP addresses of its host. Raises BadAddress if one is not allowed."""
    found = parse(url, allowed)
    if _is_ip(found.host or ""):
        return
    why = ""
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            await resolver.resolve(found.host or "", found.port or 443, socket.AF_UNSPEC)
    except PrivateAddress:
        why = "address"
    except (OSError, UnicodeError, TimeoutError):
        why = "unresolved"
    if why:
        raise BadAddress(why)


class PublicResolver(AbstractResolver):
    """Resolver that refuses a name if one of its addresses is not public.

    It has threads of its own, because slow name servers would otherwise delay other connections.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, "webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the IP addresses of a host name.

        Raises PrivateAddress if one is not public, or OSError if the name has none.
        """
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, _addresses, host, port, family
        )
        private = not all(is_public(each["host"]) for each in found)
        if not found or (private and f"{host}:{port}" not in self._allowed):
            raise PrivateAddress("E_WEBHOOK_ADDRESS")
        return found

    async def close(self) -> None:
        """End the threads without waiting for a lookup that still runs."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _type, protocol, _name, address in found
    ]


def _is_ip(host: str) -> bool:
    """Return True for a host that aiohttp treats as an IP address, without asking the resolver."""
    return ":" in host or host.replace(".", "").isdecimal()
