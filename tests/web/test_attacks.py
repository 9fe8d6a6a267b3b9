"""Attacks by someone who has read docs/explanation/security.md, on the running application."""

import hashlib
import hmac
import io
import json
import re
import time
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import pytest

from bot.channels import SendError
from bot.officers import credentials, directory
from bot.officers.permissions import Role
from bot.registry import callback_signature
from bot.web.console import demo_officers, live_updates
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Form, Screen
from tests.visitor import Visitor
from tests.web.console_sign_in import PASSWORD, enrol, one_time_code
from tests.web.raw_requests import send_raw

OTHER_MISSION = "mn_ulaanbaatar"
GENERAL_LEAD, OTHER_LEAD, OFFICER_WITH_ALL_ROLES = "Here Testova", "There Testov", "Head Testova"
WORDS = "Testova tells something in confidence"
HOSTILE = (
    "\0", "9" * 5000, "'; DROP TABLE people; --", "<script>alert(1)</script>", "../../etc/passwd",
    "-1", "{{7*7}}", "\u202e%s%n", "1e999", "٣",
)  # fmt: skip


@pytest.fixture
async def office(stack: AppStack) -> AsyncIterator[tuple[AppStack, str]]:
    """Yield an application with a waiting case, and the id of the case.

    The application has officers of the case's mission and of another one, and an administrator.
    """
    await demo_officers.enter(stack.rt)
    async with stack.rt.pool.connection() as session:
        dana = next(
            each for each in await directory.everyone(session) if Role.ADMINISTRATOR in each.roles
        )
    officers = (
        (GENERAL_LEAD, GENERAL, [Role.LEAD]),
        (OTHER_LEAD, OTHER_MISSION, [Role.OFFICER, Role.LEAD]),
    )
    for name, mission, roles in (*officers, (OFFICER_WITH_ALL_ROLES, GENERAL, list(Role))):
        await directory.enter(stack.rt, dana, name, mission, roles)
    visitor = await ask_officer(stack, "ru", "general", WORDS)
    yield stack, str((await stack.rows("SELECT id FROM cases"))[0][0])
    await close_visitor(visitor)


# Access to a case of another mission


@pytest.mark.requirement("S-44", "S-53")
@pytest.mark.row(86)
async def test_case_of_another_mission_gets_the_same_404_as_an_unknown_case(
    office: tuple[AppStack, str],
) -> None:
    stack, case_id = office
    async with Console.signed_in(stack.url, OTHER_LEAD) as console:
        for parameters in ("", "?reason=answer", "?reason=check"):
            foreign = await console.get(f"/console/cases/{case_id}{parameters}")
            unknown = await console.get(f"/console/cases/{uuid4()}{parameters}")
            assert foreign.status == unknown.status == 404
            assert _comparable(foreign) == _comparable(unknown)
        for odd in ("1", "-1", "%27%20OR%20true--", "%00", "..%2f..%2finbox", "A" * 4000):
            assert (await console.get(f"/console/cases/{odd}")).status in (400, 404)
        for query in (f"number={'9' * 30}", "number=1", "queue=all", "queue=resolved", "after=x"):
            assert WORDS not in (await console.get(f"/console/inbox?{query}")).text
        csrf = await console.csrf_token()
        before = await stack.rows("SELECT state, owner, version FROM cases")
        for action in ("claim", "reply", "note", "transfer", "resolve", "take-over", "release"):
            fields = {"csrf": csrf, "version": "1", "key": uuid4().hex, "words": "x", "note": "x"}
            fields |= {"mission": OTHER_MISSION, "to": OTHER_MISSION}
            assert (await console.post(f"/console/cases/{case_id}/{action}", fields)).status >= 400
        assert await stack.rows("SELECT state, owner, version FROM cases") == before


