"""`officers` and `audit`: print sign-in links for the console, and verify the audit log."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.environment import Data, running_servers
from bot.config.settings import Settings
from bot.notifications import web_push
from bot.officers import credentials, directory
from bot.runtime import Runtime, runtime
from bot.security import audit_log

app = typer.Typer()
audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def audit_verify(
    anchor: Annotated[
        str,
        typer.Option(help="A head that was stored elsewhere, or the file that holds it."),
    ] = "",
    data: Data = None,
) -> None:
    """Verify the hash chain of the audit log, and print its head, to be stored elsewhere.

    The head is number and hash of the last entry. With an anchor, which is a head stored earlier,
    also verify that the log still contains the anchor's entry.
    """

    async def verify(
        settings: Settings, earlier: audit_log.Head | None
    ) -> tuple[int | None, audit_log.Head]:
        async with runtime(settings) as rt, rt.pool.connection() as transaction:
            return await audit_log.find_broken_entry(transaction, earlier), await audit_log.head(
                transaction
            )

    earlier = _anchor(anchor) if anchor else None
    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        broken, now = asyncio.run(verify(settings, earlier))
    if broken is not None:
        typer.echo(
            f"E_AUDIT: the log is broken at entry {broken}; keep a copy of the database, then"
            " check who could write there",
            err=True,
        )
        raise typer.Exit(1)
    contains = " It contains the anchor." if earlier else ""
    typer.echo(f"The log is intact.{contains} Its head: {now}")


def _anchor(anchor: str) -> audit_log.Head:
    try:
        text = Path(anchor).read_text("ascii") if Path(anchor).is_file() else anchor
        return audit_log.Head.parse(text)
    except ValueError:
        typer.echo(
            "E_AUDIT_ANCHOR: this is no head of the audit log; give it as it was printed: a number,"
            " a colon and 64 hex digits, or the name of a file with it",
            err=True,
        )
        raise typer.Exit(2) from None


officers_app = typer.Typer(no_args_is_help=True, help="Officers: ways into the console.")
app.add_typer(officers_app, name="officers")
OfficerName = Annotated[str, typer.Argument(help="The name with which the officer signs in.")]


@officers_app.command("first")
def officers_first(name: OfficerName, data: Data = None) -> None:
    """Create the first administrator, and print a one-time sign-in link."""
    try:
        _print_link(data, name, credentials.bootstrap)
    except directory.LastAdministrator as error:
        typer.echo(
            f"{error.code}: there is an administrator already. Let them enter you in the console,"
            " or print a link for them with `./kosh officers link NAME`. If the officers are those"
            " of a demo, begin in another folder (--data)",
            err=True,
        )
        raise typer.Exit(1) from None


@officers_app.command("link")
def officers_link(name: OfficerName, data: Data = None) -> None:
    """Print a new one-time sign-in link for an officer who lost the password or the phone."""
    _print_link(data, name, credentials.reissue_link)


@officers_app.command("push-key")
def officers_push_key() -> None:
    """Print a new private key for Web Push, to be set as KOSH_PUSH_PRIVATE_KEY."""
    typer.echo(web_push.new_key())


def _print_link(
    data: Path | None, name: str, action: Callable[[Runtime, str], Coroutine[Any, Any, str]]
) -> None:
    async def run_action(settings: Settings) -> str:
        async with runtime(settings) as rt:
            return await action(rt, name)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        try:
            token = asyncio.run(run_action(settings))
        except LookupError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    typer.echo(f"Once, within 24 hours: {settings.public_url}/console/welcome?token={token}")
