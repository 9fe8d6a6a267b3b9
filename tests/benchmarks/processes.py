"""Processes of the benchmark, each on its own CPU core, and their CPU time from /proc."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

TICK = 1 / os.sysconf("SC_CLK_TCK")
TIMEOUT_SECONDS = 60.0


@contextmanager
def process(
    module: str,
    *words: str,
    core: int | None,
    log: Path,
    talks: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python module in a process, which is terminated when the block ends.

    `talks` connects standard input and output to pipes.
    """
    with log.open("wb") as errors:
        pipe = subprocess.PIPE if talks else subprocess.DEVNULL
        started = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            cwd=Path(__file__).parents[2],
            env=os.environ | (env or {}),
        )
        if core is not None:
            pin(started.pid, core)
        try:
            yield started
        finally:
            started.terminate()
            started.wait()


def pin(pid: int, core: int) -> None:
    """Restrict a process to one CPU core, if the machine has this core."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > core:
        os.sched_setaffinity(pid, {core})


def listening(started: subprocess.Popen[bytes], port: int, log: Path) -> float:
    """Wait until a process listens on its port; return the seconds it took.

    Raises RuntimeError if it ends, or takes longer than TIMEOUT_SECONDS.
    """
    start = time.monotonic()
    while time.monotonic() < start + TIMEOUT_SECONDS and started.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return time.monotonic() - start
        time.sleep(0.005)
    raise RuntimeError(f"a server did not start; its last words: {log.read_text()[-2000:]}")


def answering(pid: int, port: int) -> bool:
    """Wait until a process answers HTTP and return True; return False if it has ended.

    The process's port may be open before the process can answer.
    """
    while _stat(pid)[0] != "Z":
        line = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        with suppress(OSError, HTTPException), closing(line):
            line.request("GET", "/")
            return bool(line.getresponse().status)
        time.sleep(0.005)
    return False


def line_of(pipe: IO[bytes] | None) -> bytes:
    line = pipe.readline() if pipe else b""
    if not line:
        raise RuntimeError("the platform's process ended; its log says why")
    return line


def stores(folder: Path) -> tuple[int, ...]:
    """Return the process ids of PostgreSQL and Valkey that `bot.embedded` started in a folder."""
    files = (folder / "postgres" / "cluster" / "postmaster.pid", folder / "valkey" / "valkey.pid")
    return tuple(int(file.read_text().split()[0]) for file in files)


def cpu_seconds(root: int) -> float:
    """Return the CPU time of a process, its threads and its descendants, in seconds."""
    return sum(_used(pid) for pid in _family(root))


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _used(pid: int) -> float:
    try:
        words = _stat(pid)
        live = sum(_nanoseconds(task) for task in Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # Some sandboxes have no `schedstat`. Use the coarser times of `stat` there.
    own = live / 1e9 or (int(words[11]) + int(words[12])) * TICK
    return own + (int(words[13]) + int(words[14])) * TICK


def _nanoseconds(task: Path) -> int:
    """Return the CPU time of a thread in nanoseconds; `stat` has it only in units of 10 ms."""
    try:
        return int((task / "schedstat").read_text().split()[0])
    except FileNotFoundError:
        return 0


def _family(root: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    family, fresh = set[int](), {root}
    while fresh:
        family |= fresh
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - family
    return family


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat after the name, which may contain blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
