"""Access tokens of the API are keyed hashes in the database, expire, and can be revoked.

Requests with a token are rate-limited.
"""

import json
import os
from collections.abc import Callable

import psycopg
import pytest
from typer.testing import CliRunner

from bot.cli import assembled
from bot.config.settings import Settings
from bot.db.statements import execute
from bot.embedded import Databases
from bot.officers import api_tokens, credentials, directory, sessions, statements
from bot.officers.api_tokens import BadScope
from bot.officers.credentials import BadLink
from bot.officers.permissions import Role, Scope
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime, runtime
from bot.security import key_files
from tests.subscribers import create_officer
from tests.web.api.integrator import integrator, new_token

COUNT = "/announcement-counts"
PAPER = {"purpose": "news", "topic": "events", "texts": {}}
WRITE = Scope.ANNOUNCEMENTS_WRITE
EDITOR = (Role.EDITOR,)


async def test_api_token_is_stored_only_as_a_keyed_hash(rt: Runtime) -> None:
    async with integrator(rt, WRITE, roles=EDITOR) as system, rt.pool.connection() as session:
        cursor = await session.execute("SELECT t::text FROM api_tokens t")
        stored = str(await cursor.fetchall())
        cursor = await session.execute("SELECT e::text FROM audit_entries e")
        audited = str(await cursor.fetchall())
    assert "token.created" in audited
    secret = system.token.removeprefix(api_tokens.PREFIX)
    assert len(secret) == 43
    assert secret not in stored + audited
    assert secret.encode().hex() not in stored


@pytest.mark.parametrize("scheme", ["Bearer another", "Bearer kosh_another", "Basic x", ""])
async def test_api_answers_401_with_problem_json_when_the_token_is_missing(
    rt: Runtime, scheme: str
) -> None:
    headers = {"authorization": scheme}
    async with (
        integrator(rt, WRITE, roles=EDITOR) as system,
        system.http.post(f"/api/v1{COUNT}", json=PAPER, headers=headers) as answer,
    ):
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.content_type == "application/problem+json"
        assert (await answer.json())["type"] == "urn:kosh:problem:unauthorized"


