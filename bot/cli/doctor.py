"""`doctor`: checks all services and settings, and suggests a fix for each fault."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from email.utils import parsedate_to_datetime

import aiohttp
import psycopg
import typer

from bot.channels import Channel, SendError
from bot.channels.telegram.client import Telegram
from bot.channels.whatsapp.client import WhatsApp
from bot.cli import content_checks, whatsapp_templates
from bot.cli.environment import AsJson, Data, demo_folder, print_json, running_servers
from bot.cli.findings import Finding, Grade, check_version, doubtful, good, wrong
from bot.cli.setting_checks import setting_names
from bot.cli.start_checks import start
from bot.cli.time_zone_checks import time_zones
from bot.cli.valkey_checks import valkey, web_budgets
from bot.clients import platforms, registry_of
from bot.config import minimum_versions
from bot.config.installation import Role
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.db import tables as t
from bot.db.server_statements import (
    CLOCK,
    COLUMNS,
    IS_DURABLE,
    IS_PRIVILEGED,
    TAKE_TRANSACTION_ID,
)
from bot.db.statements import fetch_all, fetch_value, fetch_values
from bot.i18n import Languages
from bot.officers.directory import ANSWERING
from bot.officers.statements import STAFFED
from bot.operations.version import built
from bot.registrations import registry_codes
from bot.registry.errors import RegistryError
from bot.security.key_files import Keys, VaultError

app = typer.Typer()

SECONDS, GIGABYTE = 20, 1024**3
MIN_POSTGRESQL = 170000
# Differences, in seconds, between the clocks of this machine and of a server. Above
# WARN_SKEW_SECONDS, `doctor` warns. Above MAX_SKEW_SECONDS, it reports a fault, because sign-in
# codes and signed callbacks fail.
WARN_SKEW_SECONDS, MAX_SKEW_SECONDS = 2, 30
RATES = ("telegram_rate", "whatsapp_rate")


@app.command()
def doctor(as_json: AsJson = False, data: Data = None) -> None:
    """Check settings, servers, registry, webhooks, rates, clock, zones, versions, disk, keys."""
    demo = demo_folder(data)
    if demo is not None:
        typer.echo(f"These are the findings of the demo in {demo}.", err=True)
    with running_servers(demo or data, None, fresh=False, demo=demo is not None) as (
        settings,
        _sandbox,
    ):
        findings = asyncio.run(examine(settings))
    if as_json:
        print_json([asdict(each) for each in findings])
    for each in () if as_json else findings:
        typer.echo(f"{each.grade:6} {each.what:10} {each.said}")
        if each.fix:
            typer.echo(f"{'':18} → {each.fix}")
    if any(each.grade is Grade.WRONG for each in findings):
        raise typer.Exit(1)


async def examine(settings: Settings) -> list[Finding]:
    """Run all checks of the installation one after another and return their findings.

    A check that fails, or takes longer than SECONDS, counts as a fault.
    """
    return [each for check in CHECKS for each in await _run_check(check, settings)]


async def _run_check(check: "Check", settings: Settings) -> list[Finding]:
    what = check.__name__.strip("_")
    try:
        async with asyncio.timeout(SECONDS):
            return [each async for each in check(settings)]
    except TimeoutError:
        return [wrong(what, f"did not answer within {SECONDS} seconds", "see whether it runs")]
    except Exception as error:
        # Do not show the error's message, which may contain a secret, such as an address.
        return [wrong(what, f"failed with {type(error).__name__}", "check its settings")]


async def _keys(settings: Settings) -> AsyncIterator[Finding]:
    try:
        keys = Keys.load(settings.key_dir)
    except VaultError as error:
        yield wrong("keys", str(error), "restore them from a copy: new keys cannot read the data")
    else:
        count = len(keys.epoch) + len(keys.index) + len(keys.ask)
        yield good("keys", f"{count} key files")
    if settings.rotate_keys_monthly and settings.database_console_url is None:
        fix = "set KOSH_DATABASE_CONSOLE_URL also for the workers"
        yield wrong("keys", "KOSH_ROTATE_KEYS_MONTHLY is on, but no key rotates", fix)


async def _disk(settings: Settings) -> AsyncIterator[Finding]:
    folders = (settings.data_dir, settings.erasure_journal.parent)
    places = [
        next(path for path in (each, *each.absolute().parents) if path.exists()) for each in folders
    ]
    free = min(shutil.disk_usage(place).free for place in places) / GIGABYTE
    description = f"{free:.1f} GB free"
    if free < 1:
        yield wrong("disk", description, "make room: a full disk lets nothing be accepted")
    elif free < 5:
        yield doubtful("disk", description, "make room before it is full")
    else:
        yield good("disk", description)


async def _versions(settings: Settings) -> AsyncIterator[Finding]:
    name, commit = built()
    python = ".".join(map(str, sys.version_info[:3]))
    yield good("versions", f"Kosh {name} {commit or '(no commit known)'}, Python {python}")
    for each in minimum_versions.LIBRARIES:
        for finding in check_version(
            "versions", each, minimum_versions.installed().get(each.name, ""), settings
        ):
            yield finding


async def _rates(settings: Settings) -> AsyncIterator[Finding]:
    for name in RATES:
        rate, usual = getattr(settings, name), Settings.model_fields[name].default
        if rate == 0:
            fix = f"set it to {usual:g}, unless this talks to an emulator"
            yield doubtful("rates", f"KOSH_{name.upper()} is 0: no rate is kept", fix)
        elif rate > usual:
            fix = "right only where the platform raised it for you"
            yield doubtful("rates", f"KOSH_{name.upper()} is {rate:g}, usual is {usual:g}", fix)
        else:
            yield good("rates", f"KOSH_{name.upper()} is {rate:g}")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    for role, lack in _ROLES.items():
        try:
            url = settings.database(role)
        except ConfigError as error:
            yield Finding("database", lack, str(error), _WITHOUT[role])
            continue
        try:
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=3) as session:
                async for each in _server(session, role, settings):
                    yield each
        except psycopg.Error as error:
            kind = type(error).__name__
            fix = "is it up, reached from here, with free connections, and the password right?"
            yield wrong("database", f"kosh_{role} cannot connect ({kind})", fix)


_ROLES: dict[Role, Grade] = {
    "app": Grade.WRONG,
    "retention": Grade.WRONG,
    "console": Grade.DOUBTFUL,
}
_WITHOUT: dict[Role, str] = {
    "app": "nothing works without it",
    "retention": "nothing is deleted when its time has come",
    "console": "officers have no console",
}


async def _server(
    session: psycopg.AsyncConnection[tuple[object, ...]], role: Role, settings: Settings
) -> AsyncIterator[Finding]:
    if await fetch_value(session, IS_PRIVILEGED) is not False:
        yield wrong("database", f"{role} is a superuser", "see docs/how-to/install.md, step 1")
    if role != "app":
        yield good("database", f"kosh_{role} connects")
        return
    number = (session.info.parameter_status("server_version") or "").partition(" ")[0]
    if session.info.server_version < MIN_POSTGRESQL:
        yield wrong("database", f"PostgreSQL {number} is too old", "renew it to 17 or newer")
    for finding in check_version("database", minimum_versions.POSTGRESQL, number, settings):
        yield finding
    if not await fetch_value(session, IS_DURABLE):
        fix = "switch them on: the promises rest on them"
        yield wrong("database", "fsync or synchronous_commit is off", fix)
    if await fetch_value(session, TAKE_TRANSACTION_ID) is None:
        fix = "see runbook KoshDatabaseUnavailable: is it a standby, or is its disk full?"
        yield wrong("database", "accepts no writes", fix)
    async for each in _schema(session, number):
        yield each


async def _schema(
    session: psycopg.AsyncConnection[tuple[object, ...]], version: str
) -> AsyncIterator[Finding]:
    # Compare columns and not migration numbers: any role may list the columns, whereas only the
    # owner may read the table of migrations.
    there = {*await fetch_all(session, COLUMNS)}
    required = {
        (table.name, column.name) for table in t.metadata.tables.values() for column in table.c
    }
    if missing := sorted(required - there):
        description = f"the schema lacks {len(missing)} columns, such as {'.'.join(missing[0])}"
        yield wrong("database", description, "./kosh migrate")
    else:
        yield good("database", f"PostgreSQL {version}, the schema is there")


async def _clock(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with await psycopg.AsyncConnection.connect(
            settings.database(), connect_timeout=3
        ) as session:
            if now := await fetch_value(session, CLOCK):
                yield _clock_difference("the database", time.time() - now.timestamp())
    except (psycopg.Error, ConfigError):
        pass
    if settings.has_telegram:
        async with aiohttp.ClientSession() as http:
            try:
                async with http.head(settings.telegram_api, allow_redirects=False) as answer:
                    date = parsedate_to_datetime(answer.headers["Date"])
            except (aiohttp.ClientError, KeyError, ValueError):
                return
            yield _clock_difference("Telegram", time.time() - date.timestamp() - 0.5)


def _clock_difference(server: str, seconds: float) -> Finding:
    description = f"{abs(seconds):.1f} s from the clock of {server}"
    if abs(seconds) > MAX_SKEW_SECONDS:
        return wrong("clock", description, "let systemd-timesyncd or chrony keep the time")
    if abs(seconds) > WARN_SKEW_SECONDS:
        return doubtful("clock", description, "let systemd-timesyncd or chrony keep the time")
    return good("clock", description)


async def _telegram(settings: Settings) -> AsyncIterator[Finding]:
    async with _channels(settings) as channels:
        channel = channels.get(Telegram.name)
        if not isinstance(channel, Telegram):
            yield good("telegram", "off: no token is set")
            return
        try:
            me, webhook = await channel.me(), await channel.webhook()
        except SendError as error:
            yield wrong(
                "telegram",
                f"refuses: {error.code}",
                "is it reached from here, and is the token right? Ask BotFather",
            )
            return
        yield good("telegram", f"@{me.username}, {webhook.pending_update_count} updates wait")
        expected_url = (
            f"{settings.public_url}/webhooks/telegram" if settings.telegram_secret else ""
        )
        if webhook.url != expected_url:
            fix = "./kosh profile" if expected_url else "`poll` takes it away when it starts"
            grade = Grade.WRONG if expected_url else Grade.DOUBTFUL
            description = (
                f"the webhook is {webhook.url or 'not set'}, not {expected_url or 'polling'}"
            )
            yield Finding("telegram", grade, description, fix)
        failed = webhook.last_error_date
        if failed is not None and time.time() - failed.timestamp() < 3600:
            description = f"a delivery failed within the hour: {webhook.last_error_message}"
            yield doubtful("telegram", description, "see address, certificate and firewall")


async def _whatsapp(settings: Settings) -> AsyncIterator[Finding]:
    async with _channels(settings) as channels:
        channel = channels.get(WhatsApp.name)
        if not isinstance(channel, WhatsApp):
            yield good("whatsapp", "off: no token is set")
            return
        try:
            number = await channel.number()
        except SendError as error:
            yield wrong("whatsapp", f"refuses: {error.code}", "renew the token in Meta's dashboard")
            return
        if number is None:
            yield good("whatsapp", "by a solution provider, who does not tell of the number")
            return
        description = number.summary
        grade = {"RED": Grade.WRONG, "YELLOW": Grade.DOUBTFUL}.get(number.quality_rating or "")
        if grade:
            yield Finding(
                "whatsapp", grade, description, "people block or report it: send less unasked"
            )
        else:
            yield good("whatsapp", description)
        async for each in _templates(channel, settings):
            yield each


async def _templates(channel: WhatsApp, settings: Settings) -> AsyncIterator[Finding]:
    if settings.whatsapp_account_id is None:
        fix = "set KOSH_WHATSAPP_ACCOUNT_ID to the id of the business account"
        yield doubtful("whatsapp", "its templates are not looked at", fix)
        return
    try:
        templates = await channel.templates(settings.whatsapp_account_id)
    except SendError as error:
        fix = "is it the account's id, and may the token manage its messaging?"
        yield wrong("whatsapp", f"does not show its templates: {error.code}", fix)
        return
    try:
        async with await psycopg.AsyncConnection.connect(
            settings.database(), connect_timeout=3
        ) as session:
            needed = await fetch_all(session, whatsapp_templates.NEEDED)
    except (psycopg.Error, ConfigError):
        needed = []  # another check reports the unavailable database
    for waited, description, fix in whatsapp_templates.faults(needed, templates):
        yield (wrong if waited else doubtful)("whatsapp", description, fix)
    approved = sum(each.status == whatsapp_templates.APPROVED for each in templates)
    yield good("whatsapp", f"{approved} of {len(templates)} templates are approved")


async def _registry(settings: Settings) -> AsyncIterator[Finding]:
    async with aiohttp.ClientSession() as http:
        registry = registry_of(settings, http)
        if registry is None and settings.demo:
            yield good("registry", "the sandbox, which `./kosh demo` starts")
            return
        if registry is None:
            yield doubtful("registry", "not set", "registration stays closed until it is")
            return
        try:
            missing = await registry_codes.missing_codes(registry)
        except RegistryError as error:
            yield wrong("registry", str(error), "docs/reference/errors.md says who acts")
            return
        if omitted := registry_codes.omitted_questions(missing):
            description = f"does not know {', '.join(missing)}"
            yield doubtful(
                "registry", description, f"the form does not ask {', '.join(sorted(omitted))}"
            )
        elif missing:
            description = f"does not know {', '.join(missing)}"
            yield wrong(
                "registry",
                description,
                "bring bot/registrations/registry_codes.py to its reference lists",
            )
        else:
            yield good("registry", "lets us in and knows every code")


async def _officers(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with await psycopg.AsyncConnection.connect(
            settings.database(), connect_timeout=3
        ) as session:
            missions = await fetch_values(session, STAFFED, roles=ANSWERING)
    except (psycopg.Error, ConfigError):
        return  # another check reports the unavailable database
    if missions:
        yield good("officers", f"{len(missions)} missions have officers")
    else:
        description = "no active officer or lead: people who ask for a person get addresses instead"
        yield doubtful("officers", description, "add officers in the console, under Officers")


@asynccontextmanager
async def _channels(settings: Settings) -> AsyncIterator[Mapping[str, Channel]]:
    async with aiohttp.ClientSession() as http:
        yield platforms(settings, http, Languages(settings.languages))


type Check = Callable[[Settings], AsyncIterator[Finding]]
CHECKS: tuple[Check, ...] = (
    _versions, setting_names, _keys, _disk, _database, valkey, start, web_budgets, _clock,
    time_zones, _rates, _telegram, _whatsapp, _registry, _officers, content_checks.facts,
)  # fmt: skip
