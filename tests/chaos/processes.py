"""Starts, kills and restarts the parts of the chaos test, each in a separate process.

Kosh's web servers and workers reach PostgreSQL, Valkey, the platform and the registry through a
proxy. The platform and the registry reach the web servers through it too.
"""

import ctypes
import json
import logging
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bot import embedded
from bot.db.migrations import migrate
from bot.embedded.server_process import free_port
from bot.security.key_files import Keys
from tests.chaos import bursts
from tests.clock import CLOCK

_logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
WEBS = ("web 1", "web 2")
WORKERS = ("worker 1", "worker 2")
KOSH_PROCESSES = (*WEBS, *WORKERS)
SERVICES = ("postgres", "valkey", "telegram", "registry")
LOAD_BALANCER = "load balancer"
"""Name of the line from the platform and the registry to Kosh's web processes."""

TIMEOUT_SECONDS = 180.0
MAX_SHUTDOWN_SECONDS = 10.0
RETRY_SCALE = "0.02"
# Former names of environment variables, which releases before 2026.12 read, and today's names.
FORMER_SETTINGS = {
    "KOSH_DATA": "KOSH_DATA_DIR",
    "KOSH_KEYS": "KOSH_KEY_DIR",
    "KOSH_BURST_SECONDS": "KOSH_DEBOUNCE_SECONDS",
}


@dataclass(frozen=True)
class Fault:
    """An injected fault: its number in the fault matrix, and its start and end in Unix seconds.

    `doubts` is the number of replies that the platform may have received without Kosh's knowledge.
    """

    kind: str
    what: str
    at: float
    until: float
    doubts: int = 1


@dataclass
class Child:
    """A process that the test starts again after each kill."""

    name: str
    words: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    changes: Mapping[str, Any] = field(default_factory=dict)
    tree: Path | None = None
    """Checkout of another release that the process runs; None for this one."""
    _process: BaseProcess | None = None

    def start(self, **changes: Any) -> None:
        """Start the process. Its program has the changes that `program.CHANGES` defines."""
        self.mark.unlink(missing_ok=True)
        changed = {"CHAOS": json.dumps({"mark_ready": str(self.mark), **self.changes, **changes})}
        env = {**self.env, **changed}
        plays = partial(run_former, self.tree) if self.tree else play
        self._process = NURSERY.Process(target=plays, args=(self.words, env, self.log), daemon=True)
        self._process.start()

    @property
    def mark(self) -> Path:
        """Return the path of the file that exists once the process works."""
        return self.log.with_suffix(".ready")

    @property
    def up(self) -> bool:
        return not self.died and self.mark.exists()

    def kill(self) -> float:
        """Kill the process with SIGKILL; return the Unix time of the kill."""
        assert self._process is not None
        self._process.kill()
        at = time.time()
        self._process.join()
        return at

    def end(self) -> float:
        """Send SIGTERM, wait up to 3 * MAX_SHUTDOWN_SECONDS, then kill the process.

        Return the seconds until the process ended.
        """
        assert self._process is not None
        start = time.monotonic()
        self._process.terminate()
        if not self.gone(3 * MAX_SHUTDOWN_SECONDS):
            self.kill()
        return time.monotonic() - start

    def gone(self, seconds: float) -> bool:
        """Wait up to `seconds`; return True if the process has ended."""
        assert self._process is not None
        self._process.join(seconds)
        return self.died

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid or 0

    @property
    def died(self) -> bool:
        """Return True if the process has ended."""
        return self._process is not None and self._process.exitcode is not None


PR_SET_PDEATHSIG = 1
# A fork server with the slow imports already done, from which each process is forked.
NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["tests.chaos.program", "tests.chaos.registry"])


