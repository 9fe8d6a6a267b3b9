"""The breach report counts affected people by table, within a scope of time and key version.

It contains no personal data.
"""

from datetime import UTC, datetime, timedelta

import pytest

from bot.db import tables as t
from bot.operations import key_rotation
from bot.privacy import breach_report
from bot.privacy.breach_report import Scope
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


def test_breach_report_covers_person_tables_except_audience_attributes() -> None:
    of_people = {each.name for each in t.metadata.sorted_tables if "person_id" in each.c}
    assert of_people - breach_report._COUNTS.keys() == {t.AudienceAttribute.__tablename__}


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
