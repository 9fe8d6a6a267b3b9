"""Live pages: an event says that something changed and where; the page then fetches itself anew.

Events carry ids only, so who may read what is decided where the page is rendered. They are rows,
numbered in the order of their commits: a page says up to which number it knows, and gets what came
after. One connection of each process hears PostgreSQL's signal, and what a mission's pages ask for
after it is read once for all of them.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import LiteralString, Self

import psycopg
from starlette.datastructures import State
from starlette.responses import Response, StreamingResponse

from bot.desk import views
from bot.observability import logging
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.web.console.request_context import Visit, arrive
from bot.web.console.routing import get
from bot.web.request_parsing import number

HEARTBEAT_SECONDS = 15
LOOK_SECONDS = 10  # less than a heartbeat
SIGNAL = "kosh_case"
RETRY_SECONDS = 1.0
_logger = logging.get()

SETTLE_SECONDS = 0.1  # in which what comes together is told together


@dataclass(frozen=True, slots=True)
class News:
    """What to tell pages that know everything up to a number, and up to which they know then."""

    told: str
    last: int


@dataclass(frozen=True, slots=True)
class _Read:
    """What is being read for several pages: how often it had rung, and when that was."""

    rings: int
    at: float
    task: asyncio.Task[News]

    def is_good(self, rings: int, now: float) -> bool:
        """Whether nothing can have come since; a bell that hears nothing is not believed long."""
        return self.rings == rings and now - self.at < RETRY_SECONDS


class Bell:
    """Rings for every page of this process at a signal; always rings after an outage."""

    def __init__(self, url: str, signal: LiteralString, closing: asyncio.Event) -> None:
        self._url = url
        self._signal = signal
        self._closing = closing
        self.rings = 0
        self._read: dict[tuple[str, int], _Read] = {}
        self._rung = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of(cls, rt: Runtime, state: State, signal: LiteralString = SIGNAL) -> Self:
        """The bell of a process for a signal, made at its first live page."""
        bells: dict[str, Self] = getattr(state, "bells", {})
        if signal not in bells:
            bells[signal] = cls(rt.settings.database("console"), signal, state.closing)
            state.bells = bells
        return bells[signal]

    async def wait(self, rings: int) -> bool:
        """Whether it rang more often than `rings` times, now or within a heartbeat."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(each()) for each in (self._listen, self._end)]
        if self.rings == rings:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._rung.wait()
        return self.rings != rings

    async def news(self, visit: Visit, last: int) -> News:
        """What came after `last` in the officer's mission: of many pages that ask, one reads."""
        place, now = (visit.officer.mission, last), asyncio.get_running_loop().time()
        found = self._read.get(place)
        if found is None or not found.is_good(self.rings, now):
            task = asyncio.create_task(_news(visit, last))
            found = _Read(self.rings, now, task)
            self._read = {at: e for at, e in self._read.items() if e.is_good(self.rings, now)}
            self._read[place] = found
        return await asyncio.shield(found.task)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except psycopg.Error:
                _logger.warning("console.deaf", code="E_UNAVAILABLE")
            await asyncio.sleep(RETRY_SECONDS)

    async def _end(self) -> None:
        """Pages that wait see that the server ends."""
        await self._closing.wait()
        self._ring()

    async def _hear(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {self._signal}")
            self._ring()
            async for _signal in connection.notifies():
                self._ring()

    def _ring(self) -> None:
        self.rings += 1
        self._rung.set()
        self._rung = asyncio.Event()


async def close(state: object) -> None:
    """Take the process's bells down, when the web server ends."""
    bells: dict[str, Bell] = getattr(state, "bells", {})
    for bell in bells.values():
        await bell.close()


async def stream(visit: Visit) -> Response:
    """The events of the officer's mission from where the page stands."""
    last = visit.request.headers.get("last-event-id") or visit.request.query_params.get("at", "")
    return StreamingResponse(
        _events(visit, number(last)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(visit: Visit, last: int) -> AsyncIterator[str]:
    request, state = visit.request, visit.request.app.state
    bell, looked = Bell.of(visit.rt, state), asyncio.get_running_loop().time()
    yield "retry: 1000\n: open\n\n"
    while not state.closing.is_set() and not await request.is_disconnected():
        if (now := asyncio.get_running_loop().time()) - looked > LOOK_SECONDS:
            # The session may have ended or the role changed since; ids alone tell nobody anything.
            looked = now
            if isinstance(await arrive(request), Response):
                yield event("over")
                return
        rings = bell.rings
        found = await bell.news(visit, last)
        last = found.last
        if found.told:
            yield found.told
        elif not await bell.wait(rings):
            yield event("still")
        else:
            await asyncio.sleep(SETTLE_SECONDS)


async def _news(visit: Visit, last: int) -> News:
    found = await views.events(visit.rt, visit.officer, last)
    if found is None:
        last = await views.newest(visit.rt, visit.officer)
        return News(event("resync", event_id=last), last)
    told = (
        event("change", event_id=each.id, case=str(each.case_id), kind=each.kind) for each in found
    )
    return News("".join(told), found[-1].id if found else last)


def event(name: str, *, event_id: int | None = None, **data: str) -> str:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"


ROUTES = [get("/stream", Action.SELF, stream)]
