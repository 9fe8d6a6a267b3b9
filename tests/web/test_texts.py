"""The console's page of texts shows translators every sentence as people see it.

Officers and people report errors in sentences; editors close the reports.
"""

from collections.abc import AsyncIterator, Sequence

import pytest

from bot.budgets.table import MAX_CHAT_REPORTS
from bot.editorial import wording_reports
from bot.editorial.wording_reports import Counted
from bot.i18n.catalogues import BUILT
from bot.i18n.sentences import sentences
from bot.privacy import retention
from bot.web.console import demo_officers
from bot.web.console.labels_audit import LOGGED
from flows import lifetimes
from flows.engine import screens
from flows.engine.text import id_of, sentence_id
from flows.knowledge.entry import ENTRY
from tests.app_stack import AppStack
from tests.console_client import Console, ru
from tests.editorial.editors import TEXTS, approver, editor, publish
from tests.visitor import Visitor

EDITOR, OFFICER, AUDITOR = "Marat Testov", "Aigul Testova", "Saule Testova"
STAY = next(fact for fact in ENTRY if fact.key == "tr.stay").text
PATH = f"/console/texts/{id_of(STAY)}"
COMMENT = "Лучше: «пребывать без визы»."


@pytest.fixture
async def desk(stack: AppStack) -> AsyncIterator[AppStack]:
    await demo_officers.enter(stack.rt)
    yield stack


async def stored_reports(stack: AppStack) -> list[tuple[object, ...]]:
    query = (
        "SELECT sentence, language, comment, officer IS NULL, count, closed_on IS NULL"
        " FROM wording_reports ORDER BY count, comment"
    )
    async with stack.rt.console.connection() as session:  # type: ignore[union-attr]
        return list(await (await session.execute(query)).fetchall())


async def _is_stored(stack: AppStack, rows: Sequence[tuple[object, ...]]) -> bool:
    return await stored_reports(stack) == [*rows]


async def name(stack: AppStack) -> None:
    """Report the menu's first sentence as badly worded, in a web chat without consent."""
    async with Visitor.at(stack.url) as person:
        await person.press("ru")
        await person.say("/wording")
        await person.press(id_of(screens.MENU_TEXT))


async def test_texts_page_shows_a_sentence_with_source_and_previews(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, OFFICER) as console:
        screen = await console.get(f"{PATH}?language=kk_Arab")
        sentence = sentences("kk_Arab")[id_of(STAY)]
        assert STAY.msgid in screen.text
        assert sentence.text in screen.html
        assert ru("texts_not_reviewed") in screen.text
        for channel in ("telegram", "whatsapp", "web"):
            for form, _own in desk.rt.languages.languages():
                assert f'data-look="{form} {channel}"' in screen.html
        assert screen.html.index('data-look="kk_Arab') < screen.html.index('data-look="ru')
        assert BUILT["kk_Arab"][1]("виза") in screen.text, "a term of the glossary"
        assert "/console/content/" not in screen.html, "an officer may not open the fact"
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get(f"{PATH}?language=ru")
        assert 'href="/console/content/fact:tr.stay"' in screen.html
        assert screen.html.index('data-look="ru') < screen.html.index('data-look="kk')


async def test_texts_page_previews_a_label_as_a_button(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, OFFICER) as console:
        screen = await console.get(f"/console/texts/{id_of(screens.PERSON)}?language=ru")
        drawn = desk.rt.languages.render(screens.PERSON, "ru")
        assert f'<div class="pressable">{drawn}</div>' in screen.html
        own = sentence_id("", "Sentences: {count}")
        screen = await console.get(f"/console/texts/{own}?language=ru")
        assert "data-look" not in screen.html


@pytest.mark.parametrize(
    "text", ["Officers are at work now and will answer here.", "An officer writes:"]
)
async def test_texts_page_previews_sentences_that_officers_send_to_people(
    desk: AppStack, text: str
) -> None:
    async with Console.signed_in(desk.url, OFFICER) as console:
        screen = await console.get(f"/console/texts/{sentence_id('', text)}?language=ru")
        assert "data-look" in screen.html


