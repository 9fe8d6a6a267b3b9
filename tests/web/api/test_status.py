"""The state of a registration over the API: by number and PIN, with the budgets of a chat."""

import pytest

from bot.budgets.table import MAX_CHAT_LOOKUPS
from bot.officers.permissions import Scope
from bot.runtime import Runtime
from tests.app_stack import House
from tests.web.api.integrator import Answer, Integrator, integrator
from tests.web.test_status_elsewhere import PIN, registered

STATUS = Scope.STATUS_READ


async def _ask(system: Integrator, number: str, pin: str = PIN) -> Answer:
    return await system.post("/status", {"number": number, "pin": pin})


async def test_status_api_shows_only_the_state(house: House) -> None:
    number = await registered(house)
    async with integrator(house.rt, STATUS) as system:
        assert await _ask(system, number.lower()) == (200, {"state": "accepted"})


async def test_status_api_refuses_everything_else_alike(house: House) -> None:
    number = await registered(house)
    async with integrator(house.rt, STATUS) as system:
        wrong_pin = await _ask(system, number, "999999")
        assert wrong_pin == await _ask(system, "KS-2026-ABCD-2345")
        assert wrong_pin[0] == 404


async def test_status_api_counts_wrong_pairs_of_the_account(house: House) -> None:
    number = await registered(house)
    async with integrator(house.rt, STATUS) as system:
        assert [(await _ask(system, number))[0] for _each in range(2)] == [200, 200]
        for each in range(MAX_CHAT_LOOKUPS - 1):
            assert (await _ask(system, f"KS-2026-ABCD-{each + 1000}"))[0] == 404
        assert (await _ask(system, number))[0] == 200, "right pairs were not counted"
        assert (await _ask(system, "KS-2026-ABCD-2345"))[0] == 404
        assert (await _ask(system, number))[0] == 404, "no try is left"


@pytest.mark.parametrize("pin", ["12", "12345678901", "12x4"])
async def test_status_api_refuses_what_is_no_pin(rt: Runtime, pin: str) -> None:
    async with integrator(rt, STATUS) as system:
        status, told = await _ask(system, "KS-2026-ABCD-2345", pin)
        assert (status, told["field"]) == (422, "pin")
        assert pin not in str(told)


async def test_status_api_audits_without_the_number(house: House) -> None:
    number = await registered(house)
    async with integrator(house.rt, STATUS) as system:
        await _ask(system, number)
        async with house.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT actor, action, subject, detail FROM audit_entries"
                " WHERE action = 'status.look_up'"
            )
            assert await cursor.fetchall() == [
                (str(system.owner.id), "status.look_up", "status", "api")
            ]


async def test_status_api_needs_scope_and_role(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        status, told = await _ask(system, "KS-2026-ABCD-2345")
        assert (status, told["reason"]) == (403, "scope")
    async with integrator(rt, STATUS) as system:
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET roles = '{auditor}'")
        status, told = await _ask(system, "KS-2026-ABCD-2345")
        assert (status, told["reason"]) == (403, "role")
