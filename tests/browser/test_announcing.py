"""Officers write, approve and send an announcement in real browsers; each page passes axe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.config.settings import Settings
from bot.embedded import Databases
from tests.app_stack import AppStack, stack_settings
from tests.browser.announcing import SETTINGS, Scene, announce
from tests.browser.officer import Officer

pytestmark = [pytest.mark.browser, pytest.mark.release, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def chosen(databases: Databases, redis_url: str, tmp_path: Path) -> Settings:
    """Return settings in which a Telegram account receives the tests of announcements."""
    return stack_settings(databases, redis_url, tmp_path).model_copy(update=SETTINGS)


@dataclass
class AccessibilityCamera:
    """A replacement of the camera that checks each page with axe, an accessibility checker.

    `around` checks a page in Arabic script, in dark colours and on a phone.
    """

    browser: Any
    stack: AppStack

    async def look(self, officer: Officer, name: str) -> None:
        assert await officer.faults() == [], name

    async def around(self, name: str, officer_name: str, path: str) -> None:
        officer = await Officer.at_work(
            self.browser, self.stack, officer_name, "kk-Arab", color_scheme="dark"
        )
        await officer.page.set_viewport_size({"width": 390, "height": 900})
        await officer.page.goto(path)
        assert await officer.faults() == [], f"{name}, around"
        await officer.page.context.close()


async def test_broadcast_pages_lead_from_draft_to_result_in_a_browser(
    browser: Any,
    stack: AppStack,
) -> None:
    scene = Scene(stack, browser, AccessibilityCamera(browser, stack))
    await scene.set()
    await announce(scene)
