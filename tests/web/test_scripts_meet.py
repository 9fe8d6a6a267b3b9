"""A case of a person who reads Arabic script and an officer who writes Cyrillic script."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.i18n import kazakh_arabic
from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console
from tests.officer_names import AIGUL
from tests.visitor import Visitor

CYRILLIC = re.compile(r"[\u0400-\u04ff]")
ARABIC = re.compile(r"[\u0600-\u06ff]")
PERSON = (
    "Сәлеметсіз бе! Маған құжат керек.",
    "Иә",
    "Жоқ, әлі келген жоқ",
    "Дайын",
    "Рақмет сізге!",
)
OFFICER = (
    "Сәлеметсіз бе! Қандай құжат керек?",
    "Дайын",
    "2 апта",
    "Паспорт",
    "Болды",
    "Ертең сағат 10:30-да Абай көшесі, 12 мекенжайына келіңіз.",
)


@pytest.fixture
async def person(stack: AppStack) -> AsyncIterator[Visitor]:
    """Yield a visitor of the web chat who reads Arabic script and waits for an officer."""
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(
        stack, "kk_Arab", "registration", kazakh_arabic.to_arabic(PERSON[0])
    )
    yield visitor
    await close_visitor(visitor)


def _bubbles(html: str, by: str) -> list[str]:
    """Return the messages of `by` ("person" or "officer") in the HTML of the case's page."""
    bubbles = re.findall(
        rf'<li class="said {by}".*?<div class="bubble"[^>]*>(.*?)</div>', html, re.S
    )
    return [unescape(each) for each in bubbles]


async def test_officer_and_person_each_read_the_case_in_their_own_script(
    stack: AppStack, person: Visitor
) -> None:
    async with Console.signed_in(stack.url, AIGUL, "kk") as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        path = console.screen.path
        for words in OFFICER:
            count = len(person.bubbles)
            await console.get(path)
            await console.submit("/reply", words=words)
            await person.wait(count + 1)
        for words in PERSON[1:]:
            await person.send("said", text=kazakh_arabic.to_arabic(words))
        count = len(person.bubbles)
        await console.get(path)
        await console.submit("/document", document="identity")
        await person.wait(count + 1)
        screen = await console.get(path)
        person_texts, officer_texts = (
            _bubbles(screen.html, "person"),
            _bubbles(screen.html, "officer"),
        )
        assert (len(person_texts), len(officer_texts)) == (len(PERSON), len(OFFICER))
        assert [each for each in person_texts if ARABIC.search(each)] == []
        assert [each for each in person_texts if not CYRILLIC.search(each)] == []
        assert officer_texts == list(OFFICER)
        assert screen.html.count('class="original"') == len(PERSON)
        count = len(person.bubbles)
        await console.submit("/resolve", where="menu")
        await person.wait(count + 1)
    # Leave out the first message, which offers every language by its own name, also in Cyrillic.
    after = [each for each in person.bubbles if each.lang == "kk-Arab"]
    assert len(after) > len(OFFICER)
    assert [each.text for each in after if CYRILLIC.search(each.text)] == []
