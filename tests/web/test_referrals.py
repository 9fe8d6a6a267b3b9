"""Referral links on every channel: Kosh counts an invited person only with their consent.

The counts do not reveal a single person.
"""

import re
from typing import Any

import pytest

from bot.editorial import referrers
from bot.editorial.referrers import Created
from bot.officers import directory
from bot.privacy import retention
from bot.security import audit_log
from bot.web.console import demo_officers
from bot.web.referral_pages import COUNT, FEWER, INVITED_BY, NO_PAGE, REFERRER_SEES
from flows.engine import referral_screens
from flows.engine.events import Started
from flows.engine.referrals import CountReferral
from flows.engine.text import Text
from tests.app_stack import AppStack
from tests.console_client import Console, ru
from tests.officer_names import AIGUL, MARAT, SAULE
from tests.person_client import AFTER_CONSENT, TO_CONSENT, Guest
from tests.visitor import Visitor
from tests.web import telegram_chat, whatsapp_chat
from tests.web.journey import ANSWERS

NAME = "Testov association"


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    return stack


@pytest.fixture
async def invitation(desk: AppStack) -> Created:
    async with desk.rt.pool.connection() as session:
        lead = next(each for each in await directory.everyone(session) if each.name == MARAT)
    return await referrers.add(desk.rt, lead, NAME)


async def _one(stack: AppStack, query: str, *values: object) -> Any:
    async with stack.rt.pool.connection() as session:
        row = await (await session.execute(query, values)).fetchone()
    return row[0] if row else None


async def _registration_count(stack: AppStack) -> int:
    return int(await _one(stack, "SELECT registered FROM referrers"))


def _render(stack: AppStack, text: Text, **values: str | int) -> str:
    filled = Text(text.msgid, tuple(values.items()))
    return " ".join(stack.rt.languages.render(filled, "ru").split())


async def _page(stack: AppStack, path: str) -> tuple[int, str, Any]:
    async with stack.http.get(f"{stack.url}{path}") as answer:
        html = await answer.text()
        return answer.status, " ".join(re.sub(r"<[^>]*>", " ", html).split()), answer.headers


async def test_referral_link_on_telegram_counts_a_person_who_consents(
    desk: AppStack, invitation: Created
) -> None:
    await desk.receive_telegram()
    user = desk.telegram.user(8301, first_name="Test")
    await user.start(invitation.code)
    await user.wait_for_message(1)
    await telegram_chat.press(user, "ru")
    assert NAME in user.last.text
    assert await _one(desk, "SELECT count(*) FROM people") == 0
    await telegram_chat.press(user, "yes")
    await telegram_chat.give_answers(user, *ANSWERS)
    assert await _registration_count(desk) == 1
    assert desk.telegram.journal.mistakes() == []


async def test_referral_text_on_whatsapp_is_not_counted_without_consent(
    desk: AppStack, invitation: Created
) -> None:
    user = await whatsapp_chat.new_user(desk, "77010000321")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say(invitation.code))
    invited = await whatsapp_chat.press(user, "ru")
    assert NAME in invited.text
    await whatsapp_chat.press(user, "no")
    assert await _one(desk, "SELECT count(*) FROM people") == 0
    await whatsapp_chat.give_answers(desk, user, ANSWERS)

    async def has_arrived() -> bool:
        return len(await desk.entries()) == 1

    await desk.until(has_arrived)
    assert await _registration_count(desk) == 0
    assert desk.whatsapp.journal.mistakes() == []


async def test_referral_page_stores_nothing(desk: AppStack, invitation: Created) -> None:
    status, text, headers = await _page(desk, f"/r/{invitation.code}?lang=ru")
    assert status == 200
    assert _render(desk, INVITED_BY, name=NAME) in text
    assert _render(desk, REFERRER_SEES) in text
    assert "Set-Cookie" not in headers
    assert f"t.me/kosh_test_bot?start={invitation.code}" in (await _html(desk, invitation))
    assert await _one(desk, "SELECT count(*) FROM people") == 0


async def _html(stack: AppStack, invitation: Created) -> str:
    async with stack.http.get(f"{stack.url}/r/{invitation.code}") as answer:
        return await answer.text()


async def test_referral_page_opens_the_web_chat_with_its_code(
    desk: AppStack, invitation: Created
) -> None:
    async with desk.http.post(
        f"{desk.url}/chat/said", data={"text": invitation.code}, headers={"Origin": desk.url}
    ) as answer:
        assert answer.status == 200
        assert "data-chat=" in await answer.text()
    async with Visitor.at(desk.url) as visitor:
        await visitor.say(invitation.code)
        invited = await visitor.press("ru")
        assert NAME in invited.text
        await visitor.press("yes")
        await visitor.give_answers(*ANSWERS)
    assert await _registration_count(desk) == 1


async def test_referral_is_not_counted_again_after_an_amendment(
    desk: AppStack, invitation: Created
) -> None:
    guest = Guest(desk.rt)
    await guest.do(Started(invitation.code))
    await guest.go(TO_CONSENT[0], "yes", *TO_CONSENT[1:], "yes", *AFTER_CONSENT, "submit")
    assert await _registration_count(desk) == 1
    await guest.do(Started(invitation.code))
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.referral is None


