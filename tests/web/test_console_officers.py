"""Administrators change other officers' permissions, and cannot change their own."""

import re

import pytest

from bot.i18n import Languages
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Role
from bot.web.console import demo_officers
from bot.web.console.labels import WHYS
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.console_client import Console, Form, ru
from tests.officer_names import AIGUL, DANA
from tests.web.audit import denials

ERLAN = "Erlan Testov"
ONESELF = " ".join(Languages(("ru",)).render(WHYS[DenialReason.ONESELF], "ru").split())


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    """Return an application with the administrators Dana and Erlan."""
    await demo_officers.enter(stack.rt)
    dana = await _officer_named(stack, DANA)
    await directory.enter(stack.rt, dana, ERLAN, GENERAL, [Role.ADMINISTRATOR])
    return stack


async def _officer_named(stack: AppStack, name: str) -> Officer:
    async with stack.rt.pool.connection() as session:
        return await directory.by_name(session, name)


async def _account(stack: AppStack, officer: Officer) -> Officer:
    async with stack.rt.pool.connection() as session:
        found = await directory.find(session, officer.id)
    assert found is not None
    return found


def _forms(console: Console, officer: Officer) -> dict[str, Form]:
    """Return the forms about this officer on the officers' page, by the last part of their URL."""
    return {
        form.action.rsplit("/", 1)[1]: form
        for form in console.screen.forms
        if form.fields.get("officer") == str(officer.id)
    }


@pytest.mark.parametrize(
    "more",
    [
        {"roles": "administrator\nofficer\nlead", "active": "1"},
        {"mission": "mn_ulaanbaatar", "roles": "administrator", "active": "1"},
        {"roles": "administrator", "active": ""},
    ],
)
@pytest.mark.requirement("S-53", "S-64")
async def test_administrator_cannot_change_their_own_account(
    desk: AppStack, more: dict[str, str]
) -> None:
    dana, erlan = await _officer_named(desk, DANA), await _officer_named(desk, ERLAN)
    async with Console.signed_in(desk.url, DANA) as console:
        await console.get("/console/officers")
        form = _forms(console, erlan)["change"]
        fields = {"mission": GENERAL} | more | {"officer": str(dana.id)}
        screen = await console.send(form, **fields)
        assert screen.status == 403
        assert ONESELF in screen.text
        assert (await console.get("/console/officers")).status == 200, "the session goes on"
    assert await _officer_named(desk, DANA) == dana
    assert await denials(desk) == [(DANA, Action.OFFICERS_EDIT, "POST oneself")]


@pytest.mark.requirement("S-53", "S-56")
async def test_administrator_cannot_link_a_work_account_to_themselves(desk: AppStack) -> None:
    dana, aigul = await _officer_named(desk, DANA), await _officer_named(desk, AIGUL)
    async with Console.signed_in(desk.url, DANA) as console:
        await console.get("/console/officers")
        form = _forms(console, aigul)["change"]
        form.action = form.action.replace("change", "tie")
        screen = await console.send(form, officer=str(dana.id), subject="subject-1")
        assert screen.status == 403
        assert ONESELF in screen.text
        assert (await console.send(form, subject="subject-2")).status == 200
    tied = "SELECT o.name FROM audit_entries a JOIN officers o ON o.id::text = a.subject"
    assert await desk.rows(f"{tied} WHERE a.action = 'officer.tied'") == [(AIGUL,)]


async def test_work_account_is_linked_to_one_officer_only(desk: AppStack) -> None:
    aigul, erlan = await _officer_named(desk, AIGUL), await _officer_named(desk, ERLAN)
    async with Console.signed_in(desk.url, DANA) as console:
        for officer, status in ((aigul, 200), (erlan, 409)):
            await console.get("/console/officers")
            form = _forms(console, officer)["change"]
            form.action = form.action.replace("change", "tie")
            screen = await console.send(form, subject="subject-2")
            assert screen.status == status
        assert ru("tied_already") in screen.text


