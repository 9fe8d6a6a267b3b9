"""`init`: asks for settings, tries them on the platforms, writes them, and lists further steps."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Self

import aiohttp
import typer
from pydantic import SecretStr, model_validator

from bot.channels import SendError
from bot.channels.telegram.client import Telegram
from bot.channels.whatsapp.client import WhatsApp
from bot.cli.environment import Data, home, load, settings_file
from bot.clients import platforms
from bot.config.settings import Settings, read, settings
from bot.config.sources import PREFIX, ConfigError, is_secret
from bot.i18n import Languages
from bot.security.key_files import Keys
from flows.knowledge.missions import MISSIONS

app = typer.Typer()

# Prompts by setting, in the order of the questions. An empty answer to a channel's token turns the
# channel off.
QUESTIONS: Mapping[str, str] = {
    "languages": "Languages on offer, separated by commas",
    "public_url": "Public address, such as https://kosh.example (empty: none, updates are fetched)",
    "telegram_token": "Telegram token from BotFather (empty: no Telegram)",
    "whatsapp_token": "WhatsApp access token (empty: no WhatsApp)",
    "whatsapp_number_id": "Id of the WhatsApp number at Meta",
    "whatsapp_account_id": "Id of the WhatsApp business account (empty: no look at templates)",
    "whatsapp_app_secret": "Secret of Meta's app",
    "registry_url": "Address of the registry's API (empty: no registration)",
    "registry_client_id": "Client id at the registry",
    "registry_client_secret": "Client secret at the registry",
    "registry_callback_secret": "Secret of the registry's callbacks",
}
# `init` asks for the settings with one of these prefixes only if the setting beside the prefix is
# given.
AFTER = {"whatsapp_": "whatsapp_token", "registry_": "registry_url"}

NoInput = Annotated[
    bool,
    typer.Option(
        "--no-input", help="Do not prompt; use the environment and the existing settings file."
    ),
]
Mission = Annotated[str, typer.Option(help="Mission whose officers will answer.")]

type Values = dict[str, str]


@app.command()
def init(data: Data = None, no_input: NoInput = False, mission: Mission = "") -> None:
    """Ask for the settings, test and write them, set webhook and profile; can be repeated."""
    known = [each.key for each in MISSIONS]
    if mission and mission not in known:
        raise typer.BadParameter(f"There is no such mission; there are {', '.join(known)}.")
    load(data, may_create=True)
    values = _with_webhook_secrets(_stored_values() if no_input else _ask_values())
    new_settings = settings(**values)
    asyncio.run(_verify(new_settings))
    place = home(data)
    written = _write(place, values)
    Keys.create(place / "keys" if "KOSH_KEY_DIR" not in os.environ else new_settings.key_dir)
    typer.echo(f"Written: {written}")
    typer.echo("What is left:")
    for number, line in enumerate(_left(new_settings, mission), 1):
        typer.echo(f"  {number}. {line}")


def _stored_values() -> Values:
    """Return the values that the environment or the settings file already has.

    Secrets are read from their own files.
    """
    return {name: value for name in QUESTIONS if (value := _now(name))}


class _StoredSettings(Settings):
    """Settings in which required values may be missing, so that the existing values can be read."""

    @model_validator(mode="after")
    def _local_demo(self) -> Self:
        return self


def _stored_settings() -> Settings:
    return read(_StoredSettings, demo=True)


def _now(name: str) -> str:
    value = getattr(_stored_settings(), name)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if name in ("languages", "public_url") and not os.environ.get(PREFIX + name.upper()):
        return ""
    return ",".join(value) if isinstance(value, tuple) else value or ""


def _ask_values() -> Values:
    found: Values = {}
    for name, question in QUESTIONS.items():
        first = next((first for start, first in AFTER.items() if name.startswith(start)), name)
        if first != name and first not in found:
            continue
        before = _now(name)
        value: str = typer.prompt(
            question,
            default=before,
            show_default=not is_secret(Settings, name),
            hide_input=is_secret(Settings, name),
        )
        if value.strip():
            found[name] = value.strip()
    return found


def _with_webhook_secrets(values: Values) -> Values:
    """Return the settings' values, with new webhook secrets for channels that need one."""
    more: Values = {}
    if "telegram_token" in values and values.get("public_url", "").startswith("https:"):
        more["telegram_secret"] = _stored_or_new_secret("telegram_secret")
    if "whatsapp_token" in values:
        more["whatsapp_verify_token"] = _stored_or_new_secret("whatsapp_verify_token")
    return values | more


