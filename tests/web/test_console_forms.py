"""The console checks session, origin, size and CSRF token of a form before it parses the fields."""

from collections.abc import AsyncIterator

import pytest

from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.console_client import Console, ru

LEAD = "Marat Testov"
LONG = "9" * 20


@pytest.fixture
async def console(stack: AppStack) -> AsyncIterator[Console]:
    """Yield the browser of a lead who is signed in at the console."""
    await demo_officers.enter(stack.rt)
    async with Console.signed_in(stack.url, LEAD) as console:
        yield console


@pytest.mark.requirement("S-58")
async def test_console_form_csrf_token_is_checked_before_fields_are_parsed(
    console: Console,
) -> None:
    invalid = {"session": "neither an id nor others"}
    assert (await console.post("/console/own/end", invalid)).status == 403
    allowed = invalid | {"csrf": await console.csrf_token()}
    screen = await console.post("/console/own/end", allowed)
    assert (screen.status, ru("problem") in screen.text) == (422, True)
    assert "neither" not in screen.html


@pytest.mark.requirement("S-53")
async def test_console_form_permission_is_checked_before_fields_are_parsed(
    console: Console,
) -> None:
    fields = {"csrf": await console.csrf_token(), "officer": "no id"}
    screen = await console.post("/console/officers/invite", fields)
    assert (screen.status, ru("forbidden") in screen.text) == (403, True)


@pytest.mark.requirement("S-13")
async def test_console_form_with_a_nul_character_is_refused(console: Console) -> None:
    fields = {"csrf": await console.csrf_token(), "language": "r\0u"}
    assert (await console.post("/console/own/language", fields)).status == 400


@pytest.mark.requirement("S-13")
async def test_console_form_that_is_too_large_is_refused_with_an_explanation(
    console: Console,
) -> None:
    fields = {"csrf": await console.csrf_token(), "language": "字" * 30_000}
    screen = await console.post("/console/own/language", fields)
    assert screen.status == 413
    assert ru("too_large") in screen.text
    assert "字字" not in screen.html


@pytest.mark.requirement("S-13")
async def test_console_form_without_a_session_is_answered_with_401(stack: AppStack) -> None:
    async with Console.at(stack.url) as client:
        assert (await client.post("/console/own/end", {"session": "x"})).status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/console/inbox?queue=party",
        f"/console/inbox?number={LONG}",
        "/console/statistics?country=KAZ",
        f"/console/audit?before={LONG}",
    ],
)
async def test_console_query_with_an_invalid_value_is_answered_with_422(
    stack: AppStack, console: Console, path: str
) -> None:
    who = "Saule Testova" if "audit" in path else LEAD
    async with Console.signed_in(stack.url, who) as officer:
        screen = await officer.get(path)
    assert (screen.status, ru("problem") in screen.text) == (422, True)
    assert path.rpartition("=")[2] not in screen.html


async def test_console_case_id_that_is_malformed_is_answered_with_404(
    stack: AppStack, console: Console
) -> None:
    assert (await console.get("/console/cases/not-an-id")).status == 404
    async with stack.rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT detail FROM audit_entries WHERE action = 'denied'"
        )
        assert await cursor.fetchall() == [("GET absent",)]
