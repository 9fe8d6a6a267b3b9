"""The API's statistics count whole days of the account's mission, and reveal no single case."""

from typing import Any

from bot.officers.permissions import Scope
from bot.runtime import Runtime
from tests.desk.desks import ask
from tests.person_client import Guest
from tests.web.api.integrator import Integrator, integrator

MEMBERS = {"opened", "came_back", "topics", "languages", "countries", "days"}


async def _counts(system: Integrator) -> dict[str, Any]:
    status, found = await system.get("/statistics")
    assert (status, set(found), len(found["days"])) == (200, MEMBERS, 30)
    return found


async def _next_day(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + interval '1 day'")


def _shown_counts(found: dict[str, Any]) -> set[int | None]:
    cells = [each["count"] for name in ("topics", "languages", "countries") for each in found[name]]
    days = [each[name] for each in found["days"] for name in ("opened", "closed")]
    return {found["opened"], found["came_back"], *cells, *days}


async def test_statistics_api_excludes_the_current_day(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        before = await _counts(system)
        for number in range(6):
            await ask(Guest(rt, f"guest-{number}"))
            assert await _counts(system) == before
        await _next_day(rt)
        found = await _counts(system)
        assert found["opened"] == found["days"][-1]["opened"] == 5
        assert found["topics"] == [{"name": "general", "count": 5}]


async def test_statistics_api_hides_counts_below_five(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        for number in range(4):
            await ask(Guest(rt, f"guest-{number}"))
        await ask(Guest(rt, "guest-4"), topic="passport")
        await _next_day(rt)
        found = await _counts(system)
        assert (found["opened"], found["topics"]) == (5, [])
        assert "passport" not in str(found)
        assert _shown_counts(found) == {5, None}


async def test_statistics_api_counts_a_closed_case_from_the_next_day(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        for number in range(7):
            await ask(Guest(rt, f"guest-{number}"))
        await _next_day(rt)
        before = await _counts(system)
        async with rt.pool.connection() as session:
            await session.execute(
                "UPDATE cases SET state = 'resolved', returned = 1, state_at = kosh_now()"
            )
        assert await _counts(system) == before
        await _next_day(rt)
        found = await _counts(system)
        assert found["days"][-1]["closed"] == found["came_back"] == 5


async def test_statistics_api_counts_only_cases_of_the_accounts_mission(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        for number in range(5):
            await ask(Guest(rt, f"guest-{number}"))
        await _next_day(rt)
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET mission = 'tr_ankara'")
        found = await _counts(system)
        assert (_shown_counts(found), found["topics"]) == ({None}, [])
