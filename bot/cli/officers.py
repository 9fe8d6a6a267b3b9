"""`officers` and `audit`: sign-in links for the console, and verification of the audit log."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.environment import Data, surroundings
from bot.config.settings import Settings
from bot.officers import credentials, directory
from bot.runtime import Runtime, runtime
from bot.security import audit_log

app = typer.Typer()
audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option(help="A head that this command printed before.")] = "",
    data: Data = None,
) -> None:
    """Verify the hash chain of the audit log, and print its head to be saved elsewhere."""

    async def verify(chosen: Settings) -> tuple[int | None, audit_log.Head]:
        async with runtime(chosen) as rt, rt.pool.connection() as transaction:
            return await audit_log.broken(transaction, head), await audit_log.head(transaction)

    with surroundings(data, None, fresh=False, demo=False) as (chosen, _sandbox):
        broken, now = asyncio.run(verify(chosen))
    if broken is not None:
        typer.echo(
            f"E_AUDIT: the chain breaks at link {broken}; keep a copy, and look why", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"The chain is whole. Its head: {now}")


officers_app = typer.Typer(no_args_is_help=True, help="Officers: ways into the console.")
app.add_typer(officers_app, name="officers")
OfficerName = Annotated[str, typer.Argument(help="The name with which the officer signs in.")]


@officers_app.command("first")
def officers_first(name: OfficerName, data: Data = None) -> None:
    """Create the first administrator, and print a one-time sign-in link."""
    _let_in(data, name, credentials.bootstrap)


@officers_app.command("link")
def officers_link(name: OfficerName, data: Data = None) -> None:
    """Print a new one-time link for an officer who lost the password or the phone."""
    _let_in(data, name, credentials.reissue_link)


def _let_in(
    data: Path | None, name: str, act: Callable[[Runtime, str], Coroutine[Any, Any, str]]
) -> None:
    async def open_and_act(chosen: Settings) -> str:
        async with runtime(chosen) as rt:
            return await act(rt, name)

    with surroundings(data, None, fresh=False, demo=False) as (chosen, _sandbox):
        try:
            token = asyncio.run(open_and_act(chosen))
        except (directory.LastAdministrator, LookupError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    typer.echo(f"Once, within 24 hours: {chosen.public_url}/console/welcome?token={token}")
