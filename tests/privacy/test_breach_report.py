"""The breach report counts affected people by table, within a scope of time and key version.

It contains no personal data.
"""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from typer.testing import CliRunner

from bot import runtime
from bot.cli import breach
from bot.db import tables as t
from bot.embedded import Databases
from bot.operations import key_rotation
from bot.people import subscriptions
from bot.privacy import breach_report
from bot.privacy.breach_report import Scope
from bot.privacy.data_inventory import INVENTORY, Erased
from bot.runtime import Runtime
from tests.operations.test_key_rotation import invent, settle
from tests.person_client import Guest

pytestmark = pytest.mark.requirement("S-77")


async def test_breach_report_counts_a_person_once_over_all_tables(rt: Runtime) -> None:
    await invent(rt, 3)
    await Guest(rt).register()
    found = await breach_report.count_affected(rt, Scope())
    by_table = {each.table: each for each in found.tables}
    assert found.people == by_table["people"].people == 4
    assert by_table["consents"].people == by_table["registrations"].people == 1
    assert by_table["messages"].rows > by_table["messages"].people == 1
    assert by_table["handles"].data


def test_breach_report_covers_every_table_with_data_of_a_person() -> None:
    """Check tables with a person, and tables whose rows are deleted with the person."""
    of_people = {each.name for each in t.metadata.sorted_tables if "person_id" in each.c}
    deleted = {each.table for each in INVENTORY if each.erased is Erased.GONE}
    assert of_people | deleted <= {*breach_report.TABLES}
    # The rows of these tables contain no person.
    named = {each.table for each in INVENTORY if each.erased is Erased.CUT}
    assert named - {*breach_report.TABLES} == {
        "audit_entries",
        "case_events",
        "tombstones",
        "webhook_deliveries",
    }


async def test_breach_report_counts_sealed_forms_papers_and_attributes(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO uploads (id, person_id, paper, state)"
            " SELECT gen_random_uuid(), id, 'passport', 'pending' FROM people"
        )
        await session.execute("INSERT INTO upload_chunks SELECT id, 1, 'x' FROM uploads")
        cursor = await session.execute("SELECT id FROM people")
        person = await cursor.fetchone()
        assert person is not None
        await subscriptions.put(
            rt, session, person[0], ("events",), {"country": "CN"}, discreet=False
        )
    for table in ("registry_writes", "upload_chunks", "audience_attributes"):
        found = await breach_report.count_affected(rt, Scope(table=table))
        assert (found.people, [each.rows for each in found.tables]) == (1, [1]), table


async def test_breach_report_counts_a_person_who_wrote_after_the_breach(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    until = datetime.now(UTC) + timedelta(hours=1)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE conversations SET updated_at = now() + interval '2 hours'")
        await session.execute(
            "INSERT INTO reminders SELECT id, now() + interval '2 hours' FROM people"
        )
    for table in ("conversations", "reminders"):
        for since in (None, until - timedelta(minutes=30)):
            scope = Scope(since=since, until=until, table=table)
            assert (await breach_report.count_affected(rt, scope)).people == 1
        later = Scope(since=until + timedelta(hours=2), table=table)
        assert (await breach_report.count_affected(rt, later)).people == 0


def test_breach_command_refuses_an_unknown_table() -> None:
    for table in ("mesages", "missions"):
        done = CliRunner().invoke(breach.app, ["--table", table])
        assert done.exit_code == 2
        assert "upload_chunks" in done.output


def test_breach_command_refuses_a_period_that_ends_before_it_begins() -> None:
    for until in ("2026-11-21T00:00", "2026-11-22"):
        done = CliRunner().invoke(breach.app, ["--since", "2026-11-22", "--until", until])
        assert done.exit_code == 2
        assert "--until" in done.output


async def test_breach_command_refuses_an_epoch_that_never_was(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that a mistyped number is not reported as a breach that affects no one."""
    await Guest(rt).register()
    monkeypatch.setattr(
        breach, "running_servers", lambda *_, **_more: nullcontext((rt.settings, 0))
    )
    for epoch, code, message in ((1, 0, "In all: 1 people."), (99, 2, "epoch-99")):
        words = ["--epoch", str(epoch)]
        done = await asyncio.to_thread(CliRunner().invoke, breach.app, words)
        assert (done.exit_code, message in done.output) == (code, True), done.output


async def test_breach_command_says_that_since_omits_older_rows(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that an operator cannot take rows created since a time for all rows of this time."""
    await Guest(rt).register()
    monkeypatch.setattr(
        breach, "running_servers", lambda *_, **_more: nullcontext((rt.settings, 0))
    )
    begins = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    ends = (datetime.now(UTC) + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    for since, people, warned in ((["--since", begins], 0, True), ([], 1, False)):
        done = await asyncio.to_thread(
            CliRunner().invoke, breach.app, [*since, "--until", ends], catch_exceptions=False
        )
        assert f"In all: {people} people." in done.output
        assert ("again without --since" in done.output) is warned


async def test_breach_report_filters_by_time_key_version_and_table(rt: Runtime) -> None:
    await invent(rt, 2)
    now = datetime.now(UTC)
    assert (
        await breach_report.count_affected(rt, Scope(since=now + timedelta(hours=1)))
    ).people == 0
    assert (
        await breach_report.count_affected(rt, Scope(until=now + timedelta(hours=1)))
    ).people == 2
    assert (await breach_report.count_affected(rt, Scope(epoch=2))).people == 0
    settle(rt)
    await key_rotation.create(rt, "epoch")
    settle(rt)
    await key_rotation.rewrap_all(rt)
    assert (await breach_report.count_affected(rt, Scope(epoch=2))).people == 2
    only = await breach_report.count_affected(rt, Scope(table="handles"))
    assert [each.table for each in only.tables] == ["handles"]


async def test_breach_report_may_take_longer_than_a_turns_statement(
    rt: Runtime, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 150,000 people and 1.5 million messages, a count took more than 10 s."""
    monkeypatch.setattr(runtime, "STATEMENT_SECONDS", 0.1)
    async with runtime.pool(rt.settings.database(), 1) as impatient:
        with psycopg.connect(databases.owner) as owner:
            owner.execute("LOCK TABLE messages")
            count = breach_report.count_affected(replace(rt, pool=impatient), Scope())
            counting = asyncio.create_task(count)
            done, _pending = await asyncio.wait({counting}, timeout=0.5)
            assert not done
        assert (await counting).people == 0
