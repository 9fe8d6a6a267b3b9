"""The officers' manual explains each button of the console.

Each page of the console links to a section of the manual.
The tests check every language.
"""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from bot.i18n import Languages
from bot.web.console import demo_officers, rendering
from bot.web.console.help import PICTURES
from bot.web.console.labels import WORDS
from bot.web.console.manual import SECTIONS
from bot.web.console.rendering import MENU
from flows.engine.text import Text
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console

TEMPLATES = Path(rendering.__file__).parents[1] / "templates" / "console"
BUTTON = re.compile(r"<(button|summary)[^>]*>(.*?)</\1>", re.DOTALL)
LABEL = re.compile(r"\{\{ t\.(\w+)")
# The manual explains neither pages without sign-in (OPEN_PAGES) nor buttons whose label is enough
# (SELF_EXPLANATORY).
OPEN_PAGES = {"sign_in.html", "welcome.html", "resend_form.html", "redirect.html"}
SELF_EXPLANATORY = {
    "close", "help", "find", "original", "file_send_own", "content_answers", "content_notice_new",
    "canned_choose", "withheld", "templates", "as_read",
    "doubt_one_leave",
}  # fmt: skip
OFFICERS = ("Aigul Testova", "Marat Testov", "Dana Testova", "Saule Testova", "Timur Testov")
SCREENS = (*(f"/console{path}" for _name, path, _action in MENU), "/console/own")
LANGUAGES = {
    "kk": "kk", "kk_Arab": "kk-Arab", "ru": "ru", "zh_Hans": "zh-Hans", "uz": "uz",
    "uz_Cyrl": "uz-Cyrl",
}  # fmt: skip


def _buttons() -> Iterator[str]:
    """Yield the label name of every button on the pages for signed-in officers."""
    for page in TEMPLATES.glob("*.html"):
        if page.name not in OPEN_PAGES:
            for _tag, inside in BUTTON.findall(page.read_text("utf-8")):
                yield from LABEL.findall(inside)


def test_manual_explains_each_button_of_the_console() -> None:
    explained = {label.msgid for each in SECTIONS for label in each.buttons}
    missing = {name for name in _buttons() if WORDS[name].msgid not in explained}
    assert missing - SELF_EXPLANATORY == set()
    assert SELF_EXPLANATORY - set(_buttons()) == set()


def test_manual_sections_have_unique_anchors_and_existing_pictures() -> None:
    names = [each.name for each in SECTIONS]
    assert len(set(names)) == len(names)
    assert {name for name, _path, _action in MENU} | {"own"} <= set(names)
    drawn = {each.name for each in PICTURES.glob("*.webp")}
    wanted = {
        f"{each.picture}-{code}.webp" for each in SECTIONS if each.picture for code in LANGUAGES
    }
    assert drawn == wanted


def _texts() -> Iterator[Text]:
    for each in SECTIONS:
        yield from (each.title, *each.paragraphs, *each.steps, *each.buttons.values())


@pytest.mark.parametrize("code", LANGUAGES)
async def test_manual_shows_every_text_in_the_officers_language(stack: AppStack, code: str) -> None:
    await demo_officers.enter(stack.rt)
    render = Languages((code,)).render
    async with Console.signed_in(stack.url, OFFICERS[0], LANGUAGES[code]) as console:
        page = await console.get("/console/help")
        page_text = page.text
        assert f'lang="{LANGUAGES[code]}"' in page.html
        for text in _texts():
            assert " ".join(unescape(render(text, code)).split()) in page_text, text.msgid
        for picture in re.findall(r'src="(/static/manual/[^"]+)"', page.html):
            async with console.session.get(stack.url + picture) as answer:
                assert (answer.status, answer.content_type) == (200, "image/webp")


@pytest.mark.release
async def test_manual_section_is_linked_from_each_console_page(stack: AppStack) -> None:
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    reached: dict[str, set[str]] = {}
    for name in OFFICERS:
        async with Console.signed_in(stack.url, name) as console:
            anchors = set(
                re.findall(
                    r'<section [^>]*id="([\w-]+)"', (await console.get("/console/help")).html
                )
            )
            for path in await _paths(console):
                page = await console.get(path)
                (anchor,) = re.findall(r'href="/console/help#([\w-]+)"', page.html)
                assert anchor in anchors, path
                if page.status == 200:
                    reached.setdefault(path.partition("/console/")[2].partition("/")[0], set()).add(
                        anchor
                    )
    await close_visitor(visitor)
    expected = {path.rpartition("/")[2]: {name} for name, path, _action in MENU}
    assert reached == expected | {"own": {"own"}, "cases": {"case"}}


async def _paths(console: Console) -> list[str]:
    """Return the paths of the pages in the console's menu, and of a case if the inbox has one."""
    inbox = await console.get("/console/inbox?queue=all")
    cases = re.findall(r'href="(/console/cases/[^"?]+)', inbox.html)
    return [*SCREENS, *cases[:1]]
