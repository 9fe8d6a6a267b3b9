"""Run a command of the product with a deliberate fault, which the judge of the run must report.

python -m tests.chaos.independent.mutants early-ack web --port 8080
"""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4


def put(place: object, name: str, value: object) -> None:
    """Replace a name of the product; fail if the product has no such name any more."""
    getattr(place, name)
    setattr(place, name, value)


def early_ack() -> None:
    """Acknowledge an update before its transaction commits."""
    from bot.conversations import receive

    real, running = receive.receive, set[asyncio.Task[None]]()

    async def finish(rt: Any, arrival: Any) -> None:
        await receive.deliver(rt, await real(rt, arrival))

    async def early(rt: Any, arrival: Any, *_place: Any) -> None:
        task = asyncio.create_task(finish(rt, arrival))
        running.add(task)
        task.add_done_callback(running.discard)

    put(receive, "receive", early)


def no_deduplication() -> None:
    """Process every delivery of an update as a new update."""
    from bot.conversations import store

    put(store, "update_keys", lambda *_about: (os.urandom(32),))


def erasure_keeps_rows() -> None:
    """Erase only the chat accounts (handles) of a person, and keep all other rows."""
    from sqlalchemy import bindparam, delete

    from bot.db import tables as t
    from bot.db.statements import statement
    from bot.privacy import erasure

    handles = delete(t.Handle).where(t.Handle.person_id == bindparam("person"))
    put(erasure, "_DELETE_PERSON", statement(handles))


def erasure_forgets_registry() -> None:
    """Erase a person in the product, but leave their answers at the registry."""
    from bot.registrations import submissions

    async def nothing(_rt: Any, _transaction: Any, _person: UUID) -> None:
        return

    put(submissions, "request_erasure", nothing)


def new_keys() -> None:
    """Send each attempt of a registry write under a new idempotency key, without a look-up."""
    from bot.registrations import registry_writes

    put(registry_writes.Write, "key", property(lambda _write: uuid4().hex))


def no_sweep() -> None:
    """Never send the replies that a killed process had not sent."""
    from bot.worker import main

    async def nothing(_rt: Any) -> None:
        return

    put(main, "sweep", nothing)


def logs_words() -> None:
    """Write what people type into the log, past the filter that allows only known fields."""
    from bot.conversations import receive

    real = receive.receive

    async def logged(rt: Any, arrival: Any, *place: Any) -> Any:
        print("received", arrival, file=sys.stderr)
        return await real(rt, arrival, *place)

    put(receive, "receive", logged)


@dataclass(frozen=True)
class Mutant:
    """A deliberate fault in the product, and the injected faults that soon make it visible."""

    apply: Callable[[], None]
    around: tuple[str, ...] = ("bad telegram",)


MUTANTS = {
    "early-ack": Mutant(early_ack, ("kill postgres",)),
    "no-deduplication": Mutant(no_deduplication),
    "erasure-keeps-rows": Mutant(erasure_keeps_rows),
    "erasure-forgets-registry": Mutant(erasure_forgets_registry),
    "new-keys": Mutant(new_keys, ("bad registry",)),
    "no-sweep": Mutant(no_sweep, ("kill web",)),
    "logs-words": Mutant(logs_words),
}


if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)].apply()
    from bot.cli import main

    main()
