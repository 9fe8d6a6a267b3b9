"""`migrate`, `profile`: migrate the database and set the Telegram bot's profile, after upgrades."""

import asyncio

import aiohttp
import typer

from bot.channels import SendError
from bot.channels.telegram.client import Telegram
from bot.cli.environment import Data, read, running_servers
from bot.clients import platforms
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.db import migrations
from bot.i18n import Languages

app = typer.Typer()

# Entries of a data directory by which an installation with an embedded database is recognized.
_EMBEDDED = ("postgres", "settings.env")


@app.command()
def profile(data: Data = None) -> None:
    """Set the Telegram bot's commands and texts in every language, and its webhook if public."""
    try:
        asyncio.run(_introduce(read(data_dir=data)))
    except SendError as error:
        raise ConfigError(f"{error.code}: the platform refuses; is the token right?") from None


async def _introduce(settings: Settings) -> None:
    languages = Languages(settings.languages)
    async with aiohttp.ClientSession() as http:
        channel = platforms(settings, http, languages).get(Telegram.name)
        if not isinstance(channel, Telegram):
            raise ConfigError("KOSH_TELEGRAM_TOKEN isn't set; set it to the token of your bot")
        typer.echo(f"Profile texts changed: {await channel.set_profile(languages)}")
        if settings.public_url.startswith("https:"):
            secret = settings.require_webhook_secret()
            await channel.set_webhook(f"{settings.public_url}/webhooks/telegram", secret)
            typer.echo("The webhook is set.")


@app.command()
def migrate(data: Data = None) -> None:
    """Migrate the database to the newest schema, as the role of KOSH_DATABASE_OWNER_URL.

    Without a configured database, migrate the embedded one of the data directory.
    """
    settings = read(data_dir=data)
    if _has_embedded_database(settings):
        with running_servers(data, None, fresh=False, demo=False) as (embedded, _sandbox):
            is_newest = migrations.migrate(embedded.migration_url())
    else:
        is_newest = migrations.migrate(settings.migration_url())
    if is_newest:
        typer.echo("The schema is up to date.")
    else:
        typer.echo("The schema is of a newer version of Kosh. It stays as it is.")


def _has_embedded_database(settings: Settings) -> bool:
    """Return True if no database is configured and the data directory is that of an installation.

    Otherwise a job without its settings would migrate a new, empty database and succeed.
    """
    is_configured = settings.database_url or settings.database_owner_url
    return not is_configured and any((settings.data_dir / each).exists() for each in _EMBEDDED)
