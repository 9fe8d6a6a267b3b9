"""The command `./kosh bench`: one subcommand for each benchmark."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from tests.benchmarks import report
from tests.benchmarks.environment import AT_ONCE
from tests.benchmarks.protocol import Loop
from tests.benchmarks.turn import Plan, measure

if not (find_spec("aiogram_dialog") and find_spec("telegram")):
    raise ImportError("the dependency group `bench` isn't installed")

SIZES = [10_000, 1_000_000]
TEAMS = [1, 2, 4]
DAYS = [4, 8, 12, 16, 24]

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Measure costs; nothing is asserted."
)


@app.callback()
def bench() -> None:
    """Measure costs of Kosh and of other bot frameworks in the same run. No limit is checked."""


@app.command("all")
def all_(
    quick: Annotated[
        bool, typer.Option("--quick", help="Short runs that show that each works.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the page only into this file.")
    ] = None,
) -> None:
    """Run the benchmarks one after another and write a dated page of docs/measurements.

    Exit with 1 if one of them failed; the page names it. Run nothing else at the same time.
    """
    from datetime import UTC, datetime

    from tests.benchmarks import all_benchmarks

    text, failed = all_benchmarks.measured(typer.echo, quick=quick)
    if to is not None:
        to.write_text(text, "utf-8")
    else:
        typer.echo(f"Written: {all_benchmarks.write(text, datetime.now(UTC))}")
    if failed:
        typer.echo(f"Failed: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


@app.command()
def messages() -> None:
    """Count the messages that one completed registration takes on each channel."""
    from tests.benchmarks import messages as registration

    typer.echo(registration.table(registration.counted()))


@app.command()
def webhooks(
    rate: Annotated[float, typer.Option(min=1, help="Updates a second, to both together.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="For how long.")] = 30,
) -> None:
    """Measure the response times of both webhooks while files are being processed."""
    from tests.benchmarks import webhooks as answering

    typer.echo(answering.table(answering.measured(rate, seconds)))


@app.command()
def names(
    count: Annotated[int, typer.Option(min=5, help="How many, in five scripts.")] = 200_000,
    minutes: Annotated[float, typer.Option(min=0.1, help="At most for so long.")] = 60,
) -> None:
    """Send names in five scripts through every storage and page, and compare the results."""
    from tests.benchmarks import names as passing

    typer.echo(passing.measured(count, 60 * minutes))


@app.command()
def broadcast(
    people: Annotated[int, typer.Option(min=1000, help="Recipients.")] = 1_000_000,
    seconds: Annotated[float, typer.Option(min=5, help="For how long, each part.")] = 60,
    data: Annotated[Path | None, typer.Option(file_okay=False, help="Keeps the people.")] = None,
) -> None:
    """Measure a broadcast: creation of rows, first message, rate, progress page, other traffic."""
    from tempfile import TemporaryDirectory

    from tests.benchmarks import broadcast as announcing
    from tests.benchmarks.million_subscribers import prepared

    with TemporaryDirectory() as name:
        folder = data or Path(name)
        prepared(folder, people)
        announcing.measured(folder, seconds)


@app.command()
def console(
    closed: Annotated[int, typer.Option(min=0, help="Cases that are closed.")] = 99_000,
    still_open: Annotated[int, typer.Option("--open", min=1, help="Cases that are open.")] = 1_000,
    live: Annotated[int, typer.Option(min=1, help="Officers with a page open.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="For how long.")] = 60,
    data: Annotated[Path | None, typer.Option(file_okay=False, help="Keeps the cases.")] = None,
) -> None:
    """Measure the console's pages with many cases, while every officer's page receives events."""
    from tempfile import TemporaryDirectory

    from tests.benchmarks import console as desk

    with TemporaryDirectory() as name:
        figures = desk.measured(data or Path(name), closed, still_open, live, seconds)
    typer.echo(desk.table(figures))


@app.command()
def notify(cases: Annotated[int, typer.Option(min=1, help="How many cases.")] = 20) -> None:
    """Measure the seconds from a new case to the e-mail and push of an officer who is absent."""
    from tests.benchmarks import notification_delay

    typer.echo(report.load())
    typer.echo(notification_delay.table(notification_delay.measured(cases)))


@app.command("print")
def print_(
    count: Annotated[int, typer.Option(min=1, max=270, help="How many.")] = 100,
    to: Annotated[Path | None, typer.Option(file_okay=False, help="Keep the files here.")] = None,
) -> None:
    """Measure how long it takes to print checklists as PDF."""
    from tests.benchmarks import printing

    if to is not None:
        to.mkdir(parents=True, exist_ok=True)
    typer.echo(printing.measured(count, to))


@app.command()
def size(
    people: Annotated[list[int], typer.Option(min=1, help="How many; may be repeated.")] = SIZES,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 10,
    seconds: Annotated[float, typer.Option(min=0.1, help="Each round's.")] = 2,
    data: Annotated[Path | None, typer.Option(file_okay=False, help="Keeps the people.")] = None,
) -> None:
    """Measure the cost of the same turn in databases with 10,000 people and with a million."""
    from tempfile import TemporaryDirectory

    from tests.benchmarks import size as size_benchmark

    with TemporaryDirectory() as name:
        figures = size_benchmark.measured(data or Path(name), sorted(people), rounds, seconds)
    typer.echo(report.load())
    typer.echo(figures)


@app.command()
def soak(
    minutes: Annotated[int, typer.Option(min=1, help="For how long.")] = 60,
    rate: Annotated[float, typer.Option(min=0.1, help="Updates a second.")] = 20,
) -> None:
    """Measure the memory of a web process and a worker while people write for an hour."""
    from tests.benchmarks import soak as long

    typer.echo(report.load())
    typer.echo(long.measured(minutes, rate))
    typer.echo(report.load())


@app.command()
def siege(
    seconds: Annotated[float, typer.Option(min=5, help="For how long.")] = 600,
    addresses: Annotated[int, typer.Option(min=1, max=50, help="Loopback addresses.")] = 50,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Their requests a second.")] = 100,
) -> None:
    """Attack the web processes from many addresses while 30 people use Telegram."""
    from tests.benchmarks import siege as attack

    typer.echo(report.load())
    typer.echo(attack.report(attack.measured(seconds, addresses, rate)))
    typer.echo(report.load())


@app.command()
def burst(
    seconds: Annotated[float, typer.Option(min=1, help="For how long ten times as many.")] = 30,
) -> None:
    """Multiply the number of people by ten for a while; measure delays, failures and recovery."""
    from tests.benchmarks import burst as rush

    typer.echo(report.load())
    typer.echo(rush.measured(seconds))


@app.command()
def kills(
    servers: Annotated[int, typer.Option(min=1, help="How often each server is killed.")] = 10,
    stores: Annotated[int, typer.Option(min=1, help="How often PostgreSQL and Valkey are.")] = 3,
) -> None:
    """Count messages lost by Kosh and other frameworks when web servers or databases are killed."""
    from tests.benchmarks import kills as losses

    typer.echo(report.load())
    typer.echo(losses.measured(servers, stores))


@app.command()
def failover(
    silence: Annotated[int, typer.Option(min=100, help="Sentinels wait so many ms.")] = 2_000,
    seconds: Annotated[float, typer.Option(min=4, help="Each phase's.")] = 12,
    rate: Annotated[float, typer.Option(min=1, help="Turns a second.")] = 40,
) -> None:
    """Measure turns while Valkey's primary fails and sentinels replace it."""
    from tests.benchmarks import failover as replacing

    typer.echo(report.load())
    typer.echo(replacing.measured(silence, seconds, rate))
    typer.echo(report.load())


