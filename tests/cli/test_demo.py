"""A demo and an installation on one machine share no folder, server or browser session."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bot.cli import demo, doctor, environment
from bot.cli.findings import Grade
from bot.config.settings import Settings, settings
from bot.config.sources import ConfigError
from bot.embedded import Databases
from bot.embedded.server_process import free_port
from bot.officers import directory, sessions
from bot.officers.sessions import AuthMethod
from bot.registry import sandbox
from bot.runtime import Runtime
from bot.security import audit_log
from bot.web.console import demo_officers, demo_week, demo_week_texts
from tests.app_stack import AppStack, serving
from tests.clock import SHIFTED
from tests.terminal import shell

pytestmark = pytest.mark.requirement("S-87")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove this machine's settings from the environment; change to a temporary folder."""
    for name in os.environ:
        if name.startswith("KOSH_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("variable", ["KOSH_DATABASE_URL", "KOSH_REDIS_URL"])
def test_demo_refuses_to_start_when_a_database_or_valkey_url_is_set(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "postgresql://kosh_app:a-real-password@db.example/kosh")
    with pytest.raises(ConfigError, match=f"{variable} is set") as refused:
        demo.demo()
    assert "password" not in str(refused.value)


def test_demo_uses_its_own_data_folder_and_ignores_settings_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".kosh").mkdir()
    (tmp_path / ".kosh" / "settings.env").write_text("KOSH_LOG_LEVEL=debug\nKOSH_HOST=0.0.0.0\n")
    folders: list[Path | None] = []

    def running_servers(data: Path | None, *_more: object, **_how: object) -> None:
        folders.append(data)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "running_servers", running_servers)
    with pytest.raises(KeyboardInterrupt):
        demo.demo()
    assert folders == [Path(".kosh/demo")]
    assert "KOSH_HOST" not in os.environ


@pytest.mark.parametrize("there", ["postgres", "keys", "settings.env"])
def test_demo_refuses_the_folder_of_an_installation(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("") if "." in there else (tmp_path / there).mkdir()
    with (
        pytest.raises(ConfigError, match="belongs to an installation"),
        environment.running_servers(tmp_path, None, fresh=False, demo=True),
    ):
        pass


def test_cli_command_rejects_the_data_folder_of_a_demo(tmp_path: Path) -> None:
    environment._mark_demo(tmp_path)
    (tmp_path / "keys").mkdir()
    environment._mark_demo(tmp_path)
    with pytest.raises(ConfigError, match="belongs to a demo"):
        environment.read(data_dir=tmp_path)
    assert environment.read(data_dir=tmp_path, demo=True).demo


@pytest.mark.parametrize("given", [True, False])
def test_doctor_uses_demo_mode_for_the_data_folder_of_a_demo(
    monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    place = Path(".kosh/demo")
    place.mkdir(parents=True)
    environment._mark_demo(place)
    examined: list[tuple[Path | None, bool]] = []

    def running_servers(data: Path | None, *_more: object, demo: bool, **_how: object) -> None:
        examined.append((data, demo))
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "running_servers", running_servers)
    with pytest.raises(KeyboardInterrupt):
        doctor.doctor(data=place if given else None)
    assert examined == [(place, True)]


@pytest.mark.parametrize("there", ["keys", "KOSH_DATABASE_URL"])
def test_doctor_examines_the_installation_beside_a_demo(
    monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    place = Path(".kosh/demo")
    place.mkdir(parents=True)
    environment._mark_demo(place)
    if there == "keys":
        Path(".kosh/keys").mkdir()
    else:
        monkeypatch.setenv(there, "postgresql://kosh_app@db.example/kosh")
    assert environment.demo_folder(None) is None


async def test_doctor_of_a_demo_accepts_the_sandbox_registry() -> None:
    chosen = settings(demo=True)
    assert [each.grade async for each in doctor._registry(chosen)] == [Grade.GOOD]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "kosh.example"])
def test_demo_rejects_a_host_or_url_reachable_from_other_machines(host: str) -> None:
    with pytest.raises(ConfigError, match="KOSH_HOST must be an address of this machine"):
        settings(demo=True, host=host)
    with pytest.raises(ConfigError, match="KOSH_PUBLIC_URL must be an address of this machine"):
        settings(demo=True, public_url="https://kosh.example")
    for local in ("127.0.0.1", "localhost", "::1"):
        assert settings(demo=True, host=local, public_url="http://localhost:8080").demo