async def test_texts_page_can_be_searched_by_words_and_review_state(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/texts?language=ru&find=Turkey")
        assert sentences("ru")[id_of(STAY)].text in screen.text
        screen = await console.get("/console/texts?language=ru&which=named")
        assert ru("nothing") in screen.text
        screen = await console.get("/console/texts?language=ru")
        assert "start=40" in screen.html
        assert (await console.get("/console/texts/000000000000")).status == 404


async def test_wording_reports_are_written_by_officers_and_closed_by_editors(
    desk: AppStack,
) -> None:
    async with Console.signed_in(desk.url, OFFICER) as console:
        await console.get(f"{PATH}?language=ru")
        screen = await console.submit("/report", comment=" ")
        assert (screen.status, ru("texts_unclear") in screen.text) == (422, True)
        screen = await console.submit("/report", comment=COMMENT)
        assert ru("done_reported") in screen.text
        assert COMMENT in screen.text
        assert "close" not in screen.actions, "editors close reports"
    assert await stored_reports(desk) == [(id_of(STAY), "ru", COMMENT, False, 1, True)]
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/texts")
        assert COMMENT in screen.text
        form = next(each for each in screen.forms if each.action.endswith("/texts/close"))
        screen = await console.send(form)
        assert ru("done_report_closed") in screen.text
        assert COMMENT not in screen.text
        assert (await console.send(form)).status == 409
    assert [row[5] for row in await stored_reports(desk)] == [False]
    async with Console.signed_in(desk.url, AUDITOR) as console:
        screen = await console.get("/console/audit")
        for action in ("wording.reported", "wording.closed"):
            assert desk.rt.languages.render(LOGGED[action], "ru") in screen.text
        assert (await console.get("/console/texts")).status == 403


async def test_wording_report_from_a_chat_stores_no_person(desk: AppStack) -> None:
    await name(desk)
    await name(desk)
    counted = [(id_of(screens.MENU_TEXT), "ru", "", True, 2, True)]
    await desk.until(lambda: _is_stored(desk, counted), 60)
    async with desk.rt.pool.connection() as session:
        people = await (await session.execute("SELECT count(*) FROM people")).fetchone()
    assert people == (0,)
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/texts?language=ru&which=named")
        assert desk.rt.languages.render(screens.MENU_TEXT, "ru") in screen.text


async def test_wording_reports_are_limited_per_chat(desk: AppStack) -> None:
    flood = Counted("web", "a chat", "ru", id_of(STAY))
    for _each in range(MAX_CHAT_REPORTS + 4):
        await wording_reports.count(desk.rt, flood)
    assert [row[4] for row in await stored_reports(desk)] == [MAX_CHAT_REPORTS]


async def test_texts_page_shows_sentences_that_editors_published(desk: AppStack) -> None:
    await publish(desk.rt, await editor(desk.rt), await approver(desk.rt))
    async with desk.rt.pool.connection() as transaction:
        await desk.rt.content.load(transaction)
    async with Console.signed_in(desk.url, EDITOR) as console:
        screen = await console.get("/console/texts?language=uz&find=60 kungacha")
        assert TEXTS["uz"] in screen.text
        screen = await console.get(f"/console/texts/{sentence_id('', TEXTS['en'])}?language=uz")
        assert ru("texts_published") in screen.text
        assert TEXTS["uz"] in screen.text
        screen = await console.submit("/report", comment=COMMENT)
        assert COMMENT in screen.text


async def test_wording_reports_are_deleted_after_their_retention_period(desk: AppStack) -> None:
    await wording_reports.count(desk.rt, Counted("web", "a chat", "ru", id_of(STAY)))
    await desk.ahead(f"{lifetimes.WORDING_REPORT_DAYS} days")
    await retention.retain(desk.rt)
    assert len(await stored_reports(desk)) == 1
    await desk.ahead("1 day")
    await retention.retain(desk.rt)
    assert await stored_reports(desk) == []
