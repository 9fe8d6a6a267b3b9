"""`breach`: counts the people affected by a data breach."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.environment import Data, running_servers
from bot.config.settings import Settings
from bot.privacy import breach_report
from bot.privacy.breach_report import Count, Scope
from bot.runtime import runtime

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
    scope = Scope(_utc(since), _utc(until), epoch, table)

    async def counted(settings: Settings) -> Count:
        async with runtime(settings) as rt:
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


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
