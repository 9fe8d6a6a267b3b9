"""`kosh init` checks, writes and applies settings; `kosh doctor` finds what is wrong."""

import asyncio
import os
import pty
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from select import select
from types import SimpleNamespace

import aiohttp
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from bot.cli import time_zone_checks
from bot.cli.doctor import examine
from bot.cli.findings import Grade
from bot.config.settings import Settings
from bot.embedded import Databases
from bot.people import identities
from bot.runtime import runtime
from bot.security.key_files import Keys
from tests.emulators import whatsapp as wa
from tests.emulators.telegram import Emulator
from tests.terminal import ROOT, shell

# Generated, because values that look like examples are rejected.
TOKEN, OTHER, SECRET = f"1000000001:{token_hex(18)}", f"1000000009:{token_hex(18)}", token_hex(16)
TIMEOUT_SECONDS = 60


@dataclass
class Platforms:
    """Both emulators, and the environment variables of an administrator who installs Kosh."""

    telegram: Emulator
    whatsapp: wa.Emulator
    environment: dict[str, str]

    async def init(self, home: Path, *more: str, **settings: str) -> tuple[int, str]:
        """Run `kosh init` as a separate process; return its exit code and output."""
        words = ("init", "--no-input", "--data", str(home), *more)
        return await asyncio.to_thread(
            shell().types, *words, environment=self.environment | settings, module="aiogram"
        )

    async def types_later(self, *words: str) -> tuple[int, str]:
        """Run a command with only the emulators' addresses; all other settings are in a file."""
        environment = {
            name: value
            for name, value in self.environment.items()
            if name.endswith("_API") or not name.startswith("KOSH_")
        }
        return await asyncio.to_thread(
            shell().types, *words, environment=environment, module="aiogram"
        )

    async def webhook(self) -> str:
        """Return the URL of Telegram's webhook."""
        url = f"{self.telegram.url}/bot{TOKEN}/getWebhookInfo"
        async with aiohttp.ClientSession() as http, http.post(url) as answer:
            return str((await answer.json())["result"]["url"])


@pytest.fixture
async def platforms() -> AsyncIterator[Platforms]:
    async with (
        Emulator(token=TOKEN, limits=False) as telegram,
        wa.Emulator(token=SECRET, secret=SECRET, limits=False) as whatsapp,
    ):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSH_")}
        yield Platforms(
            telegram,
            whatsapp,
            plain
            | {
                "KOSH_TELEGRAM_TOKEN": TOKEN,
                "KOSH_TELEGRAM_API": telegram.url,
                "KOSH_WHATSAPP_TOKEN": SECRET,
                "KOSH_WHATSAPP_API": f"{whatsapp.url}/v26.0",
                "KOSH_WHATSAPP_NUMBER_ID": wa.NUMBER_ID,
                "KOSH_WHATSAPP_APP_SECRET": SECRET,
                "KOSH_WHATSAPP_VERIFY_TOKEN": SECRET,
                "KOSH_PUBLIC_URL": "https://kosh.example",
                "KOSH_LANGUAGES": "kk,ru",
            },
        )


