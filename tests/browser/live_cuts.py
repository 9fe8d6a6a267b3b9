"""Long test of live pages on a bad connection: `python -m tests.browser.live_cuts --minutes 10`.

While cases change, the test cuts the connection of an officer's browser at random moments. Some
cuts last so long that the page stops polling. After the last cut, the page must show the same as a
freshly loaded one.
"""

import argparse
import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot import desk
from bot.desk import views
from bot.desk.views import Filter, Queue
from bot.officers import directory
from tests.app_stack import AppStack
from tests.browser.chromium import launched
from tests.browser.console_pictures import stack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.browser.officer import Officer
from tests.officer_names import BERIK, MARAT
from tests.visitor import Visitor

PAGES = ("/console/inbox?queue=all", "/console/now")
ROUND_SECONDS = 30.0
SLEEP_SECONDS = 50.0  # longer than a heartbeat and the delay before polling
SLOW = 60.0


@dataclass
class CutCounts:
    """Counts of this test; `slowest` is the longest time in seconds until a page was up to date."""

    cuts: int = 0
    actions: int = 0
    rounds: int = 0
    sleeps: int = 0
    slowest: float = 0.0


async def cut(
    stack: AppStack, page: Any, visitors: list[Visitor], seconds: float, counts: CutCounts
) -> None:
    """Cut and restore a page's connection at random for `seconds` seconds.

    Restore it at the end.
    """
    rng = random.Random(counts.rounds)
    end, cut_off = time.monotonic() + seconds, False
    while time.monotonic() < end:
        before, cut_off = cut_off, rng.random() < 0.5
        counts.cuts += cut_off and not before
        await page.context.set_offline(cut_off)
        counts.actions += await act_at_random(stack, rng, visitors)
        await asyncio.sleep(rng.uniform(0, 0.4))
    await page.context.set_offline(False)


async def sleep(stack: AppStack, page: Any, visitors: list[Visitor], counts: CutCounts) -> None:
    """Cut the connection for SLEEP_SECONDS, like a sleeping laptop, while cases change."""
    rng = random.Random(counts.sleeps)
    await page.context.set_offline(True)
    end = time.monotonic() + SLEEP_SECONDS
    while time.monotonic() < end:
        counts.actions += await act_at_random(stack, rng, visitors)
        await asyncio.sleep(1)
    await page.context.set_offline(False)
    counts.sleeps += 1


async def act_at_random(stack: AppStack, rng: random.Random, visitors: list[Visitor]) -> bool:
    """Make a random change to a random case: a message, a claim, a release or a reply.

    Return False if the change was rejected.
    """
    async with stack.rt.pool.connection() as session:
        berik = next(each for each in await directory.everyone(session) if each.name == BERIK)
    page = await views.listing(stack.rt, berik, Filter(Queue.ALL))
    case, key = rng.choice(page.lines).case, str(rng.random())
    with suppress(desk.Refused, Exception):
        match rng.randrange(4):
            case 0:
                await rng.choice(visitors).send("said", text="and more")
            case 1:
                await desk.claim(stack.rt, berik, case.id, case.version, key=key)
            case 2:
                await desk.release(stack.rt, berik, case.id, case.version, key=key)
            case _:
                await desk.reply(stack.rt, berik, case.id, case.version, key=key, words="Yes.")
        return True
    return False


async def _run(minutes: float) -> CutCounts:
    counts = CutCounts()
    async with stack("kosh_cuts") as opened, launched() as browser:
        visitors = [await ask_officer(opened, "ru", "general", "Testova asks") for _ in range(3)]
        pages = [await Officer.at_work(browser, opened, MARAT) for _path in PAGES]
        for officer, path in zip(pages, PAGES, strict=True):
            await officer.page.goto(opened.url + path)
            await officer.page.mouse.move(2, 2)
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            await _round(opened, pages[counts.rounds % len(pages)], visitors, counts)
        assert [officer.errors for officer in pages] == [[] for _officer in pages]
        for visitor in visitors:
            await close_visitor(visitor)
    return counts


async def _round(
    stack: AppStack, officer: Officer, visitors: list[Visitor], counts: CutCounts
) -> None:
    """Cut the connection at random, at times for long; wait until the page is up to date."""
    await cut(stack, officer.page, visitors, ROUND_SECONDS, counts)
    if counts.rounds % 3 == 2:
        await sleep(stack, officer.page, visitors, counts)
    start = time.monotonic()
    await stack.until(officer.is_up_to_date, SLOW)
    counts.slowest = max(counts.slowest, time.monotonic() - start)
    counts.rounds += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    counts = asyncio.run(_run(parser.parse_args().minutes))
    print(
        f"cuts {counts.cuts}, acts meanwhile {counts.actions}, long sleeps {counts.sleeps};"
        f" {counts.rounds} of {counts.rounds} times the page became a fresh one,"
        f" the slowest in {counts.slowest:.1f} s"
    )


if __name__ == "__main__":
    main()
