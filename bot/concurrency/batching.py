"""Batching of concurrent calls into one, and serial execution per key.

Both work within one process. Between processes, only database locks synchronise work.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

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

    A batch does not wait until it is full: if fewer than `lanes` batches are running, one starts
    after TICKS loop iterations, with at most `limit` items. Calls during the batches wait for the
    next one.
    """

    def __init__(self, *, limit: int, lanes: int, seconds: float) -> None:
        self._most = limit
        self._lanes = lanes
        self._seconds = seconds
        self._under_way = 0
        self._tasks = set[asyncio.Task[None]]()
        self._waiting = deque[_Waiting]()

    async def __call__[Item, Result](self, item: Item, run: Run[Item, Result]) -> Result:
        """Return the result of `run` for this item; raise the result if it is an exception.

        `run` must be the same function for all callers. An exception of `run` itself is raised to
        all callers of the batch, and to all that wait, since the next batch would fail in the same
        way. Raises WaitedTooLong if the item was not started within `seconds`.
        """
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        self._waiting.append(_Waiting(item, result, loop.time() + self._seconds))
        if self._under_way < self._lanes:
            self._under_way += 1
            task = asyncio.create_task(self._go(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await result

    async def _go(self, run: Run[Any, Any]) -> None:
        now = asyncio.get_running_loop().time
        batch: list[_Waiting] = []
        try:
            while batch := await self._gathered(now):
                try:
                    values = await run([each.item for each in batch])
                    settled = list(zip(batch, values, strict=True))
                except Exception as error:
                    batch += self._taken(len(self._waiting), now())
                    settled = [(each, error) for each in batch]
                for each, value in settled:
                    _settle(each.result, value)
        except BaseException:
            for each in (*batch, *self._waiting):
                each.result.cancel()
            raise
        finally:
            self._under_way -= 1

    async def _gathered(self, now: Callable[[], float]) -> list[_Waiting]:
        for _round in range(TICKS):
            if not 0 < len(self._waiting) < self._most:
                break
            await asyncio.sleep(0)
        return self._taken(self._most, now())

    def _taken(self, limit: int, now: float) -> list[_Waiting]:
        """Remove up to `limit` waiting items and return them, without cancelled ones.

        Items over their time limit get WaitedTooLong.
        """
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < limit:
            each = self._waiting.popleft()
            if each.until < now:
                _settle(each.result, WaitedTooLong())
            elif not each.result.done():
                batch.append(each)
        return batch


def _settle(result: asyncio.Future[Any], value: object) -> None:
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
                # This caller gives up, but later callers must still wait for the earlier work.
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
