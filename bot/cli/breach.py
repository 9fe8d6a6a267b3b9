"""`breach`: counts the people affected by a data breach."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.environment import Data, running_servers
from bot.config.settings import Settings
from bot.privacy import breach_report
from bot.privacy.breach_report import Count, Scope
from bot.runtime import Runtime, runtime
from bot.security.key_files import Keys

app = typer.Typer()

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=FORMATS,
        help="Only rows created from this time, UTC. Omit it if older rows could be read too.",
    ),
]
Until = Annotated[
    datetime | None, typer.Option(formats=FORMATS, help="Only rows created before this time, UTC.")
]
Epoch = Annotated[int | None, typer.Option(help="People whose key is under this epoch.")]
Table = Annotated[str, typer.Option(help="Only this table.")]


@app.command("breach")
def count(
    since: Since = None,
    until: Until = None,
    epoch: Epoch = None,
    table: Table = "",
    data: Data = None,
) -> None:
    """Count the people affected by a breach, by table and kind of data; show no personal data."""
    if table and table not in breach_report.TABLES:
        raise typer.BadParameter(
            f"no such table with data of people; choose one of {', '.join(breach_report.TABLES)}",
            param_hint="--table",
        )
    if since and until and since >= until:
        raise typer.BadParameter("the period ends before it begins", param_hint="--until")
    scope = Scope(_utc(since), _utc(until), epoch, table)

    async def counted(settings: Settings) -> Count:
        async with runtime(settings) as rt:
            if epoch is not None:
                await _require_epoch(rt, epoch)
            return await breach_report.count_affected(rt, scope)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        found = asyncio.run(counted(settings))
    for each in found.tables:
        typer.echo(f"{each.table:16} {each.people:8} people {each.rows:8} rows  {each.data}")
    typer.echo(f"In all: {found.people} people.")
    if since:
        typer.echo(
            "Rows created before --since are not counted. If an intruder could read them too, run"
            " `breach` again without --since."
        )


async def _require_epoch(rt: Runtime, epoch: int) -> None:
    """Raise BadParameter if neither a key file nor a person has this epoch, as after a typo."""
    if epoch in Keys.load(rt.settings.key_dir).epoch:
        return
    if (await breach_report.count_affected(rt, Scope(epoch=epoch, table="people"))).people == 0:
        raise typer.BadParameter(
            f"there is no key epoch-{epoch}, and no person is under it; see `./kosh keys show`."
            " After `keys rewrap`, people are under the newest key",
            param_hint="--epoch",
        )


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
