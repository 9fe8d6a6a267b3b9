"""Cache in the process's memory, whose values expire after a number of seconds."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Timers(Protocol):
    """Clock in seconds with callbacks; asyncio's event loop is one, and tests have another."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer: ...


class Expiring[Value]:
    """Values by key with expiry; `timers` is the running event loop by default."""

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
        """Return the value; None if it is missing or has expired."""
        found = self._values.get(key)
        return found[0] if found else None

    def put(self, key: str, value: Value, seconds: float) -> None:
        """Store a value for `seconds` seconds, replacing an earlier one."""
        if key in self._values:
            self._values[key][1].cancel()
        timer = self.call_later(seconds, lambda: self._values.pop(key))
        self._values[key] = (value, timer)

    @property
    def _clock(self) -> Timers:
        return self.timers or asyncio.get_running_loop()