@app.command()
def workers(
    count: Annotated[list[int], typer.Option(min=1, help="How many; may be repeated.")] = TEAMS,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Each round's.")] = 3,
) -> None:
    """Measure one, two and four web processes that share a port."""
    from tests.benchmarks import workers as teams

    typer.echo(report.load())
    typer.echo(teams.measured(sorted(count), rounds, seconds))


@app.command()
def pooled(
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Each round's.")] = 3,
) -> None:
    """Measure four web processes on PostgreSQL directly, and four through PgBouncer."""
    from tests.benchmarks import pooled as between

    typer.echo(report.load())
    typer.echo(between.measured(rounds, seconds))


@app.command()
def partitions(
    people: Annotated[int, typer.Option(min=1000, help="How many; two messages each.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.1, help="Each round's.")] = 2,
    data: Annotated[Path | None, typer.Option(file_okay=False, help="Keeps the people.")] = None,
) -> None:
    """Measure turns, sweeps and deletion with plain and with partitioned tables."""
    from tempfile import TemporaryDirectory

    from tests.benchmarks import partitions as split

    typer.echo(report.load())
    with TemporaryDirectory() as name:
        typer.echo(split.measured(data or Path(name), people, rounds, seconds))
    typer.echo(report.load())


@app.command()
def scale(
    able: Annotated[float, typer.Option(min=1, help="Turns a second of one process.")] = 350,
    count: Annotated[list[int], typer.Option(min=1, help="Web processes; may be repeated.")] = DAYS,
) -> None:
    """Simulate a day on which news sends a tenth of seven million people to Kosh."""
    from tests.benchmarks import scale as days

    typer.echo(days.measured(sorted(count), able))


@app.command()
def start(rounds: Annotated[int, typer.Option(min=1, help="In turns.")] = 3) -> None:
    """Measure how long `demo` and `run` take to answer, their memory, and the gain by bytecode."""
    from tests.benchmarks import starts

    typer.echo(report.load())
    typer.echo(starts.measured(rounds))


@app.command()
def turn(
    quick: Annotated[bool, typer.Option("--quick", help="Half a minute instead of five.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 10,
    loop: Annotated[Loop, typer.Option(help="asyncio or uvloop, for every server.")] = "asyncio",
    only: Annotated[str, typer.Option(help="Only contenders whose name has this in it.")] = "",
    turns: Annotated[int, typer.Option(min=1, help="At most so many turns each time.")] = 10**9,
    at_once: Annotated[int, typer.Option(min=1, help="Turns under way at once.")] = AT_ONCE,
) -> None:
    """Measure turns of Kosh, of a minimal server (floor) and of other frameworks."""
    plan = Plan(
        rounds=min(rounds, 2) if quick else rounds,
        seconds=0.6 if quick else 1.0,
        latency_seconds=0.7 if quick else 2.0,
        at_once=at_once,
        loop=loop,
        only=only,
        most_turns=turns,
    )
    typer.echo(report.circumstances(plan))
    typer.echo(report.tables(measure(plan)))
    typer.echo(report.load())
