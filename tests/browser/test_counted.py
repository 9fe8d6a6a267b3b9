"""Number of taps and typed texts that whole tasks take, counted in the browser."""

from pathlib import Path
from typing import Any

import pytest

from bot.config.settings import Settings
from bot.embedded import Databases
from bot.web.console import demo_officers
from tests.app_stack import AppStack, stack_settings
from tests.browser.announcing import SETTINGS, TEXTS
from tests.browser.officer import Officer
from tests.browser.phone import Phone
from tests.console_client import ru
from tests.officer_names import MARAT, TIMUR
from tests.person_client import AFTER_CONSENT, TO_CONSENT
from tests.subscribers import TOPIC, create_subscribers

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MAX_TAPS_OF_REGISTRATION = 20
LIST_OF_ONE = ("checklist", "kandas_status", "UZ", "alone", "yes", "origin")


@pytest.fixture
def chosen(databases: Databases, redis_url: str, tmp_path: Path) -> Settings:
    """Return settings in which a Telegram account receives the tests of announcements."""
    return stack_settings(databases, redis_url, tmp_path).model_copy(update=SETTINGS)


class Counter(Phone):
    """A phone that counts button presses and typed texts."""

    taps = typed = 0

    async def count(self) -> None:
        """Start counting, by listening to the requests that the page sends."""
        self.page.on("request", self._on_request)

    def _on_request(self, request: Any) -> None:
        self.taps += request.url.endswith("/chat/pressed")
        self.typed += request.url.endswith("/chat/said")


async def _phone(browser: Any, stack: AppStack, locale: str = "ru-RU") -> Counter:
    context = await browser.new_context(
        locale=locale, reduced_motion="reduce", viewport={"width": 390, "height": 844}
    )
    phone = Counter(await context.new_page())
    phone.page.set_default_timeout(60_000)
    await phone.page.goto(f"{stack.url}/chat")
    await phone.count()
    return phone


async def test_chat_page_answers_a_question_after_one_typed_sentence(
    browser: Any, stack: AppStack
) -> None:
    phone = await _phone(browser, stack)
    newest = await phone.newest()
    await phone.page.fill("#text", "Сколько стоит получить статус кандаса?")
    await phone.page.press("#text", "Enter")
    await phone._until_after(newest)
    words = await phone.page.locator("#list").inner_text()
    assert "бесплатно" in words.lower() or "пошлин" in words.lower()
    assert (phone.taps, phone.typed) == (0, 1)


@pytest.mark.release
async def test_chat_page_checklist_of_one_person_takes_at_most_six_taps(
    browser: Any, stack: AppStack
) -> None:
    phone = await _phone(browser, stack)
    await phone.answer("ru")
    phone.taps = 0
    for each in LIST_OF_ONE:
        await phone.answer(each)
    await phone.page.locator("#list .item").first.wait_for()
    assert phone.taps <= 6
    assert phone.typed == 0


@pytest.mark.parametrize(
    ("purpose", "plans"), [("information", ()), ("move", ("undecided", "year"))]
)
@pytest.mark.release
async def test_chat_page_registration_of_one_person_takes_at_most_20_taps(
    browser: Any, stack: AppStack, purpose: str, plans: tuple[str, ...]
) -> None:
    phone = await _phone(browser, stack)
    await phone.answer("ru")
    phone.taps = 0
    before = [purpose if each == "information" else each for each in TO_CONSENT[1:]]
    known = AFTER_CONSENT.index("self")
    after = (*AFTER_CONSENT[:known], *plans, *AFTER_CONSENT[known:])
    for each in (*before, "yes", *after, "submit"):
        await phone.answer(each)
    assert phone.typed == 3
    assert phone.taps <= MAX_TAPS_OF_REGISTRATION


@pytest.mark.release
async def test_broadcast_pages_require_only_nine_clicks_of_an_editor(
    browser: Any, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    await create_subscribers(stack.rt, 6)
    stack.telegram.user(int(SETTINGS["broadcast_testers"][0].partition(":")[2]), started=True)
    marat = await Officer.at_work(browser, stack, MARAT)
    page, clicks = marat.page, 0

    async def click(selector: str, then: str) -> None:
        nonlocal clicks
        clicks += 1
        await page.locator(selector).first.click()
        await page.wait_for_url(then)

    await page.goto(f"{stack.url}/console/broadcasts")
    await click("a.button.primary", "**/broadcasts/new")
    await page.select_option("select[name=topic]", TOPIC)
    await click("form .primary", "**/write/audience*")
    await click("form.card .primary", "**/write/text*")
    for code, words in TEXTS.items():
        await page.fill(f"textarea[name=text_{code}]", words)
    await click("form .primary", "**/write/test*")
    await click("form[action$='/test'] .primary", "**/write/test?*")
    await marat.wait_for_text(ru("done_tested"))
    await click(".acts > a.primary", "**/write/time*")
    await click("form.card .primary", "**/broadcasts/*")
    await click("form[action$='/ask'] button", "**/broadcasts/*")
    await marat.wait_for_text(ru("done_submitted"))
    timur = await Officer.at_work(browser, stack, TIMUR)
    await timur.page.goto(page.url.partition("?")[0])
    await timur.click("form[action$='/approve'] button")
    await timur.wait_for_text(ru("done_approved"))
    await page.wait_for_selector("form[action$='/start'] button:not([disabled])")
    await click("form[action$='/start'] button", "**/broadcasts/*")
    await marat.wait_for_text(ru("done_started"))
    assert clicks <= 9
