"""First and fullest screens on a phone: the menu, the longest answers, and the exit page."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.web.chat_rendering import LINKS
from tests.app_stack import AppStack
from tests.browser.phone import Phone
from tests.flows.chat import LANGUAGES
from tests.release_only import release_only

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCREEN = {"width": 390, "height": 844}
# Answers to the questions of the eligibility flow. The results have few warnings or many.
SITUATIONS = (
    ("move", "yes", "yes", "UZ", "no", "none", "unsaid"),
    ("move", "unsure", "no", "CN", "no", "none", "unsaid"),
    ("move", "yes", "yes", "CN", "no", "none", "kazakhstan"),
)
# A day without notices that a fact ends soon: in December, a notice about the pilot is added.
NO_FACT_ENDS = date(2026, 11, 29)
PIXELS_BELOW = """() => {
  const dock = document.querySelector('.dock').getBoundingClientRect().top;
  return [...document.querySelectorAll('#list .main')]
    .map(each => each.getBoundingClientRect().bottom - dock);
}"""

ORNAMENT = "getComputedStyle(document.querySelector('.chat'), '::before').backgroundColor"
UNDER_HEADER = """document.querySelector('.about').getBoundingClientRect().top
  - document.querySelector('.top').getBoundingClientRect().bottom"""


async def _phone(browser: Any, stack: AppStack, *answers: str) -> Phone:
    context = await browser.new_context(reduced_motion="reduce", viewport=SCREEN)
    phone = Phone(await context.new_page())
    phone.page.set_default_timeout(60_000)
    await phone.page.goto(f"{stack.url}/chat")
    for answer in answers:
        await phone.answer(answer)
    return phone


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("ru", "kk_Arab")))
async def test_chat_page_menu_buttons_are_visible_without_scrolling(
    browser: Any, stack: AppStack, language: str
) -> None:
    phone = await _phone(browser, stack, language)
    below = await phone.page.evaluate(PIXELS_BELOW)
    assert len(below) == 3
    assert max(below) <= 0, "the large buttons are below the field"


@pytest.mark.release
@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk", "kk_Arab")))
async def test_chat_page_header_does_not_cover_the_links_on_a_desktop(
    browser: Any, stack: AppStack, language: str
) -> None:
    phone = await _phone(browser, stack)
    await phone.page.set_viewport_size({"width": 1280, "height": 860})
    assert await phone.page.evaluate(ORNAMENT) != "rgba(0, 0, 0, 0)"
    await phone.answer(language)
    assert await phone.page.evaluate(ORNAMENT) == "rgba(0, 0, 0, 0)"
    assert await phone.page.evaluate(UNDER_HEADER) >= 0, "the header covers the links"


async def test_chat_page_links_are_in_the_chosen_language(browser: Any, stack: AppStack) -> None:
    phone = await _phone(browser, stack, "uz")
    links = phone.page.locator(".about a")
    render = stack.rt.languages.render
    assert await links.all_inner_texts() == [render(each, "uz") for each in LINKS.values()]
    hrefs = await links.evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert all(href.endswith("?lang=uz") for href in hrefs), hrefs


@pytest.mark.parametrize("situation", release_only(SITUATIONS, keep=SITUATIONS[1:2]))
@pytest.mark.parametrize("language", release_only(["kk", "ru"], keep=("kk",)))
async def test_chat_page_longest_answer_fits_two_phone_screens(
    browser: Any, stack: AppStack, language: str, situation: tuple[str, ...]
) -> None:
    await stack.ahead(f"{(NO_FACT_ENDS - datetime.now(UTC).date()).days} days")
    phone = await _phone(browser, stack, language, "eligibility", *situation)
    bubble = phone.page.locator("#list li.kosh:has(.more) .bubble").last
    assert await bubble.evaluate("each => each.offsetHeight") <= 2 * SCREEN["height"]
    warnings = bubble.locator(".caution")
    assert await warnings.count() > 1
    assert await bubble.locator("div.caution").count() == 1, "the first one is shown whole"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_quick_exit_page_does_not_mention_the_assistant(
    browser: Any, stack: AppStack, scheme: str
) -> None:
    context = await browser.new_context(
        color_scheme=scheme, viewport={"width": 320, "height": 640}, locale="kk-KZ"
    )
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(stack.url)))
    await page.goto(f"{stack.url}/away")
    assert asked == ["/away", "/static/away.css"], "neither a script nor the assistant's icon"
    words = (await page.content()).lower()
    for name in ("kosh", "көш", "кош", "kandas", "қандас", "chat"):
        assert name not in words, name
    assert await page.locator("a, form, script, button").count() == 0
    assert await context.cookies() == []
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_chat_page_keeps_half_a_small_screen_for_messages_at_double_text(
    browser: Any, stack: AppStack
) -> None:
    phone = await _phone(browser, stack, "ru", "checklist")
    await phone.page.set_viewport_size({"width": 320, "height": 568})
    space, newest = await phone.page.evaluate(
        "() => { document.documentElement.style.fontSize = '212.5%';"
        " const [top, dock] = ['.top', '.dock']"
        ".map(each => document.querySelector(each).getBoundingClientRect());"
        " const newest = document.getElementById('newest');"
        " newest.hidden = false;"
        " return [dock.top - top.bottom, newest.getBoundingClientRect().height]; }"
    )
    assert space >= 568 / 2
    assert newest <= 48