async def test_init_checks_and_saves_settings_and_can_be_repeated(
    platforms: Platforms, tmp_path: Path
) -> None:
    home = tmp_path / "kosh"
    code, output = await platforms.init(home, "--mission", "tr_ankara")
    assert code == 0, output
    assert await platforms.webhook() == "https://kosh.example/webhooks/telegram"
    assert "Kosh (emulated), quality GREEN" in output
    assert "tr_ankara" in output
    assert SECRET not in output
    written = (home / "settings.env").read_text("utf-8")
    assert "KOSH_LANGUAGES=kk,ru" in written
    assert written.count("KOSH_ROTATE_KEYS_MONTHLY=true\n") == 1
    assert SECRET not in written
    assert TOKEN not in written
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*")}
    assert {modes[name] for name in ("settings.env", "telegram_token", "epoch-1.key")} == {0o600}
    assert {modes[name] for name in ("secrets", "keys")} == {0o700}
    with (home / "settings.env").open("a") as file:
        file.write("KOSH_LOG_LEVEL=warning\n")
    # In its second run, `kosh init` reads all settings but the emulators' addresses from
    # settings.env.
    apis = {key: value for key, value in platforms.environment.items() if key.endswith("_API")}
    bare = {k: v for k, v in platforms.environment.items() if not k.startswith("KOSH_")}
    platforms.environment = bare | apis
    code, output = await platforms.init(home)
    assert code == 0, output
    assert " 0 profile texts changed" in output
    assert (home / "settings.env").read_text("utf-8") == written + "KOSH_LOG_LEVEL=warning\n"


async def test_init_writes_nothing_when_the_token_is_wrong(
    platforms: Platforms, tmp_path: Path
) -> None:
    code, output = await platforms.init(tmp_path / "kosh", KOSH_TELEGRAM_TOKEN=OTHER)
    assert code == 2
    assert "is the token right?" in output
    assert OTHER not in output
    assert not (tmp_path / "kosh" / "settings.env").exists()


async def test_profile_needs_no_database_after_init(platforms: Platforms, tmp_path: Path) -> None:
    home = tmp_path / "kosh"
    code, output = await platforms.init(home)
    assert code == 0, output
    await platforms.telegram.set_webhook("https://other.example", SECRET)
    code, output = await platforms.types_later("profile", "--data", str(home))
    assert (code, output.splitlines()) == (0, ["Profile texts changed: 0", "The webhook is set."])
    assert await platforms.webhook() == "https://kosh.example/webhooks/telegram"


@pytest.mark.release
async def test_migrate_works_on_the_embedded_database_after_init(
    platforms: Platforms, tmp_path: Path
) -> None:
    home = tmp_path / "kosh"
    code, output = await platforms.init(home)
    assert code == 0, output
    code, output = await platforms.types_later("migrate", "--data", str(home))
    assert (code, output.splitlines()[-1]) == (0, "The schema is up to date.")
    assert (home / "postgres").is_dir()


async def test_init_writes_the_settings_file_that_the_environment_names(
    platforms: Platforms, tmp_path: Path
) -> None:
    path = tmp_path / "other.env"
    code, output = await platforms.init(tmp_path / "kosh", KOSH_SETTINGS_FILE=str(path))
    assert code == 0, output
    assert "KOSH_LANGUAGES=kk,ru" in path.read_text("utf-8")


async def test_init_needs_only_a_telegram_token(platforms: Platforms, tmp_path: Path) -> None:
    names = ("KOSH_TELEGRAM_TOKEN", "KOSH_TELEGRAM_API")
    environment = platforms.environment
    bare = {k: v for k, v in environment.items() if k in names or not k.startswith("KOSH_")}
    platforms.environment = bare
    code, output = await platforms.init(tmp_path / "kosh")
    assert code == 0, output
    assert "Registration stays closed" in output
    assert "./kosh run" in output


