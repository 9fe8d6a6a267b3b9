"""Access to every route of the console by each role, in two missions, and without a session."""

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from fastapi.routing import iter_route_contexts

from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import (
    RULES,
    Action,
    Allowed,
    Role,
    Subject,
    is_ever_allowed,
    needs_passkey,
)
from bot.web import console
from bot.web.console import demo_officers, labels, oidc, passkeys, sign_in
from bot.web.console.request_context import ROOT
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, ru
from tests.release_only import release_only

OPEN_ROUTES = {
    ("GET", "/console/sign-in"),
    ("POST", "/console/sign-in"),
    ("POST", "/console/sign-in/demo"),
    ("GET", "/console/welcome"),
    ("POST", "/console/welcome"),
    ("POST", "/console/passkey"),
    ("POST", "/console/passkey/options"),
    ("POST", "/console/service"),
    ("GET", "/console/service/back"),
}
PERMISSION_ROUTES: list[Any] = [route for route in console.routes() if route.action]
OTHER_MISSION = "mn_ulaanbaatar"


def _name(route: Any) -> str:
    return f"{route.method} {route.path.removeprefix(ROOT) or '/'}"


@pytest.mark.requirement("S-53")
def test_console_routes_name_a_permission_or_are_listed_as_open() -> None:
    unguarded = {(each.method, each.path) for each in console.routes() if not each.action}
    assert unguarded == OPEN_ROUTES
    assert {route.action for route in PERMISSION_ROUTES} <= RULES.keys()


@pytest.mark.requirement("S-53")
def test_console_routes_and_their_permissions_match_console_routes_toml() -> None:
    listed = tomllib.loads(Path(__file__).with_name("console_routes.toml").read_text("utf-8"))
    found = {(_name(each), each.action.value) for each in console.routes() if each.action}
    assert found == {(route, action) for action, routes in listed.items() for route in routes}


@pytest.mark.requirement("S-58")
def test_console_get_routes_change_nothing() -> None:
    changing = re.compile(
        "edit|claim|take|release|reply|note|document|pin|fill|transfer|snooze|resolve"
    )
    for route in PERMISSION_ROUTES:
        if route.method == "GET":
            assert not changing.search(route.action.value), route.path


@pytest.fixture
async def office(stack: AppStack) -> AsyncIterator[tuple[AppStack, str]]:
    """Yield an application and the id of its unclaimed case.

    The case's mission and another one each have an officer of each role.
    """
    await demo_officers.enter(stack.rt)
    async with stack.rt.pool.connection() as session:
        dana = next(
            each for each in await directory.everyone(session) if Role.ADMINISTRATOR in each.roles
        )
    for role in Role:
        for mission in (GENERAL, OTHER_MISSION):
            await directory.enter(stack.rt, dana, f"{role} of {mission}", mission, [role])
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM cases")
        row = await cursor.fetchone()
    assert row is not None
    yield stack, str(row[0])
    await close_visitor(visitor)


@pytest.mark.parametrize("mission", release_only([GENERAL, OTHER_MISSION], keep=(GENERAL,)))
@pytest.mark.requirement("S-53")
@pytest.mark.row(86)
async def test_console_routes_follow_the_permissions_of_each_role(
    office: tuple[AppStack, str], mission: str
) -> None:
    stack, case_id = office
    for role in set(Role) - {Role.INTEGRATOR}:  # It cannot sign in: tests/web/api/test_tokens.py.
        officer = Officer(uuid4(), "", mission, frozenset({role}))
        async with Console.signed_in(stack.url, f"{role} of {mission}") as visitor:
            await _check_all_routes(visitor, officer, case_id)


async def _check_all_routes(visitor: Console, officer: Officer, case_id: str) -> None:
    screen = await visitor.get("/console/own")
    csrf = screen.form("/language").fields["csrf"]
    for route in PERMISSION_ROUTES:
        if route.path in ("/console/sign-out", "/console/stream"):
            continue
        path = route.path.replace("{case_id}", case_id)
        fields = {"csrf": csrf, "version": "0", "key": uuid4().hex}
        if route.method == "GET":
            screen = await visitor.get(f"{path}?reason=check")
        else:
            screen = await visitor.post(path, fields)
        where = f"{_name(route)} as {officer.roles} of {officer.mission}"
        if not is_ever_allowed(officer, route.action):
            assert screen.status == 403, where
        elif "{case_id}" in route.path and officer.mission != GENERAL:
            assert screen.status in (403, 404), where
        else:
            assert screen.status < 500, where
            assert screen.status != 401, where
        if officer.mission != GENERAL:
            assert "Testova asks" not in screen.text, where


