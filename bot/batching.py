"""What comes at once is done at once: one trip to the database for many, and each person in order.

Both hold within a process. Between processes the database's locks hold, as they would without them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

type Run[Item, Result] = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class Batcher:
    """Batches of what waits: whatever comes while a batch is under way goes with the next.

    Nobody waits for others to come: who finds fewer than `lanes` batches under way goes at once,
    with those who came in the same round of the event loop. `most` is how many go together.
    """

    def __init__(self, *, most: int, lanes: int) -> None:
        self._most = most
        self._lanes = lanes
        self._under_way = 0
        self._tasks = set[asyncio.Task[None]]()
        self._waiting = deque[tuple[Any, asyncio.Future[Any]]]()

    async def __call__[Item, Result](self, item: Item, run: Run[Item, Result]) -> Result:
        """What `run`, the same for everybody, makes of this item; a result that is an error raises.

        What it raises is raised to all who went together, and to all who wait: they would only wait
        for the same.
        """
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._under_way < self._lanes:
            self._under_way += 1
            task = asyncio.create_task(self._go(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await result

    async def _go(self, run: Run[Any, Any]) -> None:
        try:
            while batch := self._taken(self._most):
                try:
                    values = await run([item for item, _result in batch])
                    settled = list(zip(batch, values, strict=True))
                except Exception as error:
                    batch += self._taken(len(self._waiting))
                    settled = [(each, error) for each in batch]
                except BaseException:
                    for _item, result in batch:
                        result.cancel()
                    raise
                for (_item, result), value in settled:
                    _settle(result, value)
        finally:
            self._under_way -= 1

    def _taken(self, most: int) -> list[tuple[Any, asyncio.Future[Any]]]:
        """The next of those who still wait."""
        batch: list[tuple[Any, asyncio.Future[Any]]] = []
        while self._waiting and len(batch) < most:
            item, result = self._waiting.popleft()
            if not result.done():
                batch.append((item, result))
        return batch


def _settle(result: asyncio.Future[Any], value: object) -> None:
    """Tell whoever waits; somebody who was interrupted meanwhile does not."""
    if result.done():
        return
    if isinstance(value, Exception):
        result.set_exception(value)
    else:
        result.set_result(value)


class LineTooLong(Exception):
    """What came before took too long."""


class Lines:
    """One at a time for each key, in the order in which they came."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: dict[str, asyncio.Future[None]] = {}

    async def __call__[Result](self, key: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do the work after what came before; LineTooLong if that takes longer than `seconds`."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        before, self._last[key] = self._last.get(key), mine
        try:
            if before is not None:
                await self._wait(before)
            return await work()
        finally:
            mine.set_result(None)
            if self._last.get(key) is mine:
                del self._last[key]

    async def _wait(self, before: asyncio.Future[None]) -> None:
        try:
            # Shielded, since others may wait for it too.
            await asyncio.wait_for(asyncio.shield(before), self._seconds)
        except TimeoutError:
            raise LineTooLong from None
