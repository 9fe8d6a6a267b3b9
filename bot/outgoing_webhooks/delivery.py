"""Delivery of webhooks: at least once, with retries; an endpoint cannot delay another one.

Each endpoint has a task of its own, which usually, but not always, sends the events in
order. A claimed delivery has a lease. If the process dies before it records the outcome, the event
is sent again with the same id.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import ClientConnectorDNSError, ClientTimeout
from psycopg_pool import PoolTimeout

from bot import notifications
from bot.concurrency import shutdown
from bot.concurrency.backoff import backoff, with_jitter
from bot.concurrency.retry_after import seconds_to_wait
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.notifications import Kind, SwitchedOff
from bot.observability import logging, metrics
from bot.officers import api_tokens, directory
from bot.outgoing_webhooks import addresses, endpoints, signature, statements
from bot.outgoing_webhooks.addresses import BadAddress, PrivateAddress, PublicResolver
from bot.outgoing_webhooks.events import Event, EventType, may_read
from bot.runtime import Runtime
from bot.security import audit_log

CALL_SECONDS, CONNECT_SECONDS = 10.0, 5.0
# Seconds for which a delivery is claimed: longer than a call, because a delivery whose claim has
# expired is sent again.
LEASE_SECONDS = 60.0
# Maximum attempts per event. With the backoff, they are spread over about three days.
MAX_ATTEMPTS = 20
FIRST_SECONDS, MAX_BACKOFF = 30.0, 6 * 3600.0
MAX_RETRY_AFTER = 24 * 3600.0
BREAKER_SECONDS = 30.0
WORKER = "worker"

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed event of an endpoint, and the number of this attempt."""

    id: int
    endpoint: UUID
    event: Event
    attempt: int