@pytest.mark.parametrize(("name", "status"), [(AIGUL, 409), ("  ", 422)])
async def test_refused_new_officer_is_shown_again_with_the_problem_at_the_form(
    desk: AppStack, name: str, status: int
) -> None:
    async with Console.signed_in(desk.url, DANA) as console:
        await console.get("/console/officers")
        typed = {"name": name, "mission": "mn_ulaanbaatar", "roles": "lead", "languages": "uz"}
        screen = await console.submit("/officers", **typed)
        assert screen.status == status
        (shown,) = re.findall(r'<details class="card" open>.*</details>', screen.html, re.DOTALL)
    assert screen.html.count('id="problem"') == 1
    assert re.search(r'id="problem" tabindex="-1" autofocus>', shown)
    for field in (f'value="{name}"', 'value="mn_ulaanbaatar" selected'):
        assert field in shown
    ticked = re.findall(r'name="(?:roles|languages|topics)" value="(\w+)" checked', shown)
    assert ticked == ["lead", "uz"]


async def test_officer_without_any_role_is_refused_and_keeps_the_former_roles(
    desk: AppStack,
) -> None:
    before = await _officer_named(desk, AIGUL)
    async with Console.signed_in(desk.url, DANA) as console:
        await console.get("/console/officers")
        form = _forms(console, before)["change"]
        fields = {name: value for name, value in form.fields.items() if name != "roles"}
        screen = await console.post(form.action, fields | {"active": "1"})
        assert screen.status == 422
        assert ru("role_needed") in screen.text
    assert (await _officer_named(desk, AIGUL)).roles == before.roles


async def test_officers_page_that_is_stale_cannot_enable_a_disabled_officer(desk: AppStack) -> None:
    aigul = await _officer_named(desk, AIGUL)
    async with (
        Console.signed_in(desk.url, DANA) as dana,
        Console.signed_in(desk.url, ERLAN) as erlan,
    ):
        forms = []
        for console in (dana, erlan):
            await console.get("/console/officers")
            forms.append(_forms(console, aigul)["change"])
        values = {"mission": aigul.mission, "roles": "officer", "languages": "kk ru"}
        assert (await dana.send(forms[0], **values)).status == 200, "it disables the officer"
        typed = values | {"languages": "uz", "active": "1"}
        screen = await erlan.send(forms[1], **typed)
        assert screen.status == 409
        assert ru("stale") in screen.text
        _before, _found, form = screen.html.partition("<details open>")
        assert form.partition("</details>")[0].count('id="problem" tabindex="-1" autofocus') == 1
        _before, _found, kept = form.partition('id="unsent"')
        assert "Oʻzbekcha" in kept.partition("</textarea>")[0]
        now = await _account(desk, aigul)
        assert not now.active
        assert now.languages == {"kk", "ru"}

        screen = await erlan.send(_forms(erlan, aigul)["change"], **typed)
        assert screen.status == 200
        now = await _account(desk, aigul)
        assert now.active
        assert now.languages == {"uz"}


async def test_administrator_can_be_changed_by_another_administrator(desk: AppStack) -> None:
    dana = await _officer_named(desk, DANA)
    async with Console.signed_in(desk.url, ERLAN) as console:
        await console.get("/console/officers")
        form = _forms(console, dana)["change"]
        screen = await console.send(form, mission=GENERAL, roles="administrator\nlead", active="1")
        assert ru("done_saved") in screen.text
    assert (await _officer_named(desk, DANA)).roles == {Role.ADMINISTRATOR, Role.LEAD}


async def test_officers_page_explains_why_the_own_account_cannot_be_changed(desk: AppStack) -> None:
    dana, erlan = await _officer_named(desk, DANA), await _officer_named(desk, ERLAN)
    async with Console.signed_in(desk.url, DANA) as console:
        screen = await console.get("/console/officers")
        assert _forms(console, dana).keys() == {"invite"}
        assert _forms(console, erlan).keys() == {"change", "invite"}
        assert screen.text.count(ONESELF) == 1
    async with Console.signed_in(desk.url, "Marat Testov") as console:
        assert ONESELF not in (await console.get("/console/officers")).text
