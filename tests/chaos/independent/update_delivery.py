"""Deliver updates to the product as Telegram does, with lost acknowledgments and late copies.

Telegram delivers the updates of one chat in order, and repeats one until it is acknowledged with
200. Telegram cannot know whether a lost response was an acknowledgment, so it repeats that update
too. A copy that a proxy held back may arrive after later updates of the same chat.
"""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.chaos.independent.ledger import Ledger
from tests.emulators.telegram import Emulator
from tests.emulators.telegram.updates import Update
from tests.emulators.telegram.wire import Body, read_json

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
TIMEOUT_SECONDS = 12.0
# The emulator queues the button presses of a chat separately: the queue's number is the chat id
# plus a multiple of this.
CALLBACK_STEP = 1 << 33
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)


@dataclass
class UpdateDelivery:
    """Delivers every update to `url`, in order within each queue of the emulator."""

    ledger: Ledger
    emulator: Emulator
    url: str
    secret: str
    rng: random.Random
    # Shares of the updates whose acknowledgment is lost, that are delivered twice at the same time,
    # and that are delivered again later.
    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    # Accounts of people who have consented. Only their updates are delivered again later, because
    # no promise covers such copies before consent.
    known: set[int] = field(default_factory=set)
    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    _queues: dict[int, asyncio.Queue[Update]] = field(default_factory=dict)

    async def begin(self) -> None:
        """Take over the delivery of all updates from the emulator."""
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        )
        self.emulator.world.updates.listener = self.offer

    async def close(self) -> None:
        """Stop delivering."""
        self.emulator.world.updates.listener = None
        for each in self.tasks:
            each.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.http.close()

    def offer(self, update: Update) -> None:
        """Queue an update behind the earlier updates of its queue."""
        if update.queue not in self._queues:
            self._queues[update.queue] = asyncio.Queue()
            self._spawn(self._drain(self._queues[update.queue]))
        self._queues[update.queue].put_nowait(update)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _drain(self, queue: asyncio.Queue[Update]) -> None:
        while True:
            update = await queue.get()
            await self._deliver(update)
            self.emulator.world.updates.done(update)

    async def _deliver(self, update: Update) -> None:
        """Post an update until the product acknowledges it, and the acknowledgment is not lost."""
        attempt = 0
        if self.rng.random() < self.twice:
            self._spawn(self._post_copy(update, 0.0))
        while True:
            attempt += 1
            loses = self.rng.random() < self.lost
            status = await self._post(update, "update", loses=loses)
            if 200 <= status <= 299 and not loses:
                break
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS)) - 1])
        if self.rng.random() < self.late and update.queue % CALLBACK_STEP in self.known:
            self._spawn(self._post_copy(update, self.rng.uniform(0.5, 20.0)))

    async def _post_copy(self, update: Update, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._post(update, "copy")

    async def _post(self, update: Update, kind: str, *, loses: bool = False) -> int:
        """Post an update once; return the status of the response, 0 for no response.

        Execute the Bot API call in the response's body, unless the response counts as lost.
        """
        headers = {"Content-Type": "application/json", SECRET_HEADER: self.secret}
        status, reply = 0, b""
        try:
            async with self.http.post(self.url, data=update.body, headers=headers) as answer:
                status, reply = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        if reply.startswith(b"{") and status == 200 and not loses:
            await self._run_in_body(reply)
        self.ledger.note("post", update=update.id, copy=kind, status=status, lost=loses)
        return status

    async def _run_in_body(self, reply: bytes) -> None:
        """Execute the Bot API call in the body of the product's response, as Telegram does."""
        values = read_json(reply)
        method = values.pop("method", "")
        if method:
            await self.emulator.run(str(method), Body(values, {}))
