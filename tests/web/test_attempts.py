"""Attacks over HTTP on the running application, and the audit entries that record them."""

import io
import json
import re
from secrets import token_urlsafe
from uuid import uuid4

import aiohttp
import pytest
from yarl import URL

from bot.desk import views
from bot.observability import logging
from bot.officers import directory
from bot.officers.permissions import Action, Role
from bot.web.console import demo_officers
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.console_client import Console
from tests.person_client import TO_CONSENT
from tests.visitor import Visitor
from tests.web.audit import denials
from tests.web.test_attacks import GENERAL_LEAD, OFFICER_WITH_ALL_ROLES, OTHER_LEAD
from tests.web.test_attacks import office as opened_office

office = opened_office


# Requests to the console that are denied


@pytest.mark.requirement("S-53", "S-58", "S-64")
async def test_console_request_that_is_denied_is_audited_with_its_reason(
    office: tuple[AppStack, str],
) -> None:
    """Try forbidden actions, cases of another mission, missing cases, and forged forms."""
    stack, case_id = office
    claim, due = f"/console/cases/{case_id}/claim", list[tuple[str, str, str]]()
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        csrf = await console.csrf_token()
        await console.get("/console/audit")
        due.append((GENERAL_LEAD, Action.AUDIT_READ, "GET role"))
        await console.post("/console/officers", {"csrf": csrf, "name": "New Testova"})
        due.append((GENERAL_LEAD, Action.OFFICERS_EDIT, "POST role"))
        fields = {"csrf": "0" * 64, "version": "1", "key": uuid4().hex}
        assert (await console.post(claim, fields)).status == 403
        due.append((GENERAL_LEAD, Action.CASE_CLAIM, "POST foreign"))
        elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await console.post(claim, fields | {"csrf": csrf}, **elsewhere)).status == 403
        due.append((GENERAL_LEAD, Action.CASE_CLAIM, "POST foreign"))
    async with Console.signed_in(stack.url, OTHER_LEAD) as console:
        fields = {"csrf": await console.csrf_token(), "version": "1", "key": uuid4().hex}
        for path in (f"/console/cases/{case_id}?reason=answer", f"/console/cases/{uuid4()}"):
            assert (await console.get(path)).status == 404
            due.append((OTHER_LEAD, Action.CASE_READ, "GET absent"))
        assert (await console.post(claim, fields)).status == 404
        due.append((OTHER_LEAD, Action.CASE_CLAIM, "POST absent"))
    assert await denials(stack) == due


@pytest.mark.requirement("S-57", "S-41")
async def test_session_of_a_disabled_officer_is_refused_and_no_name_is_logged(
    office: tuple[AppStack, str],
) -> None:
    stack, _case = office
    lines = io.StringIO()
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        async with Console.signed_in(stack.url, OFFICER_WITH_ALL_ROLES) as head:
            await head.get("/console/officers")
            [(found,)] = await stack.rows(f"SELECT id FROM officers WHERE name = '{GENERAL_LEAD}'")
            form = next(
                each
                for each in head.screen.forms
                if each.action.endswith("/officers/change")
                and each.fields.get("officer") == str(found)
            )
            await head.send(form, mission=GENERAL, roles=Role.LEAD, active="")
        logging.configure("info", to=lines)
        try:
            assert (await console.get("/console/inbox")).path == "/console/sign-in"
            assert (await console.post("/console/own/language", {"csrf": "x"})).status == 401
        finally:
            logging.configure("error")
    records = [json.loads(line) for line in lines.getvalue().splitlines()]
    refused = [each for each in records if each["event"] == "session.refused"]
    assert [each["method"] for each in refused] == ["get", "post"]
    assert GENERAL_LEAD not in lines.getvalue()


# The client's address behind a proxy


@pytest.mark.requirement("S-55")
@pytest.mark.row(90)
async def test_sign_in_limit_is_per_client_and_ignores_forged_addresses(
    stack: AppStack,
) -> None:
    """Check that only the address that Kosh's proxy appends counts, not one that a client sends."""
    await demo_officers.enter(stack.rt)

    async def sign_in_status(forwarded: str) -> int:
        fields = {"name": "x", "password": "y", "code": "1"}
        headers = {"X-Forwarded-For": forwarded}
        return (await console.post("/console/sign-in", fields, **headers)).status

    async with Console.at(stack.url) as console:
        assert 429 in [await sign_in_status("192.0.2.1") for _ in range(14)]
        assert await sign_in_status("198.51.100.9, 192.0.2.1") == 429
        assert await sign_in_status("192.0.2.2") == 401


# Access to event streams and chats of other people


@pytest.mark.requirement("S-54")
@pytest.mark.row(86)
async def test_console_event_stream_contains_only_cases_of_the_own_mission(
    office: tuple[AppStack, str],
) -> None:
    stack, case_id = office
    async with stack.rt.pool.connection() as session:
        officers = {each.name: each for each in await directory.everyone(session)}
    events = await views.events(stack.rt, officers[GENERAL_LEAD], 0)
    assert events
    assert {str(each.case_id) for each in events} == {case_id}
    assert await views.events(stack.rt, officers[OTHER_LEAD], 0) in ([], None)


BY_SCRIPT = {"X-Requested-With": "kosh"}


