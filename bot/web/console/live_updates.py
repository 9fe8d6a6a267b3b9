"""Notify open console pages of changes by server-sent events; pages then reload their content.

Events contain only ids. Permissions are checked when the page is rendered again. Events are
database rows, numbered in commit order. A page sends the number of the last event that it has, and
gets all later events. Each server process listens to PostgreSQL on one connection. The process
reads new events once for all pages of a mission that have the same last event.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, LiteralString, Self

import psycopg
from fastapi import APIRouter
from psycopg.sql import SQL, Identifier
from starlette.datastructures import State
from starlette.responses import Response

from bot.desk import views
from bot.observability import logging
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.web.console.request_context import RequestContext, authenticate
from bot.web.console.routing import ConsoleRoute, require
from bot.web.event_stream import event_stream
from bot.web.request_parsing import number

HEARTBEAT_SECONDS = 15
SESSION_CHECK_SECONDS = 10  # below HEARTBEAT_SECONDS, so that each heartbeat checks the session
NOTIFICATION = "kosh_case"
RETRY_SECONDS = 1.0
_logger = logging.get()

COALESCE_SECONDS = 0.1  # changes within this time are sent together

router = APIRouter(route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class Changes:
    """Events as text in server-sent-event format; `last` is the number of the last of them."""

    events: str
    last: int


@dataclass(frozen=True, slots=True)
class _Read:
    """A database read of new events that several pages share.

    `version` is the feed's count of notifications and reconnections when the read began. `at` is
    the event loop's time at that moment.
    """

    version: int
    at: float
    task: asyncio.Task[Changes]

    def is_current(self, version: int, now: float) -> bool:
        """Return True if another page can share this read.

        The read must be recent, and no change may have been notified since it began. Since a
        disconnected feed gets no notifications, a read is shared for RETRY_SECONDS at most.
        """
        return self.version == version and now - self.at < RETRY_SECONDS


class ChangeFeed:
    """Wakes this process's open pages after each PostgreSQL NOTIFY and after each reconnection.

    `version` counts these events, so that a page can see that it missed one.
    """

    def __init__(self, url: str, notification: LiteralString, closing: asyncio.Event) -> None:
        self._url = url
        self._notification = notification
        self._closing = closing
        self.version = 0
        self._read: dict[tuple[str, int], _Read] = {}
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of(cls, rt: Runtime, state: State, notification: LiteralString = NOTIFICATION) -> Self:
        """Return this process's feed of a PostgreSQL channel; the first call creates the feed."""
        feeds: dict[str, Self] = getattr(state, "feeds", {})
        if notification not in feeds:
            feeds[notification] = cls(rt.settings.database("console"), notification, state.closing)
            state.feeds = feeds
        return feeds[notification]

    async def wait(self, version: int) -> bool:
        """Wait for a change that the caller has not seen; return True if there is one.

        `version` is the feed's version when the caller last read the changes. Return False if it is
        still the same after HEARTBEAT_SECONDS.
        """
        if not self._tasks:
            self._tasks = [asyncio.create_task(each()) for each in (self._listen, self._end)]
        if self.version == version:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._changed.wait()
        return self.version != version

    async def changes(self, context: RequestContext, last: int) -> Changes:
        """Return the events of the officer's mission after event number `last`.

        Pages of a mission with the same `last` share a database read.
        """
        key, now = (context.officer.mission, last), asyncio.get_running_loop().time()
        found = self._read.get(key)
        if found is None or not found.is_current(self.version, now):
            task = asyncio.create_task(_changes(context, last))
            found = _Read(self.version, now, task)
            self._read = {
                at: each for at, each in self._read.items() if each.is_current(self.version, now)
            }
            self._read[key] = found
        return await asyncio.shield(found.task)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                await self._receive()
            except psycopg.Error:
                _logger.warning("live.disconnected", code="E_UNAVAILABLE")
            await asyncio.sleep(RETRY_SECONDS)

    async def _end(self) -> None:
        """Wake all pages when the server shuts down, so that their streams end."""
        await self._closing.wait()
        self._bump()

    async def _receive(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        async with connection:
            await connection.execute(SQL("LISTEN {}").format(Identifier(self._notification)))
            self._bump()
            async for _each in connection.notifies():
                self._bump()

    def _bump(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()


async def close(state: object) -> None:
    """Stop all feeds of database changes in this process, when the server shuts down."""
    feeds: dict[str, ChangeFeed] = getattr(state, "feeds", {})
    for feed in feeds.values():
        await feed.close()


@router.get("/stream")
async def stream(
    context: Annotated[RequestContext, require(Action.SELF)], at: str = ""
) -> Response:
    """Return an event stream of the officer's mission, after the last event that the page has.

    `at` is the number of that event. The header Last-Event-ID, if the browser sends it, replaces
    `at`.
    """
    last = number(context.request.headers.get("last-event-id") or at)
    return event_stream(_events(context, last))


async def _events(context: RequestContext, last: int) -> AsyncGenerator[str]:
    request, state = context.request, context.request.app.state
    feed, checked = ChangeFeed.of(context.rt, state), asyncio.get_running_loop().time()
    yield "retry: 1000\n: open\n\n"
    while not state.closing.is_set() and not await request.is_disconnected():
        if (now := asyncio.get_running_loop().time()) - checked > SESSION_CHECK_SECONDS:
            # The session may have ended, or the officer's role may have changed. A check every
            # SESSION_CHECK_SECONDS suffices, because the stream reveals only ids.
            checked = now
            if isinstance(await authenticate(request), Response):
                yield event("over")
                return
        version = feed.version
        found = await feed.changes(context, last)
        last = found.last
        if found.events:
            yield found.events
        elif not await feed.wait(version):
            yield event("still")
        else:
            await asyncio.sleep(COALESCE_SECONDS)


async def _changes(context: RequestContext, last: int) -> Changes:
    found = await views.events(context.rt, context.officer, last)
    if found is None:
        last = await views.newest(context.rt, context.officer)
        return Changes(event("resync", event_id=last), last)
    events = (
        event("change", event_id=each.id, case=str(each.case_id), kind=each.kind) for each in found
    )
    return Changes("".join(events), found[-1].id if found else last)


def event(name: str, *, event_id: int | None = None, **data: str) -> str:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"
