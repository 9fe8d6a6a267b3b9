"""A worker for announcements alone, with the settings of the environment."""

import asyncio

from bot import jobs, log
from bot.runtime import runtime
from bot.settings import settings


async def main() -> None:
    log.configure("warning")
    async with runtime(settings()) as rt:
        await jobs.announce(rt)


if __name__ == "__main__":
    asyncio.run(main())
