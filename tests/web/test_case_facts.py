"""Officers insert facts with sources into replies, and see which facts they must not use."""

from collections.abc import AsyncIterator

import pytest

from bot.web.console import demo_officers
from flows.knowledge.catalogue import withheld_about
from flows.knowledge.entry import ENTRY
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, ru
from tests.officer_names import AIGUL, BERIK
from tests.visitor import Visitor

FACT = next(fact for fact in ENTRY if fact.key == "tr.stay")


@pytest.fixture
async def waiting(stack: AppStack) -> AsyncIterator[Visitor]:
    """Yield a visitor of the web chat in China who reads Kazakh and waits for an officer."""
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "kk", "general", "Testova asks")
    async with stack.rt.pool.connection() as session:
        await session.execute("UPDATE cases SET country = 'CN'")
    yield visitor
    await close_visitor(visitor)


async def _take_next_case(console: Console) -> str:
    await console.get("/console/inbox")
    await console.submit("/next")
    return console.screen.path


async def test_case_reply_can_contain_a_fact_in_the_persons_language(
    stack: AppStack, waiting: Visitor
) -> None:
    kazakh = stack.rt.languages.render(FACT.text, "kk")
    russian = stack.rt.languages.render(FACT.text, "ru")
    async with Console.signed_in(stack.url, AIGUL) as console:
        await _take_next_case(console)
        facts = console.screen.form("/reply")
        facts.action = facts.action.replace("/reply", "/facts")
        screen = await console.send(facts, words="Сәлеметсіз бе.", search="турции визы 90")
        assert kazakh in screen.text
        assert russian in screen.text, "the meaning, for the officer"
        screen = await console.submit("/preview", words="Сәлеметсіз бе.", fact=FACT.key)
        await console.submit("/reply", words=_reply_text(screen.html))
        assert ru("done_replied") in console.screen.text

    async def has_arrived() -> bool:
        text = " ".join(bubble.text for bubble in waiting.bubbles)
        return kazakh in text and FACT.sources[0] in text and "Сәлеметсіз бе." in text

    await stack.until(has_arrived)


def _reply_text(html: str) -> str:
    return html.partition('name="words" tabindex="-1" aria-hidden="true">')[2].partition("<")[0]


async def test_statements_not_to_be_published_are_shown_only_to_the_case_owner(
    stack: AppStack, waiting: Visitor
) -> None:
    statement = withheld_about("CN")[0]
    async with Console.signed_in(stack.url, AIGUL) as console:
        path = await _take_next_case(console)
        assert ru("withheld") in console.screen.text
        assert statement.words in console.screen.text
        form = console.screen.form("/reply")
        form.action = form.action.replace("/reply", "/facts")
        screen = await console.send(form, search="no-such-word")
        assert statement.words not in screen.text
        await console.sign_in(BERIK)
        screen = await console.get(f"{path}?reason=check")
        assert statement.words not in screen.text
        await console.send(form)
        assert console.screen.status == 403
    assert all(statement.words not in bubble.text for bubble in waiting.bubbles)
