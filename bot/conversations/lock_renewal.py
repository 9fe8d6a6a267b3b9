"""Renewal of the lock of an anonymous session during slow calls to the platform."""

import asyncio
from contextlib import suppress
from typing import Self

from bot.cache import CacheUnavailable
from bot.runtime import Runtime

# Seconds between renewals: less than half of the lease of 5 s, so that one failed renewal does not
# lose the lock.
RENEW_SECONDS = 2.0


class LockRenewal:
    """Context manager that renews a session's lock every RENEW_SECONDS during its block.

    A call to the platform can last 30 s, but the lease of the lock lasts 5 s. After the lease, the
    next update would start from the state before this turn, and the effect of one of the two
    updates would be lost. An empty `token` means that the lock is not held; then nothing is
    renewed.
    """

    def __init__(self, rt: Runtime, key: str, token: str) -> None:
        self._rt, self._key, self._token = rt, key, token
        self._ended = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # Most calls are quick, so a timer is used, which costs less than a task.
        if self._token:
            self._timer = asyncio.get_running_loop().call_later(RENEW_SECONDS, self._start)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            # Wait for a renewal that is still running: after the lock's release it would lock the
            # session again.
            self._ended.set()
            await asyncio.wait({self._task})

    def _start(self) -> None:
        self._task = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        while not self._ended.is_set():
            with suppress(CacheUnavailable):
                await self._rt.valkey.hold(self._key, self._token)
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._ended.wait()
