"""Program for tests that kill publishers: `python -m tests.editorial.publisher SETTINGS`.

The program waits for lines on standard input. At each line it forks a publisher, a process that
publishes versions of a fact until the test kills it. A forked process need not import the modules
again, which takes two seconds. The publisher prints its process id, then the number of each
published version. When the publisher has been killed, the program prints ENDED and waits again.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

from bot.editorial import drafts
from bot.embedded import Databases
from bot.officers import directory
from bot.runtime import Runtime, runtime
from tests.app_stack import stack_settings
from tests.chaos.worker_forks import DIE_WITH_PARENT
from tests.editorial.editors import ITEM, TEXTS, publish

ENDED = "ended"


def numbered_texts(number: int) -> dict[str, str]:
    """Return one sentence for each language, which contains the number of its publication."""
    return {code: text.replace("60", str(number)) for code, text in TEXTS.items()}


async def publish_forever(rt: Runtime, author: UUID, second: UUID) -> None:
    async with rt.pool.connection() as transaction:
        officers = {each.id: each for each in await directory.everyone(transaction)}
    number = len(await drafts.history(rt, officers[author], ITEM)) + 200
    while True:
        number += 1
        await publish(rt, officers[author], officers[second], texts=numbered_texts(number))
        print(number, flush=True)


async def main(words: str) -> None:
    given = json.loads(words)
    chosen = stack_settings(
        Databases(**given["databases"]), given["redis_url"], Path(given["folder"])
    )
    async with runtime(chosen) as rt:
        await publish_forever(rt, UUID(given["author"]), UUID(given["second"]))


def serve(words: str) -> None:
    """Fork a publisher for each line of standard input; print ENDED when it has ended."""
    for _line in sys.stdin:
        child = os.fork()
        if not child:
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
            print(os.getpid(), flush=True)
            asyncio.run(main(words))
        os.waitpid(child, 0)
        print(ENDED, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
