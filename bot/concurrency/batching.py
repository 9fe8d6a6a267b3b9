"""Batching of concurrent calls into one, and execution of work one at a time per key.

Both work within one process only; between processes, database locks are needed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.concurrency.expiring import Timers

# Event loop iterations before a batch starts, so that requests already in the process can join it.
# On an idle loop these iterations take a few microseconds.
TICKS = 4

type Run[Item, Result] = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class WaitedTooLong(Exception):
    """The work was not started within the time limit, because earlier work took too long."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Any
    result: asyncio.Future[Any]
    until: float


class Batcher:
    """Collects concurrent calls into batches.

    A batch does not wait until it is full: if fewer than `concurrency` batches are running, one
    starts after TICKS iterations of the event loop, with at most `limit` items. Calls that arrive
    while `concurrency` batches are running wait for the next batch. After a batch of several items,
    the next one starts `interval` seconds later or when it is full, so that more calls share a
    batch under load. After a batch of one item, the next batch starts without this interval.
    """

    def __init__(
        self,
        *,
        limit: int,
        concurrency: int,
        seconds: float,
        interval: float = 0.0,
        timers: Timers | None = None,
    ) -> None:
        self._limit = limit
        self._concurrency = concurrency
        self._seconds = seconds
        self._interval = interval
        self._timers = timers
        self._under_way = 0
        self._is_gathering = False
        self._next_start = 0.0
        self._until_start: asyncio.Future[None] | None = None
        self._tasks = set[asyncio.Task[None]]()
        self._waiting = deque[_Waiting]()

    async def __call__[Item, Result](self, item: Item, run: Run[Item, Result]) -> Result:
        """Return the result of `run` for this item; raise the result if it is an exception.

        `run` must be the same function for all callers. An exception of `run` itself is raised to
        all callers of the batch, and to all that wait, since the next batch would fail in the same
        way. Raises WaitedTooLong if the item was not started within `seconds`.
        """
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, result, self._clock.time() + self._seconds))
        if self._until_start is not None and len(self._waiting) >= self._limit:
            _set_result(self._until_start, None)
        self._start_task(run)
        return await result

    @property
    def _clock(self) -> Timers:
        return self._timers or asyncio.get_running_loop()

    def _start_task(self, run: Run[Any, Any]) -> None:
        """Start a task that runs the waiting items as a batch.

        Does nothing if a task is already collecting items, or if `concurrency` batches are running.
        """
        if self._waiting and not self._is_gathering and self._under_way < self._concurrency:
            self._under_way += 1
            self._is_gathering = True
            task = asyncio.create_task(self._run_batches(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_batches(self, run: Run[Any, Any]) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := await self._next_batch():
                self._start_task(run)
                try:
                    values = await run([each.item for each in batch])
                    results = list(zip(batch, values, strict=True))
                except Exception as error:
                    batch += self._take_batch(len(self._waiting))
                    results = [(each, error) for each in batch]
                for each, value in results:
                    _set_result(each.result, value)
                if self._is_gathering:
                    break
        except BaseException:
            for each in (*batch, *self._waiting):
                each.result.cancel()
            raise
        finally:
            self._under_way -= 1

    async def _next_batch(self) -> list[_Waiting]:
        """Wait until the next batch may start; remove its items from the queue and return them."""
        self._is_gathering = True
        try:
            for _round in range(TICKS):
                if not 0 < len(self._waiting) < self._limit:
                    break
                await asyncio.sleep(0)
            delay = self._next_start - self._clock.time()
            if delay > 0 and 0 < len(self._waiting) < self._limit:
                await self._full_or_after(delay)
        finally:
            self._is_gathering = False
        if len(self._waiting) > 1:
            self._next_start = self._clock.time() + self._interval
        return self._take_batch(self._limit)

    async def _full_or_after(self, seconds: float) -> None:
        """Return after `seconds`, or when the next batch is full."""
        until = self._until_start = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(seconds, lambda: _set_result(until, None))
        try:
            await until
        finally:
            timer.cancel()
            self._until_start = None

    def _take_batch(self, limit: int) -> list[_Waiting]:
        """Remove up to `limit` waiting items, drop those of cancelled callers, and return the rest.

        Items over their time limit get WaitedTooLong.
        """
        now = self._clock.time()
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < limit:
            each = self._waiting.popleft()
            if each.until < now:
                _set_result(each.result, WaitedTooLong())
            elif not each.result.done():
                batch.append(each)
        return batch


def _set_result(result: asyncio.Future[Any], value: object) -> None:
    """Set the result or exception of a future, unless its caller has been cancelled."""
    if result.done():
        return
    if isinstance(value, Exception):
        result.set_exception(value)
    else:
        result.set_result(value)


class SerialQueue:
    """Runs work one at a time per key, in the order of the calls."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: dict[str, asyncio.Future[None]] = {}

    async def __call__[Result](self, key: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run `work` after all earlier work of this key; return its result.

        Raises WaitedTooLong if the earlier work takes longer than `seconds`.
        """
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        before, self._last[key] = self._last.get(key), mine
        if before is not None:
            try:
                # Shielded, since a cancellation of this caller must not cancel a future for which
                # others wait.
                await asyncio.wait_for(asyncio.shield(before), self._seconds)
            except BaseException as error:
                # This caller raises an error, but later callers of the key must still wait for the
                # earlier work.
                before.add_done_callback(lambda _before: self._leave(key, mine))
                if isinstance(error, TimeoutError):
                    raise WaitedTooLong from None
                raise
        try:
            return await work()
        finally:
            self._leave(key, mine)

    def _leave(self, key: str, mine: asyncio.Future[None]) -> None:
        mine.set_result(None)
        if self._last.get(key) is mine:
            del self._last[key]
