"""Process that forks a broadcast worker, and another one as soon as the worker is killed.

Forking avoids the time of importing. Usage: `python -m tests.chaos.worker_forks [mutant]`. Each
line on standard output is the process id of a new worker.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

from bot.broadcasts import sending_statements, shard_statements
from bot.config.settings import settings
from bot.observability import logging
from bot.runtime import runtime
from bot.worker import main as worker_main

DIE_WITH_PARENT = 1


def retry_in_doubt() -> None:
    """Break the workers: repeat a message whose lease expired, although it may have been sent."""
    doubt = b"SET state='in_doubt', reason='crash'"
    assert doubt in sending_statements.DOUBT_CRASHED.text
    text = sending_statements.DOUBT_CRASHED.text
    sending_statements.DOUBT_CRASHED.text = text.replace(doubt, b"SET state='planned', reason=''")


def mark_sent_first() -> None:
    """Break the workers: mark a message as sent before sending it."""
    claimed = b"SET state = split_part(j.new_state, ' ', 1)"
    returning = b"RETURNING r.seq, r.attempt, r.state,"
    text = shard_statements.CLAIM.text
    assert claimed in text
    assert returning in text
    text = text.replace(
        claimed, b"SET state = replace(split_part(j.new_state, ' ', 1), 'claimed', 'accepted')"
    ).replace(returning, b"RETURNING r.seq, r.attempt, replace(r.state, 'accepted', 'claimed'),")
    shard_statements.CLAIM = replace(shard_statements.CLAIM, text=text)


MUTANTS: dict[str, Callable[[], None]] = {
    "lease-planned": retry_in_doubt,
    "note-first": mark_sent_first,
}


async def _work() -> None:
    async with runtime(settings()) as rt:
        await worker_main.announce(rt)


def _child() -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    asyncio.run(_work())


def main() -> None:
    logging.configure("warning")
    for name in sys.argv[1:]:
        MUTANTS[name]()
    while True:
        child = os.fork()
        if not child:
            _child()
            os._exit(1)
        print(child, flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
