"""Every console route of a case follows the permissions, for each role, mission, state and owner.

Allowed actions succeed or are rejected for missing fields. Denied actions change nothing.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.cases import State
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Allowed, Role, Subject, check
from bot.web.console import demo_officers, routes
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console
from tests.release_only import release_only

OTHER_MISSION = "mn_ulaanbaatar"
ON_A_CASE: list[Any] = [each for each in routes() if "{case_id}" in each.path]
# Fields for all forms of a case: with them, an allowed action succeeds.
FIELDS = {
    "words": "Testov answers", "note": "Testov notes", "document": "identity", "to": "topic",
    "topic": "spouse", "for": "1h", "reason": "check", "question": "none", "value": "none",
    "shown_labels": "",
}  # fmt: skip
HELD = (State.CLAIMED, State.WAITING, State.SNOOZED)
SITUATIONS = [
    (State.QUEUED, "nobody"),
    *((state, owner) for state in HELD for owner in ("me", "other")),
    *((State.RESOLVED, owner) for owner in ("nobody", "me", "other")),
]


@dataclass
class Office:
    """An application with one case, and all officers by name."""

    stack: AppStack
    case_id: UUID
    officers: dict[str, Officer]

    async def put(self, state: State, owner: UUID | None) -> tuple[Any, ...]:
        """Set the case's state and owner; return the columns of the case that `row` reads."""
        async with self.stack.rt.pool.connection() as session:
            await session.execute("DELETE FROM case_actions")
            await session.execute(
                "UPDATE cases SET state = %s, owner = %s, mission = %s, topic = 'general',"
                " snoozed_until = CASE WHEN %s = 'snoozed' THEN kosh_now() + interval '1 day' END,"
                " return_due = NULL, answer_due = kosh_now() + interval '1 day' WHERE id = %s",
                (state, owner, GENERAL, state, self.case_id),
            )
        return await self.row()

    async def row(self) -> tuple[Any, ...]:
        async with self.stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT state, owner, version, topic, mission, snoozed_until,"
                " (SELECT count(*) FROM case_actions), (SELECT count(*) FROM case_notes),"
                " (SELECT count(*) FROM case_messages) FROM cases WHERE id = %s",
                (self.case_id,),
            )
            row = await cursor.fetchone()
        assert row is not None
        return tuple(row)


@pytest.fixture
async def office(stack: AppStack) -> AsyncIterator[Office]:
    await demo_officers.enter(stack.rt)
    async with stack.rt.pool.connection() as session:
        everyone = await directory.everyone(session)
    dana = next(each for each in everyone if Role.ADMINISTRATOR in each.roles)
    officers = {each.name: each for each in everyone}
    for role, mission in (
        (Role.OFFICER, GENERAL),
        (Role.LEAD, GENERAL),
        (Role.OFFICER, OTHER_MISSION),
        (Role.AUDITOR, GENERAL),
        (Role.ADMINISTRATOR, GENERAL),
    ):
        name = f"{role} of {mission}"
        officers[name] = await directory.enter(stack.rt, dana, name, mission, [role])
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    async with stack.rt.pool.connection() as session:
        row = await (await session.execute("SELECT id FROM cases")).fetchone()
    assert row is not None
    yield Office(stack, row[0], officers)
    await close_visitor(visitor)


def _routes() -> Iterator[tuple[str, str, Action]]:
    for route in ON_A_CASE:
        yield route.method, route.path, route.action


async def _differences(office: Office, name: str, situations: Any) -> list[str]:
    """Return a description of each response to the officer `name` that breaks the permissions.

    Try each route for each of the given pairs, a state and an owner of the case.
    """
    found, me = [], office.officers[name]
    owners = {"nobody": None, "me": me.id, "other": office.officers["Berik Testov"].id}
    async with Console.signed_in(office.stack.url, name) as console:
        csrf = await console.csrf_token()
        for state, owner in situations:
            for method, path, action in _routes():
                before = await office.put(state, owners[owner])
                screen = await _call_route(office, console, method, path, csrf, before[2])
                subject = Subject(GENERAL, "general", state, owners[owner])
                may = isinstance(check(me, action, subject), Allowed)
                if not _is_expected(screen, may, path, unchanged=before == await office.row()):
                    found.append(
                        f"{name}: {method} {path} {state} {owner}: {screen.status}, {may=}"
                    )
    return found


async def _call_route(
    office: Office, console: Console, method: str, path: str, csrf: str, version: int
) -> Any:
    path = path.replace("{case_id}", str(office.case_id))
    path = path.replace("{upload_id}", str(uuid4())).replace("{number}", "0")
    path = path.replace("{file_id}", str(uuid4())).replace("{message}", "0")
    if method == "GET":
        return await console.get(f"{path}?reason=check")
    fields = FIELDS | {"csrf": csrf, "version": str(version), "key": uuid4().hex}
    return await console.post(f"{path}?reason=check", fields)


def _is_expected(screen: Any, may: bool, path: str, *, unchanged: bool) -> bool:
    # The requested page or file does not exist, so an officer with the permission gets 404.
    if path.endswith(("{number}", "{file_id}")):
        return bool(screen.status == (404 if may else 403) or (screen.status == 404 and unchanged))
    if path.endswith("preview"):
        return bool(unchanged and ('id="preview"' in screen.html) == may)
    if may:
        return bool(screen.status in (200, 422))
    return bool(unchanged and screen.status in (403, 404, 409))


@pytest.mark.requirement("S-53")
@pytest.mark.parametrize(
    "name",
    release_only([f"officer of {GENERAL}", f"lead of {GENERAL}"], keep=(f"lead of {GENERAL}",)),
)
async def test_case_routes_follow_the_permissions_in_every_state(office: Office, name: str) -> None:
    assert await _differences(office, name, SITUATIONS) == []


@pytest.mark.release
async def test_case_routes_reject_unauthorized_officers(office: Office) -> None:
    outsiders = [
        f"officer of {OTHER_MISSION}",
        f"auditor of {GENERAL}",
        f"administrator of {GENERAL}",
    ]
    for name in outsiders:
        situations = [(State.QUEUED, "nobody"), (State.CLAIMED, "other"), (State.RESOLVED, "other")]
        assert await _differences(office, name, situations) == []


async def test_case_routes_are_denied_without_a_permission_rule(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"lead of {GENERAL}"
    me = office.officers[name]
    async with Console.signed_in(office.stack.url, name) as console:
        csrf = await console.csrf_token()
        for method, path, action in _routes():
            before = await office.put(State.CLAIMED, me.id)
            with monkeypatch.context() as patch:
                patch.delitem(permissions.RULES, action)
                screen = await _call_route(office, console, method, path, csrf, before[2])
            assert screen.status == 403, path
            assert await office.row() == before, path
