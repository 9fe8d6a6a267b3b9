"""Officers find a case by its number or by the person's registration number.

A search for an unknown number, or one of another mission, finds nothing and is audited.
"""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from bot.officers.permissions import Role
from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, ru
from tests.desk.desks import insert_officer

AIGUL, SAULE, BEIJING_OFFICER = "Aigul Testova", "Saule Testova", "Officer Beijing"
RECEIPT = "KS-2026-TEST-TEST"


@pytest.fixture
async def desk(stack: AppStack) -> AsyncIterator[AppStack]:
    """Yield an application with case 1, which waits; its person has the registration RECEIPT."""
    await demo_officers.enter(stack.rt)
    await insert_officer(stack.rt, BEIJING_OFFICER, "cn_beijing", (Role.OFFICER,))
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    async with stack.rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO registrations (id, person_id, state, number)"
            " SELECT %s, person_id, 'accepted', %s FROM cases",
            (uuid4(), RECEIPT),
        )
    yield stack
    await close_visitor(visitor)


@pytest.mark.parametrize("query", ["1", f" {RECEIPT.lower()} "])
async def test_console_case_search_opens_a_case_by_its_number(desk: AppStack, query: str) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox?queue=mine")
        screen = await console.submit("/find", number=query)
        assert screen.path.startswith("/console/cases/")
        assert ru("why") in screen.text, "finding is not reading yet"
        case_id = screen.path.rpartition("/")[2]
    async with Console.signed_in(desk.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit")
        assert case_id in screen.text
        assert RECEIPT not in screen.text.upper()


@pytest.mark.parametrize(
    ("officer", "query"),
    [
        (AIGUL, "2"),
        (AIGUL, "KS-2026-NONE-NONE"),
        (BEIJING_OFFICER, "1"),
        (BEIJING_OFFICER, RECEIPT),
    ],
)
async def test_console_case_search_rejects_unknown_and_other_missions_cases(
    desk: AppStack, officer: str, query: str
) -> None:
    async with Console.signed_in(desk.url, officer) as console:
        await console.get("/console/inbox")
        screen = await console.submit("/find", number=query)
        assert screen.path == "/console/inbox"
        assert ru("done_no_case") in screen.text
    async with desk.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT subject, detail FROM audit_entries WHERE action = 'case.find'"
        )
        assert await cursor.fetchall() == [("console", "absent")]


async def test_console_case_search_opens_a_closed_case(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await console.submit("/resolve", where="")
        screen = await console.submit("/find", number="1")
        assert screen.path.startswith("/console/cases/")
