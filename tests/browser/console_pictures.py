"""Pictures of the console for docs: `python -m tests.browser.console_pictures`.

Screens in light and dark, on a desktop and a phone, in Kazakh, in its Arabic script and Russian.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image

from bot import services
from bot.migrations import migrate
from tests import conftest
from tests.browser.console_scene import set_scene
from tests.browser.test_chat import BROWSER, PICTURES, QUIET
from tests.clock import CLOCK
from tests.house import House, opened

DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
COLOURS = 128


@dataclass(frozen=True)
class Shot:
    """A screen: who sees it, in which language and light, how wide, and the way there."""

    name: str
    officer: str
    language: str
    way: tuple[str, ...]
    dark: bool = False
    phone: bool = False


CLAIM = ("/console/inbox", "click [data-key=KeyN]")
OWN = ("/console/inbox?queue=mine", "click .what")
CASE = (*CLAIM, "click .ready summary")
MARAT, AIGUL, BERIK, DANA = "Marat Testov", "Aigul Testova", "Berik Testov", "Dana Testova"
SAULE = "Saule Testova"
SHOTS = (
    Shot("sign-in-kk", "", "kk", ()),
    Shot("inbox-kk", AIGUL, "kk", ("/console/inbox?queue=all",)),
    Shot("inbox-ru-dark", AIGUL, "ru", ("/console/inbox?queue=all",), dark=True),
    Shot("inbox-kk-arab", AIGUL, "kk-Arab", ("/console/inbox?queue=all",)),
    Shot("inbox-kk-phone", AIGUL, "kk", ("/console/inbox?queue=all",), phone=True),
    Shot("case-kk", MARAT, "kk", OWN),
    Shot("case-preview-kk", AIGUL, "kk", (*CASE, "click button[value=documents-today]")),
    Shot("case-ru-dark", BERIK, "ru", CASE, dark=True),
    Shot("case-kk-arab-phone-dark", MARAT, "kk-Arab", OWN, dark=True, phone=True),
    Shot("case-ru-phone", MARAT, "ru", OWN, phone=True),
    Shot("answers-ru", MARAT, "ru", (*OWN, "click form[action$=answers] button")),
    Shot("now-ru", MARAT, "ru", ("/console/now",)),
    Shot("statistics-kk", MARAT, "kk", ("/console/statistics",)),
    Shot("canned-ru", MARAT, "ru", ("/console/canned", "click .ready-one summary")),
    Shot("hours-kk-dark", MARAT, "kk", ("/console/hours",), dark=True),
    Shot("officers-ru", DANA, "ru", ("/console/officers",)),
    Shot("account-kk-phone", AIGUL, "kk", ("/console/own",), phone=True),
    Shot("audit-ru", SAULE, "ru", ("/console/audit",)),
)  # fmt: skip


async def _take(browser: Any, house: House, shot: Shot) -> None:
    context = await browser.new_context(
        viewport=PHONE if shot.phone else DESKTOP,
        color_scheme="dark" if shot.dark else "light",
        extra_http_headers={"Accept-Language": shot.language},
    )
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(f"{house.url}/console/sign-in")
    if shot.officer:
        await page.locator(".crew button", has_text=shot.officer).click()
        await page.wait_for_url("**/console/**")
    for step in shot.way:
        if step.startswith("click "):
            await page.locator(step.removeprefix("click ")).first.click()
            await page.wait_for_load_state("load")
        else:
            await page.goto(f"{house.url}{step}")
    if await page.locator("form.card input[name=reason]").count():
        await page.locator("form.card .primary").click()
    await page.mouse.move(2, 2)
    await page.wait_for_timeout(400)
    _keep(shot.name, await page.screenshot())
    await context.close()


def _keep(name: str, picture: bytes) -> None:
    image = Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS)
    image.save(PICTURES / f"console-{name}.png", optimize=True)


async def _all() -> None:
    from playwright.async_api import async_playwright

    home = Path(tempfile.mkdtemp(prefix="kosh-pictures-"))
    with (
        services.postgres(home / "postgres", conftest.FAST) as admin_url,
        services.valkey(home / "valkey") as redis_url,
    ):
        databases = services.prepare(admin_url, "kosh_pictures")
        await asyncio.to_thread(
            migrate, databases.owner.replace("postgresql", "postgresql+psycopg", 1)
        )
        with psycopg.connect(databases.owner, autocommit=True) as session:
            session.execute(CLOCK)
        chosen = conftest.chosen._get_wrapped_function()(databases, redis_url, home)
        async with opened(chosen, databases, admin_url) as house, async_playwright() as playwright:
            await set_scene(house)
            browser = await playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
            for shot in SHOTS:
                await _take(browser, house, shot)


if __name__ == "__main__":
    asyncio.run(_all())
