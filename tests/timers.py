"""A replacement of an event loop's timers, which a test fires by advancing the time."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class _Timer:
    due: float
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Clock:
    """A clock in seconds whose timers fire only when a test calls `advance`."""

    now: float = 1000.0
    timers: list[_Timer] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> _Timer:
        self.timers.append(timer := _Timer(self.now + delay, callback))
        return timer

    @property
    def running(self) -> list[_Timer]:
        return [each for each in self.timers if not each.cancelled]

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [each for each in self.timers if each.due <= until]:
            first = min(due, key=lambda each: each.due)
            self.timers.remove(first)
            self.now = max(self.now, first.due)
            if not first.cancelled:
                first.callback()
        self.now = until
