"""The command line, a file for each family of commands.

A family has its `app`; a group of commands is named as its file, other commands join without a
name. Only the family that was asked for is imported: all of them together take a second or two.
"""

import sys
from importlib import import_module

import typer

from bot.config.settings import ConfigError
from bot.embedded import ServiceError
from bot.security.key_files import VaultError

# Each file of commands, in the order in which they are shown, and the words that it answers to.
FAMILIES = {
    "demo": ("demo",),
    "servers": ("run", "web", "work", "poll"),
    "init": ("init",),
    "doctor": ("doctor",),
    "setup": ("version", "profile", "migrate"),
    "keys": ("keys",),
    "backups": ("backup", "restore"),
    "breach": ("breach",),
    "chat": ("chat",),
    "desk": ("desk",),
    "broadcast": ("broadcast",),
    "officers": ("audit", "officers"),
    "flows": ("flows",),
    "facts": ("facts",),
    "languages": ("languages",),
    "transliterate": ("script",),
    "docs": ("docs",),
    "dev": ("test", "chaos", "bench", "requirements", "mutants"),
    "supply_chain": ("licences", "sbom"),
}
GROUPS = ("keys", "desk", "broadcast", "flows", "facts", "languages", "docs")


def assembled(word: str = "") -> typer.Typer:
    """The command line, with the family of this word alone; with all if no family has it."""
    app = typer.Typer(
        add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, callback=_kosh
    )
    for family in [name for name, words in FAMILIES.items() if word in words] or FAMILIES:
        module = import_module(f"bot.cli.{family}")
        app.add_typer(module.app, name=family if family in GROUPS else None)
    return app


def _kosh() -> None:
    """Kosh: an assistant for the Kazakh diaspora on Telegram, WhatsApp and the web."""


def main() -> None:
    """Run a command; what is wrong with a setting or a service is said in one line."""
    try:
        assembled(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="kosh")
    except (ConfigError, ServiceError, VaultError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