@pytest.mark.requirement("S-53")
async def test_console_routes_need_a_session(office: tuple[AppStack, str]) -> None:
    stack, case_id = office
    async with Console.at(stack.url) as visitor:
        for route in PERMISSION_ROUTES:
            path = route.path.replace("{case_id}", case_id)
            if route.method == "GET":
                assert (await visitor.get(path)).path == "/console/sign-in", _name(route)
            elif path == "/console/sign-out":
                assert (await visitor.post(path, {})).path == "/console/sign-in"
            else:
                assert (await visitor.post(path, {})).status == 401, _name(route)


@pytest.mark.parametrize(
    ("path", "returns_to"), [("/console", ""), ("/console/inbox", "?next=/console/inbox")]
)
async def test_console_sign_in_returns_to_the_page_that_was_asked_for(
    office: tuple[AppStack, str], path: str, returns_to: str
) -> None:
    url = office[0].url + path
    async with ClientSession() as http, http.get(url, allow_redirects=False) as sent:
        assert sent.headers["Location"] == f"/console/sign-in{returns_to}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.requirement("S-58")
@pytest.mark.row(89)
async def test_console_refuses_a_form_of_another_site(
    office: tuple[AppStack, str], headers: dict[str, str]
) -> None:
    stack, case_id = office
    async with Console.signed_in(stack.url, "officer of general") as visitor:
        screen = await visitor.get(f"/console/cases/{case_id}?reason=answer")
        form = screen.form("/claim")
        assert (await visitor.post(form.action, form.fields, **headers)).status == 403
        stolen = form.fields | {"csrf": "0" * 64}
        assert (await visitor.post(form.action, stolen)).status == 403
        assert (await visitor.send(form)).status == 200


@pytest.mark.requirement("S-55")
async def test_console_sensitive_action_needs_a_passkey(office: tuple[AppStack, str]) -> None:
    stack, _case = office
    async with Console.signed_in(stack.url, "administrator of general") as visitor:
        screen = await visitor.get("/console/own")
        csrf = screen.form("/language").fields["csrf"]
        assert stack.rt.console is not None
        async with stack.rt.console.connection() as session:
            await session.execute("UPDATE console_sessions SET auth_method = 'code'")
        screen = await visitor.post("/console/officers", {"csrf": csrf, "name": "New Testova"})
        assert screen.path == "/console/sign-in"
        assert ru("passkey_needed") in screen.text
    assert needs_passkey(Action.OFFICERS_EDIT)


@pytest.mark.requirement("S-59")
async def test_console_responses_have_security_headers(office: tuple[AppStack, str]) -> None:
    stack, case_id = office
    async with Console.signed_in(stack.url, "officer of general") as visitor:
        for path in ("/console/inbox", f"/console/cases/{case_id}", "/console/audit", "/console/x"):
            screen = await visitor.get(path)
            csp = screen.headers["Content-Security-Policy"]
            assert "default-src 'none'" in csp
            assert "unsafe" not in csp
            assert screen.headers["X-Content-Type-Options"] == "nosniff"
            if path != "/console/x":
                assert screen.headers["Cache-Control"] == "no-store"


def test_console_action_without_a_permission_rule_is_denied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead = Officer(uuid4(), "", GENERAL, frozenset(Role))
    assert isinstance(permissions.check(lead, Action.HOURS_EDIT, Subject(GENERAL)), Allowed)
    less = {action: rule for action, rule in RULES.items() if action is not Action.HOURS_EDIT}
    monkeypatch.setattr(permissions, "RULES", less)
    assert not is_ever_allowed(lead, Action.HOURS_EDIT)


def test_console_routes_that_need_no_session_are_those_of_sign_in() -> None:
    routers = (sign_in.open_router, passkeys.open_router, oidc.open_router)
    paths = {
        f"{ROOT}{route.path}" for each in routers for route in iter_route_contexts(each.routes)
    }
    assert paths == {path for _method, path in OPEN_ROUTES}


TEMPLATES = (Path(console.__file__).parents[1] / "templates" / "console").glob("*.html")
PAGES = {path.name: path.read_text("utf-8") for path in TEMPLATES}


@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.requirement("S-60")
def test_console_templates_contain_no_unsafe_markup(name: str) -> None:
    page = PAGES[name]
    assert not re.search(r"\|\s*safe|Markup|autoescape|<style|style=|\son\w+=|javascript:", page)
    known = re.findall(r"\bt\.(\w+)", page) + re.findall(r"""\bt\("(\w+)"[,)]""", page)
    assert {word for word in known if word not in labels.WORDS} == set()


@pytest.mark.requirement("S-58")
def test_console_forms_contain_the_csrf_token() -> None:
    for name, page in PAGES.items():
        if name in ("sign_in.html", "welcome.html"):
            continue
        for form in re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL):
            carried = [each for each in ("secret", "versioned", "keyed") if f"{each}(csrf" in form]
            assert carried, (name, form[:90])
