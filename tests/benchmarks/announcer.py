"""A worker that only sends announcements, for `./kosh bench broadcast`.

Environment variables contain its settings.
"""

import asyncio

from bot.config.settings import settings
from bot.observability import logging
from bot.runtime import runtime
from bot.worker import main as worker_main


async def main() -> None:
    logging.configure("warning")
    async with runtime(settings()) as rt:
        await worker_main.announce(rt)


if __name__ == "__main__":
    asyncio.run(main())
