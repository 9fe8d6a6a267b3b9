"""Scripted faults: a test selects calls of Kosh that fail, and how they fail."""

from collections import deque
from dataclasses import dataclass

from tests.emulators.telegram.faults import Broken, Cut, Silent, Slow


@dataclass(frozen=True, slots=True)
class Refused:
    """The call is rejected with one of Meta's codes; nothing is executed.

    With `retry_after`, the response has this header, and the status 429.
    """

    code: int
    details: str = ""
    subcode: int | None = None
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The message is accepted, and a later status reports that it failed with the code."""

    code: int
    details: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """The message is accepted, but neither delivered nor followed by a status."""


Fault = Refused | Failed | Lost | Broken | Silent | Cut | Slow
KINDS: dict[str, type[Fault]] = {
    "refused": Refused,
    "failed": Failed,
    "lost": Lost,
    "broken": Broken,
    "silent": Silent,
    "cut": Cut,
    "slow": Slow,
}


@dataclass(slots=True)
class Script:
    """A fault for `times` calls of `method` to the phone number or user id `to` (None: any).

    The first `after` matching calls are not affected.
    """

    fault: Fault
    times: int
    method: str | None
    to: str | None
    after: int = 0

    def meets(self, method: str, to: str) -> bool:
        """Return True if the fault applies to a call of `method` to the recipient `to`.

        A call that marks messages as read matches only a fault whose method is "read".
        """
        wanted = self.method or ("messages" if isinstance(self.fault, Failed | Lost) else method)
        return (
            wanted == method and self.to in (None, to) and (method != "read" or bool(self.method))
        )


class Faults:
    """The remaining faults, in the order in which they were added."""

    def __init__(self) -> None:
        self._scripts: deque[Script] = deque()

    def add(
        self,
        fault: Fault,
        times: int = 1,
        method: str | None = None,
        to: str | None = None,
        after: int = 0,
    ) -> None:
        """Add a fault; see Script."""
        self._scripts.append(Script(fault, times, method, to, after))

    def clear(self) -> None:
        """Remove all faults."""
        self._scripts.clear()

    def meet(self, method: str, to: str = "") -> Fault | None:
        """Return the first matching fault, or None, and decrement the fault's remaining count."""
        for script in self._scripts:
            if script.meets(method, to):
                if script.after:
                    script.after -= 1
                    continue
                script.times -= 1
                if script.times == 0:
                    self._scripts.remove(script)
                return script.fault
        return None
