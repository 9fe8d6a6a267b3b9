"""`keys`: creates, rotates and destroys the keys of the installation; never prints them."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot.cli.environment import AsJson, Data, print_json, read, running_servers
from bot.operations import key_rotation
from bot.runtime import Runtime, runtime
from bot.security.key_files import Keys

app = typer.Typer(no_args_is_help=True, help="The keys: made, changed, destroyed; never shown.")

Kind = Literal["epoch", "index", "ask"]
KindName = Annotated[
    Kind,
    typer.Argument(
        help="epoch (encrypts the keys of people), index (lookup hashes) or ask (ids of anonymous"
        " sessions)."
    ),
]
Version = Annotated[int, typer.Argument(help="Version of the key, as `keys show` prints it.")]
Now = Annotated[
    bool,
    typer.Option(
        "--now",
        help="Don't wait until the backups of its time are out of date. For `index`, take a new"
        " backup afterwards: Kosh refuses to restore earlier ones without the key. Also deletes"
        " the hashes of phone numbers that need the key, if the person is found by another name.",
    ),
]
Batch = Annotated[int, typer.Option(min=1, help="How many people at a time.")]


@app.command()
def first(data: Data = None) -> None:
    """Create the first keys; do nothing if keys exist."""
    Keys.create(read(data_dir=data).key_dir)
    typer.echo("The keys are there. Back them up apart from the database.")


@app.command()
def show(as_json: AsJson = False, data: Data = None) -> None:
    """Show each key's age in days, whether it encrypts new data, and how many rows need it.

    Show also each key that rows of people need, but whose file is missing.
    """
    found = _with(data, key_rotation.key_statuses)
    if as_json:
        print_json([asdict(each) for each in found])
    for each in found if not as_json else ():
        name, does = f"{each.kind}-{each.version:<4}", "writes" if each.writes else "reads"
        if each.days is None:
            typer.echo(f"{name}     no file  missing  {each.usage}  → put it back from its copy")
        else:
            typer.echo(f"{name} {each.days:6.1f} days  {does:7}  {each.usage}")


@app.command()
def new(kind: KindName = "epoch", data: Data = None) -> None:
    """Create the next key.

    The key can decrypt at once. New data is encrypted with it only after an hour, when all
    processes have loaded it.
    """
    version = _with(data, lambda rt: key_rotation.create(rt, kind))
    typer.echo(f"{kind}-{version} is there. Back it up; run `keys rewrap` when it writes.")


@app.command()
def rewrap(batch: Batch = key_rotation.BATCH, data: Data = None) -> None:
    """Re-encrypt all stored data with the newest keys; can be interrupted and repeated."""
    typer.echo(f"Wrapped anew: {_with(data, lambda rt: key_rotation.rewrap_all(rt, batch))}")


@app.command()
def destroy(kind: KindName, version: Version, now: Now = False, data: Data = None) -> None:
    """Destroy a key that encrypts no data any more; backups from its time become unusable."""
    _with(data, lambda rt: key_rotation.destroy(rt, kind, version, now=now))
    typer.echo(f"{kind}-{version} is destroyed. Remove its copies too.")


def _with[T](data: Path | None, action: Callable[[Runtime], Coroutine[Any, Any, T]]) -> T:
    async def run_action() -> T:
        async with runtime(settings) as rt:
            return await action(rt)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        return asyncio.run(run_action())
