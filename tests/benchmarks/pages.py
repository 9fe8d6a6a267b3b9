"""Compare size and speed of the pages of two running installations, in one browser.

`python -m tests.benchmarks.pages before=http://127.0.0.1:9600 after=http://127.0.0.1:9500` visits
the two installations alternately.
"""

import argparse
import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Mapping
from statistics import median
from typing import Any

from tests.browser.chromium import launched

VISITS = 15
QUESTION = "Сколько стоит получить статус кандаса?"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
MEASURES = {
    "home": "bytes of `/` with its files",
    "chat": "bytes of `/chat` with its files",
    "paint": "first contentful paint of `/chat`, ms",
    "menu": "from the tap on a language to the drawn menu, ms",
    "answer": "from a written question to its drawn answer, ms",
}

type Found = Mapping[str, float]


async def _visit(browser: Any, url: str) -> Found:
    """Visit an installation with an empty cache; return the measurements of its pages."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, locale="ru-RU", reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(60_000)
    weight = await _weighed(context, page)
    home = await _loaded(page, f"{url}/", weight)
    chat = await _loaded(page, f"{url}/chat", weight)
    paint = await page.evaluate(PAINTED)
    menu = await _until_drawn(page, page.locator("#list .tongue").first.click, "#list .main")
    await page.fill("#text", QUESTION)
    count = await page.locator("#list li.kosh").count()
    answer = await _until_drawn(page, page.locator("#send").click, f"#list li.kosh >> nth={count}")
    await context.close()
    return {"home": home, "chat": chat, "paint": paint, "menu": menu, "answer": answer}


async def _weighed(context: Any, page: Any) -> list[float]:
    """Return a list with one number, which is updated to the bytes that the page has loaded.

    Bytes are counted as transferred, that is compressed.
    """
    weight = [0.0]
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda each: _add(weight, each["encodedDataLength"]))
    return weight


def _add(weight: list[float], size: float) -> None:
    weight[0] += size


async def _loaded(page: Any, url: str, weight: list[float]) -> float:
    weight[0] = 0
    await page.goto(url)
    await page.wait_for_timeout(300)
    return weight[0]


async def _until_drawn(page: Any, act: Any, selector: str) -> float:
    """Perform an action; return the milliseconds until the element is on the page."""
    start = time.perf_counter()
    await act()
    await page.wait_for_selector(selector)
    return (time.perf_counter() - start) * 1000


async def measure(sides: Mapping[str, str], visits: int) -> str:
    """Visit both installations in turn; return the medians of their figures as a Markdown table."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    async with launched() as browser:
        for number in range(visits):
            for side in sorted(sides, reverse=bool(number % 2)):
                for name, value in (await _visit(browser, sides[side])).items():
                    found[name, side].append(value)
    rows = [f"| {visits} visits each, medians | {' | '.join(sides)} |", "|---|---:|---:|"]
    for name, meaning in MEASURES.items():
        values = (f"{median(found[name, side]):,.0f}" for side in sides)
        rows.append(f"| {meaning} | {' | '.join(values)} |")
    return "\n".join(rows)


def main() -> None:
    """Parse the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages")
    parser.add_argument("sides", nargs=2, help="NAME=URL of an installation")
    parser.add_argument("--visits", type=int, default=VISITS)
    arguments = parser.parse_args()
    sides = dict(each.split("=", 1) for each in arguments.sides)
    loads = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"load average before: {loads}")
    print(asyncio.run(measure(sides, arguments.visits)))


if __name__ == "__main__":
    main()
