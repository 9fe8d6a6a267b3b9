"""People contribute sentences to train the recogniser; editors decide on them at the console."""

import pytest

from bot.desk import phrase_review
from bot.privacy import retention
from bot.web.console import demo_officers
from flows import lifetimes
from tests.app_stack import AppStack
from tests.console_client import Console, ru
from tests.visitor import Visitor

SENTENCE = "zzq xxv qqz"
EDITOR, OFFICER = "Marat Testov", "Aigul Testova"


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    return stack


async def contribute(stack: AppStack) -> None:
    """Contribute SENTENCE in the web chat as a person who has not given consent."""
    async with Visitor.at(stack.url) as visitor:
        await visitor.press("ru")
        for _each in range(2):
            await visitor.say(SENTENCE)
        await visitor.press("?teach")
        await visitor.say(SENTENCE)


async def stored_phrases(stack: AppStack) -> list[tuple[object, ...]]:
    query = "SELECT language, body, state, intent FROM suggested_phrases"
    async with stack.rt.console.connection() as session:  # type: ignore[union-attr]
        return list(await (await session.execute(query)).fetchall())


async def test_suggested_phrase_is_stored_without_the_person_who_sent_it(desk: AppStack) -> None:
    await contribute(desk)
    assert await stored_phrases(desk) == [("ru", SENTENCE, "new", "")]
    async with desk.rt.pool.connection() as session:
        people = await (await session.execute("SELECT count(*) FROM people")).fetchone()
    assert people == (0,)


async def test_suggested_phrase_is_accepted_for_an_intent_by_an_editor(desk: AppStack) -> None:
    await contribute(desk)
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/phrases")
        assert SENTENCE in screen.text
        form = next(each for each in screen.forms if each.action.endswith("/phrases/accept"))
        await console.send(form, intent="kandas.what")
        assert ru("done_saved") in console.screen.text
        assert SENTENCE not in console.screen.text
        screen = await console.send(form, intent="kandas.what")
        assert screen.status == 409
    assert await phrase_review.accepted(desk.rt) == [("ru", "kandas.what", SENTENCE)]


async def test_suggested_phrase_is_removed_by_an_editor(desk: AppStack) -> None:
    await contribute(desk)
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/phrases")
        form = next(each for each in screen.forms if each.action.endswith("/phrases/reject"))
        await console.send(form)
    assert await stored_phrases(desk) == []


async def test_suggested_phrase_is_not_accepted_for_an_unknown_intent(desk: AppStack) -> None:
    await contribute(desk)
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/phrases")
        form = next(each for each in screen.forms if each.action.endswith("/phrases/accept"))
        screen = await console.send(form, intent="no.intent")
        assert screen.status == 422
    assert [row[2] for row in await stored_phrases(desk)] == ["new"]


async def test_suggested_phrases_page_is_forbidden_to_officers(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, OFFICER) as console:
        screen = await console.get("/console/phrases")
        assert screen.status == 403
        assert "/console/phrases" not in screen.html


async def test_suggested_phrase_is_deleted_after_its_retention_period(desk: AppStack) -> None:
    await contribute(desk)
    await desk.ahead(f"{lifetimes.SUGGESTED_PHRASE_DAYS} days")
    await retention.retain(desk.rt)
    assert len(await stored_phrases(desk)) == 1
    await desk.ahead("1 day")
    await retention.retain(desk.rt)
    assert await stored_phrases(desk) == []
