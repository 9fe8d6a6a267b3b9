"""The command line, a file for each family of commands.

A family has its `app`; a group of commands names it here, other commands join without a name.
"""

import sys

import typer

from bot.commands import (
    backups,
    breach,
    broadcast,
    chat,
    checks,
    demo,
    desk,
    docs,
    doctor,
    facts,
    flows,
    init,
    installation,
    keys,
    languages,
    officers,
    packages,
    serving,
)
from bot.keys import VaultError
from bot.services import ServiceError
from bot.settings import ConfigError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Kosh: an assistant for the Kazakh diaspora on Telegram, WhatsApp and the web.",
)
app.add_typer(demo.app)
app.add_typer(serving.app)
app.add_typer(init.app)
app.add_typer(doctor.app)
app.add_typer(installation.app)
app.add_typer(keys.app, name="keys")
app.add_typer(backups.app)
app.add_typer(breach.app)
app.add_typer(chat.app)
app.add_typer(desk.app, name="desk")
app.add_typer(broadcast.app, name="broadcast")
app.add_typer(officers.app)
app.add_typer(flows.app, name="flows")
app.add_typer(facts.app, name="facts")
app.add_typer(languages.app, name="languages")
app.command()(languages.script)
app.add_typer(docs.app, name="docs")
app.add_typer(checks.app)
app.add_typer(packages.app)


def main() -> None:
    """Run a command; what is wrong with a setting or a service is said in one line."""
    try:
        app()
    except (ConfigError, ServiceError, VaultError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
