"""The alarm 30 days before facts expire, and its runbook as two editors follow it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from bot.cli import content_checks
from bot.cli.findings import Grade
from bot.config.settings import Settings
from bot.content import endings
from bot.editorial import drafts
from bot.observability import metrics
from bot.officers.directory import Officer
from bot.operations import health
from bot.runtime import Runtime
from tests.editorial.editors import approver, editor
from tests.promql import fires, scraped

DAY = date(2026, 12, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
RULES = Path(__file__).parents[2] / "deploy/prometheus/rules.yaml"


class Clock(datetime):
    """The process clock, set to noon UTC on 1 December 2026."""

    @classmethod
    def now(cls, tz: object = None) -> "Clock":
        return cls(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
async def december(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """Set the clocks of process and database to 30 days before 31 December."""
    monkeypatch.setattr(content_checks, "datetime", Clock)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = %s - clock_timestamp()", (NOON,))
    return rt


async def _is_firing(rt: Runtime) -> bool:
    rules = yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]
    expression = next(each["expr"] for each in rules if each["alert"] == "KoshFactsEnd")
    seen = await health.collect(rt)
    return fires(expression, scraped(metrics.exposition(health.samples(seen)).decode()))


async def _run_doctor(chosen: Settings) -> tuple[Grade, str]:
    (finding,) = [each async for each in content_checks.facts(chosen)]
    return finding.grade, finding.said


async def _extend_fact(rt: Runtime, author: Officer, second: Officer, key: str) -> None:
    item = f"fact:{key}"
    later = {"as_of": DAY, "checked": DAY, "until": DAY + timedelta(days=120)}
    body = replace(drafts.shipped(rt, item), **later)
    assert await drafts.save(rt, author, item, body, 0) == [], item
    (found,) = await drafts.history(rt, author, item)
    await drafts.approve(rt, second, item, found.number, found.content_hash)


@pytest.mark.release
async def test_alert_and_doctor_report_no_expiring_facts_after_the_runbook(
    december: Runtime, chosen: Settings
) -> None:
    rt = december
    due = endings.ending(rt.content.on(DAY))
    assert len(due) > 10
    assert await _is_firing(rt)
    grade, output = await _run_doctor(chosen)
    assert (grade, f"{len(due)} end within 30 days" in output) == (Grade.DOUBTFUL, True)
    author, second = await editor(rt), await approver(rt)
    for fact in due:
        await _extend_fact(rt, author, second, fact.key)
    async with rt.pool.connection() as transaction:
        await rt.content.load(transaction)
    assert not await _is_firing(rt)
    assert await _run_doctor(chosen) == (Grade.GOOD, "none ends within 30 days")