async def test_referral_code_that_expired_counts_no_one(
    desk: AppStack, invitation: Created
) -> None:
    guest = Guest(desk.rt)
    await guest.do(Started(invitation.code))
    await guest.go(TO_CONSENT[0], "yes")
    await desk.ahead("366 days")
    late = Guest(desk.rt)
    await late.do(Started(invitation.code))
    await late.go("ru")
    conversation = await late.conversation()
    assert conversation is not None
    assert conversation.referral is None
    assert (await _page(desk, f"/r/{invitation.code}"))[0] == 404
    async with desk.rt.pool.connection() as session:
        await referrers.count(session, [CountReferral(invitation.code)])
    assert await _registration_count(desk) == 0


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((4,), (None,)),
        ((5,), (5,)),
        ((5, 9), (5, 5)),
        ((5, 10), (5, 10)),
        ((4, 5, 6, 12, 15), (None, 5, 5, 10, 15)),
    ],
)
async def test_referral_counts_of_two_days_never_differ_by_a_single_person(
    desk: AppStack, invitation: Created, days: tuple[int, ...], expected: tuple[int | None, ...]
) -> None:
    found = []
    for registered in days:
        before = await referrers.view(desk.rt, invitation.token)
        await _one(desk, "UPDATE referrers SET registered = %s RETURNING 1", registered)
        await referrers.release(desk.rt)
        assert await referrers.view(desk.rt, invitation.token) == before, "the same day"
        await desk.ahead("1 day")
        await referrers.release(desk.rt)
        now = await referrers.view(desk.rt, invitation.token)
        assert now is not None
        found.append(now.registered)
    assert tuple(found) == expected


async def test_referral_page_of_an_organisation_shows_only_its_count(
    desk: AppStack, invitation: Created
) -> None:
    status, text, headers = await _page(desk, f"/referrals/{invitation.token}?lang=ru")
    assert status == 200
    assert NAME in text
    assert _render(desk, FEWER, least=referral_screens.MIN_SHOWN) in text
    assert headers["Cache-Control"] == "no-store"
    await _one(desk, "UPDATE referrers SET registered = 7 RETURNING 1")
    await desk.ahead("1 day")
    await referrers.release(desk.rt)
    _status, text, _headers = await _page(desk, f"/referrals/{invitation.token}?lang=ru")
    assert re.search(rf"{_render(desk, COUNT)} {NAME} 5 ", text)
    status, text, _headers = await _page(desk, "/referrals/another?lang=ru")
    assert (status, _render(desk, NO_PAGE) in text) == (404, True)


async def test_referral_poster_is_a_pdf(desk: AppStack, invitation: Created) -> None:
    async with desk.http.get(f"{desk.url}/r/{invitation.code}/poster.pdf?lang=kk") as answer:
        assert (await answer.read()).startswith(b"%PDF")
    async with desk.http.get(f"{desk.url}/r/REF-2222-2222/poster.pdf") as answer:
        assert answer.status == 404


async def test_referral_code_is_created_renewed_and_ended_by_a_lead(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        page = await lead.get("/console/referrers")
        created = await lead.send(page.form("/referrers"), name=f" {NAME}  ")
        first = _link(created.html)
        assert (await _page(desk, first))[0] == 200
        assert first not in (await lead.get("/console/referrers")).html
        again = await lead.send(created.form("/renew"))
        assert (await _page(desk, first))[0] == 404
        assert (await _page(desk, _link(again.html)))[0] == 200
        ended = await lead.send(again.form("/end"))
        assert ru("done_referrer_ended") in ended.text
        assert (await lead.send(created.form("/end"))).status == 409
        assert (await lead.send(page.form("/referrers"), name="")).status == 422
    async with desk.rt.pool.connection() as session:
        actions = [each.action for each in await audit_log.entries(session)]
    assert [each for each in actions if each.startswith("referrer.")] == [
        "referrer.ended",
        "referrer.renewed",
        "referrer.added",
    ]


def _link(html: str) -> str:
    found = re.search(r'value="[^"]*(/referrals/[^"]+)"', html)
    assert found is not None
    return found[1]


async def test_referral_page_of_the_console_is_read_only_for_auditors(
    desk: AppStack, invitation: Created
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as officer:
        assert (await officer.get("/console/referrers")).status == 403
    async with Console.signed_in(desk.url, SAULE) as auditor:
        page = await auditor.get("/console/referrers")
        assert (page.status, NAME in page.text) == (200, True)
        assert ru("few") in page.text
        assert not [each for each in page.forms if "/referrers" in each.action]


async def test_referral_code_is_deleted_thirty_days_after_its_end(
    desk: AppStack, invitation: Created
) -> None:
    await desk.ahead("390 days")
    await retention.retain(desk.rt)
    assert await _one(desk, "SELECT count(*) FROM referrers") == 1
    await desk.ahead("10 days")
    await retention.retain(desk.rt)
    assert await _one(desk, "SELECT count(*) FROM referrers") == 0
