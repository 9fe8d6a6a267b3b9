"""Hold the sandbox's resources and settings for every route."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bot.registry.client_assertion import MAX_ASSERTION_SECONDS, verified
from bot.registry.sandbox.faults import Drawn, FaultName, Faults
from bot.registry.sandbox.store import Plan, Verdict

TOKEN_SECONDS = 600
# Decisions other than ACCEPTED, by their switch.
DECISIONS: dict[FaultName, Verdict] = {
    "reject": "REJECTED",
    "ask": "NEEDS_INFORMATION",
    "duplicate": "DUPLICATE",
    "pass_on": "PASSED_ON",
}


@dataclass
class Sandbox:
    """One sandbox; `delay` seconds pass before it decides on an entry."""

    pool: AsyncConnectionPool[AsyncConnection[Any]]
    client_id: str
    client_secret: str
    callback_url: str | None
    callback_secret: str
    embed_from: str
    delay: float
    client_keys: tuple[Mapping[str, Any], ...] = ()
    faults: Faults = field(default_factory=Faults)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _assertions: dict[str, float] = field(default_factory=dict, repr=False)

    def knows_client(self, client_id: str, client_secret: str) -> bool:
        """Return whether these are the client's id and secret, in constant time."""
        known = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        return hmac.compare_digest(client_secret.encode(), self.client_secret.encode()) and known

    def accepts_assertion(self, assertion: str, audience: str) -> bool:
        """Return whether a key of the client signed this assertion, which counts once."""
        found = verified(assertion, self.client_id, audience, self.client_keys)
        now = time.monotonic()
        self._assertions = {key: until for key, until in self._assertions.items() if until > now}
        if found is None or found in self._assertions:
            return False
        self._assertions[found] = now + MAX_ASSERTION_SECONDS
        return True

    def issue_token(self) -> str:
        """Return a new access token, valid for `TOKEN_SECONDS`."""
        now = time.monotonic()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = now + TOKEN_SECONDS
        return token

    def knows_token(self, token: str) -> bool:
        """Return whether the token was issued here and is still valid."""
        return self._tokens.get(token, 0.0) > time.monotonic()

    def forget_token(self, token: str) -> None:
        """Revoke a token."""
        self._tokens.pop(token, None)

    def plan(self, drawn: Drawn) -> Plan:
        """Return the plan for an entry that is written now, under these faults."""
        decision: Verdict = next(
            (state for name, state in DECISIONS.items() if name in drawn), "ACCEPTED"
        )
        return Plan(decision, self.delay, "double" in drawn)


def here(request: Request) -> Sandbox:
    """Return the sandbox that serves this request."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox
