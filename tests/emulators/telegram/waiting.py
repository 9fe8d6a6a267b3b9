"""A condition variable for asyncio tasks that wait for a change of state."""

import asyncio
from collections.abc import Callable


class Signal:
    """A condition variable: each `fire` makes the waiting tasks check their conditions again."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def fire(self) -> None:
        """Wake all tasks that wait for the signal."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until[T](self, ready: Callable[[], T], seconds: float) -> T:
        """Return the first true result of `ready`; raise TimeoutError if none comes in time."""
        async with asyncio.timeout(seconds):
            while not (found := ready()):
                await self._changed.wait()
        return found
