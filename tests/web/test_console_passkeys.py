"""Officers add and remove passkeys.

The tests also show which passkeys a thief of a sign-in link or of a code can add or remove.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import pytest
from yarl import URL

from bot.i18n import Languages
from bot.officers import credentials
from bot.web.console import demo_officers, sign_in
from bot.web.console.labels_audit import LOGGED
from tests.app_stack import AppStack
from tests.console_client import Console, Screen, ru
from tests.officer_names import AIGUL, SAULE
from tests.passkey import Device
from tests.web.console_sign_in import (
    NAME,
    PASSWORD,
    add_credential,
    add_passkey,
    create_credential,
    enrol,
    one_time_code,
    passkey_ids,
    redeem_link,
    sign_in_with_passkey,
)

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def redis_url(redis_url: str, worker_id: str) -> str:
    """Return the URL of a Valkey database of this test process, which a test may empty."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 1
    return f"{redis_url.removesuffix('/0')}/{number}"


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    return stack


async def _remove_passkey(console: Console, device: Device) -> Screen:
    fields = {"csrf": await console.csrf_token(), "passkey": device.id.hex()}
    return await console.post("/console/own/passkey/remove", fields)


async def _audit_entries(stack: AppStack) -> list[tuple[str, str, str]]:
    """Return (action, officer, detail) of the audit entries about passkeys, oldest first."""
    return await stack.rows(
        "SELECT a.action, o.name, a.detail FROM audit_entries a JOIN officers o"
        " ON o.id::text = a.subject AND a.actor = a.subject"
        " WHERE a.action LIKE 'passkey.%' ORDER BY a.seq",
    )


# Changes of passkeys in a session that began with password and code


