"""The command `./kosh chaos`: runs the chaos test and prints its report."""

import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from tests.chaos import day, disk, upgrade
from tests.chaos.faults import MATRIX
from tests.chaos.history import judged
from tests.chaos.processes import running
from tests.chaos.report import Report
from tests.chaos.scenario import Evidence, Plan, run_scenario
from tests.chaos.timeline import event_lines

# At 60 updates a second the web processes are busy but have no backlog. With a backlog, every fault
# would affect many replies.
PROFILES = {
    "short": Plan(people=60, updates=1200, faults=10, seed=1, rate=60, stall=6, limit=600),
    "kills": Plan(people=500, updates=10_000, faults=50, seed=1, rate=60, stall=20, limit=3600,
                  kinds=("F1",), short=False),
    "long": Plan(people=2500, updates=200_000, faults=500, seed=1, rate=60, stall=20,
                 limit=6 * 3600, short=False, long=5),
    "upgrade": Plan(people=240, updates=6000, faults=1, seed=1, rate=60, stall=20, limit=900,
                    kinds=(upgrade.KIND,), short=False, span=(0.25, 0.25)),
}  # fmt: skip

EVIDENCE = "evidence.json"
# Maximum number of people whose events the report of a failed test prints.
MAX_TIMELINES = 2
DAY = "day"

app = typer.Typer(add_completion=False)


@app.command()
def chaos(
    profile: Annotated[str, typer.Argument(help=f"{', '.join(PROFILES)} or {DAY}.")] = "short",
    people: Annotated[int, typer.Option(help="How many people.")] = 0,
    updates: Annotated[int, typer.Option(help="About how many updates they send.")] = 0,
    faults: Annotated[int, typer.Option(help="How many faults.")] = 0,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn by lot.")] = 0,
    rate: Annotated[float, typer.Option(help="Updates a second.")] = 0,
    minutes: Annotated[float, typer.Option(help="After so long nothing new begins.")] = 0,
    only: Annotated[str, typer.Option(help="Faults such as F3,F7; all if empty.")] = "",
    former: Annotated[
        str, typer.Option("--from", help="Of upgrade: the commit or tag that runs before.")
    ] = "",
    mutant: Annotated[str, typer.Option(help="ack-first or no-dedupe: must be red.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Folder for databases and logs.")] = None,
    judge: Annotated[
        Path | None, typer.Option(help="Judge the evidence that an earlier --keep left here.")
    ] = None,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Only say which faults there are.")
    ] = False,
) -> None:
    """Use the system while faults are injected, and check its promises from outside."""
    if matrix:
        return typer.echo("\n".join(f"{each.kind:4} {each.what}" for each in MATRIX))
    if profile == DAY:
        count = people or day.PEOPLE
        broken = day.judged_again(judge) if judge else day.run(count, seed, minutes, keep, mutant)
        raise typer.Exit(broken)
    if judge is not None:
        report = judged_again(judge)
        raise typer.Exit(bool(report.red()))
    if profile not in PROFILES:
        raise typer.BadParameter(f"there is no profile {profile}")
    options: dict[str, Any] = {
        "people": people,
        "updates": updates,
        "faults": faults,
        "seed": seed,
        "rate": rate,
    }
    options |= {"kinds": tuple(filter(None, only.split(","))), "most": 60 * minutes}
    plan = replace(PROFILES[profile], **{name: value for name, value in options.items() if value})
    if profile == "upgrade":
        former = former or upgrade.before()
        typer.echo(f"{'from':36}{former[:9]:>9}")
    report = run(plan, mutant, keep, former)
    raise typer.Exit(bool(report.red()))


def run(plan: Plan, mutant: str = "", keep: Path | None = None, former: str = "") -> Report:
    """Let people use Kosh while faults are injected (a scenario); print and return the report.

    `former` is the commit of an older release that runs first, before an upgrade.
    """
    logging.basicConfig(level="WARNING", format="%(relativeCreated)9d ms  %(message)s")
    logging.getLogger("tests.chaos").setLevel("INFO")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        _folder(keep) as folder,
        disk.limited(folder / "postgres"),
        running(folder, mutant, upgrade.checkout(former, folder) if former else None) as processes,
    ):
        seen = asyncio.run(run_scenario(processes, plan))
        shared = upgrade.shares(processes) if former else []
        failed = upgrade.failed(processes.owner) if former else 0
    report = judged(seen.people, seen.entries, seen.faults, seen.ledger)
    if former:
        report.findings |= upgrade.findings(seen.entries, seen.faults) | {"failed_turns": failed}
    timelines = [
        "\n".join(event_lines(each, seen.entries, seen.faults, seen.ledger))
        for each in report.violations
    ]
    # A failure that depends on timing rarely occurs twice: its events are in the report of CI.
    typer.echo("\n".join([*shared, *timelines[:MAX_TIMELINES], ""]))
    typer.echo(summary(report, seen.seconds, seen.drained))
    if keep is not None:
        # A long chaos test takes an hour or more. Store the evidence, so that a corrected judge can
        # judge it without a second test.
        (keep / EVIDENCE).write_bytes(msgspec.json.encode(seen))
        (keep / "timelines.txt").write_text("\n".join(timelines))
    return report


def judged_again(folder: Path) -> Report:
    """Judge the stored evidence of an earlier chaos test; print and return the report."""
    seen = msgspec.json.decode((folder / EVIDENCE).read_bytes(), type=Evidence)
    report = judged(seen.people, seen.entries, seen.faults, seen.ledger)
    typer.echo(summary(report, seen.seconds, seen.drained))
    return report


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="kosh-chaos-") as folder:
        yield Path(folder)


def summary(report: Report, seconds: float, drained: float) -> str:
    """Return the report of a chaos test as text.

    `seconds` is the duration of the run, `drained` the seconds at its end until no work was left.
    """
    shown = {name: value for name, value in vars(report).items() if isinstance(value, int)}
    lines = [
        f"{name.replace('_', ' '):36}{value:>9,}"
        for name, value in (shown | report.findings).items()
    ]
    lines += [
        f"{'wall time, s':36}{seconds:>9,.1f}",
        f"{'recovery after the last fault, s':36}{drained:>9,.1f}",
        "",
    ]
    lines += [f"{kind:36}{count:>9,}" for kind, count in sorted(report.faults.items(), key=_number)]
    lines += [f"{'faults survived':36}{report.faults.total():>9,}", ""]
    lines += [f"chat {chat}: {', '.join(wrong)}" for chat, wrong in report.violations.items()]
    return "\n".join([*lines, f"RED: {', '.join(report.red())}" if report.red() else "GREEN"])


def _number(counted: tuple[str, int]) -> int:
    return int(counted[0].removeprefix("F"))
