"""The crash test from the command line: it prints a report and fails when a promise is broken."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.chaos.history import Report, judged
from tests.chaos.processes import running
from tests.chaos.storm import Plan, storm

# So fast that web is busy and not behind: a backlog makes every kill hit many replies at once.
RATE = 60.0
# Long enough for some leases to run out by the clock, and not by a blackout.
STALL, LIMIT = 20.0, 570.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--updates", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=RATE, help="updates a second")
    parser.add_argument("--stall", type=float, default=STALL, help="seconds before a blackout")
    parser.add_argument("--mutant", default="", help="ack-first or no-dedupe: must turn it red")
    parser.add_argument("--keep", type=Path, help="folder for databases and logs")
    return parser.parse_args()


def told(report: Report, seconds: float) -> str:
    """The report in lines."""
    shown = {name: value for name, value in vars(report).items() if name != "kills"}
    kills = ", ".join(f"{name} {count}" for name, count in sorted(report.kills.items()))
    lines = [f"{name.replace('_', ' '):32}{value:>8,}" for name, value in shown.items()]
    lines += [f"{'kills':32}{report.kills.total():>8,}  ({kills})"]
    lines += [f"{'wall time, s':32}{seconds:>8,.1f}"]
    return "\n".join([*lines, f"RED: {', '.join(report.red())}" if report.red() else "GREEN"])


def main() -> None:
    given = arguments()
    plan = Plan(
        given.people, given.updates, given.kills, given.seed, given.rate, given.stall, LIMIT
    )
    with (
        tempfile.TemporaryDirectory(prefix="kosh-chaos-") as folder,
        running(given.keep or Path(folder), given.mutant) as processes,
    ):
        seen = asyncio.run(storm(processes, plan))
    report = judged(seen.people, seen.entries, seen.kills, seen.ledger)
    print(told(report, seen.seconds))
    sys.exit(bool(report.red()))


if __name__ == "__main__":
    main()
