"""Run one database or Valkey server per folder, shared by several processes of this machine.

File locks decide which process starts and stops the server. The folder stores its port and
password.
"""

import fcntl
import os
import random
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import Signals
from typing import IO, Final

_START_SECONDS: Final = 60.0  # seconds for a start, including crash recovery
_STOP_SECONDS: Final = 10.0  # seconds before the next signal is sent
_PORT_SECONDS: Final = 0.5  # seconds until the port of a killed server is free
# Maximum number of starts. A start can fail because another process takes the port, or because
# children of a killed server still use it.
_ATTEMPTS: Final = 5
_PORTS: Final = (10_000, 32_000)


class ServiceError(Exception):
    """PostgreSQL, Valkey or one of their tools cannot be used; the message describes the fix."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Server:
    """Definition of a server: files, command, how to stop it, and how to test if it is ready."""

    name: str
    home: Path  # folder of password, port, locks and log
    pid_file: Path  # the server writes it, so it survives a crash of this process
    mark: str  # text by which its command line is recognized
    signals: tuple[Signals, ...]  # sent in this order, gentlest first, until it stops
    command: Callable[[int], list[str]]  # returns the command line for a port
    is_ready: Callable[[], bool]


@contextmanager
def running(server: Server) -> Iterator[None]:
    """Run the server during the block; the first process starts it, the last one stops it.

    The kernel releases the file locks of a killed process. If a killed process left the server
    running, the next process uses and stops the server. Raises ServiceError if the server does not
    start.
    """
    home = server.home
    with (home / "users.lock").open("w") as users, (home / "door.lock").open("w") as start_lock:
        try:
            with _exclusive(start_lock):
                fcntl.flock(users, fcntl.LOCK_SH)
                _ensure(server)
            yield
        finally:
            with _exclusive(start_lock):
                if _is_last(users):
                    _stop(server)


@contextmanager
def _exclusive(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# Start and stop the server process


def _ensure(server: Server) -> None:
    with suppress(TimeoutError):
        for attempt in range(_ATTEMPTS):
            time.sleep(attempt * 0.1)
            if _pid(server) is None:
                _launch(server)
            else:
                _await(lambda: _is_up(server) or _pid(server) is None, _START_SECONDS)
            if _is_up(server):
                return
    raise start_failed(server.name, server.home)


def _launch(server: Server) -> None:
    command = server.command(_choose_port(server.home))
    # Remove the pid file of a dead server: if another process has that pid now, PostgreSQL would
    # not start.
    server.pid_file.unlink(missing_ok=True)
    with _log(server.home) as log:
        # In a new session, so that Ctrl-C in the terminal interrupts only this process and not the
        # server.
        process = subprocess.Popen(
            command,
            cwd=server.home,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(lambda: _is_up(server) or process.poll() is not None, _START_SECONDS)
    except BaseException:
        _end(process, server.signals)
        raise
    finally:
        # Wait for the server in a thread, so that it leaves no zombie process when it ends.
        threading.Thread(target=process.wait, name=f"reap {server.name}", daemon=True).start()


def _end(process: subprocess.Popen[bytes], signals: Iterable[Signals]) -> None:
    """End a process: send the signals in turn, with a pause after each, and at last SIGKILL.

    One signal may not suffice: until a new server sets its own handlers, it ignores the signals
    that its parent ignores, such as SIGINT in a background job of a shell.
    """
    for number in (*signals, Signals.SIGKILL):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            return


def _is_up(server: Server) -> bool:
    return _pid(server) is not None and server.is_ready()


def _stop(server: Server) -> None:
    for number in server.signals:
        pid = _pid(server)
        if pid is None:
            return
        with suppress(ProcessLookupError, TimeoutError):
            os.kill(pid, number)
            _await(partial(_has_ended, server, pid), _STOP_SECONDS)


def _pid(server: Server) -> int | None:
    """Return the process id of the running server.

    Return None if the pid file is missing, or if its pid is free or belongs to another program.
    """
    try:
        pid = int(server.pid_file.read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return None if _has_ended(server, pid) else pid


def _has_ended(server: Server, pid: int) -> bool:
    return server.mark not in command_line(pid)


def command_line(pid: int) -> str:
    """Return the command line of a process; "" if the process has ended."""
    if not Path("/proc/self").exists():
        shown = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(shown, capture_output=True, text=True, check=False).stdout
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _await(is_done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)


def call(home: Path, command: list[str]) -> bool:
    """Run a command; write its output to the file `log` in `home`; return True if it succeeded."""
    with _log(home) as log:
        result = subprocess.run(
            command,
            cwd=home,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    return result.returncode == 0


def _log(home: Path) -> IO[bytes]:
    return (home / "log").open("wb")


def _environment() -> dict[str, str]:
    """Return a minimal environment for the server.

    The environment of this process is not passed on: it contains tokens, and its PG* and LANG
    variables would change how the server behaves.
    """
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def start_failed(name: str, home: Path) -> ServiceError:
    message = f"{name} did not start. Read why in {home / 'log'}, and try again."
    return ServiceError("E_SERVICE_START", message)


# Files in the server's folder: its password and port


def home_of(data: Path) -> Path:
    """Return the resolved path of the folder `data`; create it with access for its owner only.

    Raises ServiceError if the folder belongs to another user.
    """
    with suppress(PermissionError):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.access(data, os.W_OK | os.X_OK) and data.stat().st_uid == os.geteuid():
        return data.resolve()
    raise ServiceError(
        "E_DATA_OWNER",
        "The data folder belongs to another user. Start as that user, or choose another folder.",
    )


def secret(path: Path) -> str:
    """Return the password stored in a file; generate and store it on the first call."""
    if not path.exists():
        write(path, secrets.token_urlsafe(32))
    return path.read_text()


def write(path: Path, text: str) -> None:
    """Write a file atomically, readable only by its owner."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def port_of(home: Path) -> int:
    return int((home / "port").read_text())


def _choose_port(home: Path) -> int:
    """Return the port stored in `home` if it is free, so that the server's URL survives a restart.

    Otherwise choose and store a free port.
    """
    with suppress(FileNotFoundError, TimeoutError):
        stored = port_of(home)
        _await(lambda: _is_free(stored), _PORT_SECONDS)
        return stored
    port = free_port()
    write(home / "port", str(port))
    return port


def free_port(many: int = 1) -> int:
    """Return the first of `many` consecutive free ports.

    Use the ports soon, because they are not reserved. They are outside of the range of ephemeral
    ports, since an outgoing connection could occupy a port of that range.
    """
    while True:
        first = random.randrange(*_PORTS)
        if all(map(_is_free, range(first, first + many))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