@pytest.mark.requirement("S-55")
async def test_first_passkey_can_be_added_after_sign_in_by_code(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        device = await add_passkey(desk, console)
        assert (await sign_in_with_passkey(console, device)).path == "/console/inbox"
    assert await passkey_ids(desk) == {device.id}


@pytest.mark.requirement("S-55")
async def test_further_passkey_cannot_be_added_after_sign_in_by_code(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        late = Device(desk.rt.settings.public_url)
        credential = await create_credential(console, late)
        (challenge,) = [each for each in console.session.cookie_jar if each.key == "passkey"]
        first = await add_passkey(desk, console)
        console.session.cookie_jar.update_cookies(
            {"passkey": challenge.value}, URL(f"{desk.url}/console/")
        )
        screen = await add_credential(console, credential)
        assert screen.path == "/console/sign-in"
        assert ru("passkey_needed") in screen.text
        options = "/console/own/passkey/options"
        screen = await console.post(options, {"csrf": await console.csrf_token()})
        assert screen.path == "/console/sign-in"
    assert await passkey_ids(desk) == {first.id}
    denied = await desk.rows("SELECT subject, detail FROM audit_entries WHERE action = 'denied'")
    assert denied == [("self", "POST passkey")] * 2


@pytest.mark.requirement("S-55")
async def test_passkey_cannot_be_removed_after_sign_in_by_code(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        device = await add_passkey(desk, console)
        screen = await _remove_passkey(console, device)
        assert screen.path == "/console/sign-in"
        assert ru("passkey_needed") in screen.text
    assert await passkey_ids(desk) == {device.id}


@pytest.mark.requirement("S-55")
async def test_passkeys_can_be_added_and_removed_after_sign_in_by_passkey(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        first = await add_passkey(desk, console)
        await sign_in_with_passkey(console, first)
        second = await add_passkey(desk, console)
        assert ru("done_saved") in (await _remove_passkey(console, first)).text
    assert await passkey_ids(desk) == {second.id}


async def test_account_page_offers_only_permitted_passkey_actions(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        screen = await console.get("/console/own")
        assert {"passkey"} <= screen.actions
        assert ru("passkeys_guarded") not in screen.text
        device = await add_passkey(desk, console)
        screen = await console.get("/console/own")
        assert {"passkey", "remove"}.isdisjoint(screen.actions)
        assert device.id.hex()[:12] in screen.text
        assert ru("passkeys_guarded") in screen.text
        await sign_in_with_passkey(console, device)
        screen = await console.get("/console/own")
        assert {"passkey", "remove"} <= screen.actions
        assert ru("passkeys_guarded") not in screen.text


# Changes by a new enrolment link


@pytest.mark.requirement("S-55")
async def test_enrolment_link_deletes_earlier_passkeys_when_used(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        old_device = await add_passkey(desk, console)
        token = await credentials.reissue_link(desk.rt, NAME)
        assert await passkey_ids(desk) == {old_device.id}, "until it is used"
        assert (await redeem_link(desk, console, token)).path == "/console/inbox"
        assert await passkey_ids(desk) == set()
        assert (await sign_in_with_passkey(console, old_device)).path == "/console/sign-in"
    async with Console.at(desk.url) as console:
        token = await credentials.reissue_link(desk.rt, NAME)
        await redeem_link(desk, console, token)
        own = await add_passkey(desk, console)
    assert await passkey_ids(desk) == {own.id}


@pytest.mark.requirement("S-55")
async def test_enrolment_link_keeps_passkeys_of_other_officers(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        aiguls = await add_passkey(desk, console)
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        await redeem_link(desk, console, await credentials.reissue_link(desk.rt, NAME))
    assert await passkey_ids(desk) == {aiguls.id}


@pytest.mark.requirement("S-55", "S-57")
async def test_passkey_form_is_refused_after_an_enrolment_link_was_used(desk: AppStack) -> None:
    """The session is valid when the form's headers arrive, and revoked before the form's end."""
    link_used = asyncio.Event()
    async with Console.at(desk.url) as phisher, Console.at(desk.url) as console:
        await enrol(desk, phisher, NAME)
        credential = await create_credential(phisher, Device(desk.rt.settings.public_url))
        fields = {"csrf": await phisher.csrf_token(), "credential": credential}
        await desk.ahead("2 minutes")
        sending = asyncio.create_task(_post_slowly(phisher, fields, link_used))
        await desk.until(lambda: _has_checked_session(desk))
        await redeem_link(desk, console, await credentials.reissue_link(desk.rt, NAME))
        link_used.set()
        await sending
    assert await passkey_ids(desk) == set()


async def _post_slowly(console: Console, fields: dict[str, str], until: asyncio.Event) -> None:
    async def body_parts() -> AsyncIterator[bytes]:
        whole = urlencode(fields).encode()
        yield whole[:20]
        await until.wait()
        yield whole[20:]

    headers = {"Origin": console.url, "Sec-Fetch-Site": "same-origin", "Content-Type": FORM}
    url = f"{console.url}/console/own/passkey"
    async with console.session.post(url, data=body_parts(), headers=headers) as answer:
        assert answer.status == 200
        assert answer.url.path == "/console/sign-in"


async def _has_checked_session(stack: AppStack) -> bool:
    """Return True if the server has checked a console session within the last minute.

    The server checks the session when the headers of a form have arrived, before it reads the body.
    """
    assert stack.rt.console is not None
    async with stack.rt.console.connection() as session:
        found = await session.execute(
            "SELECT FROM console_sessions WHERE seen_at > kosh_now() - interval '1 minute'"
        )
        return await found.fetchone() is not None


# Audit entries about passkeys


@pytest.mark.requirement("S-64")
async def test_passkey_changes_are_audited(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        first = await add_passkey(desk, console)
        await sign_in_with_passkey(console, first)
        second = await add_passkey(desk, console)
        await _remove_passkey(console, first)
        await _remove_passkey(console, first)
        await redeem_link(desk, console, await credentials.reissue_link(desk.rt, NAME))
    assert await _audit_entries(desk) == [
        ("passkey.added", NAME, first.id.hex()[:12]),
        ("passkey.added", NAME, second.id.hex()[:12]),
        ("passkey.removed", NAME, first.id.hex()[:12]),
        ("passkey.removed", NAME, second.id.hex()[:12]),
    ]
    async with Console.signed_in(desk.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit")
    russian = Languages(("ru",))
    for action in ("passkey.added", "passkey.removed"):
        action_text = " ".join(russian.render(LOGGED[action], "ru").split())
        assert f"{NAME} {action_text} {second.id.hex()[:12]} {NAME}" in screen.text


# Challenges of passkeys, and limits on failed sign-ins


async def _is_rejected(console: Console, credential: str) -> bool:
    """Send a sign-in with this credential again; return True if the server rejects it."""
    screen = await console.post("/console/passkey", {"credential": credential, "next": ""})
    return ru("passkey_failed") in screen.text


async def _sign_challenge(console: Console, device: Device) -> str:
    await console.get("/console/sign-in")
    screen = await console.post("/console/passkey/options", {})
    return device.signed(json.loads(screen.html))


@pytest.mark.requirement("S-55")
async def test_passkey_challenge_works_once_even_after_valkey_lost_its_data(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        device = await add_passkey(desk, console)
        # Sign with a use counter of 0, as synchronised passkeys do. Then the counter does not show
        # the server that the response is repeated.
        device.uses = -1
        credential = await _sign_challenge(console, device)
        screen = await console.post("/console/passkey", {"credential": credential, "next": ""})
        assert screen.path == "/console/inbox"
        await desk.rt.valkey._client.flushdb()
        assert await _is_rejected(console, credential)


@pytest.mark.requirement("S-55")
async def test_passkey_challenge_expires_after_five_minutes(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        device = await add_passkey(desk, console)
        credential = await _sign_challenge(console, device)
        await desk.ahead("6 minutes")
        assert await _is_rejected(console, credential)


async def _sign_in_with_password(console: Console, password: str, code: str) -> Screen:
    await console.get("/console/sign-in")
    return await console.submit("/sign-in", name=NAME, password=password, code=code)


@pytest.mark.release
@pytest.mark.requirement("S-55")
async def test_known_device_is_not_locked_out_by_failures_on_other_devices(
    desk: AppStack,
) -> None:
    async with Console.at(desk.url) as console, Console.at(desk.url) as other:
        secret = await enrol(desk, console, NAME)
        device = await add_passkey(desk, console)
        for _time in range(5):
            await _sign_in_with_password(other, "wrong", "000000")
        code = await one_time_code(desk, secret, 1)
        assert ru("wrong") in (await _sign_in_with_password(other, PASSWORD, code)).text
        assert (await sign_in_with_passkey(other, device)).path == "/console/inbox"
        assert (await _sign_in_with_password(console, PASSWORD, code)).path == "/console/inbox"


@pytest.mark.release
@pytest.mark.requirement("S-55")
async def test_known_device_is_not_locked_out_by_failures_at_the_same_address(
    desk: AppStack,
) -> None:
    """Devices in an office share an address. A known device has its own limit of failures."""
    async with Console.at(desk.url) as console, Console.at(desk.url) as other:
        secret = await enrol(desk, console, NAME)
        statuses = [
            (await _sign_in_with_password(other, "wrong", "000000")).status for _time in range(14)
        ]
        assert statuses[-1] == 429
        code = await one_time_code(desk, secret, 1)
        assert (await _sign_in_with_password(console, PASSWORD, code)).path == "/console/inbox"
        statuses = [
            (await _sign_in_with_password(console, "wrong", "000000")).status for _time in range(14)
        ]
        assert statuses[-1] == 429


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit failed sign-ins with a passkey to five; then one more is allowed every 100 s."""
    monkeypatch.setitem(sign_in.TRIES, sign_in.PASSKEY, (5, 0.01))


@asynccontextmanager
async def _with_passkey(desk: AppStack) -> AsyncIterator[tuple[Console, Device]]:
    """Yield an officer's browser, and the device with the passkey that the officer added."""
    async with Console.at(desk.url) as console:
        await enrol(desk, console, NAME)
        yield console, await add_passkey(desk, console)


async def _post_invalid(console: Console, times: int) -> Screen:
    for _time in range(times):
        screen = await console.post("/console/passkey", {"credential": "{}", "next": ""})
    return screen


@pytest.mark.requirement("S-55")
async def test_passkey_requests_without_a_challenge_do_not_block_sign_in(
    desk: AppStack, few_tries: None
) -> None:
    async with _with_passkey(desk) as (_console, device), Console.at(desk.url) as other:
        await _post_invalid(other, 6)
        async with Console.at(desk.url) as elsewhere:
            assert (await sign_in_with_passkey(elsewhere, device)).path == "/console/inbox"


@pytest.mark.requirement("S-55")
async def test_known_device_is_not_locked_out_by_forged_passkey_responses(
    desk: AppStack, few_tries: None
) -> None:
    async with _with_passkey(desk) as (console, device), Console.at(desk.url) as other:
        await other.post("/console/passkey/options", {})
        assert ru("too_often") in (await _post_invalid(other, 6)).text
        assert ru("too_often") in (await sign_in_with_passkey(other, device)).text
        assert (await sign_in_with_passkey(console, device)).path == "/console/inbox"
        assert ru("too_often") in (await _post_invalid(console, 6)).text


@pytest.mark.release
def test_import_of_the_website_loads_no_passkey_or_oidc_library() -> None:
    check = "import sys, bot.web.site; sys.exit(bool({'joserfc', 'webauthn'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