def play(words: Sequence[str], env: Mapping[str, str], log: Path) -> None:
    """Run this release's program with these arguments; the process is killed with its parent."""
    _redirect_output(log)
    os.environ.update(env)
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def run_former(tree: Path, words: Sequence[str], env: Mapping[str, str], log: Path) -> None:
    """Run another release's program from its checkout, in a new interpreter."""
    _redirect_output(log)
    os.chdir(tree)
    command = [sys.executable, "-P", str(Path(__file__).with_name("launcher.py")), *words[1:]]
    former = {old: env[new] for old, new in FORMER_SETTINGS.items() if new in env}
    os.execve(command[0], command, {**os.environ, **env, **former, "PYTHONPATH": str(tree)})


def _redirect_output(log: Path) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with log.open("ab") as written:
        for stream in (1, 2):
            os.dup2(written.fileno(), stream)


@dataclass
class Proxy:
    """The proxy process with the proxied connections, called lines, by name."""

    process: subprocess.Popen[str]
    ports: dict[str, int]

    def set_mode(self, lines: Sequence[str], mode: str, seconds: float = 0.0) -> None:
        """Set the behaviour of these proxied connections (lines); the mode `pass` ends a fault."""
        self._order({"lines": list(lines), "do": mode, "seconds": seconds})

    def carried(self) -> dict[str, dict[str, int]]:
        """Return the bytes that each proxied connection has carried, by port of the service."""
        byte_counts: dict[str, dict[str, int]] = self._order(
            {"lines": list(self.ports), "do": "tell"}
        )
        return byte_counts

    def _order(self, order: Mapping[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@dataclass
class Processes:
    """The running processes, their addresses, and the injected faults."""

    folder: Path
    admin: str
    database: str
    owner: str
    redis: str
    keys: Path
    platform: str
    registry: str
    ports: tuple[int, ...]
    secret: str
    proxy: Proxy
    children: dict[str, Child]
    faults: list[Fault] = field(default_factory=list)
    shutdown_seconds: list[float] = field(default_factory=list)
    unexpected_exits: int = 0
    late_503_responses: int = 0
    unanswered_readiness_checks: int = 0
    wrong_key_starts: int = 0
    wrong_key_refusals: int = 0

    def note(self, kind: str, what: str, at: float, until: float = 0.0, doubts: int = 1) -> None:
        self.faults.append(Fault(kind, what, at, max(at, until), doubts))

    def kill(self, name: str, kind: str = "F1", **changes: Any) -> None:
        """Kill a process and start it again immediately; record the fault."""
        child = self.children[name]
        self.note(kind, name, child.kill())
        child.start(**changes)

    def restart(self, name: str, **changes: Any) -> None:
        """Stop a process with SIGTERM and start it again; record how long it took to end."""
        self.shutdown_seconds.append(seconds := self.children[name].end())
        if seconds > MAX_SHUTDOWN_SECONDS:
            _logger.warning("%s took %.1f s to end", name, seconds)
        self.children[name].start(**changes)

    def blackout(self, interval: str = "2 minutes") -> None:
        """Kill all processes of Kosh, and advance database time, so that their leases expire."""
        for name in KOSH_PROCESSES:
            self.note("F1", "all", self.children[name].kill())
        with psycopg.connect(self.owner) as session:
            session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))
        for name in KOSH_PROCESSES:
            self.children[name].start()

    def up(self, name: str) -> bool:
        """Return True if the process works.

        Faults kill only processes that work, because killing a starting one would test little.
        """
        return self.children[name].up

    def supervise(self) -> None:
        """Restart the processes that ended by themselves, as a supervisor would do.

        Count an end only if the process had worked before, since it may exit at its start without a
        database.
        """
        for name in KOSH_PROCESSES:
            if self.children[name].died:
                self.unexpected_exits += self.children[name].mark.exists()
                self.children[name].start()

    def all_up(self) -> bool:
        return all(map(self.up, KOSH_PROCESSES))

    def must_live(self, name: str) -> None:
        child = self.children[name]
        if child.died:
            raise RuntimeError(f"{name} ended by itself: {child.log.read_text()[-2000:]}")


