"""What comes at once is done at once: one trip to the database for many, and each person in order.

Both are of one process. Between processes the locks of the database hold, as they do without these.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

type Run[Item, Result] = Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]


class Batcher:
    """Batches of what waits: whatever comes while a batch is under way goes with the next.

    Nobody waits for others to come: who finds fewer than `lanes` batches under way goes at once,
    with those who came in the same round of the event loop. `most` is how many go together.
    """

    def __init__(self, most: int, lanes: int) -> None:
        self._most = most
        self._lanes = lanes
        self._under_way = 0
        self._tasks = set[asyncio.Task[None]]()
        self._waiting = deque[tuple[Any, asyncio.Future[Any]]]()

    async def __call__[Item, Result](self, item: Item, run: Run[Item, Result]) -> Result:
        """The result of this item; everybody who comes to one batcher brings the same `run`.

        An error of it is that of all who went together.
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
            while self._waiting:
                size = min(self._most, len(self._waiting))
                await _settle([self._waiting.popleft() for _each in range(size)], run)
        finally:
            self._under_way -= 1


async def _settle(
    batch: Sequence[tuple[Any, asyncio.Future[Any]]], run: Run[Any, Any]
) -> None:
    left = [result for _item, result in batch]
    try:
        found = await run([item for item, _result in batch])
        for result, value in zip(left, found, strict=True):
            if not result.done():
                result.set_result(value)
    except Exception as error:
        for result in left:
            if not result.done():
                result.set_exception(error)
    finally:
        for result in left:
            result.cancel()


class Lines:
    """One at a time for each key, in the order in which they came."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    async def __call__[Result](
        self, key: str, seconds: float, work: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Do the work once what came before it is done; TimeoutError if that takes too long."""
        mine = asyncio.get_running_loop().create_future()
        before, self._last[key] = self._last.get(key), mine
        try:
            if before is not None:
                await asyncio.wait_for(asyncio.shield(before), seconds)
            return await work()
        finally:
            mine.set_result(None)
            if self._last[key] is mine:
                del self._last[key]