def _typed(command: list[str], environment: dict[str, str], answers: dict[str, str]) -> str:
    """Answer each question of a command at a terminal when it appears; return all output."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=terminal, stdout=terminal, stderr=terminal,
        start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown, left = "", list(answers.items())
    # Reading fails with EIO when the process has ended and its terminal is closed.
    with suppress(OSError):
        while select([controller], [], [], TIMEOUT_SECONDS)[0] and (
            read := os.read(controller, 4096)
        ):
            shown += read.decode()
            # getpass discards input that is typed before its prompt, so wait for the end of the
            # prompt.
            if left and left[0][0] in shown and shown.endswith(": "):
                os.write(controller, f"{left.pop(0)[1]}\n".encode())
    os.close(controller)
    assert (process.wait(TIMEOUT_SECONDS), left) == (0, []), shown
    return shown


@pytest.mark.release
async def test_init_prompts_for_missing_values_at_a_terminal(
    platforms: Platforms, tmp_path: Path
) -> None:
    home = tmp_path / "kosh"
    apis = {key: value for key, value in platforms.environment.items() if key.endswith("_API")}
    bare = {k: v for k, v in platforms.environment.items() if not k.startswith("KOSH_")}
    command = [sys.executable, "-m", "bot", "init", "--data", str(home), "--mission", "tr_ankara"]
    answers = {
        "Languages on offer": "kk,ru",
        "Public address": "",
        "Telegram token": TOKEN,
        "WhatsApp access token": SECRET,
        "Id of the WhatsApp number": wa.NUMBER_ID,
        "Id of the WhatsApp business account": "",
        "Secret of Meta's app": SECRET,
        "Address of the registry": "",
    }
    shown = await asyncio.to_thread(_typed, command, bare | apis, answers)
    assert "@" in shown
    assert "officers to the mission tr_ankara" in shown
    # The terminal shows text that is typed, but not a secret.
    assert wa.NUMBER_ID in shown
    assert TOKEN not in shown
    assert SECRET not in shown
    assert (home / "secrets" / "telegram_token").read_text("utf-8") == TOKEN
    written = (home / "settings.env").read_text("utf-8")
    assert "KOSH_LANGUAGES=kk,ru" in written
    assert written.count("KOSH_ROTATE_KEYS_MONTHLY=true\n") == 1
    assert "REGISTRY" not in written


# `kosh doctor`


@pytest.fixture
async def healthy(chosen: Settings, platforms: Platforms) -> Settings:
    """Return settings of a complete installation: webhook set, keys created, registry left out."""
    secret = chosen.require_webhook_secret()
    await platforms.telegram.set_webhook("https://kosh.example/webhooks/telegram", secret)
    Keys.create(chosen.key_dir)
    return chosen.model_copy(
        update={
            "telegram_token": SecretStr(TOKEN),
            "telegram_api": platforms.telegram.url,
            "telegram_rate": 30,
            "whatsapp_token": SecretStr(SECRET),
            "whatsapp_api": f"{platforms.whatsapp.url}/v26.0",
            "whatsapp_rate": 80,
            "public_url": "https://kosh.example",
            "registry_url": None,
        }
    )


async def _wrong_findings(chosen: Settings) -> dict[str, tuple[str, str]]:
    found = await examine(chosen)
    return {each.what: (each.said, each.fix) for each in found if each.grade is Grade.WRONG}


async def test_doctor_reports_no_fault_in_a_healthy_installation(healthy: Settings) -> None:
    # The tests' server runs with fsync off for speed, which doctor reports.
    assert {message for message, _fix in (await _wrong_findings(healthy)).values()} == {
        "fsync or synchronous_commit is off"
    }
    found = await examine(healthy)
    files = len([*healthy.key_dir.glob("*.key")])
    assert [each.said for each in found if each.what == "keys"] == [f"{files} key files"]
    assert {each.what for each in found} == {
        "versions", "keys", "disk", "database", "valkey", "clock", "rates", "telegram", "whatsapp",
        "registry", "officers", "budgets", "facts", "time_zones", "settings", "start",
    }  # fmt: skip


async def test_doctor_reports_a_check_that_fails_and_all_others(healthy: Settings) -> None:
    wrong = await _wrong_findings(
        healthy.model_copy(update={"telegram_token": SecretStr(f"not a token {SECRET}")})
    )
    description, _fix = wrong["telegram"]
    assert description == "failed with TokenValidationError"
    assert "telegram" in wrong and "database" in wrong


async def test_doctor_reports_time_zone_data_from_before_the_single_time_zone(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Bishkek has UTC+6, the time that old data give for Almaty.
    monkeypatch.setattr(time_zone_checks, "ZONE", "Asia/Bishkek")
    found = [each for each in await examine(healthy) if each.what == "time_zones"]
    assert [each.grade for each in found] == [Grade.WRONG] * 2
    assert [each.said.partition(" ")[0] for each in found] == ["Python", "PostgreSQL"]


async def test_doctor_warns_while_no_officer_has_an_account(
    healthy: Settings, databases: Databases
) -> None:
    async def grade() -> Grade:
        return next(each.grade for each in await examine(healthy) if each.what == "officers")

    assert await grade() is Grade.DOUBTFUL
    with psycopg.connect(databases.owner) as owner:
        owner.execute(
            "INSERT INTO officers (id, name, mission)"
            " VALUES (gen_random_uuid(), 'Testova A.', 'general')"
        )
    assert await grade() is Grade.GOOD


async def test_doctor_reports_a_database_older_than_the_last_known_state(
    healthy: Settings,
) -> None:
    mark = healthy.erasure_journal.with_name("high-water-mark")
    mark.write_text("audit 1000\n")
    description, _fix = (await _wrong_findings(healthy))["start"]
    assert description.startswith("E_DATABASE_OLDER")


async def test_doctor_reports_keys_of_another_installation(
    healthy: Settings,
) -> None:
    async with runtime(healthy) as rt, rt.pool.connection() as session:
        assert await identities.create(rt, session, "web", "nobody", "nobody")
    for path in healthy.key_dir.iterdir():
        path.write_bytes(os.urandom(32))
    description, _fix = (await _wrong_findings(healthy))["start"]
    assert description.startswith("E_VAULT_FOREIGN")


@pytest.mark.parametrize(
    ("change", "what", "fix"),
    [
        ({"redis_url": SecretStr("redis://127.0.0.1:9/0")}, "valkey", "start it"),
        ({"database_url": SecretStr("postgresql://kosh_app@127.0.0.1:9/kosh")}, "database", "up"),
        ({"database_retention_url": None}, "database", "deleted"),
        ({"public_url": "https://other.example"}, "telegram", "./kosh profile"),
        ({"telegram_token": SecretStr("1000000009:Invented")}, "telegram", "token"),
        ({"whatsapp_token": SecretStr("another")}, "whatsapp", "token"),
        ({"registry_url": "http://127.0.0.1:9"}, "registry", "errors.md"),
        ({"key_dir": Path("/nowhere/keys")}, "keys", "restore them"),
        (
            {"rotate_keys_monthly": True, "database_console_url": None},
            "keys",
            "KOSH_DATABASE_CONSOLE_URL",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_doctor_reports_each_fault_with_a_fix(
    healthy: Settings, change: dict[str, object], what: str, fix: str
) -> None:
    wrong = await _wrong_findings(healthy.model_copy(update=change))
    assert what in wrong
    assert fix in wrong[what][1]
    assert "1000000009" not in str(wrong)


async def test_doctor_warns_of_a_misspelt_setting(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOSH_ROTATE_KEYS_MONTLY", SECRET)
    monkeypatch.setenv("KOSH_DOMAIN", "kosh.example")  # a variable of the proxy
    monkeypatch.setenv("KOSH_TELEGRAM_TOKEN_FILE", "/nowhere")
    (found,) = [each for each in await examine(healthy) if each.what == "settings"]
    assert (found.grade, found.said.split()[0]) == (Grade.DOUBTFUL, "KOSH_ROTATE_KEYS_MONTLY")
    assert "KOSH_ROTATE_KEYS_MONTHLY" in found.fix
    assert SECRET not in str(found)


async def test_doctor_reports_a_full_disk_of_the_erasure_journal(
    healthy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, journal = shutil.disk_usage, tmp_path / "other disk" / "erased"
    journal.parent.mkdir()

    def full(place: Path) -> object:
        return SimpleNamespace(free=0) if place == journal.parent else usage(place)

    monkeypatch.setattr(shutil, "disk_usage", full)
    wrong = await _wrong_findings(healthy.model_copy(update={"erasure_journal": journal}))
    assert wrong["disk"][0] == "0.0 GB free"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ("SET default_transaction_read_only = on", "standby"),
        ("CONNECTION LIMIT 0", "free connections"),
    ],
)
async def test_doctor_names_the_cause_when_the_database_refuses(
    change: str, cause: str, healthy: Settings, databases: Databases, admin_url: str
) -> None:
    name = databases.app.rsplit("/", 1)[1]
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(SQL("ALTER DATABASE {} " + change).format(Identifier(name)))
    found = [each for each in await examine(healthy) if each.grade is Grade.WRONG]
    assert any(cause in each.fix for each in found if each.what == "database")


async def test_doctor_detects_an_old_schema_and_a_superuser(
    healthy: Settings, databases: Databases, admin_url: str
) -> None:
    with psycopg.connect(databases.owner) as owner:
        owner.execute("ALTER TABLE reminders DROP COLUMN due_at")
    assert (await _wrong_findings(healthy))["database"][1] == "./kosh migrate"
    name = databases.app.rsplit("/", 1)[1]
    root = SecretStr(f"{admin_url.rsplit('/', 1)[0]}/{name}")
    found = await examine(healthy.model_copy(update={"database_retention_url": root}))
    wrong = {each.said for each in found if each.grade is Grade.WRONG}
    assert "retention is a superuser" in wrong


ANNOUNCED = """
INSERT INTO officers (id, name, mission) VALUES (gen_random_uuid(), 'Testova A.', 'general');
INSERT INTO broadcasts (id, state, author, canary, purpose, topic, audience)
  SELECT gen_random_uuid(), state, id, 50, 'news', 'events', '{}'
  FROM officers, unnest('{scheduled,done}'::text[]) state;