@contextmanager
def running(folder: Path, mutant: str = "", former: Path | None = None) -> Iterator[Processes]:
    """Start all processes, wait until they are ready, and stop them when the block ends.

    `mutant` breaks web servers and workers on purpose. `former` is the checkout of an older release
    that runs first. That release may not support a shared port. Therefore each of its two web
    processes has a port of its own, and the proxy of the webhook distributes requests to both.
    """
    with (
        embedded.postgres(folder / "postgres") as admin,
        embedded.valkey(folder / "valkey") as redis,
        ExitStack() as stack,
    ):
        bot, sandbox = _databases(admin, former)
        webs = tuple(free_port() for _web in (WEBS if former else WEBS[:1]))
        registry, telegram = free_port(), free_port()
        places = {
            "valkey": [urlsplit(redis).port or 0],
            "postgres": [urlsplit(admin).port or 0],
            "telegram": [telegram],
            "registry": [registry],
            LOAD_BALANCER: list(webs),
        }
        proxy = stack.enter_context(_proxy(folder, places))
        env = _settings(folder, bot, redis, webs[0], registry, proxy.ports[LOAD_BALANCER])
        Keys.create(Path(env["KOSH_KEY_DIR"]))
        env["KOSH_TELEGRAM_API"] = f"http://127.0.0.1:{telegram}"
        stack.enter_context(_alive(_platform(folder, env, telegram, proxy.ports[LOAD_BALANCER])))
        sandboxed = env | {"KOSH_DATABASE_OWNER_URL": sandbox.owner}
        server = Child("registry", ("tests.chaos.registry",), sandboxed, folder / "registry.log")
        stack.enter_context(_alive(server))
        _until_open(telegram)
        _until_open(registry)
        changes = {"mutant": mutant} if mutant else {}
        children = {name: _new_child(folder, env, proxy, name, changes) for name in KOSH_PROCESSES}
        for name, port in zip(WEBS, webs, strict=False):
            children[name].env = {**children[name].env, "KOSH_PORT": str(port)}
        for child in children.values():
            child.tree = former
        for child in children.values():
            stack.enter_context(_alive(child))
        processes = Processes(
            folder=folder,
            admin=admin,
            database=bot.app,
            owner=bot.owner,
            redis=redis,
            keys=Path(env["KOSH_KEY_DIR"]),
            platform=env["KOSH_TELEGRAM_API"],
            registry=env["KOSH_REGISTRY_URL"],
            ports=webs,
            secret=env["KOSH_TELEGRAM_SECRET"],
            proxy=proxy,
            children=children | {"registry": server},
        )
        _until_up(processes)
        yield processes


def _new_child(
    folder: Path, env: Mapping[str, str], proxy: Proxy, name: str, changes: Mapping[str, str]
) -> Child:
    """Return a process of Kosh that reaches each service by its own connection of the proxy."""
    ports = {service: proxy.ports[f"{name}>{service}"] for service in SERVICES}
    variables = {
        **{key: at(env[key], ports["postgres"]) for key in env if key.startswith("KOSH_DATABASE")},
        "KOSH_REDIS_URL": at(env["KOSH_REDIS_URL"], ports["valkey"]),
        "KOSH_TELEGRAM_API": at(env["KOSH_TELEGRAM_API"], ports["telegram"]),
        "KOSH_REGISTRY_URL": at(env["KOSH_REGISTRY_URL"], ports["registry"]),
    }
    word = "web" if name in WEBS else "work"
    return Child(
        name,
        ("tests.chaos.program", word),
        {**env, **variables},
        folder / f"{name.replace(' ', '-')}.log",
        changes,
    )


def at(url: str, port: int) -> str:
    """Return the URL with this port of the loopback interface."""
    found = urlsplit(url)
    login, _at, _where = found.netloc.rpartition("@")
    return found._replace(netloc=f"{login}{_at}127.0.0.1:{port}").geturl()


def migrated(owner: str, tree: Path = ROOT) -> bool:
    """Run `kosh migrate` of a checkout, as an operator does; return True if it succeeded."""
    env = {**os.environ, "KOSH_DATABASE_OWNER_URL": owner, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "bot", "migrate"]
    return subprocess.run(command, cwd=tree, env=env, check=False).returncode == 0