async def test_api_token_expires_after_its_last_day(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT kosh_now()::date")
        row = await cursor.fetchone()
    today = row[0] if row else None
    async with integrator(rt, WRITE, roles=EDITOR, last_day=today) as system:
        assert (await system.post(COUNT, PAPER))[0] == 200
        async with rt.pool.connection() as session:
            await session.execute("UPDATE test_clock SET ahead = ahead + interval '1 day'")
        assert (await system.post(COUNT, PAPER))[0] == 401


async def test_api_token_is_rejected_after_revocation(rt: Runtime) -> None:
    async with integrator(rt, WRITE, roles=EDITOR) as system:
        other = await new_token(rt, system.owner, WRITE)
        async with rt.pool.connection() as session:
            first, _second = await api_tokens.listing(session)
            await api_tokens.revoke(session, first.id)
        assert (await system.post(COUNT, PAPER))[0] == 401
        assert (await system.post(COUNT, PAPER, authorization=f"Bearer {other}"))[0] == 200


async def test_api_token_is_rate_limited_per_minute(rt: Runtime) -> None:
    async with integrator(rt, WRITE, roles=EDITOR, minute_limit=2) as system:
        other = await new_token(rt, system.owner, WRITE)
        found = [(await system.post(COUNT, PAPER))[0] for _each in range(3)]
        assert found == [200, 200, 429]
        async with system.http.post(f"/api/v1{COUNT}", json=PAPER) as answer:
            assert 1 <= int(answer.headers["retry-after"]) <= 31
        assert (await system.post(COUNT, PAPER, authorization=f"Bearer {other}"))[0] == 200


async def test_api_token_cannot_have_a_scope_beyond_its_accounts_roles(rt: Runtime) -> None:
    owner = await create_officer(rt, Role.EDITOR)
    with pytest.raises(BadScope):
        await new_token(rt, owner, WRITE, Scope.ANNOUNCEMENTS_SEND)
    async with rt.pool.connection() as session:
        assert await api_tokens.listing(session) == []


async def test_api_token_is_rehashed_with_the_new_index_key_when_used(
    rt: Runtime, chosen: Settings
) -> None:
    owner = await create_officer(rt, Role.EDITOR)
    used, unused = [await new_token(rt, owner, WRITE) for _each in range(2)]
    key_files.add(chosen.key_dir, "index", 0)
    for path in chosen.key_dir.glob("*.key"):
        created_at = path.stat().st_mtime - 7200
        os.utime(path, (created_at, created_at))
    async with runtime(chosen) as later:
        assert later.vault.index_version == 2
        async with later.pool.connection() as session:
            assert await api_tokens.recognise(later, session, used)
        key_files.destroy(chosen.key_dir, "index", 1)
        later.vault.refresh()
        async with later.pool.connection() as session:
            assert await api_tokens.recognise(later, session, used)
            assert await api_tokens.recognise(later, session, unused) is None


@pytest.fixture
def run(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Return a function that runs `kosh tokens` with arguments; it returns exit code and output."""
    for name in ("database_url", "database_console_url", "redis_url"):
        monkeypatch.setenv(f"KOSH_{name.upper()}", getattr(chosen, name).get_secret_value())
    monkeypatch.setenv("KOSH_DATA_DIR", str(chosen.data_dir))
    monkeypatch.setenv("KOSH_KEY_DIR", str(chosen.key_dir))
    monkeypatch.setenv("KOSH_DEMO", "true")

    def invoke(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(assembled("tokens"), ["tokens", *words])
        return result.exit_code, result.output

    return invoke


def test_api_tokens_command_stores_the_contact_of_an_external_system(
    run: Callable[..., tuple[int, str]], databases: Databases
) -> None:
    assert run("create", "Portal Test", "--scope", "webhooks:manage")[0] == 0
    with psycopg.connect(databases.owner, autocommit=True) as session:
        for address in ("portal@example.kz", "other@example.kz", ""):
            assert run("contact", "Portal Test", address)[0] == 0
            assert session.execute("SELECT email FROM notification_settings").fetchall() == [
                (address,)
            ]
        assert run("contact", "Portal Test", "portal")[0] == 1
        assert run("contact", "Portal Unknown", "portal@example.kz")[0] == 1
        session.execute("UPDATE officers SET roles = '{editor}'")
        assert run("contact", "Portal Test", "portal@example.kz")[0] == 1
        assert session.execute("SELECT email FROM notification_settings").fetchall() == [("",)]


def test_api_tokens_command_can_create_show_and_revoke_tokens(
    run: Callable[..., tuple[int, str]],
) -> None:
    scope = ("--scope", "status:read")
    code, output = run("create", "Portal Test", *scope, "--until", "2099-01-31")
    assert (code, output[:5]) == (0, api_tokens.PREFIX)
    assert run("create", "Portal Test", "--scope", "announcements:write")[0] == 1
    [listed] = json.loads(run("list", "--json")[1])
    assert output.strip() not in str(listed)
    assert (listed["account"], listed["scopes"], listed["last_day"]) == (
        "Portal Test",
        ["status:read"],
        "2099-01-31",
    )
    assert listed["id"] in run("list")[1]
    assert run("revoke", listed["id"])[0] == 0
    code, output = run("revoke", listed["id"])
    assert (code, output[:7]) == (1, "E_TOKEN")
    assert json.loads(run("list", "--json")[1]) == []


async def test_api_account_of_an_external_system_cannot_sign_in_to_the_console(rt: Runtime) -> None:
    system, officer = await create_officer(rt, Role.INTEGRATOR), await create_officer(rt, *Role)
    async with directory.console(rt).connection() as session:
        await execute(session, statements.SET_OFFICER, officer=str(officer.id))
        links = [
            await credentials.invite(session, officer.id, each.id) for each in (system, officer)
        ]
        tokens = [
            await sessions.begin(session, each.id, AuthMethod.PASSKEY, "Device")
            for each in (system, officer)
        ]
        with pytest.raises(BadLink):
            await credentials.find_invited(session, links[0])
        assert await credentials.find_invited(session, links[1]) == officer.id
        assert await sessions.authenticate(session, tokens[0], seen=False) is None
        assert await sessions.authenticate(session, tokens[1], seen=False)
