"""An external system that subscribes to Kosh's webhooks over the API and receives them."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from bot import outgoing_webhooks
from bot.officers.permissions import Role, Scope
from bot.runtime import Runtime
from tests.emulators.webhook_receiver import Receiver, webhook_receiver
from tests.web.api.integrator import Integrator, integrator

CASE = {"topic": "spouse", "language": "ru", "country": "TR"}
CASE_EVENT = "case.state_changed"
ROLES = (Role.EDITOR, Role.LEAD, Role.INTEGRATOR)


@dataclass
class Subscriber:
    """An external system: its API client and its receiver, with the runtime that delivers to it."""

    rt: Runtime
    api: Integrator
    receiver: Receiver

    async def subscribe(self, *events: str, url: str = "") -> dict[str, Any]:
        what = {"url": url or self.receiver.url, "events": list(events or (CASE_EVENT,))}
        status, created = await self.api.post("/webhooks", what)
        assert status == 201, created
        return created

    async def invite(self, key: str = "portal-000001") -> dict[str, Any]:
        _status, created = await self.api.post("/cases", CASE, key=key)
        return created

    async def deliver(self, at: float | None = None) -> None:
        """Send all due webhooks; `at` is the time in their header, in Unix seconds (None: now)."""
        clock = time.time if at is None else lambda: at
        async with outgoing_webhooks.dispatcher(self.rt, clock=clock) as dispatcher:
            await dispatcher.start_due()
            await dispatcher.settle()

    async def test_event(self, endpoint: str) -> str:
        status, created = await self.api.post(f"/webhooks/{endpoint}/test")
        assert status == 202, created
        return str(created["id"])

    async def endpoint(self) -> dict[str, Any]:
        """Return the system's only webhook endpoint, as the API shows it."""
        _status, found = await self.api.get("/webhooks")
        [only] = found["webhooks"]
        return dict(only)

    async def states(self) -> list[tuple[str, int, str]]:
        """Return (state, attempts, reason) of every webhook delivery in the database."""
        return await rows(
            self.rt, "SELECT state, attempt, reason FROM webhook_deliveries ORDER BY id"
        )


async def rows(rt: Runtime, query: LiteralString, *values: object) -> list[Any]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(query, values)
        return await cursor.fetchall() if cursor.description else []


async def ahead(rt: Runtime, interval: str) -> None:
    """Advance the database clock by an SQL interval."""
    await rows(rt, "UPDATE test_clock SET ahead = ahead + %s::interval", interval)


@asynccontextmanager
async def subscriber(rt: Runtime, *scopes: Scope, **more: Any) -> AsyncIterator[Subscriber]:
    """Serve the application and a receiver; yield a system with a token of these scopes.

    If no scopes are given, the token has three common ones.
    """
    wanted = scopes or (Scope.WEBHOOKS_MANAGE, Scope.CASES_WRITE, Scope.ANNOUNCEMENTS_WRITE)
    async with webhook_receiver() as receiver:
        known = (*rt.settings.webhook_hosts, receiver.host)
        chosen = rt.settings.model_copy(update={"webhook_hosts": known})
        used = replace(rt, settings=chosen)
        async with integrator(used, *wanted, roles=ROLES, **more) as api:
            yield Subscriber(used, api, receiver)