def _databases(admin: str, former: Path | None) -> tuple[embedded.Databases, embedded.Databases]:
    bot, sandbox = (embedded.prepare(admin, name) for name in ("kosh", "kosh_sandbox"))
    if former:
        assert migrated(bot.owner, former)
    else:
        migrate(bot.owner.replace("postgresql", "postgresql+psycopg", 1))
    with psycopg.connect(bot.owner, autocommit=True) as session:
        session.execute(CLOCK)
        assert session.execute("SHOW fsync").fetchone() == ("on",)
    return bot, sandbox


def _settings(
    folder: Path,
    bot: embedded.Databases,
    redis: str,
    web: int,
    registry: int,
    load_balancer_port: int,
) -> dict[str, str]:
    return {
        "KOSH_DATA_DIR": str(folder),
        "KOSH_KEY_DIR": str(folder / "keys"),
        "KOSH_PORT": str(web),
        "KOSH_PUBLIC_URL": f"http://127.0.0.1:{load_balancer_port}",
        "KOSH_DATABASE_URL": bot.app,
        "KOSH_DATABASE_RETENTION_URL": bot.retention,
        "KOSH_REDIS_URL": redis,
        "KOSH_TELEGRAM_TOKEN": f"7000000001:{token_urlsafe(32)}",
        "KOSH_TELEGRAM_RATE": "0",
        "KOSH_DEBOUNCE_SECONDS": str(bursts.SECONDS),
        "KOSH_TELEGRAM_SECRET": token_hex(32),
        "KOSH_REGISTRY_URL": f"http://127.0.0.1:{registry}",
        "KOSH_REGISTRY_CLIENT_ID": "kosh",
        "KOSH_REGISTRY_CLIENT_SECRET": token_hex(32),
        "KOSH_REGISTRY_CALLBACK_SECRET": token_hex(32),
        "KOSH_LOG_LEVEL": "warning",
    }


@contextmanager
def _proxy(folder: Path, places: Mapping[str, Sequence[int]]) -> Iterator[Proxy]:
    lines = {
        f"{name}>{service}": places[service] for name in KOSH_PROCESSES for service in SERVICES
    }
    with (folder / "proxy.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.proxy"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({**lines, LOAD_BALANCER: places[LOAD_BALANCER]}) + "\n")
        process.stdin.flush()
        try:
            yield Proxy(process, json.loads(process.stdout.readline()))
        finally:
            process.kill()


def _platform(folder: Path, env: Mapping[str, str], port: int, load_balancer_port: int) -> Child:
    words = (
        *("tests.emulators.telegram", "--no-limits", "--scale", RETRY_SCALE),
        *("--port", str(port), "--token", env["KOSH_TELEGRAM_TOKEN"], "--patience", "20"),
        *("--webhook", f"http://127.0.0.1:{load_balancer_port}/webhooks/telegram"),
        *("--secret", env["KOSH_TELEGRAM_SECRET"]),
    )
    return Child("platform", words, {}, folder / "platform.log")


@contextmanager
def _alive(child: Child) -> Iterator[None]:
    child.start()
    try:
        yield
    finally:
        child.kill()


def _until_open(port: int) -> None:
    until = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nobody opened port {port}")


def _until_up(processes: Processes) -> None:
    until = time.monotonic() + TIMEOUT_SECONDS
    while not processes.all_up():
        for name in KOSH_PROCESSES:
            processes.must_live(name)
        if time.monotonic() > until:
            raise RuntimeError("our processes did not start")
        time.sleep(0.05)


def ready(port: int, seconds: float) -> int | None:
    """Return the status of a web process's readiness check.

    Return 0 if it does not answer within `seconds`, and None if it is not reachable.
    """
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except TimeoutError:
        return 0
    except OSError:
        return None


def descendants(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                found += descendants(int(child))
    return found


def send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
