"""`migrate`, `profile`: migrate the database and set the Telegram bot's profile, after upgrades."""

import typer

from bot.channels.telegram.client import Telegram
from bot.cli.environment import read, run_until_signal, with_runtime
from bot.config.sources import ConfigError
from bot.db import migrations
from bot.runtime import Runtime

app = typer.Typer()


@app.command()
def profile() -> None:
    """Set the Telegram bot's commands and texts in every language, and its webhook if public."""
    settings = read()
    run_until_signal(lambda: with_runtime(settings, _introduce))


async def _introduce(rt: Runtime) -> None:
    channel = rt.channels.get(Telegram.name)
    if not isinstance(channel, Telegram):
        raise ConfigError("KOSH_TELEGRAM_TOKEN isn't set; set it to the token of your bot")
    typer.echo(f"Profile texts changed: {await channel.set_profile(rt.languages)}")
    if rt.settings.public_url.startswith("https:"):
        secret = rt.settings.require_webhook_secret()
        await channel.set_webhook(f"{rt.settings.public_url}/webhooks/telegram", secret)
        typer.echo("The webhook is set.")


@app.command()
def migrate() -> None:
    """Migrate the database to the newest schema, as the role of KOSH_DATABASE_OWNER_URL."""
    settings = read()
    if migrations.migrate(settings.migration_url()):
        typer.echo("The schema is up to date.")
    else:
        typer.echo("The schema is of a newer version of Kosh. It stays as it is.")
