"""Delivery of updates by webhook, with the order and retries of Telegram's own server."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from .journal import Delivery, Journal
from .platform_state import PlatformState
from .updates import Update
from .wire import JSON, Params, Refusal, read_reply

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_DELAY = 60
MAX_RETRY_AFTER = 3600
IN_BODY_NEVER = ("get", "setwebhook", "deletewebhook", "close", "logout")
Reply = Callable[[str, Params], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """Speed of delivery: `scale` multiplies the waits before retries.

    `patience` is the timeout of one delivery, in seconds.
    """

    scale: float = 1.0
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The bot's HTTP response to a delivery; status 0 means that no response arrived."""

    status: int
    retry_after: int = 0

    @property
    def good(self) -> bool:
        """Return True if the bot accepted the update."""
        return 200 <= self.status <= 299


class WebhookSender:
    """Delivers updates to the bot's URL.

    Each queue (for example, of one chat's messages) delivers one update at a time. Up to
    `connections` queues deliver concurrently; updates of at most twice as many queues are loaded. A
    failed update is retried immediately, then after 2, 4, 8 … seconds up to a random 60 to 120. A
    Retry-After of the bot is obeyed up to an hour. An update whose next attempt would be after its
    expiry is dropped.
    """

    def __init__(
        self, world: PlatformState, journal: Journal, pace: DeliveryTiming, reply: Reply
    ) -> None:
        self.url = ""
        self.connections = 40
        self._secret = ""
        self._error: Params = {}
        self._world = world
        self._journal = journal
        self._pace = pace
        self._reply = reply
        self._waiting: deque[Update] = deque()
        self._queues: dict[int, deque[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(40)
        self._session: aiohttp.ClientSession | None = None

    async def set(self, url: str, secret: str, connections: int) -> None:
        """Deliver all waiting updates, and all later ones, to the URL."""
        await self.unset()
        self.url, self._secret, self.connections = url, secret, connections
        self._slots = asyncio.Semaphore(connections)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._pace.patience),
        )
        self._waiting.extend(self._world.updates.pending.values())
        self._world.updates.listener = self._offer
        self._load()

    async def unset(self) -> None:
        """Stop delivering; undelivered updates stay queued."""
        self.url, self._error = "", {}
        self._world.updates.listener = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._waiting.clear()
        self._queues.clear()
        if self._session is not None:
            await self._session.close()

    def info(self) -> Params:
        """Return the Bot API's WebhookInfo without the count and kinds of updates."""
        shown: Params = {"url": self.url, "has_custom_certificate": False}
        if self.url:
            shown |= {"max_connections": self.connections, "ip_address": "127.0.0.1"}
        return shown | self._error

    def _offer(self, update: Update) -> None:
        # Load all updates of one event-loop iteration together, so that they can be shuffled.
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._load)
        self._waiting.append(update)

    def _load(self) -> None:
        while self._waiting and len(self._queues) < 2 * self.connections:
            update = self._next()
            if update.id not in self._world.updates.pending:
                continue
            if update.expires < self._world.now():
                self._world.updates.expire(update)
                continue
            # Telegram keeps the order within a queue, so `shuffled` gives every update its own
            # queue.
            queue = -update.id if self._world.updates.delivery_options.shuffled else update.queue
            if queue in self._queues:
                self._queues[queue].append(update)
            else:
                self._queues[queue] = deque([update])
                self._begin(queue)

    def _next(self) -> Update:
        if self._world.updates.delivery_options.shuffled:
            self._waiting.rotate(self._world.updates.random.randrange(len(self._waiting)))
        return self._waiting.popleft()

    def _begin(self, queue: int) -> None:
        task = asyncio.create_task(self._drain(queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, queue: int) -> None:
        line = self._queues[queue]
        while line:
            await self._deliver(line[0])
            line.popleft()
        del self._queues[queue]
        self._load()

    async def _deliver(self, update: Update) -> None:
        delay, attempt = 1, 1
        while not (answer := await self._send(update, attempt)).good:
            wait = min(answer.retry_after, MAX_RETRY_AFTER)
            if not wait and attempt > 1:
                delay = min(random.randint(MAX_DELAY, 2 * MAX_DELAY), delay * 2)
                wait = delay
            if self._world.now() + wait > update.expires:
                return self._world.updates.expire(update)
            attempt += 1
            await asyncio.sleep(wait * self._pace.scale)
        self._world.updates.done(update)

    async def _send(self, update: Update, attempt: int) -> Answer:
        delivery_options = self._world.updates.delivery_options
        copies = (self._post(update, attempt) for _ in range(delivery_options.copies))
        answers = (
            await asyncio.gather(*copies)
            if delivery_options.together
            else [await one for one in copies]
        )
        return max(answers, key=lambda answer: (answer.good, answer.retry_after))

    async def _post(self, update: Update, attempt: int) -> Answer:
        headers = {"Content-Type": JSON} | ({SECRET_HEADER: self._secret} if self._secret else {})
        assert self._session is not None
        async with self._slots:
            try:
                async with self._session.post(
                    self.url, data=update.body, headers=headers, allow_redirects=False
                ) as response:
                    answer = read_answer(response)
                    body = await response.read()
                    reply = read_reply(response.content_type, body) if answer.good else {}
            except (aiohttp.ClientError, TimeoutError, OSError):
                answer, reply = Answer(0), {}
            except Refusal:
                reply = {}
        self._note(update, attempt, answer)
        if "method" in reply:
            await self._run(reply)
        return answer

    def _note(self, update: Update, attempt: int, answer: Answer) -> None:
        now = self._world.now()
        self._journal.write(Delivery(update.id, attempt, answer.status, now))
        if not answer.good:
            what = f"Wrong response from the webhook: {answer.status}"
            what = what if answer.status else "Webhook connection closed"
            self._error = {"last_error_date": int(now), "last_error_message": what}

    async def _run(self, reply: Params) -> None:
        method = str(reply.pop("method"))
        if not method.lower().startswith(IN_BODY_NEVER):
            with contextlib.suppress(Refusal):
                await self._reply(method, reply)


def read_answer(response: aiohttp.ClientResponse) -> Answer:
    """Return status and Retry-After of the bot's response."""
    wait = response.headers.get("Retry-After", "")
    return Answer(response.status, int(wait) if wait.isdecimal() else 0)