def _stored_or_new_secret(name: str) -> str:
    value: SecretStr | None = getattr(_stored_settings(), name)
    return value.get_secret_value() if value else token_hex(32)


async def _verify(settings: Settings) -> None:
    """Verify the tokens by calls to each platform, then set Telegram's profile and webhook.

    Raises ConfigError if a platform rejects a call.
    """
    languages = Languages(settings.languages)
    async with aiohttp.ClientSession() as http:
        channels = platforms(settings, http, languages)
        telegram, whatsapp = channels.get(Telegram.name), channels.get(WhatsApp.name)
        try:
            if isinstance(whatsapp, WhatsApp) and (number := await whatsapp.number()):
                typer.echo(f"WhatsApp: {number.summary}")
            if isinstance(telegram, Telegram):
                await _introduce(telegram, settings, languages)
        except SendError as error:
            raise ConfigError(f"{error.code}: the platform refuses; is the token right?") from None


async def _introduce(telegram: Telegram, settings: Settings, languages: Languages) -> None:
    typer.echo(f"Telegram: @{(await telegram.me()).username}")
    typer.echo(f"Telegram: {await telegram.set_profile(languages)} profile texts changed")
    if settings.telegram_secret is not None:
        secret = settings.telegram_secret.get_secret_value()
        await telegram.set_webhook(f"{settings.public_url}/webhooks/telegram", secret)
        typer.echo(f"Telegram: the webhook is {settings.public_url}/webhooks/telegram")


def _write(place: Path, values: Values) -> Path:
    """Write the settings file, and each secret to its own file, all with mode 0600.

    Lines that were added by hand are kept.
    """
    (place / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = ["# Written by `kosh init`. The environment goes before it."]
    for name, value in values.items():
        variable = PREFIX + name.upper()
        if is_secret(Settings, name):
            path = (place / "secrets" / name).absolute()
            _put(path, value)
            lines.append(f"{variable}_FILE={path}")
        else:
            lines.append(f"{variable}={value}")
    more = [*_foreign(settings_file(place), {PREFIX + name.upper() for name in QUESTIONS})]
    if not any(line.startswith(f"{PREFIX}ROTATE_KEYS_MONTHLY=") for line in more):
        # Monthly rotation of keys is safe here: the key directory is beside the settings file, so
        # it persists and all processes share it.
        lines.append(f"{PREFIX}ROTATE_KEYS_MONTHLY=true")
    lines += more
    _put(settings_file(place), "\n".join(lines) + "\n")
    return settings_file(place)


def _foreign(path: Path, own: set[str]) -> Iterator[str]:
    """Yield the lines of the settings file that a person added by hand, which are kept.

    `own` are the names of the environment variables that `init` asks for.
    """
    own = own | {f"{PREFIX}TELEGRAM_SECRET", f"{PREFIX}WHATSAPP_VERIFY_TOKEN"}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        name = line.partition("=")[0].removesuffix("_FILE")
        if "=" in line and not line.startswith("#") and name not in own:
            yield line


def _put(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def _left(settings: Settings, mission: str) -> Iterator[str]:
    if settings.database_url is None:
        yield (
            "Nothing for PostgreSQL and Valkey: `./kosh run` brings its own. For more than one\n"
            "     machine set KOSH_DATABASE_URL and KOSH_REDIS_URL (docs/how-to/install.md)."
        )
    if settings.has_whatsapp:
        yield (
            f"In Meta's dashboard set the webhook to {settings.public_url}/webhooks/whatsapp with"
            " the word in secrets/whatsapp_verify_token, and subscribe to `messages`."
        )
    if not settings.has_telegram and not settings.has_whatsapp:
        yield "No messenger is set: people reach the web chat only."
    if not settings.has_registry:
        yield "Registration stays closed until the registry's address is set."
    target = f" to the mission {mission}" if mission else ""
    yield f'Enter the first administrator (`./kosh officers first "NAME"`), then officers{target}.'
    yield "Keep a copy of the key files, apart from the database's backups."
    yield "Start it: `./kosh run`. See what is wrong: `./kosh doctor`."
