"""Cache of OAuth access tokens: one per scope, bound to the client certificate if there is one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.registry.contract import Token
from bot.registry.scopes import Scope

_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class _CachedToken:
    token: str
    until: float
    thumbprint: str


class AccessTokens:
    """A cache of access tokens by scope; `clock` returns seconds, such as `time.monotonic`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cached: dict[Scope, _CachedToken] = {}
        self._renewal = asyncio.Lock()

    async def get(
        self, scope: Scope, thumbprint: str, renew: Callable[[], Awaitable[Token]]
    ) -> str:
        """Return a valid token for the scope and certificate; call `renew` if none is cached.

        A token is replaced once 90 % of its lifetime has passed. A lock ensures that only one call
        renews at a time.
        """
        async with self._renewal:
            cached = self._cached.get(scope)
            if cached is None or self._clock() >= cached.until or cached.thumbprint != thumbprint:
                requested_at = self._clock()
                token = await renew()
                until = requested_at + token.expires_in * (1 - _MARGIN)
                cached = self._cached[scope] = _CachedToken(token.access_token, until, thumbprint)
            return cached.token

    def forget(self, token: str) -> None:
        """Evict a token that the registry rejected, unless it was already replaced by a new one."""
        self._cached = {scope: each for scope, each in self._cached.items() if each.token != token}
