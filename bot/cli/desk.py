"""`desk`: officers read and answer cases in the terminal.

A case is a person's request to officers.
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from bot import cases, desk
from bot.cli.environment import Data, running_servers
from bot.config.settings import Settings
from bot.desk import views
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Forbidden, Reason
from bot.runtime import Runtime, runtime

app = typer.Typer(no_args_is_help=True, help="The officers' desk, in the terminal.")
Name = Annotated[str, typer.Option("--officer", help="The officer's name.")]
Number = Annotated[int, typer.Argument(help="The case's number, from the list.")]


@app.command("list")
def desk_list(officer: Name, data: Data = None) -> None:
    """List the open cases of the officer's mission: urgent first, then by answer deadline."""
    query = views.Filter(views.Queue.ALL)
    page = _run_as_officer(data, officer, lambda rt, actor: views.listing(rt, actor, query))
    for line in page.lines:
        case, mark = line.case, "!" if line.case.urgent else " "
        holder = line.holder or "free"
        typer.echo(
            f"{mark} {case.number:6} {case.topic:16} {case.language:8} {case.state:14} {holder}"
        )


@app.command("read")
def desk_read(case: Number, officer: Name, data: Data = None) -> None:
    """Show the messages and notes of a case; the access is audited."""

    async def read(rt: Runtime, actor: Officer) -> views.View:
        found = await _find_case(rt, actor, case)
        return await views.view(rt, actor, found.id, Reason.ANSWER)

    view = _run_as_officer(data, officer, read)
    for message in view.thread:
        typer.echo(f"{message.officer or message.by}: {message.words}  {message.delivery}".rstrip())
    for note in view.notes:
        typer.echo(f"note of {note.officer}: {note.words}")


@app.command("claim")
def desk_claim(case: Number, officer: Name, data: Data = None) -> None:
    """Claim a case; the bot then pauses the person's form."""
    _do(data, officer, case, desk.claim)
    typer.echo("The case is yours.")


@app.command("answer")
def desk_answer(case: Number, officer: Name, words: str, data: Data = None) -> None:
    """Send an answer to the person of a case."""
    _do(data, officer, case, desk.reply, words=words)
    typer.echo("Sent, or on its way.")


@app.command("note")
def desk_note(case: Number, officer: Name, words: str, data: Data = None) -> None:
    """Add an internal note to a case; the person never sees it."""
    _do(data, officer, case, desk.note, words=words)
    typer.echo("Noted.")


@app.command("lift-pin")
def desk_lift_pin(case: Number, officer: Name, data: Data = None) -> None:
    """Remove a PIN that the person has lost, after verifying their identity."""
    _do(data, officer, case, desk.lift_pin)
    typer.echo("The PIN is lifted; the person was told.")


@app.command("release")
def desk_release(case: Number, officer: Name, data: Data = None) -> None:
    """Release a case, so that it returns to the queue."""
    _do(data, officer, case, desk.release)
    typer.echo("The case is back in the queue.")


@app.command("resolve")
def desk_resolve(
    case: Number,
    officer: Name,
    where: Annotated[
        str, typer.Option(help="Where the bot continues: menu or the name of a flow.")
    ] = "",
    data: Data = None,
) -> None:
    """Close a case; the bot continues at the person's last question, or where `--where` says."""
    _do(data, officer, case, desk.resolve, where=where)
    typer.echo("The case is closed.")


async def _find_case(rt: Runtime, actor: Officer, number: int) -> cases.Case:
    """Return the case with this number, open or closed. Raises LookupError if there is none."""
    for queue in (views.Queue.ALL, views.Queue.RESOLVED):
        page = await views.listing(rt, actor, views.Filter(queue, number=number))
        if page.lines:
            return page.lines[0].case
    raise LookupError("E_CASE: there is no such case; look at the list")


def _do(
    data: Path | None,
    name: str,
    number: int,
    verb: Callable[..., Coroutine[Any, Any, Any]],
    **more: str,
) -> None:
    """Perform the officer's action `verb` on the case with this number.

    The case's version is read just before the action, so the action fails only if the case changes
    in between.
    """

    async def action(rt: Runtime, actor: Officer) -> None:
        case = await _find_case(rt, actor, number)
        await verb(rt, actor, case.id, case.version, key=token_hex(16), **more)

    _run_as_officer(data, name, action)


def _run_as_officer[T](
    data: Path | None, name: str, action: Callable[[Runtime, Officer], Coroutine[Any, Any, T]]
) -> T:
    async def run_action(settings: Settings) -> T:
        async with runtime(settings) as rt:
            async with rt.pool.connection() as transaction:
                officer = await directory.by_name(transaction, name)
            return await action(rt, officer)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        try:
            return asyncio.run(run_action(settings))
        except cases.CaseConflict as conflict:
            holder = conflict.holder or "nobody"
            typer.echo(f"E_CASE_TAKEN: it was changed meanwhile; held by {holder}.", err=True)
        except (LookupError, Forbidden, desk.Refused) as error:
            typer.echo(str(error), err=True)
        raise typer.Exit(1)
