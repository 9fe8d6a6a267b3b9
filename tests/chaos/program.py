"""Run Kosh's program with changes, for the chaos test alone.

The environment variable CHAOS contains the changes as a JSON object. `bot` does not use it.

    CHAOS='{"mutant": "ack-first"}' python -m tests.chaos.program web
"""

import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from dataclasses import replace
from types import ModuleType
from typing import Any

from bot import outbox
from bot.cli import main
from bot.conversations import receive, registry_events, statements
from flows import FLOWS
from flows.engine.questions import YesNo
from flows.engine.text import _, button
from flows.preregistration import PREREGISTRATION
from tests.chaos.launcher import mark_ready
from tests.chaos.mutants import MUTANTS


def broken(mutant: str) -> None:
    """Apply a mutant, which breaks a promise on purpose: the chaos test must detect it."""
    MUTANTS[mutant]()


# Crash at a chosen await of a handler


PASSED: ContextVar[list[int]] = ContextVar("PASSED")
"""Number of checkpoints that the current task has passed, as a list of one item."""

# The functions themselves, not their names, so that a renamed function is a type error.
HANDLERS: dict[str, tuple[tuple[ModuleType, Callable[..., Awaitable[Any]]], ...]] = {
    "update": ((receive, receive.receive), (receive, receive.deliver)),
    "callback": (
        (registry_events, registry_events.record_status_callback),
        (receive, receive.deliver),
    ),
    "write": ((registry_events, registry_events.write_to_registry), (receive, receive.deliver)),
    "sweep": ((outbox, outbox.sweep),),
}


class Watched:
    """Awaitable wrapper that kills the process at a checkpoint, and otherwise changes nothing.

    A checkpoint is passed before and after each real suspension.
    """

    def __init__(self, work: Awaitable[Any], dies_at: int, passed: list[int]) -> None:
        self.work, self.dies_at, self.passed = work, dies_at, passed

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self.work.__await__()
        error: BaseException | None = None
        while True:
            try:
                waits = steps.send(None) if error is None else steps.throw(error)
            except StopIteration as done:
                return done.value
            error = None
            self._pass()
            try:
                yield waits
            except BaseException as thrown:
                error = thrown
            self._pass()

    def _pass(self) -> None:
        self.passed[0] += 1
        if self.passed[0] == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def dying(place: tuple[str, int]) -> None:
    """Wrap a handler so that the process dies at the checkpoint with this number.

    Runs of the handler with fewer checkpoints are unchanged.
    """
    handler, at = place
    for module, function in HANDLERS[handler]:
        setattr(module, function.__name__, _watched(function, at))


def _watched(handler: Callable[..., Awaitable[Any]], at: int) -> Callable[..., Awaitable[Any]]:
    async def watched(*args: Any) -> Any:
        passed = PASSED.get(None) or [0]
        PASSED.set(passed)
        return await Watched(handler(*args), at, passed)

    return watched


# Emulation of another clock and of the next release


def skewed(seconds: float) -> None:
    """Shift this process's clock by `seconds`."""
    true = time.time
    time.time = lambda: true() + seconds


EXPANDED = "release_seen"
"""Column that only the emulated next release writes."""

PETS = YesNo(name="pets", label=button("Pets"), text=_("Have you pets?"))


def released(release: int) -> None:
    """Emulate the next release: ask one more question, and write a new column."""
    flow = FLOWS[PREREGISTRATION.name]
    FLOWS[flow.name] = replace(flow, items=(*flow.items[:-1], PETS, flow.items[-1]))
    written = b"UPDATE conversations SET "
    with_column = b"%s%s = %d, " % (written, EXPANDED.encode(), int(release))
    for count in range(20):
        for noting in (False, True):
            save = statements.save(count, noting=noting)
            assert written in save.text
            save.text = save.text.replace(written, with_column)


CHANGES: dict[str, Callable[[Any], None]] = {
    "mark_ready": mark_ready,
    "mutant": broken,
    "dies_at": dying,
    "skew": skewed,
    "release": released,
}

if __name__ == "__main__":
    for name, value in json.loads(os.environ.get("CHAOS", "{}")).items():
        CHANGES[name](value)
    main()