@pytest.mark.requirement("S-57", "S-61")
@pytest.mark.row(90)
async def test_chat_id_cannot_be_set_by_a_link(stack: AppStack) -> None:
    chosen_id = token_urlsafe(24)
    url = f"{stack.url}/chat?chat={chosen_id}"
    async with stack.http.get(url) as page:
        assert chosen_id not in await page.text()
    async with stack.http.get(url, headers=BY_SCRIPT) as response:
        assert chosen_id not in await response.text()
    async with stack.http.get(
        f"{stack.url}/chat", headers={"X-Kosh-Chat": chosen_id}
    ) as named_response:
        assert chosen_id in await named_response.text()


@pytest.mark.requirement("S-18", "S-57", "S-61")
@pytest.mark.row(90)
async def test_chat_id_gives_no_access_after_a_cookie_was_set(
    stack: AppStack,
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        name = visitor.chat
        await visitor.give_answers(*TO_CONSENT, "yes")
        text = visitor.newest.text
        (cookie,) = [each for each in visitor.session.cookie_jar if each.key == "kosh"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "strict"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as attacker:
            chat_field, headers = {"chat": name}, {"X-Kosh-Chat": name}
            async with attacker.get(f"{stack.url}/chat", headers=headers) as page:
                assert text.split("\n")[0] not in await page.text()
            fields = chat_field | {"id": uuid4().hex, "text": "/delete"}
            async with attacker.post(f"{stack.url}/chat/said", data=fields) as response:
                assert text.split("\n")[0] not in await response.text()
            async with attacker.get(f"{stack.url}/chat/stream", headers=headers) as stream:
                first = await stream.content.readuntil(b"\n\n")
                assert b"event: say" not in first
            assert len(attacker.cookie_jar) == 0
        async with visitor.session.get(f"{stack.url}/chat") as own_page:
            assert text.split("\n")[0] in await own_page.text()
        assert (await visitor.say("TESTOVA")).text != text


# Cookies, redirects, other sites, caches


@pytest.mark.requirement("S-57", "S-61")
@pytest.mark.row(90)
async def test_console_sign_in_replaces_a_session_id_set_by_an_attacker(
    office: tuple[AppStack, str],
) -> None:
    stack, _case = office
    async with Console.at(stack.url) as console:
        chosen_id = token_urlsafe(32)
        console.session.cookie_jar.update_cookies({"console": chosen_id}, URL(stack.url))
        await console.sign_in(GENERAL_LEAD)
        (cookie,) = [each for each in console.session.cookie_jar if each.key == "console"]
        assert cookie.value != chosen_id
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
        assert cookie["domain"] in ("", "127.0.0.1")
    headers = {"Cookie": f"console={chosen_id}"}
    async with stack.http.get(
        f"{stack.url}/console/inbox", headers=headers, allow_redirects=False
    ) as response:
        assert response.status == 303


@pytest.mark.row(90)
async def test_sign_in_never_redirects_to_another_site(office: tuple[AppStack, str]) -> None:
    stack, _case = office
    wanted = (
        "https://evil.example", "//evil.example", "/\\evil.example", "/console//evil.example",
        "/console/../../evil", "/console/\t/evil.example", "/console/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)", "/console@evil.example", "\\\\evil.example", "/evil.example",
        "/console/sign-in", "http:/console/",
    )  # fmt: skip
    async with Console.at(stack.url) as console:
        for each in wanted:
            await console.get("/console/sign-in")
            found = re.search(
                rf'name="officer" value="([^"]+)"(?:(?!</form>).)*?<strong>{GENERAL_LEAD}</strong>',
                console.screen.html,
                re.DOTALL,
            )
            assert found is not None
            form = console.screen.form("/demo")
            data = form.fields | {"officer": found[1], "next": each}
            async with console.session.post(
                stack.url + form.action,
                data=data,
                headers={"Origin": stack.url, "Sec-Fetch-Site": "same-origin"},
                allow_redirects=False,
            ) as response:
                location = response.headers["Location"]
                assert location.startswith("/console"), each
                assert "//" not in location, each
                assert "\\" not in location, each
                assert "a=b" not in response.headers.get("Set-Cookie", ""), each


@pytest.mark.requirement("S-14", "S-59", "S-61")
@pytest.mark.row(90, 95)
async def test_responses_forbid_cross_origin_use_and_caching(
    office: tuple[AppStack, str],
) -> None:
    stack, case_id = office
    foreign = {"Origin": "https://evil.example"}
    private = ("/console/inbox", f"/console/cases/{case_id}?reason=answer", "/console/own",
               "/console/sign-in", "/console/stream", "/console/cases/x")  # fmt: skip
    open_to_all = ("/chat", "/chat/stream", "/away", "/p/x", "/print/x")
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        for path in (*private, *open_to_all, "/status", "/health", "/static/chat.css"):
            response = await console.session.get(stack.url + path, headers=foreign)
            allowed = [
                name for name in response.headers if name.lower().startswith("access-control")
            ]
            assert allowed == [], path
            if path in private + open_to_all:
                assert response.headers["Cache-Control"] == "no-store", path
            response.close()
    asks = {**foreign, "Access-Control-Request-Method": "POST"}
    for path in ("/chat/said", "/console/sign-in", "/webhooks/telegram"):
        async with stack.http.options(stack.url + path, headers=asks) as response:
            assert response.status == 405, path
            assert "Access-Control-Allow-Origin" not in response.headers, path
    for host in ("127.0.0.1:evil", "127.0.0.1:1:2", "a@127.0.0.1", "127.0.0.1.evil.example", ":80"):
        async with stack.http.get(f"{stack.url}/chat", headers={"Host": host}) as response:
            assert response.status == 400, host
