"""The audit page shows actions and registry states in words, and unknown ones as codes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from re import findall
from uuid import uuid4

import pytest

import bot
from bot.i18n import Languages
from bot.officers.permissions import Action
from bot.security import audit_log
from bot.web.console import demo_officers
from bot.web.console.labels_audit import BECAUSE, LOGGED, REGISTRY_STATES, SENT
from bot.web.console.labels_common import ROLES
from bot.web.console.labels_inbox import OWN_TOPICS
from flows.engine.text import Text
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Screen
from tests.officer_names import AIGUL, SAULE

WRITES = ("submit", "answer", "invite", "join", "leave", "withdraw", "erase")
RUSSIAN = Languages(("ru",))


def _ru(text: Text) -> str:
    return " ".join(RUSSIAN.render(text, "ru").split())


@pytest.fixture
async def desk(stack: AppStack) -> AsyncIterator[AppStack]:
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    yield stack
    await close_visitor(visitor)


# A literal action in a call of `audit_log.append`, of `directory.record_action` or of `_note`.
WRITTEN_ACTION = r'(?:action=|(?:record_action|_note)\(\s*transaction,\s*\w+,\s*)"([a-z_.]+)"'


def test_audit_actions_all_have_labels() -> None:
    pages = Path(bot.__file__).parent.rglob("*.py")
    actions = {
        action for page in pages for action in findall(WRITTEN_ACTION, page.read_text("utf-8"))
    }
    assert {*Action, *actions} - LOGGED.keys() == set()


async def test_audit_page_can_be_filtered_by_action_by_day_and_by_officer(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL), Console.signed_in(desk.url, SAULE) as auditor:
        everything = await auditor.get("/console/audit")
        aigul = re.search(rf'value="([0-9a-f-]+)"[^>]*>{AIGUL}', everything.html)
        assert aigul is not None
        screen = await auditor.get(f"/console/audit?actor={aigul[1]}&kind=sign_")
        assert _rows(screen) == [(AIGUL, f"{_ru(LOGGED['sign_in'])} demo")]
        assert f'value="{aigul[1]}" selected' in screen.html
        screen = await auditor.get("/console/audit?kind=officer.")
        assert {what.partition(" ")[0] for _who, what in _rows(screen)} == {
            _ru(LOGGED["officer.entered"]).partition(" ")[0]
        }
        assert _ru(ROLES["approver"]) in screen.text
        assert "approver" not in screen.text, "a role appears by its name"
        assert _rows(await auditor.get("/console/audit?day=2001-01-01")) == []
        today = await auditor.get("/console/audit?day=no-day&kind=unknown")
        assert len(_rows(today)) >= len(_rows(everything)), "a wrong filter is none"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_console_pages_accept_the_earliest_and_the_latest_date(
    desk: AppStack, day: str
) -> None:
    async with Console.signed_in(desk.url, SAULE) as auditor:
        for path in ("audit", "content/ends"):
            assert (await auditor.get(f"/console/{path}?day={day}")).status == 200, path


def _rows(screen: Screen) -> list[tuple[str, str]]:
    """Return (officer, action) of each line on the audit page."""
    lines = re.findall(r"<tr><td class=\"figure\">.*?</tr>", screen.html, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL) for line in lines]
    plain = [[" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in row] for row in cells]
    return [(row[2], row[3]) for row in plain]


async def test_audit_page_shows_action_names(desk: AppStack) -> None:
    async with desk.rt.pool.connection() as session:
        await audit_log.append(session, actor="operator", action="not.known", subject="-")
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/audit")
    async with Console.signed_in(desk.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit")
    assert f"{_ru(LOGGED['denied'])} GET role {_ru(LOGGED[Action.AUDIT_READ])}" in screen.text
    assert "audit.read" not in screen.text
    assert "not.known" in screen.text


async def test_case_page_shows_registry_states_in_the_officers_language(desk: AppStack) -> None:
    async with desk.rt.pool.connection() as session:
        registration = uuid4()
        await session.execute(
            "INSERT INTO registrations (id, person_id, state, number)"
            " SELECT %s, person_id, 'received', 'KS-2026-TEST-TEST' FROM cases",
            (registration,),
        )
        for number, state, reason in ((1, "unknown", "E_REGISTRY_TIMEOUT"), (2, "odd", "odd_too")):
            await session.execute(
                "INSERT INTO registry_writes (id, registration_id, number, kind, state, reason)"
                " VALUES (%s, %s, %s, 'amend', %s, %s)",
                (uuid4(), registration, number, state, reason),
            )
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        screen = await console.submit("/next")
    expected = [
        f"{_ru(SENT['registration'])} KS-2026-TEST-TEST {_ru(REGISTRY_STATES['received'])}",
        f"{_ru(SENT['amend'])} KS-2026-TEST-TEST {_ru(REGISTRY_STATES['unknown'])}",
        _ru(BECAUSE["E_REGISTRY_TIMEOUT"]),
        "odd odd_too",
    ]
    assert [each for each in expected if each not in screen.text] == []
    assert "E_REGISTRY" not in screen.text


async def test_case_page_shows_a_duplicate_and_all_writes_to_the_registry(desk: AppStack) -> None:
    """Check that no write is shown by its code. Only the person reads a duplicate as received."""
    async with desk.rt.pool.connection() as session:
        registration = uuid4()
        await session.execute(
            "INSERT INTO registrations (id, person_id, state, number)"
            " SELECT %s, person_id, 'duplicate', 'KS-2026-TEST-TEST' FROM cases",
            (registration,),
        )
        for number, kind in enumerate(WRITES, 1):
            await session.execute(
                "INSERT INTO registry_writes (id, registration_id, number, kind, state, reason)"
                " VALUES (%s, %s, %s, %s, 'pending', 'E_REGISTRY_DOWN')",
                (uuid4(), registration, number, kind),
            )
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        screen = await console.submit("/next")
    assert f"KS-2026-TEST-TEST {_ru(OWN_TOPICS['registry_duplicate'])}" in screen.text
    calls = re.findall(r'<li><span class="tag">(.*?)</span> <bdi>KS-', screen.html)
    assert set(calls).isdisjoint(WRITES)
    assert len(calls) == len(WRITES) + 1
    assert "E_REGISTRY" not in screen.text
