"""Limits on files that are received at the same time: in total, per sender, per network address.

A slow sender could otherwise prevent other people from uploading.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from bot.file_sanitizer.memory_file import MemoryFile

RECEPTIONS = 8
MAX_PER_ADDRESS = 4
WAIT_SECONDS = 60.0
RECEPTION_SECONDS = 120.0
# A reception is ended in favour of a waiting file if it is at least this old, in seconds, and
# slower than MIN_RATE in bytes per second.
MIN_AGE_SECONDS = 5.0
MIN_RATE = 16 * 1024
RECHECK_SECONDS = 1.0


@dataclass(eq=False)
class _Running:
    """A file that is being received, and the timeout with which its reception can be ended."""

    file: MemoryFile
    began: float
    limit: asyncio.Timeout


class Receptions:
    """Allows `count` receptions of files at a time, and ends slow ones while other files wait."""

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free = asyncio.Semaphore(count)
        self._sender_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._address_limits: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._running: list[_Running] = []

    @asynccontextmanager
    async def place(self, sender: str, address: str) -> AsyncIterator[None]:
        """Wait until a file may be received; count one reception during the `with` block.

        At the same time, a sender may have one reception and a network address MAX_PER_ADDRESS
        receptions. An empty sender or address has no limit.
        """
        address_limit = asyncio.Semaphore(MAX_PER_ADDRESS)
        sender_lock = (
            self._sender_locks.setdefault(sender, asyncio.Lock()) if sender else asyncio.Lock()
        )
        address_limit = (
            self._address_limits.setdefault(address, address_limit) if address else address_limit
        )
        async with sender_lock, address_limit:
            await self._acquire()
            try:
                yield
            finally:
                self._free.release()

    async def _acquire(self) -> None:
        ending = asyncio.create_task(self._end_slow_receptions())
        try:
            await self._free.acquire()
        finally:
            ending.cancel()

    async def _end_slow_receptions(self) -> None:
        while True:
            self._end_slowest()
            await asyncio.sleep(RECHECK_SECONDS)

    def _end_slowest(self) -> None:
        """End the slowest reception if it is MIN_AGE_SECONDS old and slower than MIN_RATE."""
        rates = {each: self._rate(each) for each in self._running}
        slowest = min(rates, key=rates.__getitem__, default=None)
        if slowest is not None and rates[slowest] < MIN_RATE:
            self._running.remove(slowest)
            slowest.limit.reschedule(asyncio.get_running_loop().time())

    def _rate(self, reception: _Running) -> float:
        age = self._clock() - reception.began
        return reception.file.size / age if age >= MIN_AGE_SECONDS else MIN_RATE

    @asynccontextmanager
    async def running(self, file: MemoryFile) -> AsyncIterator[None]:
        """Limit the time of the `with` block, which receives `file`.

        Raises TimeoutError after RECEPTION_SECONDS, or earlier if the reception is slow and another
        file waits.
        """
        async with asyncio.timeout(RECEPTION_SECONDS) as limit:
            reception = _Running(file, self._clock(), limit)
            self._running.append(reception)
            try:
                yield
            finally:
                if reception in self._running:
                    self._running.remove(reception)
