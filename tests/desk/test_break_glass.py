"""Emergency access: two administrators open one case for an hour; it is audited and reviewed."""

import pytest

from bot import desk
from bot.cases import Case
from bot.desk import break_glass, views
from bot.officers.directory import Officer
from bot.officers.permissions import Forbidden, Reason, Role
from bot.runtime import Runtime
from tests.clock import advance_database_clock
from tests.desk.desks import ask, insert_officer, new_idempotency_key
from tests.person_client import Guest


async def _create_officers(rt: Runtime) -> tuple[Officer, Officer, Officer, Case]:
    """Create two administrators, a lead of the case's mission, and a case."""
    foreign_mission = "tr_ankara"
    first = await insert_officer(
        rt, "Administrator First", foreign_mission, roles=(Role.ADMINISTRATOR,)
    )
    second = await insert_officer(
        rt, "Administrator Second", foreign_mission, roles=(Role.ADMINISTRATOR,)
    )
    lead = await insert_officer(rt, "Lead Testov", roles=(Role.LEAD,))
    return first, second, lead, await ask(Guest(rt), "Testova asks something")


async def _audit_rows(rt: Runtime, case: Case) -> list[tuple[str, str]]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT action, detail FROM audit_entries WHERE subject = %s AND action <> 'case.waits'"
            " ORDER BY seq",
            (str(case.id),),
        )
        return [(row[0], row[1]) for row in await cursor.fetchall()]


@pytest.mark.requirement("S-65")
async def test_break_glass_opens_a_case_for_an_hour_and_a_lead_reviews_it(rt: Runtime) -> None:
    first, second, lead, case = await _create_officers(rt)
    pane = await break_glass.ask(rt, first, case.number, Reason.TECHNICAL)
    with pytest.raises(Forbidden):
        await break_glass.view(rt, first, pane)
    with pytest.raises(Forbidden):
        await break_glass.grant(rt, first, pane)
    await break_glass.grant(rt, second, pane)
    assert await break_glass.unseen(rt, lead) == 1
    _pane, view = await break_glass.view(rt, first, pane)
    assert [message.words for message in view.thread] == ["Testova asks something"]
    with pytest.raises(Forbidden):
        await break_glass.view(rt, second, pane)
    await advance_database_clock(rt, "61 minutes")
    with pytest.raises(Forbidden):
        await break_glass.view(rt, first, pane)
    await break_glass.review(rt, lead, pane)
    assert await break_glass.unseen(rt, lead) == 0
    assert await _audit_rows(rt, case) == [
        ("break_glass.asked", "technical"),
        ("break_glass.granted", ""),
        ("case.read", "technical"),
        ("break_glass.reviewed", ""),
    ]


async def test_break_glass_opens_a_case_of_a_topic_of_other_officers(rt: Runtime) -> None:
    """The administrator also works as an officer, and handles other topics than the case's."""
    roles = (Role.ADMINISTRATOR, Role.OFFICER)
    first = await insert_officer(rt, "First", "tr_ankara", roles, topics=frozenset({"documents"}))
    second = await insert_officer(rt, "Second", "tr_ankara", (Role.ADMINISTRATOR,))
    case = await ask(Guest(rt), "Testova asks", topic="danger")
    pane = await break_glass.ask(rt, first, case.number, Reason.TECHNICAL)
    await break_glass.grant(rt, second, pane)
    _pane, view = await break_glass.view(rt, first, pane)
    assert [message.words for message in view.thread] == ["Testova asks"]


async def test_break_glass_access_allows_no_action_on_the_case(rt: Runtime) -> None:
    first, second, _lead, case = await _create_officers(rt)
    pane = await break_glass.ask(rt, first, case.number, Reason.COMPLAINT)
    await break_glass.grant(rt, second, pane)
    with pytest.raises(LookupError):
        await desk.claim(rt, first, case.id, case.version, key=new_idempotency_key())
    with pytest.raises(LookupError):
        await views.view(rt, first, case.id, Reason.COMPLAINT)
    with pytest.raises(LookupError):
        await views.answers(rt, first, case.id, Reason.COMPLAINT)


async def test_break_glass_request_and_grant_need_an_administrator(rt: Runtime) -> None:
    first, _second, lead, case = await _create_officers(rt)
    with pytest.raises(Forbidden):
        await break_glass.ask(rt, lead, case.number, Reason.TECHNICAL)
    pane = await break_glass.ask(rt, first, case.number, Reason.TECHNICAL)
    for other in (lead, await insert_officer(rt, "Officer Testov")):
        with pytest.raises(Forbidden):
            await break_glass.grant(rt, other, pane)
    foreign_lead = await insert_officer(rt, "Lead Far", "mn_ulaanbaatar", roles=(Role.LEAD,))
    with pytest.raises(Forbidden):
        await break_glass.review(rt, foreign_lead, pane)
    with pytest.raises(LookupError):
        await break_glass.ask(rt, first, 999_999, Reason.TECHNICAL)


async def test_break_glass_review_needs_a_lead_of_the_cases_mission(rt: Runtime) -> None:
    first, second, lead, case = await _create_officers(rt)
    pane = await break_glass.ask(rt, first, case.number, Reason.TECHNICAL)
    await break_glass.grant(rt, second, pane)
    foreign_lead = await insert_officer(rt, "Lead Far", "mn_ulaanbaatar", roles=(Role.LEAD,))
    for other in (foreign_lead, await insert_officer(rt)):
        with pytest.raises(Forbidden):
            await break_glass.review(rt, other, pane)
    assert await break_glass.unseen(rt, lead) == 1


async def test_break_glass_request_expires_after_a_day(rt: Runtime) -> None:
    first, second, _lead, case = await _create_officers(rt)
    pane = await break_glass.ask(rt, first, case.number, Reason.TECHNICAL)
    await advance_database_clock(rt, "25 hours")
    with pytest.raises(Forbidden):
        await break_glass.grant(rt, second, pane)
    assert await break_glass.listing(rt, second) == ()