def _comparable(screen: Screen) -> str:
    """Return a page's HTML without ids and tokens, which differ at each request."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}", "", screen.html)


# A disabled officer


@pytest.mark.requirement("S-57")
@pytest.mark.row(90)
async def test_disabled_officer_loses_all_sessions_immediately(
    office: tuple[AppStack, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, case_id = office
    monkeypatch.setattr(live_updates, "SESSION_CHECK_SECONDS", 0)
    monkeypatch.setattr(live_updates, "HEARTBEAT_SECONDS", 0.2)
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        stream = await console.session.get(f"{stack.url}/console/stream")
        assert stream.status == 200
        csrf = await console.csrf_token()
        async with stack.rt.pool.connection() as session:
            everyone = await directory.everyone(session)
        here = next(each for each in everyone if each.name == GENERAL_LEAD)
        async with Console.signed_in(stack.url, OFFICER_WITH_ALL_ROLES) as head:
            await head.get("/console/officers")
            form = next(
                each
                for each in head.screen.forms
                if each.action.endswith("/officers/change")
                and each.fields["officer"] == str(here.id)
            )
            done = await head.send(form, mission=GENERAL, roles=Role.LEAD, active="")
            assert done.status == 200
        assert (await console.get(f"/console/cases/{case_id}")).path == "/console/sign-in"
        fields = {"csrf": csrf, "version": "1", "key": uuid4().hex}
        assert (await console.post(f"/console/cases/{case_id}/claim", fields)).status == 401
        assert b"event: over" in await stream.content.read()
    assert await stack.rows("SELECT count(*) FROM cases WHERE owner IS NOT NULL") == [(0,)]


@pytest.mark.requirement("S-57", "S-55")
@pytest.mark.row(90)
async def test_disabled_officer_cannot_sign_in_by_password_or_link(
    office: tuple[AppStack, str],
) -> None:
    stack, _case = office
    name = "Gone Testova"
    async with Console.at(stack.url) as console:
        secret = await enrol(stack, console, name)
        await console.submit("/sign-out")
        unused = await credentials.reissue_link(stack.rt, name)
        async with stack.rt.pool.connection() as session:
            disabled = await directory.by_name(session, name)
        async with Console.signed_in(stack.url, OFFICER_WITH_ALL_ROLES) as head:
            await head.get("/console/officers")
            (form,) = [
                each
                for each in head.screen.forms
                if each.action.endswith("/officers/change")
                and each.fields.get("officer") == str(disabled.id)
            ]
            await head.send(form, mission=GENERAL, roles=Role.OFFICER, active="")
        await stack.ahead("1 minute")
        fields = {"name": name, "password": PASSWORD, "code": await one_time_code(stack, secret)}
        await console.get("/console/sign-in")
        assert (await console.submit("/sign-in", **fields)).status == 401
        assert (await console.get(f"/console/welcome?token={unused}")).status == 404
        assert (await console.get("/console/inbox")).path == "/console/sign-in"


@pytest.mark.row(90)
async def test_forged_or_altered_session_is_refused(
    office: tuple[AppStack, str],
) -> None:
    stack, _case = office
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        jar = console.session.cookie_jar
        (cookie,) = [each for each in jar if each.key.endswith("console")]
        token = cookie.value
        assert stack.rt.console is not None
        async with stack.rt.console.connection() as session:
            found = await session.execute("SELECT id, encode(token, 'hex') FROM console_sessions")
            stored = [str(value) for row in await found.fetchall() for value in row]
    for forged in (token[:-1], token[::-1], token.swapcase(), "", "0" * 43, *stored, "' OR 1=1--"):
        headers = {"Cookie": f"{cookie.key}={forged}"}
        async with stack.http.get(
            f"{stack.url}/console/inbox", headers=headers, allow_redirects=False
        ) as response:
            assert response.status == 303, forged
            assert "sign-in" in response.headers["Location"]


# Request paths and headers


@pytest.mark.requirement("S-14", "S-71")
async def test_sign_in_cannot_be_bypassed_by_altered_paths_or_headers(
    office: tuple[AppStack, str],
) -> None:
    stack, case_id = office
    inside = f"/console/cases/{case_id}"
    paths = [
        f"/static/../..{inside}", f"//{inside}", f"/console/.{inside}", f"{inside}/../inbox",
        f"/CONSOLE/cases/{case_id}", f"{inside};x=1", f"{inside}%00", f"/chat/..{inside}",
        "/static/../settings.py", "/static/%2e%2e/%2e%2e/settings.py", "/static/..%2f..%2fvault.py",
        "/static//etc/passwd", "/static/%5c..%5c..%5csettings.py", "/.env", "/.git/config",
        "/docs", "/redoc", "/openapi.json", "/debug", "/admin", "/console/static/../audit",
    ]  # fmt: skip
    names = (b"sign-in", WORDS.encode(), b"root:", b"KOSH_", b"openapi")
    for path in paths:
        response = await send_raw(stack, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        status = int(response[9:12])
        assert status in (303, 400, 404, 405), (path, response[:200])
        assert not any(name in response.partition(b"\r\n\r\n")[2] for name in names[1:]), path
    headers = (
        f"X-Original-URL: {inside}", f"X-Rewrite-URL: {inside}", "X-HTTP-Method-Override: POST",
        "X-Forwarded-Host: 127.0.0.1", "X-Forwarded-For: 127.0.0.1", "X-Remote-User: Head Testova",
        "X-Forwarded-User: Head Testova", "Authorization: Basic SGVhZDo=", "X-Kosh-Officer: 1",
    )  # fmt: skip
    for header in headers:
        head = f"GET /console/inbox HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n"
        response = await send_raw(stack, head.encode())
        assert response.startswith(b"HTTP/1.1 303"), header
    smuggled_requests = (
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\nSet-Cookie: b=c\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    )
    for request in smuggled_requests:
        response = await send_raw(stack, request)
        assert b"b=c" not in response
    assert (await send_raw(stack, smuggled_requests[1])).startswith(b"HTTP/1.1 400")


# Values of form fields


class _FormParser(HTMLParser):
    """A parser that collects each form of a page: names of all fields, values of hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
        elif tag in ("input", "textarea", "select", "button") and self.forms:
            name = values.get("name")
            if name:
                self.forms[-1].fields.setdefault(name, values.get("value", ""))


