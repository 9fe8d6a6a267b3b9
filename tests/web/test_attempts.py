"""What an attacker tries over HTTP with the whole house running, and that it is on record."""

import io
import json
from uuid import uuid4

import pytest

from bot import log
from bot.access import Action, Role
from flows.knowledge.missions import GENERAL
from tests.console import Console
from tests.house import House
from tests.web.test_attacks import HEAD, HERE, THERE, _rows
from tests.web.test_attacks import office as opened_office

office = opened_office


# Denials


async def _denied(house: House) -> list[tuple[str, str, str]]:
    """Who was denied what, and why, oldest first."""
    return await _rows(
        house,
        "SELECT o.name, a.subject, a.detail FROM audit a JOIN officers o ON o.id::text = a.actor"
        " WHERE a.action = 'denied' ORDER BY a.seq",
    )


async def _csrf(console: Console) -> str:
    return (await console.get("/console/own")).form("/language").fields["csrf"]


@pytest.mark.requirement("S-53", "S-58", "S-64")
async def test_who_is_denied_something_is_on_record_with_the_reason(
    office: tuple[House, str],
) -> None:
    """No right, a case of another mission or none at all, a form of another site or without us."""
    house, case_id = office
    claim, due = f"/console/cases/{case_id}/claim", list[tuple[str, str, str]]()
    async with Console.signed_in(house.url, HERE) as console:
        csrf = await _csrf(console)
        await console.get("/console/audit")
        due.append((HERE, Action.AUDIT_READ, "GET role"))
        await console.post("/console/officers", {"csrf": csrf, "name": "New Testova"})
        due.append((HERE, Action.OFFICERS_EDIT, "POST role"))
        fields = {"csrf": "0" * 64, "version": "1", "key": uuid4().hex}
        assert (await console.post(claim, fields)).status == 403
        due.append((HERE, Action.CASE_CLAIM, "POST foreign"))
        elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await console.post(claim, fields | {"csrf": csrf}, **elsewhere)).status == 403
        due.append((HERE, Action.CASE_CLAIM, "POST foreign"))
    async with Console.signed_in(house.url, THERE) as console:
        fields = {"csrf": await _csrf(console), "version": "1", "key": uuid4().hex}
        for path in (f"/console/cases/{case_id}?reason=answer", f"/console/cases/{uuid4()}"):
            assert (await console.get(path)).status == 404
            due.append((THERE, Action.CASE_READ, "GET absent"))
        assert (await console.post(claim, fields)).status == 404
        due.append((THERE, Action.CASE_CLAIM, "POST absent"))
    assert await _denied(house) == due


@pytest.mark.requirement("S-57", "S-41")
async def test_a_session_that_is_over_is_turned_away_and_logged_without_a_name(
    office: tuple[House, str],
) -> None:
    house, _case = office
    lines = io.StringIO()
    async with Console.signed_in(house.url, HERE) as console:
        async with Console.signed_in(house.url, HEAD) as head:
            await head.get("/console/officers")
            [(found,)] = await _rows(house, f"SELECT id FROM officers WHERE name = '{HERE}'")
            form = next(
                each
                for each in head.screen.forms
                if each.action.endswith("/officers/change")
                and each.fields.get("officer") == str(found)
            )
            await head.send(form, mission=GENERAL, roles=Role.LEAD, active="")
        log.configure("info", to=lines)
        try:
            assert (await console.get("/console/inbox")).path == "/console/sign-in"
            assert (await console.post("/console/own/language", {"csrf": "x"})).status == 401
        finally:
            log.configure("error")
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    refused = [each for each in said if each["event"] == "session.refused"]
    assert [each["method"] for each in refused] == ["get", "post"]
    assert HERE not in lines.getvalue()
