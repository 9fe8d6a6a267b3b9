"""Counts over the API: those of the account's mission, without a filter."""

from bot.officers.permissions import Scope
from bot.runtime import Runtime
from tests.desk.desks import ask
from tests.person_client import Guest
from tests.web.api.integrator import integrator


async def test_statistics_api_hides_small_counts(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        for number in range(6):
            await ask(Guest(rt, f"guest-{number}"))
            status, found = await system.get("/statistics")
            assert status == 200
            shown = 5 if number >= 4 else None
            assert (found["opened"], found["topics"][0]["count"]) == (
                shown,
                None if number < 4 else number + 1,
            )
        assert set(found) == {"opened", "came_back", "topics", "languages", "countries", "days"}
        assert len(found["days"]) == 30
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET mission = 'tr_ankara'")
        _status, found = await system.get("/statistics")
        assert (found["opened"], found["topics"]) == (0, [])
