"""`./kosh bench all`: runs the benchmarks in turn and writes a dated page of docs/measurements."""

import os
import platform
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from bot.cli.environment import ROOT
from bot.embedded import servers
from tests.benchmarks import report

FOLDER = ROOT / "docs" / "measurements"
LIBRARIES = ("aiogram", "fastapi", "sqlalchemy", "psycopg", "redis", "uvloop", "uvicorn")
# Width at which the text of a benchmark is wrapped; the documents allow 160 characters.
WIDTH = 150
NO_TURN = "This run did not measure the cost of a turn."


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark with its arguments, and the arguments of a shorter run that only tests it.

    The arguments come after `./kosh bench`.
    """

    title: str
    arguments: tuple[str, ...]
    quick: tuple[str, ...]


BENCHMARKS = (
    Benchmark(
        "Cost of a turn",
        ("turn", "--loop", "uvloop", "--rounds", "8"),
        ("turn", "--loop", "uvloop", "--quick"),
    ),
    Benchmark(
        "Many people in the database",
        ("size", "--people", "10000", "--people", "1000000", "--rounds", "6"),
        ("size", "--people", "1000", "--people", "20000", "--rounds", "2", "--seconds", "1"),
    ),
    Benchmark(
        "Web processes that share a port",
        ("workers", "--rounds", "4"),
        ("workers", "--count", "1", "--count", "2", "--rounds", "1", "--seconds", "1"),
    ),
    Benchmark(
        "PgBouncer", ("pooled", "--rounds", "4"), ("pooled", "--rounds", "1", "--seconds", "1")
    ),
    Benchmark(
        "Ten times as many people", ("burst", "--seconds", "15"), ("burst", "--seconds", "5")
    ),
    Benchmark(
        "Losses by kills",
        ("kills", "--servers", "2", "--stores", "1"),
        ("kills", "--servers", "1", "--stores", "1"),
    ),
    Benchmark(
        "Both webhooks while files are processed", ("webhooks",), ("webhooks", "--seconds", "5")
    ),
    Benchmark(
        "Attack from many addresses",
        ("siege", "--seconds", "60"),
        ("siege", "--seconds", "15", "--addresses", "4", "--rate", "20"),
    ),
    Benchmark(
        "Announcement",
        ("broadcast", "--people", "100000", "--seconds", "20"),
        ("broadcast", "--people", "20000", "--seconds", "5"),
    ),
    Benchmark(
        "Console with a full desk",
        ("console", "--closed", "19000", "--seconds", "20"),
        ("console", "--closed", "500", "--open", "50", "--live", "5", "--seconds", "5"),
    ),
    Benchmark("Notification of an officer", ("notify",), ("notify", "--cases", "2")),
    Benchmark("Checklists as PDF", ("print",), ("print", "--count", "6")),
    Benchmark("Messages of a registration", ("messages",), ("messages",)),
    Benchmark("Start", ("start", "--rounds", "2"), ("start", "--rounds", "1")),
    Benchmark("The busiest day, simulated", ("scale",), ("scale", "--count", "12")),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a benchmark: its output, exit code and duration in seconds."""

    benchmark: Benchmark
    command: str
    output: str
    exit_code: int
    seconds: float


def run(benchmark: Benchmark, quick: bool) -> Outcome:
    """Run a benchmark as `./kosh bench` does, in a process of its own."""
    arguments = benchmark.quick if quick else benchmark.arguments
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "bench", *arguments],
        cwd=ROOT,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    command = " ".join(("./kosh bench", *arguments))
    # If the benchmark failed, only the last lines are kept, because a traceback is long.
    output = done.stdout if done.returncode == 0 else "\n".join(done.stdout.splitlines()[-3:])
    output = output.replace(f"{ROOT}/", "")
    return Outcome(benchmark, command, output, done.returncode, time.monotonic() - start)


def measured(
    say: Callable[[str], None], *, quick: bool = False, chosen: Sequence[Benchmark] = BENCHMARKS
) -> tuple[str, list[str]]:
    """Run the benchmarks one after another; return the page, and the titles of those that failed.

    Call `say` with a line before each benchmark.
    """
    started_at, before = datetime.now(UTC), report.load()
    outcomes = []
    for number, each in enumerate(chosen, 1):
        say(f"{number} of {len(chosen)}: {each.title}")
        outcomes.append(run(each, quick))
    failed = [each.benchmark.title for each in outcomes if each.exit_code]
    return page(started_at, [*machine(), before, report.load()], outcomes), failed


