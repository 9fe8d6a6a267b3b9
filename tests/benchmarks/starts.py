"""`./kosh bench start`: start time and memory of commands, with and without bytecode."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bot.embedded.server_process import free_port
from tests.benchmarks import processes
from tests.benchmarks.report import table

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Start:
    """Result of one start: seconds and CPU seconds to the first HTTP answer, MB of the process."""

    seconds: float
    cpu: float
    resident: float


def measured(rounds: int) -> str:
    """Measure each kind of start in turn; return a table of medians."""
    found: dict[str, list[Start]] = {}
    for _round in range(rounds):
        for name, start in _starts():
            found.setdefault(name, []).append(start)
    return table(_lines(found))


def _starts() -> Iterator[tuple[str, Start]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        yield "demo, no bytecode, empty data folder", _demo(folder / "first", environment)
        yield "demo, empty data folder", _demo(folder / "second", environment)
        yield "demo, again", _demo(folder / "second", environment)
        # `run` rejects the data folder of a demo, so `keys first` creates another folder for it.
        third = folder / "third"
        with _started("keys", "first", "--data", str(third), environment=environment) as keys:
            keys.wait()
        _demo(third, environment, word="run")
        yield "run, again", _demo(third, environment, word="run")


def _demo(data: Path, environment: dict[str, str], word: str = "demo") -> Start:
    port = free_port()
    start = time.monotonic()
    with _started(
        word, "--port", str(port), "--data", str(data), environment=environment
    ) as started:
        _answers(f"http://127.0.0.1:{port}/chat", started)
        took = time.monotonic() - start
        return Start(took, processes.cpu_seconds(started.pid), processes.resident_mb(started.pid))


@contextmanager
def _started(*words: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("KOSH_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    started = subprocess.Popen(
        [sys.executable, "-m", "bot", *words], cwd=ROOT, env=plain | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield started
    finally:
        started.send_signal(signal.SIGINT)
        started.wait(TIMEOUT_SECONDS)


def _answers(url: str, started: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < until and started.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{url} did not answer")


def _lines(found: Mapping[str, list[Start]]) -> Iterator[tuple[str, ...]]:
    yield "start", "answers after, s", "CPU, s", "main process, MB"
    for name, starts in found.items():
        yield (
            name,
            f"{median(each.seconds for each in starts):.1f}",
            f"{median(each.cpu for each in starts):.1f}",
            f"{median(each.resident for each in starts):.0f}",
        )