@pytest.mark.release
async def test_cli_refuses_a_first_administrator_in_a_demo_and_says_what_to_do(
    rt: Runtime, databases: Databases, tmp_path: Path
) -> None:
    await demo_officers.enter(rt)
    chosen = rt.settings
    assert chosen.redis_url
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("KOSH_")
    }
    environment |= {
        "KOSH_DATABASE_URL": databases.app,
        "KOSH_DATABASE_CONSOLE_URL": databases.console,
        "KOSH_REDIS_URL": chosen.redis_url.get_secret_value(),
        "KOSH_KEY_DIR": str(chosen.key_dir),
        "KOSH_DATA_DIR": str(tmp_path / "own"),
        "KOSH_VERSION_EXEMPTIONS": "postgres,valkey",
    }
    code, output = shell().types("officers", "first", "Officer Testov", environment=environment)
    assert code == 1, output
    for part in ("E_LAST_ADMINISTRATOR", "officers link NAME", "another folder"):
        assert part in output


@pytest.mark.requirement("S-57")
async def test_console_session_of_a_demo_is_rejected_outside_demo_mode(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await demo_officers.enter(stack.rt)
    assert stack.rt.console
    async with stack.rt.pool.connection() as transaction:
        officer = (await directory.everyone(transaction))[0]
    async with stack.rt.console.connection() as connection:
        token = await sessions.begin(connection, officer.id, AuthMethod.DEMO, "Device")
    headers = {"Cookie": f"console={token}"}
    for is_demo, status in ((True, 200), (False, 303)):
        monkeypatch.setitem(stack.rt.settings.__dict__, "demo", is_demo)
        async with stack.http.get(
            f"{stack.url}/console/own", headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status == status, is_demo


async def test_demo_starts_only_after_its_registry_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Check that the demo waits for its registry.

    Kosh reads five lists from the registry at its start. If these reads failed, the circuit breaker
    would open.
    """
    port, statuses = free_port(), list[int]()

    async def serve(_asgi: object, host: str, at: int) -> None:
        for _round in range(20):
            await asyncio.sleep(0)
        async with serving(FastAPI(), port=at):
            await asyncio.Event().wait()

    async def serve_all(chosen: Settings, beside: list[Coroutine[Any, Any, None]]) -> None:
        for each in beside:
            each.close()
        async with aiohttp.ClientSession() as http, http.get(str(chosen.registry_url)) as answer:
            statuses.append(answer.status)
        raise asyncio.CancelledError

    monkeypatch.setattr(demo, "serve", serve)
    monkeypatch.setattr(demo, "serve_all", serve_all)
    monkeypatch.setattr(sandbox, "create_app", lambda *_given, **_named: None)
    chosen = settings(demo=True, data_dir=tmp_path, port=port - 1)
    with pytest.raises(asyncio.CancelledError):
        await demo._demo(chosen, "")
    assert statuses == [404]


@pytest_asyncio.fixture
async def clock(databases: Databases) -> AsyncIterator[None]:
    """Restore the test database's function `kosh_now` after a test: the demo replaces it."""
    yield
    async with await psycopg.AsyncConnection.connect(databases.owner) as connection:
        await connection.execute(SHIFTED)


async def test_demo_sample_data_covers_past_days_and_restores_the_clock(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch, clock: None
) -> None:
    people = (*demo_week_texts.PEOPLE[:2], demo_week_texts.PEOPLE[-1])
    monkeypatch.setattr(demo_week, "PEOPLE", people)
    monkeypatch.setattr(demo_week, "FORMS", demo_week_texts.FORMS[:1])
    # In demo mode the web chat is one of the channels of announcements.
    monkeypatch.setitem(rt.settings.__dict__, "demo", True)
    monkeypatch.setitem(rt.settings.__dict__, "broadcast_testers", demo.TESTER)
    assert await demo_officers.enter(rt)
    await demo_week.fill(rt)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT state, rating, answer_minutes, now() - opened_at > interval '4 days'"
            " FROM cases ORDER BY opened_at"
        )
        closed = [("resolved", "yes", each.answered, True) for each in people[:2]]
        assert await cursor.fetchall() == [*closed, ("queued", None, None, False)]
        cursor = await session.execute("SELECT count(*), max(entered) FROM form_funnel")
        steps, reached = await cursor.fetchone() or (0, 0)
        assert min(steps, reached) > 0
        cursor = await session.execute("SELECT abs(extract(epoch FROM kosh_now() - now())) < 60")
        assert await cursor.fetchone() == (True,)
        assert await audit_log.find_broken_entry(session) is None
        cursor = await session.execute("SELECT state FROM broadcasts")
        assert await cursor.fetchone() == ("running",)
    assert not await demo_officers.enter(rt), "a week is invented once"