@dataclass(frozen=True, slots=True)
class Target:
    """The endpoint to call; `readable` are the event types that its account may read now."""

    url: str
    keys: tuple[str, ...]
    readable: frozenset[EventType]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an attempt; `reason` is empty after success.

    `wait` is the number of seconds from the header Retry-After. `final` forbids a retry.
    """

    reason: str = ""
    wait: float = 0.0
    final: bool = False


GONE, FORBIDDEN = "http_410", "forbidden"


@asynccontextmanager
async def dispatcher(
    rt: Runtime, *, clock: Callable[[], float] = time.time
) -> AsyncIterator["Dispatcher"]:
    """Yield a dispatcher; at the end, wait up to GRACE_SECONDS for its running calls."""
    connector = aiohttp.TCPConnector(
        resolver=PublicResolver(rt.settings.webhook_hosts),
        use_dns_cache=False,
        force_close=True,
        limit=0,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=ClientTimeout(total=CALL_SECONDS, sock_connect=CONNECT_SECONDS),
        auto_decompress=False,
    ) as http:
        found = Dispatcher(rt, http, clock)
        try:
            yield found
        finally:
            await found.settle(shutdown.GRACE_SECONDS)


class Dispatcher:
    """Sends due deliveries; each endpoint has a task that ends when none of its events is due."""

    def __init__(
        self, rt: Runtime, http: aiohttp.ClientSession, clock: Callable[[], float]
    ) -> None:
        self._rt, self._http, self._clock = rt, http, clock
        self._endpoint_tasks: dict[UUID, asyncio.Task[None]] = {}

    async def start_due(self) -> None:
        """Claim due deliveries, and start a task for each endpoint that has none yet."""
        by_endpoint = defaultdict[UUID, list[Delivery]](list)
        for each in await self._claim(None):
            by_endpoint[each.endpoint].append(each)
        for endpoint, claimed in by_endpoint.items():
            self._endpoint_tasks[endpoint] = asyncio.create_task(
                self._run_endpoint(endpoint, claimed)
            )

    async def settle(self, seconds: float | None = None) -> None:
        """Wait until the tasks of all endpoints end; after `seconds`, cancel the running ones."""
        if running := set(self._endpoint_tasks.values()):
            _done, late = await asyncio.wait(running, timeout=seconds)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run_endpoint(self, endpoint: UUID, claimed: Sequence[Delivery]) -> None:
        try:
            while claimed and (target := await self._target(endpoint)):
                await asyncio.gather(*(self._send(target, each) for each in claimed))
                claimed = await self._claim(endpoint)
        except PoolTimeout:
            _logger.warning("webhook.postponed", code="E_DATABASE_UNAVAILABLE")
        except Exception:
            _logger.exception("webhook.endpoint_failed")
        finally:
            self._endpoint_tasks.pop(endpoint, None)

    async def _claim(self, endpoint: UUID | None) -> list[Delivery]:
        """Claim due deliveries of `endpoint`; with None, those of all endpoints without a task."""
        busy = [] if endpoint else list(self._endpoint_tasks)
        values = {"endpoint": endpoint, "busy": busy, "lease": LEASE_SECONDS}
        async with self._rt.pool.connection() as transaction:
            rows = await fetch_all(transaction, statements.CLAIM, **values)
        return [_read(row) for row in sorted(rows)]

    async def _target(self, endpoint: UUID) -> Target | None:
        async with self._rt.pool.connection() as transaction:
            row = await fetch_one(transaction, statements.TARGET, endpoint=endpoint)
            if row is None:
                return None
            url, secret, old, now, *officer = row
            owner = directory.read(tuple(officer))
            scopes = await api_tokens.scopes_of(transaction, owner.id)
        current, former = endpoints.unseal_secrets(self._rt, endpoint, secret, old, now)
        keys = (current, *(key for key, _end in former))
        readable = frozenset(each for each in EventType if may_read(owner, scopes, each))
        return Target(endpoints.unseal(self._rt, endpoint, "url", url), keys, readable)

    async def _send(self, target: Target, delivery: Delivery) -> None:
        if delivery.event.type in target.readable:
            outcome = await self._call(target, delivery.event)
        else:
            outcome = Outcome(FORBIDDEN, final=True)
        await self._record(delivery, outcome, endpoints.host_of(target.url))
        metrics.WEBHOOKS.labels(outcome.reason.partition("_")[0] or "ok").inc()
        if outcome.reason:
            _logger.warning(
                "webhook.failed",
                reason=outcome.reason,
                attempt=delivery.attempt,
            )

    async def _call(self, target: Target, event: Event) -> Outcome:
        """Send an event once. Do not read the response's body, and follow no redirect."""
        body, at = event.body(self._rt.settings.public_url), int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Kosh-Webhooks/1",
            "webhook-id": event.message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature.sign(target.keys, event.message_id, at, body),
        }
        try:
            url = addresses.parse(target.url, self._rt.settings.webhook_hosts)
            async with self._http.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return _outcome_of(answer.status, answer.headers.get("Retry-After", ""))
        except BadAddress:
            return Outcome("address")
        except ClientConnectorDNSError as error:
            private = isinstance(error.os_error, PrivateAddress)
            return Outcome("address" if private else "unresolved")
        except TimeoutError:
            return Outcome("timeout")
        except (aiohttp.ClientError, OSError):
            return Outcome("connection")

    async def _record(self, delivery: Delivery, outcome: Outcome, host: str) -> None:
        """Record the outcome of an attempt; disable an endpoint that is gone or keeps failing."""
        attempt, endpoint = delivery.attempt, delivery.endpoint
        values = {"delivery": delivery.id, "of_attempt": attempt, "why": outcome.reason}
        delay = max(
            with_jitter(backoff(attempt, first=FIRST_SECONDS, most=MAX_BACKOFF)), outcome.wait
        )
        is_dead = outcome.final or attempt >= MAX_ATTEMPTS
        state = "delivered" if not outcome.reason else "dead" if is_dead else "pending"
        async with self._rt.pool.connection() as transaction:
            disabled = ""
            if not outcome.reason:
                await execute(transaction, statements.SUCCEEDED, endpoint=endpoint)
            elif outcome.reason != FORBIDDEN:
                disabled = await self._count_failure(transaction, endpoint, outcome)
            await execute(
                transaction,
                statements.OUTCOME,
                **values,
                new_state=state,
                final=state != "pending",
                delay=delay if state == "pending" else 0.0,
            )
            if disabled:
                await _disable(transaction, SwitchedOff(endpoint, host), disabled)

    async def _count_failure(self, transaction: Any, endpoint: UUID, outcome: Outcome) -> str:
        """Count a failed attempt; return why to disable the endpoint, or "" if it stays enabled.

        Also returns a reason if another attempt has disabled the endpoint.
        """
        is_lasting = await fetch_value(
            transaction,
            statements.FAILED,
            endpoint=endpoint,
            rest=outcome.wait,
            breaker=BREAKER_SECONDS,
        )
        if outcome.reason == GONE:
            return "gone"
        return "failing" if is_lasting else ""


async def _disable(transaction: Any, target: SwitchedOff, why: str) -> None:
    """Disable an endpoint and notify its account and the administrators, unless it is disabled.

    The undelivered events become dead letters, also if another attempt has disabled the endpoint
    during this one.
    """
    endpoint = target.endpoint
    is_disabled_now = await fetch_value(transaction, statements.DISABLE, endpoint=endpoint, why=why)
    await execute(transaction, statements.MARK_DEAD, endpoint=endpoint)
    if is_disabled_now:
        await notifications.notify(transaction, Kind.WEBHOOK_OFF, str(target))
        _logger.warning("webhook.disabled", reason=why)
        await audit_log.append(
            transaction,
            actor=WORKER,
            action="webhook.disabled",
            subject=str(endpoint),
            detail=why,
        )


def _outcome_of(status: int, retry_after: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome()
    wait = seconds_to_wait(retry_after, most=MAX_RETRY_AFTER) or 0.0
    return Outcome(f"http_{status}", wait, final=status == 410)


def _read(row: tuple[Any, ...]) -> Delivery:
    number, endpoint, event, kind, subject, state, occurred_at, attempt = row
    return Delivery(
        number, endpoint, Event(event, EventType(kind), subject, state, occurred_at), attempt
    )
