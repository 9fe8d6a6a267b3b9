"""Canned answers of a mission: offered after approval by a second person, in that mission only."""

from datetime import date

import pytest

from bot.cases import canned_replies
from bot.content import Body
from bot.editorial import drafts
from bot.editorial.refusals import Refusal, Refused
from bot.officers.directory import Officer
from bot.officers.permissions import DenialReason, Forbidden, Role
from bot.runtime import Runtime
from tests.desk.desks import insert_officer
from tests.editorial.editors import approver, database_day

GENERAL, ANKARA = "canned:general.hours", "canned:tr_ankara.hours"
TEXTS = {"ru": "Мы отвечаем с 9 до 18 часов.", "kk": "Біз сағат 9-дан 18-ге дейін жауап береміз."}


async def lead_officer(rt: Runtime, mission: str = "general", *more: Role) -> Officer:
    return await insert_officer(rt, f"Lead of {mission}", mission, roles=(Role.LEAD, *more))


async def canned_body(rt: Runtime) -> Body:
    today = await database_day(rt)
    return Body(texts=TEXTS, as_of=today, checked=today, until=date.max)


async def offered_replies(rt: Runtime, officer: Officer) -> dict[str, dict[str, str]]:
    """Return the canned answers that the officer may use: by name, the texts by language."""
    return {each.name: dict(each.texts) for each in await canned_replies.listing(rt, officer)}


async def test_canned_reply_draft_is_offered_after_approval_by_another_person(rt: Runtime) -> None:
    author, elsewhere = await lead_officer(rt), await lead_officer(rt, "tr_ankara")
    assert await drafts.save(rt, author, GENERAL, await canned_body(rt), 0) == []
    assert await offered_replies(rt, author) == {}
    (draft,) = await drafts.history(rt, author, GENERAL)
    second = await approver(rt)
    await drafts.approve(rt, second, GENERAL, draft.number, draft.content_hash)
    assert await offered_replies(rt, author) == {"hours": TEXTS}
    assert await offered_replies(rt, elsewhere) == {}, "it belongs to one mission"
    await drafts.withdraw(rt, author, GENERAL, draft.number)
    assert await offered_replies(rt, author) == {}


async def test_canned_reply_draft_cannot_be_approved_by_its_author(rt: Runtime) -> None:
    both = await lead_officer(rt, "general", Role.APPROVER)
    await drafts.save(rt, both, GENERAL, await canned_body(rt), 0)
    (draft,) = await drafts.history(rt, both, GENERAL)
    with pytest.raises(Refused) as refused:
        await drafts.approve(rt, both, GENERAL, draft.number, draft.content_hash)
    assert refused.value.why is Refusal.OWN
    assert await offered_replies(rt, both) == {}


async def test_canned_reply_cannot_be_changed_by_a_lead_of_another_mission(rt: Runtime) -> None:
    own, other = await lead_officer(rt, "tr_ankara"), await lead_officer(rt)
    body = await canned_body(rt)
    for act in (
        drafts.save(rt, other, ANKARA, body, 0),
        drafts.roll_back(rt, other, ANKARA, 1, 0),
        drafts.withdraw(rt, other, ANKARA, 0),
    ):
        with pytest.raises(Forbidden) as denied:
            await act
        assert denied.value.why is DenialReason.MISSION
    assert await drafts.save(rt, own, ANKARA, body, 0) == []
