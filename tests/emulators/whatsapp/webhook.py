"""Delivery of events by webhook: signed, in batches, retried until Kosh accepts them."""

import asyncio
import hmac
import secrets
from collections import deque
from dataclasses import dataclass, replace
from hashlib import sha256

import aiohttp

from . import nulls
from .events import Event, Events, body_of
from .journal import Delivery, Journal
from .wire import JSON

SIGNATURE = "X-Hub-Signature-256"
MAX_DELAY = 3600.0
Batch = tuple[Event, ...]


class Unverified(Exception):
    """Raised if Kosh's webhook does not answer the challenge; Meta would not save its URL."""


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """Speed of delivery: `scale` multiplies the waits before retries.

    `patience` is the timeout of one delivery, in seconds.
    """

    scale: float = 1.0
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class Hook:
    """Kosh's webhook URL, the secret that signs bodies, and the maximum of concurrent requests."""

    url: str
    secret: str
    connections: int = 40

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the HTTP headers for a webhook body, including its signature."""
        digest = hmac.new(self.secret.encode(), body, sha256).hexdigest()
        return {"Content-Type": JSON, SIGNATURE: f"sha256={digest}", "User-Agent": "facebookua"}


class WebhookSender:
    """Delivers events to Kosh's URL.

    Each person's messages are delivered in sequence, and so are the statuses of Kosh's messages to
    this person, concurrently with them. With `DeliveryOptions.shuffled`, events have no order,
    because Meta guarantees none. A failed delivery is retried immediately, then after 1, 2, 4 …
    seconds up to an hour (Meta publishes no schedule), for seven days.
    """

    def __init__(
        self, account: str, events: Events, journal: Journal, pace: DeliveryTiming
    ) -> None:
        self.hook: Hook | None = None
        self._account = account
        self._events = events
        self._journal = journal
        self._pace = pace
        self._waiting: deque[Event] = deque()
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._loading = False

    async def set(self, hook: Hook) -> None:
        """Deliver all waiting events, and all later ones, to the webhook."""
        await self.unset()
        self._open()
        self.hook = hook
        self._waiting.extend(self._events.pending.values())
        self._events.listener = self._offer
        self._load()

    async def verify(self, url: str, token: str) -> None:
        """Send the challenge to the URL, as when the webhook is saved in Meta's dashboard."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
        timeout = aiohttp.ClientTimeout(total=self._pace.patience)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, params=query, allow_redirects=False) as answer,
        ):
            if answer.status != 200 or await answer.text() != challenge:
                raise Unverified(f"the webhook answered the challenge with {answer.status}")

    async def unset(self) -> None:
        """Stop delivering; undelivered events stay queued."""
        self.hook, self._events.listener = None, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._waiting.clear()
        self._busy.clear()
        if self._session is not None:
            await self._session.close()

    def release(self) -> None:
        """Deliver the events that were held back."""
        self._events.delivery_options.held = False
        self._load()

    def _open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self._pace.patience)
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)

    def _offer(self, event: Event) -> None:
        self._waiting.append(event)
        # Load all events of one event-loop iteration together, so that they can share a body.
        if not self._loading:
            self._loading = True
            asyncio.get_running_loop().call_soon(self._load)

    def _load(self) -> None:
        self._loading = False
        delivery_options = self._events.delivery_options
        if self.hook is None or delivery_options.held:
            return
        if delivery_options.shuffled:
            self._events.random.shuffle(self._waiting)
        while len(self._tasks) < self.hook.connections and (batch := self._next_batch()):
            task = asyncio.create_task(self._carry(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next_batch(self) -> Batch:
        delivery_options = self._events.delivery_options
        taken: list[Event] = []
        remaining: deque[Event] = deque()
        blocked = set(self._busy)
        for event in self._waiting:
            free = delivery_options.shuffled or event.queue not in blocked
            if len(taken) < delivery_options.batch and free:
                taken.append(event)
            else:
                remaining.append(event)
                blocked.add(event.queue)
        self._waiting = remaining
        self._busy |= {event.queue for event in taken}
        return tuple(taken)

    async def _carry(self, batch: Batch) -> None:
        try:
            await self._deliver(batch)
        finally:
            self._busy -= {event.queue for event in batch}
            asyncio.get_running_loop().call_soon(self._load)

    async def _deliver(self, batch: Batch) -> None:
        delivery_options = self._events.delivery_options
        again = [(one,) for one in batch for _ in range(delivery_options.copies - 1)]
        posts = [self._post(each, 1) for each in (batch, *again)]
        taken = (
            await asyncio.gather(*posts)
            if delivery_options.together
            else [await one for one in posts]
        )
        if not any(taken):
            retries = [(one,) for one in batch] if delivery_options.resplit else [batch]
            await asyncio.gather(*(self._retry(each) for each in retries))
        self._events.done(batch)

    async def _retry(self, batch: Batch) -> None:
        wait, attempt = 0.0, 2
        while not await self._post(batch, attempt):
            wait, attempt = min(max(1.0, wait * 2), MAX_DELAY), attempt + 1
            if self._events.clock() + wait > batch[0].expires:
                return self._events.expire(batch)
            await asyncio.sleep(wait * self._pace.scale)

    async def _post(self, batch: Batch, attempt: int) -> bool:
        assert self._session is not None
        assert self.hook is not None
        delivery_options = self._events.delivery_options
        events = list(batch)
        if delivery_options.nulls:
            events = [replace(one, value=nulls.in_value(one.value)) for one in batch]
        body = body_of(self._account, events, delivery_options.layout)
        try:
            async with self._session.post(
                self.hook.url, data=body, headers=self.hook.headers(body), allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        ids = tuple(event.id for event in batch)
        delivery = Delivery(ids, attempt, status, self._events.clock())
        self._journal.write(delivery)
        return delivery.acknowledged
