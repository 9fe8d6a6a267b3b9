"""Officers write, approve and send an announcement in real browsers; each page passes axe."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, Words
from bot.config.settings import Settings
from bot.embedded import Databases
from bot.officers import directory
from bot.officers.directory import Officer as DeskOfficer
from bot.officers.permissions import Role
from bot.web.console import demo_officers
from tests.app_stack import AppStack, stack_settings
from tests.browser.announcing import SETTINGS, TESTER, AnnouncementSetup, announce
from tests.browser.officer import Officer
from tests.console_client import ru
from tests.officer_names import TIMUR
from tests.subscribers import TEXTS, TOPIC, create_subscribers

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


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


@pytest.mark.release
async def test_broadcast_pages_lead_from_draft_to_result_in_a_browser(
    browser: Any,
    stack: AppStack,
) -> None:
    scene = AnnouncementSetup(stack, browser, AccessibilityCamera(browser, stack))
    await scene.set()
    await announce(scene)


async def test_approval_page_approves_no_text_that_was_changed_after_opening(
    browser: Any, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    await create_subscribers(stack.rt, 6)
    stack.telegram.user(TESTER, started=True)
    async with stack.rt.pool.connection() as session:
        everyone = await directory.everyone(session)
    editor = next(each for each in everyone if Role.EDITOR in each.roles)
    first = Draft(Purpose.NEWS, TOPIC, TEXTS)
    found = await broadcasts.draft(stack.rt, editor, first)
    found = await _submit(stack, editor, found)
    timur = await Officer.at_work(browser, stack, TIMUR)
    await timur.page.goto(f"{stack.url}/console/broadcasts/{found.id}")
    await timur.page.wait_for_selector("#live[data-live=on]")
    await timur.page.locator("#changed").wait_for(state="hidden")

    other = replace(first, texts={**TEXTS, "ru": Words("Собрания не будет.")})
    found = await broadcasts.edit(stack.rt, editor, found.id, other, found.version)
    await _submit(stack, editor, found)
    await timur.page.locator("#changed").wait_for(state="visible")
    assert await timur.faults() == []
    await timur.wait_for_text("Собрания не будет.")
    async with timur.page.expect_response("**/approve") as answered:
        await timur.click("form[action$='/approve'] button")
    assert (await answered.value).status == 409
    assert await broadcasts.approvals(stack.rt, editor, found.id) == []

    # The page that reports the change shows the new text, so its button approves the new text.
    await timur.wait_for_text("Собрания не будет.")
    await timur.page.locator("#changed").wait_for(state="hidden")
    await timur.click("form[action$='/approve'] button")
    await timur.wait_for_text(ru("done_approved"))
    assert [each for each in timur.errors if "409" not in each] == []


async def _submit(stack: AppStack, editor: DeskOfficer, found: Broadcast) -> Broadcast:
    """Send the test messages of an announcement and ask for its approval."""
    for language in found.draft.texts:
        await broadcasts.test_send(stack.rt, editor, found.id, language)
    return await broadcasts.ask_approval(stack.rt, editor, found.id)