def page(started_at: datetime, circumstances: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    """Return the Markdown page with the results of benchmarks that began at `started_at` (UTC)."""
    parts = [
        f"# {started_at:%Y-%m-%d}: all benchmarks",
        f"Written by `./kosh bench all`, started at {started_at:%H:%M} UTC.",
        textwrap.fill(summary(outcomes), WIDTH, break_on_hyphens=False),
        "\n".join(f"- {each}" for each in circumstances),
    ]
    for each in outcomes:
        state = "" if each.exit_code == 0 else f" **It failed with exit code {each.exit_code}.**"
        took = f"`{each.command}` took {each.seconds:.0f} s.{state}"
        parts += [f"## {each.benchmark.title}", took, wrapped(each.output)]
    return "\n\n".join(parts) + "\n"


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return one paragraph that compares the cost of a durable turn; NO_TURN if none was measured.

    A durable turn stores the person's state in PostgreSQL. It is compared with turns of aiogram and
    of a minimal program.

    `./kosh docs reference` copies this paragraph into the README.
    """
    everything = "\n".join(each.output for each in outcomes)
    _others, _head, output = everything.partition("| Kosh as a multiple of ")
    cells = r" *\| *([0-9.]+)" * 3
    ratios = {
        name: found.groups()
        for name in ("floor, durable", "aiogram + Redis", "aiogram + Redis, as documented")
        if (found := re.search(rf"^\| {re.escape(name)}{cells} *\|", output, re.MULTILINE))
    }
    if len(ratios) < 3:
        return NO_TURN
    floor, quickest, documented = (both for _server, both, _loaded in ratios.values())
    return (
        f"A durable turn costs {quickest} times the CPU time of aiogram with Redis at its quickest,"
        f" {documented} times that of aiogram with Redis as its documentation shows, and {floor}"
        " times that of a minimal program. The figures include PostgreSQL and Valkey."
    )


def machine() -> Iterator[str]:
    """Yield lines about the machine, the versions and the commit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, {platform.system()}"
    yield f"Python {platform.python_version()}, {_postgres()}"
    yield ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    changed = _git("status", "--porcelain", "--untracked-files=no")
    yield f"Commit {_git('rev-parse', '--short', 'HEAD')}{', with changes' if changed else ''}"


def _processor() -> str:
    """Return the name of the processor's model from Linux."""
    information = Path("/proc/cpuinfo")
    text = information.read_text("utf-8") if information.is_file() else ""
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return " ".join(model[1].split()) if model else platform.machine()


def _postgres() -> str:
    program = servers.postgres_tool("postgres")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def wrapped(output: str) -> str:
    """Return the output as Markdown: text is wrapped, and text in columns becomes a code block.

    Tables and charts stay as they are, with an empty line before a table.
    """
    blocks: list[str] = []
    for kind, lines in groupby(_kinds(output.strip().splitlines()), key=itemgetter(0)):
        block = "\n".join(line for _kind, line in lines)
        if kind == "text":
            block = _filled(block)
            if "  " in block:
                block = f"```text\n{block}\n```"
        blocks.append(block)
    return "\n\n".join(block for block in blocks if block)


def _kinds(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (kind, line) for each line; the kind is chart, table, text or empty."""
    is_chart = False
    for line in lines:
        is_fence = line.startswith("```")
        if is_chart or is_fence:
            yield "chart", line
            is_chart ^= is_fence
        elif line.startswith("|"):
            yield "table", line
        else:
            yield ("text" if line else "empty"), line


def _filled(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(
        part
        for line in lines
        for part in ([line] if len(line) <= WIDTH else textwrap.wrap(line, WIDTH))
    )


def write(text: str, day: datetime, folder: Path = FOLDER) -> Path:
    """Write the page of the day; list it in the table of measurements and in the site's menu."""
    path = folder / f"{day:%Y-%m-%d}.md"
    path.write_text(text, "utf-8")
    row = f"| {day:%Y-%m-%d} | [all benchmarks]({path.name}) of one run | `./kosh bench all` |"
    _insert(folder / "README.md", row, after="|---|---|---|")
    entry = f'    "measurements/{path.name}",'
    _insert(folder.parents[1] / "zensical.toml", entry, after='    "measurements/README.md",')
    return path


def _insert(path: Path, line: str, *, after: str) -> None:
    """Insert a line into a file after another line, unless the file already contains it."""
    lines = path.read_text("utf-8").splitlines()
    if line not in lines:
        lines.insert(lines.index(after) + 1, line)
        path.write_text("\n".join(lines) + "\n", "utf-8")
