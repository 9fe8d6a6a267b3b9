"""Pictures of the console for the documents: `python -m tests.browser.console_pictures`.

It draws some screens at full size, and a sheet of twelve pictures for every screen: in Kazakh, in
its Arabic script and in Russian, light and dark, on a desktop and a phone. `--sheets` draws only
the sheets.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image

from bot import embedded
from bot.db.migrations import migrate
from bot.web.console import demo_officers
from tests import conftest
from tests.app_stack import AppStack, running_stack, stack_settings
from tests.browser.chromium import launched
from tests.browser.console_scene import create_waiting_cases
from tests.browser.picture_files import folder
from tests.clock import CLOCK
from tests.officer_names import AIGUL, BERIK, DANA, MARAT, SAULE

DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
COLOURS = 128
TIMES = "--lang=ru-RU"  # sets the format of time fields
LANCZOS = Image.Resampling.LANCZOS


@dataclass(frozen=True)
class Shot:
    """A screen to draw: officer, language, colours, width, and the steps that lead to it."""

    name: str
    officer: str
    language: str
    steps: tuple[str, ...]
    dark: bool = False
    phone: bool = False


CLAIM_STEPS = ("/console/inbox", "click [data-key=KeyN]")
OWN_CASE_STEPS = ("/console/inbox?queue=mine", "click .what")
CASE = (*CLAIM_STEPS, "click #ready summary")
SHOTS = (
    Shot("sign-in-kk", "", "kk", ()),
    Shot("inbox-kk", AIGUL, "kk", ("/console/inbox?queue=all",)),
    Shot("inbox-ru-dark", AIGUL, "ru", ("/console/inbox?queue=all",), dark=True),
    Shot("inbox-kk-arab", AIGUL, "kk-Arab", ("/console/inbox?queue=all",)),
    Shot("inbox-kk-phone", AIGUL, "kk", ("/console/inbox?queue=all",), phone=True),
    Shot("case-kk", MARAT, "kk", OWN_CASE_STEPS),
    Shot("case-preview-kk", AIGUL, "kk", (*CASE, "click button[value=documents-today]")),
    Shot("case-ru-dark", BERIK, "ru", CASE, dark=True),
    Shot("case-papers-ru", MARAT, "ru", (*OWN_CASE_STEPS, "see #papers")),
    Shot("break-glass-ru", DANA, "ru", ("/console/break-glass",)),
    Shot("case-kk-arab-phone-dark", MARAT, "kk-Arab", OWN_CASE_STEPS, dark=True, phone=True),
    Shot("case-ru-phone", MARAT, "ru", OWN_CASE_STEPS, phone=True),
    Shot("answers-ru", MARAT, "ru", (*OWN_CASE_STEPS, "click form[action$=answers] button")),
    Shot("now-ru", MARAT, "ru", ("/console/now",)),
    Shot("statistics-kk", MARAT, "kk", ("/console/statistics",)),
    Shot("canned-ru", MARAT, "ru", ("/console/canned",)),
    Shot("hours-kk-dark", MARAT, "kk", ("/console/hours",), dark=True),
    Shot("officers-ru", DANA, "ru", ("/console/officers",)),
    Shot("account-kk-phone", AIGUL, "kk", ("/console/own",), phone=True),
    Shot("audit-ru", SAULE, "ru", ("/console/audit",)),
)  # fmt: skip


# All screens: name, officer, and the steps that lead there, which change no data.
SCREENS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("sign-in", "", ("/console/sign-in",)),
    ("inbox", MARAT, ("/console/inbox?queue=all",)),
    ("case", MARAT, OWN_CASE_STEPS),
    ("papers", MARAT, (*OWN_CASE_STEPS, "see #papers")),
    ("answers", MARAT, (*OWN_CASE_STEPS, "click form[action$=answers] button")),
    ("now", MARAT, ("/console/now",)),
    ("statistics", MARAT, ("/console/statistics",)),
    ("canned", MARAT, ("/console/canned",)),
    ("hours", MARAT, ("/console/hours",)),
    ("account", MARAT, ("/console/own",)),
    ("reason", BERIK, ("/console/inbox?queue=all", "click .what")),
    ("officers", DANA, ("/console/officers",)),
    ("break-glass", DANA, ("/console/break-glass",)),
    ("audit", SAULE, ("/console/audit",)),
)
LANGUAGE_TAGS = ("kk", "kk-Arab", "ru")
LOOKS = ((False, False), (True, False), (False, True), (True, True))  # dark, phone
TILE_HEIGHT = 430  # height of a tile in px


async def signed_in(browser: Any, stack: AppStack, shot: Shot) -> Any:
    """Return a page in a new browser context, signed in as the officer of the screen."""
    context = await browser.new_context(
        viewport=PHONE if shot.phone else DESKTOP,
        color_scheme="dark" if shot.dark else "light",
        locale=shot.language,
    )
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(f"{stack.url}/console/sign-in")
    if shot.officer:
        await page.locator(".crew button", has_text=shot.officer).click()
        await page.wait_for_url("**/console/**")
    return page


async def walk(stack: AppStack, page: Any, shot: Shot) -> bytes:
    for step in shot.steps:
        verb, _blank, where = step.partition(" ")
        if verb == "click":
            await page.locator(where).first.click()
            await page.wait_for_load_state("load")
        elif verb == "see":
            await page.locator(where).evaluate("each => each.scrollIntoView({block: 'center'})")
        else:
            await page.goto(f"{stack.url}{step}")
        reason = page.locator("form.card input[name=reason]")
        if step.startswith("click .what") and shot.officer == MARAT and await reason.count():
            await page.locator("form.card .primary").click()
    if shot.officer != BERIK and await page.locator("form.card input[name=reason]").count():
        await page.locator("form.card .primary").click()
    await page.mouse.move(2, 2)
    await page.wait_for_timeout(400)
    return bytes(await page.screenshot())


async def _take(browser: Any, stack: AppStack, shot: Shot) -> None:
    page = await signed_in(browser, stack, shot)
    keep(shot.name, Image.open(BytesIO(await walk(stack, page, shot))))
    await page.context.close()


async def _sheets(browser: Any, stack: AppStack) -> None:
    """Draw a sheet for every screen: its pictures in each language, colour scheme and width."""
    tiles: dict[str, dict[tuple[str, bool, bool], Image.Image]] = {}
    for officer in dict.fromkeys(officer for _name, officer, _way in SCREENS):
        for language, (dark, phone) in product(LANGUAGE_TAGS, LOOKS):
            page = await signed_in(browser, stack, Shot("", officer, language, (), dark, phone))
            for name, officer_name, steps in SCREENS:
                if officer_name == officer:
                    shot = Shot(name, officer, language, steps, dark, phone)
                    picture = Image.open(BytesIO(await walk(stack, page, shot)))
                    tiles.setdefault(name, {})[language, dark, phone] = picture
            await page.context.close()
    for name, own in tiles.items():
        keep(f"sheet-{name}", _sheet(own))


def _sheet(own: Mapping[tuple[str, bool, bool], Image.Image]) -> Image.Image:
    """Combine pictures of a screen: a row for each language, light and dark, wide and narrow."""
    rows = []
    for language in LANGUAGE_TAGS:
        row = [own[language, dark, phone].convert("RGB") for dark, phone in LOOKS]
        rows.append(
            [
                each.resize((each.width * TILE_HEIGHT // each.height, TILE_HEIGHT), LANCZOS)
                for each in row
            ]
        )
    gap = 16
    width = sum(each.width + gap for each in rows[0]) + gap
    sheet = Image.new("RGB", (width, (TILE_HEIGHT + gap) * len(rows) + gap), "#c9c5b8")
    for down, row in enumerate(rows):
        x = gap
        for each in row:
            sheet.paste(each, (x, gap + down * (TILE_HEIGHT + gap)))
            x += each.width + gap
    return sheet


def keep(name: str, picture: Image.Image) -> None:
    """Save a picture in docs, with few colours, so that the file is small."""
    image = picture.convert("RGB").quantize(COLOURS)
    image.save(folder() / f"console-{name}.png", optimize=True)


@asynccontextmanager
async def stack(name: str, changes: Mapping[str, Any] | None = None) -> AsyncIterator[AppStack]:
    """Start an application stack with the demo's officers, for use outside of tests."""
    home = Path(tempfile.mkdtemp(prefix="kosh-house-"))
    with (
        embedded.postgres(home / "postgres", conftest.FAST) as admin_url,
        embedded.valkey(home / "valkey") as redis_url,
    ):
        databases = embedded.prepare(admin_url, name)
        await asyncio.to_thread(
            migrate, databases.owner.replace("postgresql", "postgresql+psycopg", 1)
        )
        with psycopg.connect(databases.owner, autocommit=True) as session:
            session.execute(CLOCK)
        chosen = stack_settings(databases, redis_url, home).model_copy(update=dict(changes or {}))
        async with running_stack(chosen, admin_url) as stack:
            await demo_officers.enter(stack.rt)
            yield stack


async def draw(*, sheets_only: bool = False) -> None:
    """Draw the screens of the console, and a sheet of each."""
    async with stack("kosh_pictures") as scene, launched(TIMES) as browser:
        await create_waiting_cases(scene)
        for shot in () if sheets_only else SHOTS:
            await _take(browser, scene, shot)
        await _sheets(browser, scene)


if __name__ == "__main__":
    asyncio.run(draw(sheets_only="--sheets" in sys.argv))
