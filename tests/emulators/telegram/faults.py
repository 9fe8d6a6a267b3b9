"""Scripted faults: responses to the next calls in place of normal ones."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flooded:
    """429 with a wait in seconds; the call is not executed."""

    retry_after: int = 3


@dataclass(frozen=True, slots=True)
class Broken:
    """A gateway's error page in HTML; the call is executed only if `delivered`."""

    status: int = 502
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Telegram's 400 for a group that became a supergroup; the call is not executed."""

    description: str
    migrate_to_chat_id: int | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """The connection stays open without a response; the call is executed only if `delivered`."""

    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut the connection without a response. If `delivered`, the call is executed first."""

    delivered: bool = True


@dataclass(frozen=True, slots=True)
class Slow:
    """The call is executed, and then answered, after a delay of `seconds`."""

    seconds: float = 1.0


Fault = Flooded | Broken | Rejected | Silent | Cut | Slow
KINDS: dict[str, type[Fault]] = {
    "flooded": Flooded,
    "broken": Broken,
    "rejected": Rejected,
    "silent": Silent,
    "cut": Cut,
    "slow": Slow,
}


@dataclass(slots=True)
class Script:
    """A scripted fault, the number of calls that it still affects, and their method (None: any)."""

    fault: Fault
    times: int
    method: str | None


class Faults:
    """The remaining faults, in the order in which they were added."""

    def __init__(self) -> None:
        self._scripts: deque[Script] = deque()

    def add(self, fault: Fault, times: int = 1, method: str | None = None) -> None:
        """Apply the fault to the next `times` calls (of `method`, or of any)."""
        self._scripts.append(Script(fault, times, method))

    def clear(self) -> None:
        """Remove all faults."""
        self._scripts.clear()

    def meet(self, method: str) -> Fault | None:
        """Return the fault for this call, or None; decrement the fault's remaining count."""
        for script in self._scripts:
            if script.method in (None, method):
                script.times -= 1
                if script.times == 0:
                    self._scripts.remove(script)
                return script.fault
        return None
