"""`./kosh bench siege`: an attack from many addresses while people use Telegram.

As in `deploy/`, webhooks have a process of their own (`./kosh webhooks`). Both processes share a
CPU core, and both are attacked.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks import processes
from tests.benchmarks.attackers import AttackOrder, AttackResponses
from tests.benchmarks.environment import SERVER_CORE, open_environment
from tests.benchmarks.protocol import LoadResult
from tests.benchmarks.report import table

PEOPLE = 30
# Turns per second of all PEOPLE together: each person writes every four seconds.
PEOPLE_RATE = 7.5
MAX_ADDRESSES = 50
# Requirements: the p99 latency is at most twice the one without an attack, and the web process uses
# at most this memory in MB.
MAX_RATIO, MAX_MB = 2.0, 300.0


@dataclass(frozen=True, slots=True)
class AttackResult:
    """Results of an attack: turns of people before and during it, responses to attackers, memory.

    The memory is that of the larger process.
    """

    idle: LoadResult
    during: LoadResult
    attacked: AttackResponses
    peak_mb: float
    # Share of a core that both processes used, before and during the attack.
    cpu: tuple[float, float] = (0.0, 0.0)
    # Load average of the machine: the number of processes that run or wait for a core.
    load: float = 0.0

    @property
    def ratio(self) -> float:
        """Return the p99 latency during the attack, divided by the p99 latency before it."""
        return self.during.p99 / self.idle.p99


def measured(seconds: float, addresses: int, rate: float) -> AttackResult:
    """Measure people's turns before the attack (a quarter of the time), then during it."""
    with open_environment() as environment:
        database = environment.database("kosh_siege")
        web = environment.serve(database, server="attacked", core=SERVER_CORE)
        platforms = environment.serve(database, server="attacked-webhooks", core=SERVER_CORE)
        pids = (web.pid, platforms.pid)
        environment.drive(platforms.port, 5, chats=PEOPLE, rate=PEOPLE_RATE)
        cpu_before = _cpu_seconds(pids)
        idle = environment.drive(
            platforms.port, max(5, seconds / 4), chats=PEOPLE, rate=PEOPLE_RATE
        )
        alone = _cpu_seconds(pids)
        few = min(addresses, MAX_ADDRESSES)
        order = AttackOrder(web.port, platforms.port, few, seconds, rate)
        words = msgspec.json.encode(order).decode()
        log = environment.folder / "siege.log"
        with processes.process(
            "tests.benchmarks.attackers", words, core=None, log=log, talks=True
        ) as attackers:
            during = environment.drive(platforms.port, seconds, chats=PEOPLE, rate=PEOPLE_RATE)
            used = _cpu_seconds(pids) - alone
            attacked = msgspec.json.decode(
                processes.line_of(attackers.stdout), type=AttackResponses
            )
        cpu = ((alone - cpu_before) / idle.seconds, used / during.seconds)
        load = os.getloadavg()[0]
        return AttackResult(idle, during, attacked, max(map(_peak_mb, pids)), cpu, load)


def _cpu_seconds(pids: Sequence[int]) -> float:
    return sum(processes.cpu_seconds(pid) for pid in pids)


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def report(found: AttackResult) -> str:
    """Return tables of the results, and whether they meet the requirements."""
    load = f"Load average at the end: {found.load:.1f}"
    return "\n\n".join(
        (table(_people(found)), table(_attacks(found.attacked)), _verdict(found), load)
    )


def _people(found: AttackResult) -> Iterator[tuple[str, ...]]:
    yield f"{PEOPLE} people on Telegram", "turns", "unanswered", "p50 ms", "p99 ms", "core used"
    named = (("alone", found.idle), ("during the siege", found.during))
    for (name, each), core in zip(named, found.cpu, strict=True):
        latencies = f"{each.p50:.0f}", f"{each.p99:.0f}"
        yield name, f"{each.turns}", f"{each.failed}", *latencies, f"{core:.0%}"


def _attacks(attacked: AttackResponses) -> Iterator[tuple[str, ...]]:
    yield "attack", "responses", "by status (0: the connection ended)"
    for name, counts in attacked.responses.items():
        by_status = ", ".join(f"{status}: {n}" for status, n in sorted(counts.items()))
        yield name, f"{sum(counts.values())}", by_status


def _verdict(found: AttackResult) -> str:
    lines = (
        ("p99 during the siege / alone", f"{found.ratio:.1f}", f"≤ {MAX_RATIO:g}",
         found.ratio <= MAX_RATIO),
        ("unanswered", f"{found.during.failed}", "0", found.during.failed == 0),
        ("peak memory of a web process, MB", f"{found.peak_mb:.0f}", f"≤ {MAX_MB:g}",
         found.peak_mb <= MAX_MB),
    )  # fmt: skip
    rows = [(name, value, limit, "yes" if held else "NO") for name, value, limit, held in lines]
    return table([("", "measured", "required", "held"), *rows])
