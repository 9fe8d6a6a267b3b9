"""Pub/sub: the subscriptions of this process, over one connection."""

import asyncio
import math
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

_MAX_QUEUED: Final = 32


@dataclass(frozen=True)
class Notification:
    """A message on a topic; the constant `MISSED` means that messages may have been lost."""

    topic: str
    data: bytes


MISSED: Final = Notification("", b"")


class Subscription:
    """Queue of notifications for one listener.

    If the queue is full, its content is replaced by `MISSED`.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Notification] = asyncio.Queue(_MAX_QUEUED)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notification:
        return await self._queue.get()

    def notify(self, notification: Notification) -> None:
        """Enqueue a notification without waiting for the listener."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            notification = MISSED
        self._queue.put_nowait(notification)


@dataclass(eq=False)
class _Topic:
    subscriptions: set[Subscription] = field(default_factory=set)
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False

    def notify(self, notification: Notification) -> None:
        for each in self.subscriptions:
            each.notify(notification)


class PubSubConnection:
    """The only pub/sub connection of a process, and its subscriptions by topic."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._topics: dict[str, _Topic] = {}
        self._connection: AbstractConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def join(self, names: list[str], subscription: Subscription) -> None:
        """Subscribe to topics; return after the server has confirmed each subscription."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_for_ever())
        new = [name for name in names if name not in self._topics]
        topics = [self._topics.setdefault(name, _Topic()) for name in names]
        for topic in topics:
            topic.subscriptions.add(subscription)
        await self._send("SUBSCRIBE", new)
        for topic in topics:
            await topic.confirmed.wait()

    async def leave(self, names: list[str], subscription: Subscription) -> None:
        """Unsubscribe a listener.

        Topics that have no other listener are unsubscribed at the server.
        """
        unused = []
        for name in names:
            topic = self._topics.get(name)
            if topic and not topic.subscriptions - {subscription}:
                unused.append(name)
                del self._topics[name]
            elif topic:
                topic.subscriptions.discard(subscription)
        with suppress(RedisError, OSError):
            await self._send("UNSUBSCRIBE", unused)

    async def drop(self) -> None:
        """Close a connection that may be dead; the reader task then opens a new one."""
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)

    async def close(self) -> None:
        """Stop the reader task and close the connection."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _read_for_ever(self) -> None:
        while True:
            connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                with suppress(RedisError, OSError):
                    await self._read(connection)
            finally:
                await connection.disconnect(nowait=True)
            for topic in self._topics.values():
                topic.interrupted |= topic.confirmed.is_set()
                topic.confirmed.clear()
            await asyncio.sleep(random.uniform(0.05, 0.5))

    async def _read(self, connection: AbstractConnection) -> None:
        await connection.connect()  # type: ignore[no-untyped-call]
        self._connection = connection
        await self._send("SUBSCRIBE", list(self._topics))
        while True:
            reply = await connection.read_response(timeout=math.inf, push_request=True)
            self._pass_on(reply[0], reply[1].decode(), reply[2])

    async def _send(self, command: str, names: list[str]) -> None:
        # Without a connection no command is sent, because a new connection subscribes to all
        # topics. `send_command` must not reconnect, since no task would read from that connection.
        if names and self._connection is not None and self._connection.is_connected:
            await self._connection.send_command(command, *names, check_health=False)

    def _pass_on(self, kind: bytes, name: str, data: Any) -> None:
        topic = self._topics.get(name)
        if topic is None:
            return
        if kind == b"message":
            topic.notify(Notification(name.removeprefix("wake:"), data))
        elif kind == b"subscribe":
            topic.confirmed.set()
            if topic.interrupted:
                topic.interrupted = False
                topic.notify(MISSED)
