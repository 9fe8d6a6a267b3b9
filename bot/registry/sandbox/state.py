"""State of the sandbox that all routes share: settings, faults and issued tokens."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from fastapi import Request
from joserfc import jwt
from joserfc.jwk import OctKey
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bot.registry.client_assertion import MAX_ASSERTION_SECONDS, verify
from bot.registry.sandbox.faults import ActiveFaults, FaultName, Faults
from bot.registry.sandbox.store import Verdict
from bot.registry.sandbox.writes import Plan
from bot.registry.scopes import SCOPES, Scope

TOKEN_SECONDS = 600
# The decision that each of these faults causes. Without such a fault, the decision is ACCEPTED.
DECISIONS: dict[FaultName, Verdict] = {
    "reject": "REJECTED",
    "ask": "NEEDS_INFORMATION",
    "duplicate": "DUPLICATE",
    "pass_on": "PASSED_ON",
}


@dataclass(frozen=True, slots=True)
class _Issued:
    until: float
    scopes: frozenset[Scope]
    thumbprint: str


@dataclass
class Sandbox:
    """The settings and the state of one sandbox; its tables are in the schema `registry_sandbox`.

    `delay` is in seconds, from receiving a registration to deciding on it. `embed_from` is the CSP
    source (an origin) of pages that may show the sandbox in a frame. `client_keys` are the client's
    public keys (JWK), `client_thumbprints` the `x5t#S256` of its certificates. `with_people` adds
    invented registrations, which only the planning figures show.
    """

    database_url: InitVar[str]
    client_id: str
    client_secret: str
    callback_url: str | None
    callback_secret: str
    embed_from: str = "'self'"
    delay: float = 2.0
    with_people: bool = False
    client_keys: tuple[Mapping[str, Any], ...] = ()
    client_thumbprints: frozenset[str] = frozenset()
    client_scopes: frozenset[Scope] = frozenset(SCOPES)
    faults: Faults = field(default_factory=Faults)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    pool: AsyncConnectionPool[AsyncConnection[Any]] = field(init=False)
    _tokens: dict[str, _Issued] = field(default_factory=dict, repr=False)
    _token_key: OctKey = field(default_factory=lambda: OctKey.generate_key(256), repr=False)
    _assertions: dict[str, float] = field(default_factory=dict, repr=False)

    def __post_init__(self, database_url: str) -> None:
        self.pool = AsyncConnectionPool(database_url, min_size=1, max_size=8, open=False)

    def knows_client(self, client_id: str, client_secret: str) -> bool:
        """Return True if id and secret are the client's, compared in constant time."""
        known = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        return hmac.compare_digest(client_secret.encode(), self.client_secret.encode()) and known

    def accepts_assertion(self, assertion: str, audience: str) -> bool:
        """Return True if a key of the client signed the assertion and its id is unused."""
        found = verify(assertion, self.client_id, audience, self.client_keys)
        now = time.monotonic()
        self._assertions = {key: until for key, until in self._assertions.items() if until > now}
        if found is None or found in self._assertions:
            return False
        self._assertions[found] = now + MAX_ASSERTION_SECONDS
        return True

    def knows_certificate(self, client_id: str, thumbprint: str) -> bool:
        """Return True if the thumbprint is of one of the client's certificates (RFC 8705, 2.2)."""
        return client_id == self.client_id and thumbprint in self.client_thumbprints

    def issue_token(self, scopes: frozenset[Scope], thumbprint: str) -> str:
        """Return a new access token for the scopes, bound to the certificate if there is one."""
        now = time.monotonic()
        self._tokens = {key: each for key, each in self._tokens.items() if each.until > now}
        claims: dict[str, Any] = {"jti": secrets.token_hex(16), "scope": " ".join(sorted(scopes))}
        if thumbprint:
            claims["cnf"] = {"x5t#S256": thumbprint}
        token = jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, self._token_key)
        self._tokens[token] = _Issued(now + TOKEN_SECONDS, scopes, thumbprint)
        return token

    def scopes_of(self, token: str, thumbprint: str) -> frozenset[Scope] | None:
        """Return a token's scopes.

        Returns None for a token that is unknown, expired or bound to another certificate.
        """
        issued = self._tokens.get(token)
        if issued is None or issued.until <= time.monotonic():
            return None
        return issued.scopes if issued.thumbprint in ("", thumbprint) else None

    def forget_token(self, token: str) -> None:
        """Revoke a token, if it is known."""
        self._tokens.pop(token, None)

    def plan(self, faults: ActiveFaults) -> Plan:
        """Return the decision on a new or changed registration, as the active `faults` require."""
        decision: Verdict = next(
            (state for name, state in DECISIONS.items() if name in faults), "ACCEPTED"
        )
        return Plan(decision, self.delay, "double" in faults)


def here(request: Request) -> Sandbox:
    """Return the state of the sandbox that serves this request."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox
