"""Bursts of cases from one IP address: leads see its hash, close its queued cases, reopen them."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from bot.budgets import Spending, network_key, spend
from bot.cases import Case, State
from bot.channels import Inbound
from bot.db.statements import database_time
from bot.desk import answer_statistics, bursts, case_sweeps, published_counts, statistics
from bot.desk.answer_statistics import latest
from bot.desk.bursts import SpamReason
from bot.officers.directory import Officer
from bot.officers.permissions import Forbidden, Role
from bot.privacy import retention
from bot.runtime import Runtime
from flows.engine.events import Event
from tests.clock import advance_database_clock
from tests.desk.desks import ask, insert_officer, new_idempotency_key, stored_case
from tests.person_client import Guest

HOST = "192.0.2.7"


class AddressedGuest(Guest):
    """A person on the web chat with a known IP address."""

    def inbound(self, event: Event, external_id: str = "") -> Inbound:
        network = bytes.fromhex(network_key(self.rt, HOST))
        return replace(super().inbound(event, external_id), network=network)


@pytest.fixture
async def lead(rt: Runtime) -> Officer:
    return await insert_officer(rt, "Lead Testov", roles=(Role.OFFICER, Role.LEAD))


async def _open_case(rt: Runtime, topic: str = "general") -> tuple[AddressedGuest, Case]:
    guest = AddressedGuest(rt)
    return guest, await ask(guest, topic=topic)


async def _close(
    rt: Runtime, lead: Officer, *, with_urgent: bool = False, once: str = "one"
) -> int:
    network = bytes.fromhex(network_key(rt, HOST))
    return await bursts.close(
        rt, lead, network, SpamReason.PROGRAM, with_urgent=with_urgent, key=once
    )


async def _audited_subjects(rt: Runtime, action: str) -> set[str]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT subject FROM audit_entries WHERE action = %s", (action,)
        )
        return {row[0] for row in await cursor.fetchall()}


async def _figures(rt: Runtime, lead: Officer) -> list[object]:
    """Return the numbers of cases on the two pages of the console and in the API."""
    async with rt.pool.connection() as session:
        today = await database_time(session)
    month = latest(today.date(), ZoneInfo("UTC"), None, None)
    by_topic = (await answer_statistics.report(rt, lead, month))["topic"]
    found = await statistics.report(rt, lead, "UTC")
    published = await published_counts.read(rt, lead)
    closed = [max((day.closed or 0 for day in each.days), default=0) for each in (found, published)]
    return [found.opened, [each.opened for each in by_topic], published.opened, *closed]


async def test_statistics_do_not_count_cases_closed_as_spam(rt: Runtime, lead: Officer) -> None:
    """Check that they also do not count them when the closing can no longer be taken back."""
    for _number in range(6):
        await _open_case(rt)
    await advance_database_clock(rt, "1 day")
    assert await _figures(rt, lead) == [5, [5], 5, 0, 0]
    assert await _close(rt, lead) == 6
    assert await _figures(rt, lead) == [0, [], None, 0, 0]
    await advance_database_clock(rt, "8 days")
    await retention.retain(rt)
    assert await _figures(rt, lead) == [0, [], None, 0, 0]


@pytest.mark.requirement("S-82")
async def test_case_burst_report_shows_hashed_addresses_and_hourly_counts(
    rt: Runtime, lead: Officer
) -> None:
    _guest, _case = await _open_case(rt)
    for _event in range(bursts.MIN_EVENTS):
        await spend(rt, HOST, [Spending.CASE])
    await spend(rt, "192.0.2.8", [Spending.CHAT])
    found = await bursts.report(rt, lead)
    (source,) = found.sources
    assert source.network == network_key(rt, HOST)
    assert source.counts == {Spending.CASE: bursts.MIN_EVENTS}
    assert (source.waiting, source.urgent) == (1, 0)
    assert sum(hour.counts.get(Spending.CHAT, 0) for hour in found.hours) == 1
    assert HOST not in str(found)


@pytest.mark.requirement("S-82", "S-64")
async def test_closing_a_case_burst_resolves_and_audits_cases_of_one_address(
    rt: Runtime, lead: Officer
) -> None:
    own_cases = [(await _open_case(rt))[1] for _person in range(3)]
    elsewhere = await ask(Guest(rt))
    assert await _close(rt, lead) == 3
    assert [(await stored_case(rt, case.id)).state for case in own_cases] == [State.RESOLVED] * 3
    assert (await stored_case(rt, elsewhere.id)).state == State.QUEUED
    assert {str(case.id) for case in own_cases} < await _audited_subjects(rt, "burst.close")
    assert await _close(rt, lead) == 0
    (closed,) = (await bursts.report(rt, lead)).closed
    assert (closed.cases, closed.reason, closed.officer) == (3, "program", "Lead Testov")


@pytest.mark.requirement("S-82")
async def test_closing_a_case_burst_keeps_urgent_and_claimed_cases(
    rt: Runtime, lead: Officer
) -> None:
    _guest, danger = await _open_case(rt, "danger")
    _guest, claimed = await _open_case(rt)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE cases SET owner = %s, state = 'claimed' WHERE id = %s", (lead.id, claimed.id)
        )
    assert await _close(rt, lead) == 0
    assert (await stored_case(rt, danger.id)).state == State.QUEUED
    assert await _close(rt, lead, with_urgent=True, once="two") == 1
    assert (await stored_case(rt, danger.id)).state == State.RESOLVED
    assert (await stored_case(rt, claimed.id)).state == State.CLAIMED


@pytest.mark.requirement("S-82")
async def test_person_is_notified_and_can_ask_again_when_a_case_burst_is_closed(
    rt: Runtime, lead: Officer
) -> None:
    guest, case = await _open_case(rt)
    before = len(await guest.rows())
    await _close(rt, lead)
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer
    assert len(await guest.rows()) > before
    again = await ask(guest, "Testova asks again")
    assert again.id != case.id
    assert again.state == State.QUEUED


@pytest.mark.requirement("S-82")
async def test_reopening_a_case_burst_returns_its_cases_to_the_queue(
    rt: Runtime, lead: Officer
) -> None:
    guest, case = await _open_case(rt)
    other, unasked = await _open_case(rt)
    await _close(rt, lead)
    newer = await ask(other, "Testova asks again")
    (closed,) = (await bursts.report(rt, lead)).closed
    assert await bursts.reopen(rt, lead, closed.id) == 1
    found = await stored_case(rt, case.id)
    assert (found.state, found.owner) == (State.QUEUED, None)
    assert found.answer_due is not None
    assert (await stored_case(rt, unasked.id)).state == State.RESOLVED
    assert (await stored_case(rt, newer.id)).state == State.QUEUED
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.with_officer
    assert str(case.id) in await _audited_subjects(rt, "burst.reopen")
    assert await bursts.reopen(rt, lead, closed.id) == 0


async def _take_new_case_jobs(rt: Runtime) -> list[str]:
    """Delete the queued jobs that notify officers of a new case; return the ids of the cases."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "DELETE FROM procrastinate_jobs WHERE args->>'kind' = 'new_case'"
            " RETURNING args->>'subject'"
        )
        return [row[0] for row in await cursor.fetchall()]


