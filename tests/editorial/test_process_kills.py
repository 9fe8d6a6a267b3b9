"""Web and worker processes are killed at random moments while content is published.

`CONTENT_KILLS=50 pytest tests/editorial/test_process_kills.py` kills 50 times.
"""

import asyncio
import os
import random
from pathlib import Path
from time import monotonic

import pytest

from bot.config.settings import Settings
from bot.editorial import drafts
from bot.officers.directory import Officer
from bot.runtime import Runtime
from tests.editorial.editors import ITEM, approver, editor, publish
from tests.editorial.publisher import numbered_texts
from tests.editorial.served import ServedProcess, processes

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CONTENT_KILLS", "6"))
PROMISED_SECONDS, START_SECONDS = 5.0, 120.0
LANGUAGES = ("kk", "ru", "zh-Hans", "uz")


class Publications:
    """A publisher of numbered versions; `last` is the newest version that was published."""

    def __init__(self, rt: Runtime, author: Officer, second: Officer) -> None:
        self.rt, self.author, self.second = rt, author, second
        self.last = 200
        self.reported = asyncio.Condition()

    async def publish(self) -> None:
        """Publish the next number in every language, with a source link that contains it too."""
        number = self.last + 1
        sources = (f"https://www.gov.kz/example/{number}",)
        texts = numbered_texts(number)
        await publish(self.rt, self.author, self.second, texts=texts, sources=sources)
        async with self.reported:
            self.last = number
            self.reported.notify_all()

    async def publish_forever(self) -> None:
        while True:
            await self.publish()

    async def wait_for_more(self, count: int) -> None:
        """Wait for `many` more publications; the next one is then in progress."""
        wanted = self.last + count
        async with self.reported:
            await self.reported.wait_for(lambda: self.last >= wanted)


async def _wait_for_version(version: int, served: list[ServedProcess], seconds: float) -> float:
    """Wait until every process serves the version; return the seconds that this took."""
    started = monotonic()
    async with asyncio.timeout(seconds):
        while any([await asyncio.to_thread(each.version) != version for each in served]):  # noqa: ASYNC110 — no signal
            await asyncio.sleep(0.05)
    return monotonic() - started


async def _read_pages(web: ServedProcess, seen: list[tuple[str, ...]]) -> None:
    """Read the public page in each language in turn; append its publication numbers to `seen`."""
    while True:
        for language in LANGUAGES:
            if shown := await asyncio.to_thread(web.shown_numbers, language):
                seen.append(shown)


async def _version(rt: Runtime) -> int:
    async with rt.pool.connection() as transaction:
        await rt.content.load(transaction)
    return rt.content.snapshot.version


async def _kill_during_publications(
    victim: ServedProcess, served: list[ServedProcess], published: Publications, rng: random.Random
) -> list[tuple[str, ...]]:
    """Kill one process while pages of all web processes are read.

    Return the publication numbers that the pages showed.
    """
    seen: list[tuple[str, ...]] = []
    tasks = [asyncio.create_task(_read_pages(web, seen)) for web in served if web.is_web]
    tasks.append(asyncio.create_task(published.publish_forever()))
    await published.wait_for_more(rng.randint(1, 20))
    await asyncio.to_thread(victim.child.kill)
    await published.wait_for_more(rng.randint(1, 10))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return seen


async def _published_number(published: Publications) -> str:
    """Return the number in the version that is published now."""
    versions = await drafts.history(published.rt, published.author, ITEM)
    live = next(each for each in versions if each.state == "live")
    return live.body.sources[0].rpartition("/")[2]


async def test_page_never_mixes_two_publications_when_processes_are_killed(
    rt: Runtime, chosen: Settings, tmp_path: Path
) -> None:
    rng = random.Random(KILLS)
    published = Publications(rt, await editor(rt), await approver(rt))
    await published.publish()
    seen: list[tuple[str, ...]] = []
    slowest = 0.0
    with processes(chosen, tmp_path) as served:
        await _wait_for_version(await _version(rt), served, START_SECONDS)
        for kill in range(KILLS):
            victim = served[kill % len(served)]
            seen += await _kill_during_publications(victim, served, published, rng)
            others = [each for each in served if each is not victim]
            version = await _version(rt)
            slowest = max(slowest, await _wait_for_version(version, others, PROMISED_SECONDS))
            victim.child.start()
            await _wait_for_version(version, [victim], START_SECONDS)
            number = await _published_number(published)
            shown = {web.shown_numbers(code) for web in served if web.is_web for code in LANGUAGES}
            assert all(set(each) == {number} for each in shown), (number, shown)
    assert len(seen) > KILLS, "pages were read meanwhile"
    assert all(len(shown) > 1 and len(set(shown)) == 1 for shown in seen), "never half of one"
    print(f"{KILLS} kills, {len(seen)} pages, all the same after {slowest:.1f} s at most")
