"""Values that a process forgets after some seconds."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Timers(Protocol):
    """A clock in seconds that calls back; the event loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer: ...


class Expiring[Value]:
    """Values by key, each for some seconds; `timers` is the event loop unless it is set."""

    def __init__(self, timers: Timers | None = None) -> None:
        self.timers = timers
        self._values: dict[str, tuple[Value, Timer]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def time(self) -> float:
        return self._clock.time()

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        return self._clock.call_later(delay, callback)

    def get(self, key: str) -> Value | None:
        """Return the value; None if there is none, or its time is over."""
        found = self._values.get(key)
        return found[0] if found else None

    def put(self, key: str, value: Value, seconds: float) -> None:
        """Keep a value in place of an earlier one, for so many seconds from now."""
        if key in self._values:
            self._values[key][1].cancel()
        timer = self.call_later(seconds, lambda: self._values.pop(key))
        self._values[key] = (value, timer)

    @property
    def _clock(self) -> Timers:
        return self.timers or asyncio.get_running_loop()