async def test_reopening_a_case_burst_notifies_officers_of_urgent_cases(
    rt: Runtime, lead: Officer
) -> None:
    await _open_case(rt)
    _guest, danger = await _open_case(rt, "danger")
    await _close(rt, lead, with_urgent=True)
    await _take_new_case_jobs(rt)
    (closed,) = (await bursts.report(rt, lead)).closed
    assert await bursts.reopen(rt, lead, closed.id) == 2
    assert await _take_new_case_jobs(rt) == [str(danger.id)]


async def test_reopened_case_of_a_burst_is_no_longer_escalated(rt: Runtime, lead: Officer) -> None:
    _guest, case = await _open_case(rt)
    await advance_database_clock(rt, "30 days")
    await case_sweeps.sweep_cases(rt)
    await _close(rt, lead)
    (closed,) = (await bursts.report(rt, lead)).closed
    assert await bursts.reopen(rt, lead, closed.id) == 1
    assert (await stored_case(rt, case.id)).escalated_at is None


@pytest.mark.requirement("S-82")
async def test_reopening_a_case_burst_is_limited_to_a_week_and_the_own_mission(
    rt: Runtime, lead: Officer
) -> None:
    await _open_case(rt)
    await _close(rt, lead)
    (closed,) = (await bursts.report(rt, lead)).closed
    elsewhere = await insert_officer(rt, "Far Testov", "mn_ulaanbaatar", roles=(Role.LEAD,))
    assert (await bursts.report(rt, elsewhere)).closed == ()
    with pytest.raises(Forbidden):
        await bursts.reopen(rt, elsewhere, closed.id)
    await advance_database_clock(rt, "8 days")
    with pytest.raises(Forbidden):
        await bursts.reopen(rt, lead, closed.id)


@pytest.mark.requirement("S-53", "S-82")
async def test_closing_and_reopening_a_case_burst_need_a_lead(rt: Runtime, lead: Officer) -> None:
    officer, (_guest, case) = await insert_officer(rt), await _open_case(rt)
    auditor = await insert_officer(rt, "Auditor Testov", roles=(Role.AUDITOR,))
    assert (await bursts.report(rt, officer)).closed == ()
    with pytest.raises(Forbidden):
        await bursts.report(rt, auditor)
    with pytest.raises(Forbidden):
        await _close(rt, officer, once=new_idempotency_key())
    await _close(rt, lead)
    (closed,) = (await bursts.report(rt, lead)).closed
    for burst in (closed.id, UUID(int=1)):
        with pytest.raises(Forbidden):
            await bursts.reopen(rt, officer, burst)
    assert (await stored_case(rt, case.id)).state == State.RESOLVED


@pytest.mark.requirement("S-34", "S-82")
async def test_ip_address_hash_of_a_case_is_deleted_after_two_days(
    rt: Runtime, lead: Officer
) -> None:
    await _open_case(rt)
    await _close(rt, lead)
    await retention.retain(rt)
    assert await _counts(rt) == (1, 1)
    await advance_database_clock(rt, "49 hours")
    await retention.retain(rt)
    assert await _counts(rt) == (0, 1)
    await advance_database_clock(rt, "31 days")
    await retention.retain(rt)
    assert await _counts(rt) == (0, 0)


async def _counts(rt: Runtime) -> tuple[int, int]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT (SELECT count(*) FROM case_origins), (SELECT count(*) FROM case_bursts)"
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
