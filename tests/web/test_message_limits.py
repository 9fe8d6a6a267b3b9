"""An officer limits the messages of an abusive person, who reads the reason and may appeal.

A lead decides on the appeal.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest

from bot.db.statements import database_time
from bot.officers import directory
from bot.officers.permissions import Role
from bot.privacy import retention
from bot.web.console import demo_officers
from bot.web.console.labels import REFUSALS
from flows.engine import limit_screens, safety
from flows.engine.text import Text, _
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Screen, ru
from tests.officer_names import AIGUL, BERIK, MARAT, SAULE
from tests.visitor import Visitor
from tests.web import telegram_chat

_NEW_LEAD = "INSERT INTO officers (id, name, mission, roles) VALUES (%s, %s, %s, %s)"
LIMIT_FIELDS = {"limit_reason": "insults", "days": "3"}
WORDS = "Testova was not rude"


@pytest.fixture
async def visitor(stack: AppStack) -> AsyncIterator[Visitor]:
    """Yield a visitor of the web chat who has asked for an officer."""
    await demo_officers.enter(stack.rt)
    asking = await ask_officer(stack, "ru", "general", "Testova asks rudely")
    yield asking
    await close_visitor(asking)


async def _limit(console: Console, per_day: int, **more: str) -> Screen:
    """As an officer, claim the next case and limit its person to `per_day` messages a day."""
    await console.get("/console/inbox")
    await console.submit("/next")
    return await console.submit("/limit", per_day=str(per_day), **(LIMIT_FIELDS | more))


async def _limit_visitor(stack: AppStack, per_day: int, **more: str) -> str:
    """As Aigul, limit the visitor to `per_day` messages a day; return the path of the case."""
    async with Console.signed_in(stack.url, AIGUL) as console:
        screen = await _limit(console, per_day, **more)
        assert ru("done_limited") in screen.text
        return screen.path


async def _wait_for_text(stack: AppStack, visitor: Visitor, text: Text, since: int = 0) -> None:
    """Wait until a message contains the text's beginning, up to its first placeholder.

    Ignore the visitor's first `since` messages.
    """
    start = stack.rt.languages.render(text, "ru").partition("{")[0]
    while not any(start in each.text for each in visitor.bubbles[since:]):
        await visitor.wait(len(visitor.bubbles) + 1)


async def _case_texts(stack: AppStack) -> list[str]:
    """Return the texts of the messages that Aigul reads in her own case."""
    async with Console.signed_in(stack.url, AIGUL) as console:
        screen = await console.get("/console/inbox?queue=mine")
        link = unescape(screen.html.partition('class="what" href="')[2].partition('"')[0])
        html = (await console.get(link)).html
    bubbles = html.split('class="bubble"')[1:]
    return [each.partition(">")[2].partition("<")[0] for each in bubbles]


async def _limits(stack: AppStack) -> int:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM message_limits")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _database_now(stack: AppStack) -> datetime:
    async with stack.rt.pool.connection() as session:
        return await database_time(session)


async def test_person_blocked_by_an_officer_is_told_and_can_still_use_the_bot(
    stack: AppStack, visitor: Visitor
) -> None:
    await _limit_visitor(stack, 0)
    await _wait_for_text(stack, visitor, limit_screens.BLOCKED)
    now = await _database_now(stack)
    last = stack.rt.languages.render(_("{day}", day=(now + timedelta(days=3)).date()), "ru")
    assert last in visitor.newest.text
    await visitor.say("/menu")
    await visitor.press("checklist")
    await visitor.say("/person")
    await _wait_for_text(stack, visitor, limit_screens.BLOCKED, since=len(visitor.bubbles) - 1)
    async with Console.signed_in(stack.url, AIGUL) as console:
        screen = await console.get("/console/inbox?queue=all")
        assert 'class="line' not in screen.html


async def test_block_by_an_officer_does_not_stop_a_message_about_danger(
    stack: AppStack, visitor: Visitor
) -> None:
    await _limit_visitor(stack, 0)
    await _wait_for_text(stack, visitor, limit_screens.BLOCKED)
    await visitor.press("danger")
    await visitor.say("Testova is in danger")
    async with Console.signed_in(stack.url, AIGUL) as console:
        screen = await _limit(console, 0)
        assert (screen.status, ru("urgent") in screen.text) == (422, True)
        assert stack.rt.languages.render(REFUSALS["danger"], "ru") in screen.text
    await visitor.send("said", text="one more")
    assert await _case_texts(stack) == ["Testova is in danger", "one more"]


@pytest.mark.parametrize("change", ["mark", "transfer"])
async def test_message_limit_cannot_be_set_in_a_case_that_was_about_danger(
    stack: AppStack, visitor: Visitor, change: str
) -> None:
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        case_id = console.screen.path.partition("?")[0].rpartition("/")[2]
        was = "urgent = true" if change == "mark" else f"topic = '{safety.TOPIC}'"
        async with stack.rt.pool.connection() as session:
            await session.execute(f"UPDATE cases SET {was} WHERE id = %s", [case_id])
        await console.get(console.screen.path)
        if change == "mark":
            await console.submit("/mark")
        else:
            await console.submit("/transfer", to="topic", topic="general")
            await console.get("/console/inbox")
            await console.submit("/next")
        screen = await console.submit("/limit", per_day="0", **LIMIT_FIELDS)
        assert stack.rt.languages.render(REFUSALS["danger"], "ru") in screen.text
    assert await _limits(stack) == 0


async def test_message_limit_blocks_further_messages_until_one_about_danger(
    stack: AppStack, visitor: Visitor
) -> None:
    await _limit_visitor(stack, 1)
    await _wait_for_text(stack, visitor, limit_screens.SLOWED)
    await visitor.send("said", text="one")
    await visitor.say("two")
    await _wait_for_text(stack, visitor, limit_screens.USED_UP)
    await visitor.send("said", text="мне угрожают")
    await visitor.send("said", text="three")
    assert await _case_texts(stack) == ["Testova asks rudely", "one", "мне угрожают", "three"]


async def test_message_limit_appeal_is_decided_by_the_lead(
    stack: AppStack, visitor: Visitor
) -> None:
    await _limit_visitor(stack, 0)
    await _wait_for_text(stack, visitor, limit_screens.BLOCKED)
    await visitor.press("appeal")
    await visitor.say(WORDS)
    async with Console.signed_in(stack.url, MARAT) as lead:
        screen = await lead.get("/console/limits")
        assert WORDS in screen.text
        assert AIGUL in screen.text
        screen = await lead.submit("/limits/keep", **_case_of(screen))
        assert ru("done_limit_kept") in screen.text
        await _wait_for_text(stack, visitor, limit_screens.KEPT)
        assert "keep" not in screen.actions
        screen = await lead.submit("/limits/lift", **_case_of(screen))
        assert ru("done_limit_lifted") in screen.text
        again = await lead.post("/console/limits/lift", {"csrf": _csrf(lead), **LIMIT_FIELDS})
        assert again.status == 422
    await _wait_for_text(stack, visitor, limit_screens.LIFTED)
    await visitor.say("/person")
    assert "general" in {each.partition(":")[2] for each in visitor.newest.buttons.values()}
    async with Console.signed_in(stack.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit")
        for each in ("limit", "limits", "done_limit_kept", "done_limit_lifted"):
            assert ru(each) in screen.text
        assert WORDS not in screen.text


@pytest.mark.parametrize(("others", "status"), [(1, 422), (0, 200)])
async def test_message_limit_appeal_goes_to_a_lead_who_did_not_set_the_limit(
    stack: AppStack, visitor: Visitor, others: int, status: int
) -> None:
    async with stack.rt.pool.connection() as session:
        lead = await directory.by_name(session, MARAT)
        for each in range(others):
            row = (uuid4(), f"Another Testov {each}", lead.mission, [Role.LEAD.value])
            await session.execute(_NEW_LEAD, row)
    async with Console.signed_in(stack.url, MARAT) as console:
        await _limit(console, 0)
        await _wait_for_text(stack, visitor, limit_screens.BLOCKED)
        await visitor.press("appeal")
        await visitor.say(WORDS)
        for action in ("keep", "lift"):
            screen = await console.get("/console/limits")
            screen = await console.submit(f"/limits/{action}", **_case_of(screen))
            assert screen.status == status
            refusal = stack.rt.languages.render(REFUSALS["own_limit"], "ru")
            assert (refusal in screen.text) is (others > 0)
    assert await _limits(stack) == others


def _case_of(screen: Screen) -> dict[str, str]:
    return {"case": screen.html.partition('name="case" value="')[2].partition('"')[0]}


def _csrf(console: Console) -> str:
    return console.screen.html.partition('name="csrf" value="')[2].partition('"')[0]


async def test_message_limits_are_managed_only_by_leads_of_the_mission(
    stack: AppStack, visitor: Visitor
) -> None:
    path = await _limit_visitor(stack, 3)
    for name in (AIGUL, BERIK, SAULE):
        async with Console.signed_in(stack.url, name) as console:
            assert (await console.get("/console/limits")).status == 403
            csrf = await console.csrf_token()
            fields = {"case": path.rpartition("/")[2], "csrf": csrf}
            assert (await console.post("/console/limits/lift", fields)).status == 403
    assert await _limits(stack) == 1


@pytest.mark.parametrize("wrong", [{"days": "31"}, {"limit_reason": "dislike"}, {"per_day": "-1"}])
async def test_message_limit_with_invalid_values_is_refused(
    stack: AppStack, visitor: Visitor, wrong: dict[str, str]
) -> None:
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        screen = await console.submit("/limit", **({"per_day": "0"} | LIMIT_FIELDS | wrong))
        assert screen.status == 422
        assert stack.rt.languages.render(REFUSALS["no_limit"], "ru") in screen.text
    assert await _limits(stack) == 0


async def test_message_limit_is_deleted_by_retention_after_its_last_day(
    stack: AppStack, visitor: Visitor
) -> None:
    await _limit_visitor(stack, 0, days="1")
    await _wait_for_text(stack, visitor, limit_screens.BLOCKED)
    await retention.retain(stack.rt)
    assert await _limits(stack) == 1
    await stack.ahead("49 hours")
    await retention.retain(stack.rt)
    assert await _limits(stack) == 0
    await visitor.say("/person")
    assert "general" in {each.partition(":")[2] for each in visitor.newest.buttons.values()}


async def test_message_limit_is_shown_in_the_case_to_the_next_officer(
    stack: AppStack, visitor: Visitor
) -> None:
    path = await _limit_visitor(stack, 5)
    async with Console.signed_in(stack.url, MARAT) as lead:
        screen = await lead.get(f"{path}?reason=supervision")
        assert ru("limit_title") in screen.text
        reason = stack.rt.languages.render(limit_screens.REASONS["insults"], "ru")
        assert reason in screen.text


async def _recordings(stack: AppStack) -> int:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM case_files")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_message_limit_of_one_a_day_relays_one_voice_message_on_telegram(
    stack: AppStack,
) -> None:
    await demo_officers.enter(stack.rt)
    await stack.receive_telegram()
    user = stack.telegram.user(7951, first_name="Test")
    await user.start()
    await user.wait_for_message(1)
    await telegram_chat.press(user, "ru")
    await telegram_chat.wait_for_reply(user, lambda: user.say("/person"))
    await telegram_chat.press(user, "general")
    await telegram_chat.press(user, "yes")
    await telegram_chat.wait_for_reply(user, lambda: user.say("Testova asks"))
    await telegram_chat.wait_for_reply(user, lambda: _limit_visitor(stack, 1))
    await user.say("one")
    await stack.telegram.until_taken()
    used_up = stack.rt.languages.render(limit_screens.USED_UP, "ru")
    await telegram_chat.wait_for_reply(user, lambda: user.say("two"))
    assert used_up in user.last.text
    await user.send_voice()

    async def is_relayed() -> bool:
        return await _recordings(stack) == 1

    await stack.until(is_relayed)
    await telegram_chat.wait_for_reply(user, user.send_voice)
    assert used_up in user.last.text
    assert await _recordings(stack) == 1
