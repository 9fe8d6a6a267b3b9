"""Publish one version after another until the process is killed: `publisher SETTINGS`."""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID

from bot.editorial import drafts
from bot.embedded import Databases
from bot.officers import directory
from bot.runtime import Runtime, runtime
from tests.app_stack import furnished
from tests.editorial.editors import ITEM, TEXTS, publish


def numbered(number: int) -> dict[str, str]:
    """Return sentences in every language that contain the number of their publication."""
    return {code: text.replace("60", str(number)) for code, text in TEXTS.items()}


async def publish_for_ever(rt: Runtime, author: UUID, second: UUID) -> None:
    async with rt.pool.connection() as transaction:
        officers = {each.id: each for each in await directory.everyone(transaction)}
    number = len(await drafts.history(rt, officers[author], ITEM)) + 200
    while True:
        number += 1
        await publish(rt, officers[author], officers[second], texts=numbered(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


async def main(words: str) -> None:
    given = json.loads(words)
    chosen = furnished(Databases(**given["databases"]), given["redis_url"], Path(given["folder"]))
    async with runtime(chosen) as rt:
        await publish_for_ever(rt, UUID(given["author"]), UUID(given["second"]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