@pytest.mark.release
@pytest.mark.requirement("S-78")
@pytest.mark.row(87, 88)
async def test_console_forms_never_fail_on_hostile_values(office: tuple[AppStack, str]) -> None:
    stack, case_id = office
    values = cycle(HOSTILE)
    post_count, failures = 0, list[tuple[str, str, str]]()
    async with Console.signed_in(stack.url, OFFICER_WITH_ALL_ROLES) as console:
        pages = ["/console/inbox", f"/console/cases/{case_id}?reason=answer", "/console/canned"]
        pages += ["/console/hours", "/console/officers", "/console/own", "/console/audit"]
        for page in pages:
            parser = _FormParser()
            parser.feed((await console.get(page)).html)
            for form in parser.forms:
                if "sign-out" in form.action or "own/end" in form.action:
                    continue
                for name in form.fields:
                    if name == "csrf":
                        continue
                    for value in (next(values), next(values), next(values)):
                        fields = form.fields | {name: value}
                        status = await _sent(console, form, fields)
                        failures += [(form.action, name, value[:20])] if status >= 500 else []
                        post_count += 1
        for name in ("queue", "language", "topic", "channel", "urgent", "number", "after", "x"):
            for value in HOSTILE:
                status = (await console.get(f"/console/inbox?{urlencode({name: value})}")).status
                failures += [("inbox", name, value[:20])] if status >= 500 else []
        for value in ("9" * 5000, "-1", "x", "9" * 25):
            stream = await console.session.get(
                f"{stack.url}/console/stream", headers={"Last-Event-ID": value}
            )
            assert stream.status < 500, value[:20]
            stream.close()
    assert failures == []
    assert post_count > 50
    assert await stack.rows("SELECT count(*) FROM people") == [(1,)]


@pytest.mark.requirement("S-78")
@pytest.mark.row(87)
async def test_inbox_answers_422_for_unknown_query_values(
    office: tuple[AppStack, str],
) -> None:
    """Check an unknown list of cases, invalid numbers and too long names.

    This is row 87 of tests/proof/rows.toml.
    """
    stack, _case_id = office
    odd = [("queue", value) for value in ("id;select", "ALL", "1", "open,closed")]
    odd += [("number", value) for value in ("x", "-1", "1.5", "9" * 16, "id;select")]
    odd += [("topic", "x" * 65), ("language", "x" * 17), ("channel", "x" * 17)]
    async with Console.signed_in(stack.url, OFFICER_WITH_ALL_ROLES) as console:
        for name, value in odd:
            screen = await console.get(f"/console/inbox?{urlencode({name: value})}")
            assert screen.status == 422, (name, value)
            assert len(value) < 9 or value not in screen.html, (name, value)


async def _sent(console: Console, form: Form, fields: dict[str, str]) -> int:
    if form.method.lower() == "post":
        return (await console.post(form.action, fields)).status
    return (await console.get(f"{form.action}?{urlencode(fields)}")).status