INSERT INTO broadcast_texts (broadcast_id, language, body, template)
  SELECT id, language, 'x', name || CASE state WHEN 'done' THEN '_before' ELSE '' END
  FROM broadcasts, (VALUES ('kk', 'news'), ('ru', 'news'), ('uz', 'news')) t (language, name);
"""
"""An announcement that goes soon with the template `news`, and one that is over."""


async def test_doctor_reports_missing_rejected_and_paused_whatsapp_templates(
    healthy: Settings, platforms: Platforms, databases: Databases
) -> None:
    with psycopg.connect(databases.owner) as owner:
        owner.execute(ANNOUNCED)
    platforms.whatsapp.add_templates(
        wa.Template("news", "ru", "{{1}}", state="rejected"),
        wa.Template("news", "uz", "{{1}}"),
        # More templates than Meta returns on one page.
        *(wa.Template(f"spare_{number}", "kk", "x") for number in range(100)),
        wa.Template("status", "kk", "{{1}}", state="paused"),
    )
    chosen = healthy.model_copy(update={"whatsapp_account_id": platforms.whatsapp.world.account})
    found = {
        each.said: (each.grade, each.fix)
        for each in await examine(chosen)
        if each.what == "whatsapp"
    }
    missing, fix = found.pop("an announcement needs the template news (kk), which is missing")
    assert missing is Grade.WRONG
    assert "create it" in fix
    rejected, fix = found.pop("the template news (ru) was rejected (INVALID_FORMAT)")
    assert rejected is Grade.WRONG
    assert "submit it again" in fix
    paused, fix = found.pop("the template status (kk) is paused: people block or report it")
    assert paused is Grade.DOUBTFUL
    assert "send it to fewer" in fix
    assert {message for message in found if "quality" not in message} == {
        "101 of 103 templates are approved"
    }
    unknown_account = chosen.model_copy(update={"whatsapp_account_id": "1"})
    assert "may the token" in (await _wrong_findings(unknown_account))["whatsapp"][1]
