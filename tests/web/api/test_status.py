"""External systems look up a registration's status over the API by number and PIN.

The rate limits are the same as for a lookup in a chat.
"""

import asyncio

import pytest

from bot.budgets import spending
from bot.budgets.table import MAX_CHAT_LOOKUPS, MAX_NUMBER_LOOKUPS, WINDOW_SECONDS
from bot.officers.permissions import Scope
from bot.runtime import Runtime
from bot.web.api import status
from tests.app_stack import AppStack
from tests.web.api.integrator import Answer, Integrator, integrator
from tests.web.test_status_elsewhere import PIN, register

STATUS = Scope.STATUS_READ


async def _ask(system: Integrator, number: str, pin: str = PIN) -> Answer:
    return await system.post("/status", {"number": number, "pin": pin})


async def test_status_api_returns_only_the_state_of_the_registration(stack: AppStack) -> None:
    number = await register(stack)
    async with integrator(stack.rt, STATUS) as system:
        assert await _ask(system, number.lower()) == (200, {"state": "accepted"})


async def test_status_api_gives_the_same_answer_for_wrong_number_and_wrong_pin(
    stack: AppStack,
) -> None:
    number = await register(stack)
    async with integrator(stack.rt, STATUS) as system:
        wrong_pin = await _ask(system, number, "999999")
        assert wrong_pin == await _ask(system, "KS-2026-ABCD-2345")
        assert wrong_pin[0] == 404


async def test_status_api_limits_wrong_attempts_per_account(stack: AppStack) -> None:
    number = await register(stack)
    async with integrator(stack.rt, STATUS) as system:
        assert [(await _ask(system, number))[0] for _each in range(2)] == [200, 200]
        for each in range(MAX_CHAT_LOOKUPS - 1):
            assert (await _ask(system, f"KS-2026-ABCD-{each + 1000}"))[0] == 404
        assert (await _ask(system, number))[0] == 200, "right pairs were not counted"
        assert (await _ask(system, "KS-2026-ABCD-2345"))[0] == 404


async def test_status_api_answers_429_when_the_account_has_no_attempt_left(stack: AppStack) -> None:
    number = await register(stack)
    async with integrator(stack.rt, STATUS) as system:
        for each in range(MAX_CHAT_LOOKUPS):
            assert (await _ask(system, f"KS-2026-ABCD-{each + 1000}"))[0] == 404
        right, wrong = await _ask(system, number), await _ask(system, number, "999999")
        assert right == wrong
        assert (right[0], right[1]["reason"]) == (429, "lookups")
        pair = {"number": number, "pin": PIN}
        async with system.http.post("/api/v1/status", json=pair) as answer:
            wait = int(answer.headers["retry-after"])
            assert status.IN_FLIGHT_SECONDS < wait <= WINDOW_SECONDS / MAX_CHAT_LOOKUPS + 1


async def test_status_api_names_a_short_wait_while_lookups_are_checked(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right lookups return their attempts, so the next one need not wait for the hour's end."""
    number = await register(stack)
    begun, gate = asyncio.Semaphore(0), asyncio.Event()
    draw = spending.draw_number_lookup

    async def draw_later(rt: Runtime, number: str) -> bool:
        begun.release()
        await gate.wait()
        return await draw(rt, number)

    monkeypatch.setattr(spending, "draw_number_lookup", draw_later)
    async with integrator(stack.rt, STATUS) as system:
        waiting = [asyncio.create_task(_ask(system, number)) for _each in range(MAX_CHAT_LOOKUPS)]
        for _each in waiting:
            await begun.acquire()
        pair = {"number": number, "pin": PIN}
        async with system.http.post("/api/v1/status", json=pair) as answer:
            wait = answer.headers.get("retry-after")
        gate.set()
        assert (answer.status, wait) == (429, str(status.IN_FLIGHT_SECONDS))
        assert {(await each)[0] for each in waiting} == {200}
        assert (await _ask(system, number))[0] == 200


async def test_status_api_does_not_count_successful_lookups(stack: AppStack) -> None:
    number = await register(stack)
    async with integrator(stack.rt, STATUS) as system:
        found = [(await _ask(system, number))[0] for _each in range(MAX_NUMBER_LOOKUPS + 2)]
        assert set(found) == {200}


@pytest.mark.parametrize("pin", ["12", "12345678901", "12x4"])
async def test_status_api_rejects_a_malformed_pin(rt: Runtime, pin: str) -> None:
    async with integrator(rt, STATUS) as system:
        code, body = await _ask(system, "KS-2026-ABCD-2345", pin)
        assert (code, body["field"]) == (422, "pin")
        assert pin not in str(body)


async def _audit_rows(rt: Runtime, action: str) -> list[tuple[str, ...]]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT actor, subject, detail FROM audit_entries WHERE action = %s ORDER BY seq",
            (action,),
        )
        return list(await cursor.fetchall())


async def test_status_api_audits_a_lookup_without_the_registration_number(stack: AppStack) -> None:
    number = await register(stack)
    async with integrator(stack.rt, STATUS) as system:
        await _ask(system, number)
        for _each in range(MAX_CHAT_LOOKUPS + 1):
            await _ask(system, "KS-2026-ABCD-2345", "999999")
        outcomes = ["found", *["not found"] * MAX_CHAT_LOOKUPS, "no try left"]
        assert await _audit_rows(stack.rt, "status.look_up") == [
            (str(system.owner.id), "status", f"api: {each}") for each in outcomes
        ]


async def test_status_api_audits_a_missing_scope(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        assert (await _ask(system, "KS-2026-ABCD-2345"))[0] == 403
        assert await _audit_rows(rt, "denied") == [
            (str(system.owner.id), "api", "POST scope status:read")
        ]


async def test_status_api_is_forbidden_without_the_scope_or_the_role(rt: Runtime) -> None:
    async with integrator(rt, Scope.STATISTICS_READ) as system:
        code, body = await _ask(system, "KS-2026-ABCD-2345")
        assert (code, body["reason"]) == (403, "scope")
    async with integrator(rt, STATUS) as system:
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET roles = '{auditor}'")
        code, body = await _ask(system, "KS-2026-ABCD-2345")
        assert (code, body["reason"]) == (403, "role")
