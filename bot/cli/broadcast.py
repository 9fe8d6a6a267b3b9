"""`broadcast`: announcements from the terminal, with the same rules as in the officers' console.

An announcement is a message to many people.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import broadcasts
from bot.broadcasts import Broadcast, Doubt, RecipientStatus, Refusal, Refused, Stale
from bot.cli.environment import AsJson, Data, print_json, running_servers
from bot.config.settings import Settings
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Forbidden
from bot.runtime import Runtime, runtime
from bot.web.console.labels_broadcasts import REFUSAL_TEXTS

app = typer.Typer(no_args_is_help=True, help="Announcements: write, agree, send, follow.")
Name = Annotated[str, typer.Option("--officer", help="Sign-in name of the officer who acts.")]
Number = Annotated[int, typer.Argument(help="The announcement's number, from the list.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A TOML file.")]
Some = Annotated[
    list[int] | None, typer.Option("--recipient", help="Number of a recipient; can be repeated.")
]

type Verb = Callable[[Runtime, Officer, Broadcast], Coroutine[Any, Any, object]]


@app.command("list")
def list_(officer: Name, data: Data = None) -> None:
    """List the newest announcements."""
    for each in _as(data, officer, broadcasts.listing):
        typer.echo(f"{each.number:6} {each.state:10} {each.draft.purpose:8} {each.draft.topic}")


@app.command()
def draft(file: File, officer: Name, data: Data = None) -> None:
    """Create an announcement's draft from a TOML file with its texts; this sends nothing."""

    async def write(rt: Runtime, actor: Officer) -> Broadcast:
        return await broadcasts.draft(rt, actor, broadcasts.from_toml(file.read_bytes()))

    broadcast = _as(data, officer, write)
    typer.echo(f"Announcement {broadcast.number}, state: {broadcast.state}")


