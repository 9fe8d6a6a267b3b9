"""Command line: each family of commands has its own module in this package.

A module of a family has a typer application named `app`. A command group is named like its file;
commands outside of a group have no prefix. Only the module of the requested command is imported,
since importing all takes 1 to 2 seconds.
"""

import os
import sys
from importlib import import_module

import typer

# Command modules in the order of the help page, with the commands that each provides.
FAMILIES = {
    "demo": ("demo",),
    "servers": ("run", "web", "webhooks", "work", "poll"),
    "init": ("init",),
    "doctor": ("doctor",),
    "version": ("version",),
    "setup": ("profile", "migrate"),
    "keys": ("keys",),
    "backups": ("backup", "restore"),
    "breach": ("breach",),
    "chat": ("chat",),
    "desk": ("desk",),
    "broadcast": ("broadcast",),
    "officers": ("audit", "officers"),
    "tokens": ("tokens",),
    "whatsapp": ("whatsapp",),
    "flows": ("flows",),
    "facts": ("facts",),
    "languages": ("languages",),
    "transliterate": ("transliterate",),
    "understanding": ("understanding",),
    "understand": ("understand",),
    "docs": ("docs",),
    "dev": ("test", "chaos", "bench", "requirements", "mutants"),
    "supply_chain": ("licences", "sbom"),
    "provenance": ("provenance",),
}
GROUPS = (
    "keys",
    "desk",
    "broadcast",
    "tokens",
    "whatsapp",
    "flows",
    "facts",
    "languages",
    "understanding",
    "docs",
)


def assembled(word: str = "") -> typer.Typer:
    """Return a typer application with the commands of the one module that has the command `word`.

    If no module has this command, return an application with all commands.
    """
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, callback=_kosh)
    for family in [name for name, words in FAMILIES.items() if word in words] or FAMILIES:
        module = import_module(f"bot.cli.{family}")
        app.add_typer(module.app, name=family if family in GROUPS else None)
    return app


def _kosh() -> None:
    """Kosh: an assistant for the Kazakh diaspora on Telegram, WhatsApp and the web."""


def _first_word() -> str:
    """Return the command name from `sys.argv`, or from the line that a shell asks to complete.

    Return "" if there is none.
    """
    typed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    words = typed.split() if "_KOSH_COMPLETE" in os.environ else sys.argv
    return words[1] if len(words) > 1 else ""


def main() -> None:
    """Run a command.

    An error with a known fix is printed in one line, without traceback, and the exit status is 2.
    """
    try:
        assembled(_first_word())(prog_name="kosh")
    except Exception as error:
        # Imported only after an error, so that a normal run does not import the database driver.
        from bot.cli.known_errors import explain

        message = explain(error)
        if message is None:
            raise
        typer.echo(message, err=True)
        sys.exit(2)