@pytest.mark.row(88)
async def test_console_forms_ignore_unknown_fields(office: tuple[AppStack, str]) -> None:
    stack, case_id = office
    extra = {"mission": OTHER_MISSION, "owner": str(uuid4()), "state": "resolved", "urgent": "1"}
    extra |= {"roles": Role.ADMINISTRATOR, "active": "1", "officer": str(UUID(int=0))}
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        await console.get(f"/console/cases/{case_id}?reason=answer")
        await console.send(console.screen.form("/note"), note="x", **extra)
        await console.get("/console/own")
        await console.send(console.screen.form("/language"), language="ru", **extra)
    assert await stack.rows("SELECT mission, owner, state, urgent FROM cases") == [
        (GENERAL, None, "queued", False)
    ]
    officers = await stack.rows(
        f"SELECT roles, mission FROM officers WHERE name = '{GENERAL_LEAD}'"
    )
    assert [list(map(str, roles)) for roles, _mission in officers] == [["lead"]]


@pytest.mark.requirement("S-13")
@pytest.mark.parametrize("path", ["/chat/said", "/console/sign-in", "/p/" + "x" * 32])
async def test_form_too_large_or_with_too_many_fields_is_refused(
    stack: AppStack, path: str
) -> None:
    for body in ("&".join(f"a{n}=1" for n in range(500)), "a=" + "x" * 2_000_000):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": stack.url}
        headers["Sec-Fetch-Site"] = "same-origin"
        sent = io.BytesIO(body.encode())
        async with stack.http.post(stack.url + path, data=sent, headers=headers) as response:
            assert 400 <= response.status < 500, (path, body[:10], response.status)


# Forged callbacks, chat messages and links


async def test_registry_callback_cannot_be_forged_or_replayed(stack: AppStack) -> None:
    secret = stack.rt.settings.registry_callback_secret
    assert secret
    payload = {"number": "KZ-TEST-0000", "state": "REJECTED", "version": 99}
    raw = json.dumps(payload).encode()
    now = int(time.time())
    good = callback_signature.sign(secret.get_secret_value(), raw, at=now)
    mac = hmac.new(secret.get_secret_value().encode(), raw, hashlib.sha256).hexdigest()
    old = callback_signature.sign(secret.get_secret_value(), raw, at=now - 3600)
    other = callback_signature.sign(secret.get_secret_value(), raw + b" ", at=now)
    signatures = ["", "x", mac, f"v1={mac}", f"t={now},v1={mac}", old, other, good.upper()]
    url = f"{stack.url}/callbacks/registry"
    for each in signatures:
        headers = {"Content-Type": "application/json", callback_signature.HEADER: each}
        async with stack.http.post(url, data=raw, headers=headers) as response:
            assert (response.status, await response.read()) == (403, b""), each


@pytest.mark.requirement("S-18")
async def test_chat_rejects_messages_with_the_chat_id_of_another_person(stack: AppStack) -> None:
    """Check chat ids of other channels, changed chat ids, and invented cookies."""
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        before = len(visitor.bubbles)
        names = [
            "",
            "1",
            "telegram:7000",
            "../x",
            visitor.chat[:-1],
            visitor.chat + "x",
            "%s",
            "\0",
        ]
        for name in names:
            fields = {"chat": name, "id": uuid4().hex, "text": "forged"}
            async with stack.http.post(f"{stack.url}/chat/said", data=fields) as response:
                assert response.status < 500, name
        cookies = {"kosh": "1", "__Host-kosh": "1"}
        async with stack.http.get(f"{stack.url}/chat", cookies=cookies) as response:
            assert "forged" not in await response.text()
        await visitor.say("/help")
        assert not any("forged" in each.text for each in visitor.bubbles)
        assert len(visitor.bubbles) > before
    assert await stack.rows("SELECT count(*) FROM people") == [(0,)]
    assert await stack.rows("SELECT count(*) FROM processed_updates") == [(0,)]


@pytest.mark.requirement("S-44")
async def test_secure_link_gives_the_same_answer_when_unknown_or_expired(stack: AppStack) -> None:
    seen = set()
    for token in ("x" * 43, "A" * 43, uuid4().hex, quote("' OR 1=1--")):
        async with stack.http.get(f"{stack.url}/p/{token}") as response:
            seen.add((response.status, await response.text()))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 410


# URLs from which Kosh downloads files


@pytest.mark.requirement("S-50")
@pytest.mark.parametrize(
    "name", ["../../me", "http://169.254.169.254/latest", "//evil.example/x", "..%2f..%2fme", "@x"]
)
async def test_file_id_of_a_message_cannot_change_the_host_or_path_of_a_url(
    stack: AppStack, name: str
) -> None:
    """Check that a file id can change neither the host nor the path of the platform's URL."""
    for channel in ("telegram", "whatsapp"):
        with pytest.raises(SendError) as failed:
            async for _chunk in stack.rt.channels[channel].fetch(name):
                pass
        assert name not in str(failed.value)