@app.command()
def count(number: Number, officer: Name, data: Data = None) -> None:
    """Count an announcement's recipients, and excluded people by reason.

    Show also how long sending takes, and what blocks it.
    """

    async def print_count(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        counted = await broadcasts.count(rt, actor, found.draft)
        for (language, channel), many in sorted(counted.included.items()):
            typer.echo(f"{many:10,} {channel} {language}")
        for reason, many in sorted(counted.excluded.items()):
            typer.echo(f"{many:10,} left out: {reason}")
        for channel, seconds in broadcasts.estimate(rt, found.draft, counted).seconds.items():
            typer.echo(f"{channel}: about {seconds / 60:,.0f} minutes")
        for each in await broadcasts.blockers(rt, actor, found.id):
            typer.echo(f"stands against it: {_words(each.why, each.detail)}")

    _with(data, officer, number, print_count)


@app.command()
def test(number: Number, officer: Name, data: Data = None) -> None:
    """Send a test message in every language to the configured testers only."""

    async def send_test(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        for language in broadcasts.written(rt):
            sent = await broadcasts.test_send(rt, actor, found.id, language)
            typer.echo(f"{language}: {sent} messages")

    _with(data, officer, number, send_test)


@app.command()
def request_approval(number: Number, officer: Name, data: Data = None) -> None:
    """Submit the draft of an announcement for approval by other officers."""
    _with(data, officer, number, lambda rt, actor, it: broadcasts.ask_approval(rt, actor, it.id))


@app.command()
def approve(
    number: Number,
    officer: Name,
    yes: Annotated[
        bool, typer.Option("--yes", help="Approve without a confirmation prompt.")
    ] = False,
    data: Data = None,
) -> None:
    """Show the announcement, ask for confirmation, and approve it; its author cannot approve it."""

    async def agree(rt: Runtime, actor: Officer, found: Broadcast) -> object:
        for language, message in broadcasts.samples(rt, found.draft).items():
            typer.echo(f"[{language}] {'\n'.join(message.paragraphs)}")
        counted = await broadcasts.count(rt, actor, found.draft)
        typer.echo(f"It goes to {counted.total:,} people.")
        if not yes:
            await asyncio.to_thread(typer.confirm, "Do you agree?", abort=True)
        return await broadcasts.approve(rt, actor, found.id, found.draft.content_hash)

    _with(data, officer, number, agree)


@app.command()
def start(number: Number, officer: Name, data: Data = None) -> None:
    """Start sending the announcement, at once or at its scheduled time."""
    _with(data, officer, number, lambda rt, actor, it: broadcasts.start(rt, actor, it.id))


@app.command()
def pause(number: Number, officer: Name, data: Data = None) -> None:
    """Pause the sending of an announcement."""
    _with(data, officer, number, lambda rt, actor, it: broadcasts.pause(rt, actor, it.id))


@app.command()
def resume(number: Number, officer: Name, data: Data = None) -> None:
    """Resume the sending of a paused announcement."""
    _with(data, officer, number, lambda rt, actor, it: broadcasts.resume(rt, actor, it.id))


@app.command()
def cancel(number: Number, officer: Name, data: Data = None) -> None:
    """Cancel the announcement; messages already sent are not deleted."""
    _with(data, officer, number, lambda rt, actor, it: broadcasts.cancel(rt, actor, it.id))


@app.command()
def retry(number: Number, officer: Name, data: Data = None) -> None:
    """Send failed messages of an announcement again.

    People who blocked the bot or unsubscribed get no message.
    """

    async def retry_failed(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        many = await broadcasts.retry_failed(rt, actor, found.id)
        typer.echo(f"{many:,} are tried again")

    _with(data, officer, number, retry_failed)


@app.command()
def resolve(
    number: Number, decision: Doubt, officer: Name, recipient: Some = None, data: Data = None
) -> None:
    """Decide on recipients to whom the message may or may not have been delivered.

    `again` sends the message to them again, `leave` counts them as failed.
    """

    async def decide(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        many = await broadcasts.decide_in_doubt(rt, actor, found.id, decision, recipient)
        typer.echo(f"{many:,} decided")

    _with(data, officer, number, decide)


@app.command()
def recipients(
    number: Number,
    officer: Name,
    status: Annotated[
        RecipientStatus | None, typer.Option(help="List only recipients with this status.")
    ] = None,
    after: Annotated[int, typer.Option(help="List recipients after this number.")] = -1,
    data: Data = None,
) -> None:
    """List the recipients with their status.

    The first column numbers the recipients of this announcement; it does not identify a person.
    """

    async def print_recipients(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        for each in await broadcasts.recipients(rt, actor, found.id, status, after=after):
            line = f"{each.seq:8} {each.channel} {each.language} {each.status} {each.reason}"
            typer.echo(line.rstrip())

    _with(data, officer, number, print_recipients)


@app.command()
def progress(number: Number, officer: Name, as_json: AsJson = False, data: Data = None) -> None:
    """Show an announcement's progress: recipients by status, failures, and paused channels."""

    async def print_as_json(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        print_json(_progress_document(await broadcasts.progress(rt, actor, found.id)))

    async def print_progress(rt: Runtime, actor: Officer, found: Broadcast) -> None:
        now = await broadcasts.progress(rt, actor, found.id)
        typer.echo(f"{now.broadcast.state} {now.broadcast.reason}".rstrip())
        for status, many in now.statuses.items():
            typer.echo(f"{many:10,} {status}")
        typer.echo(f"{now.broadcast.total or 0:10,} in all; {now.rate:.1f} a second")
        for (status, reason), many in now.reasons.items():
            typer.echo(f"{many:10,} {status}: {reason}")
        for each in now.pauses:
            typer.echo(f"{each.channel} waits until {each.until:%H:%M:%S}: {each.reason}")

    if as_json:
        _with(data, officer, number, print_as_json, says_state=False)
    else:
        _with(data, officer, number, print_progress)


def _progress_document(now: broadcasts.Progress) -> dict[str, Any]:
    """Return the JSON document that `progress --json` prints."""
    return {
        "number": now.broadcast.number,
        "state": now.broadcast.state,
        "reason": now.broadcast.reason,
        "total": now.broadcast.total or 0,
        "recipients": dict(now.statuses),
        "reasons": [
            {"state": state, "reason": reason, "count": count}
            for (state, reason), count in now.reasons.items()
        ],
        "per_second": round(now.rate, 2),
        "eta_seconds": now.eta,
        "pauses": [asdict(each) for each in now.pauses],
    }


def _with(
    data: Path | None, name: str, number: int, verb: Verb, *, says_state: bool = True
) -> None:
    """Perform one action on the announcement with this number, and print its new state.

    Raises typer.Exit with status 1, after printing the error, if the action was refused.
    """

    async def action(rt: Runtime, actor: Officer) -> Broadcast:
        newer: Sequence[Broadcast] = await broadcasts.listing(rt, actor, number + 1)
        found = next((each for each in newer if each.number == number), None)
        if found is None:
            raise LookupError("E_BROADCAST: there is no such announcement; look at the list")
        await verb(rt, actor, found)
        return await broadcasts.find(rt, actor, found.id)

    after = _as(data, name, action)
    if says_state:
        typer.echo(f"Announcement {after.number}, state: {after.state}")


def _as[T](
    data: Path | None, name: str, action: Callable[[Runtime, Officer], Coroutine[Any, Any, T]]
) -> T:
    async def run_action(settings: Settings) -> T:
        async with runtime(settings) as rt:
            async with rt.pool.connection() as transaction:
                found = await directory.by_name(transaction, name)
            return await action(rt, found)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        try:
            return asyncio.run(run_action(settings))
        except Refused as error:
            typer.echo(f"{error.code}: {_words(error.why, error.detail)}", err=True)
        except Forbidden as error:
            typer.echo(f"{error.code}: {name} has no right to this; officers have roles", err=True)
        except (LookupError, Stale) as error:
            typer.echo(str(error), err=True)
        raise typer.Exit(1)


def _words(why: Refusal, detail: str) -> str:
    """Return the English sentence by which the console explains why an action was refused."""
    return REFUSAL_TEXTS[why].msgid.format(detail=detail)
