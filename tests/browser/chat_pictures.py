"""Pictures of the web chat for the documents: `python -m tests.browser.chat_pictures`.

The title picture of the README shows two phones in two scripts; the others show checklists.
"""

import asyncio
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from tests.app_stack import AppStack
from tests.browser.chromium import launched
from tests.browser.console_pictures import COLOURS, stack
from tests.browser.phone import Phone
from tests.browser.picture_files import folder
from tests.flows.chat import LANGUAGES

PHONE = {"width": 390, "height": 844}
CHECKLIST_ANSWERS = ("checklist", "kandas_status", "CN", "both", "yes", "yes", "unsaid")
ELIGIBILITY_ANSWERS = ("eligibility", "move", "yes", "yes", "UZ", "no", "none", "unsaid")
PAPER, FRAME_COLOUR, FRAME_WIDTH, GAP = "#f3f2ec", "#14191a", 14, 56
LIST_TOP = "() => [...document.querySelectorAll('#list li.kosh:has(.item)')].pop().scrollIntoView()"
# JavaScript that scrolls to the entries of the checklist, and ticks two of them.
PAPERS_TOP = """() => { const boxes = [...document.querySelectorAll('#list .item .box')];
  boxes.slice(0, 2).forEach(box => box.click());
  scrollTo(0, boxes[0].getBoundingClientRect().top + scrollY - 150); }"""
ANSWER_TOP = """() => {
  const answer = [...document.querySelectorAll('#list li.kosh:has(.more)')].pop();
  scrollTo(0, answer.getBoundingClientRect().top + scrollY - 90); }"""


async def _chat(
    browser: Any, stack: AppStack, language: str, answers: tuple[str, ...], **options: Any
) -> Any:
    """Return a page of the web chat after a conversation with these answers."""
    context = await browser.new_context(
        reduced_motion="reduce", device_scale_factor=options.pop("scale", 1), **options
    )
    phone = Phone(await context.new_page())
    phone.page.set_default_timeout(60_000)
    await phone.page.goto(f"{stack.url}/chat")
    for each in (language, *answers):
        await phone.answer(each)
    # Remove the demo's bar, which is not part of the chat.
    await phone.page.evaluate("document.getElementById('registry')?.remove()")
    await phone.page.wait_for_timeout(500)
    return phone.page


async def _picture(page: Any) -> Image.Image:
    picture = Image.open(BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
    await page.context.close()
    return picture


def _add_frame(screen: Image.Image) -> Image.Image:
    """Return a screenshot in a phone's frame with round corners, on the page's background."""
    width, height = screen.width + 2 * FRAME_WIDTH, screen.height + 2 * FRAME_WIDTH
    picture = Image.new("RGB", (width, height), PAPER)
    ImageDraw.Draw(picture).rounded_rectangle((0, 0, width - 1, height - 1), 44, FRAME_COLOUR)
    mask = Image.new("L", screen.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, screen.width - 1, screen.height - 1), 32, 255)
    picture.paste(screen, (FRAME_WIDTH, FRAME_WIDTH), mask)
    return picture


async def _hero(browser: Any, stack: AppStack) -> Image.Image:
    """Return a picture of two phones: a checklist in Cyrillic, and a dark page in Arabic script."""
    light = await _chat(browser, stack, "kk", CHECKLIST_ANSWERS, viewport=PHONE)
    await light.evaluate(PAPERS_TOP)
    dark = await _chat(
        browser, stack, "kk_Arab", ELIGIBILITY_ANSWERS, viewport=PHONE, color_scheme="dark"
    )
    await dark.evaluate(ANSWER_TOP)
    phones = [_add_frame(await _picture(each)) for each in (light, dark)]
    hero = Image.new("RGB", (2 * phones[0].width + 3 * GAP, phones[0].height + 2 * GAP), PAPER)
    for number, each in enumerate(phones):
        hero.paste(each, (GAP + number * (each.width + GAP), GAP))
    return hero


def _keep(name: str, picture: Image.Image) -> None:
    picture.quantize(COLOURS).save(folder() / f"{name}.png", optimize=True)


async def draw() -> None:
    """Draw all pictures of the web chat."""
    async with stack("kosh_chat_pictures") as scene, launched() as browser:
        _keep("hero", await _hero(browser, scene))
        for language in LANGUAGES:
            page = await _chat(browser, scene, language, CHECKLIST_ANSWERS, viewport=PHONE)
            await page.evaluate(LIST_TOP)
            _keep(f"checklist-{language}", await _picture(page))


if __name__ == "__main__":
    asyncio.run(draw())
