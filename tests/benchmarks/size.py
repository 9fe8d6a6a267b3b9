"""`./kosh bench size`: cost of the same turn with few and with many people in the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg

from bot import embedded
from bot.db.migrations import migrate
from bot.security.key_files import Keys
from bot.security.vault import Vault
from tests.benchmarks import processes, sample_people
from tests.benchmarks.environment import FIRST_CHAT, Environment, open_environment
from tests.benchmarks.million_subscribers import FAST, superuser_url
from tests.benchmarks.protocol import LoadResult
from tests.benchmarks.report import chart, table

# Maximum number of people with encryption keys of their own; all others are copies of their rows.
MAX_REAL = 200_000
# Number of people who write in a round. The number is so large that each person writes at most once
# in a round, and rows are rarely cached.
WRITING = 5_000
FILLING = FAST | {"shared_buffers": "1GB", "autovacuum": "off"}
READ_WHOLE = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables"
BYTES = "SELECT pg_database_size(current_database())"


@dataclass(slots=True)
class Installation:
    """A database full of people, a server on it, and the measured cost of turns."""

    people: int
    url: str
    server: int
    port: int
    rounds: list[tuple[float, float, LoadResult]] = field(default_factory=list)

    @property
    def app(self) -> float:
        return median(app for app, _store, _driven in self.rounds)

    @property
    def store(self) -> float:
        return median(store for _app, store, _driven in self.rounds)

    @property
    def turns(self) -> int:
        return sum(driven.turns for *_cpu, driven in self.rounds)

    def select_number(self, question: str) -> int:
        """Return the number that an SQL query selects; 0 if it selects no row."""
        with psycopg.connect(self.url) as session:
            row = session.execute(question.encode()).fetchone()
        return int(row[0]) if row else 0


def measured(folder: Path, sizes: Sequence[int], rounds: int, seconds: float) -> str:
    """Fill a database for each size, then measure their servers in turn."""
    gather(folder, sizes)
    with open_environment(folder) as environment:
        installations = [_opened(environment, size) for size in sizes]
        for each in installations:
            sampled(each, environment, seconds)
        before = [each.select_number(READ_WHOLE) for each in installations]
        for _round in range(rounds):
            for each in installations:
                each.rounds.append(sampled(each, environment, seconds))
        whole = [
            (each.select_number(READ_WHOLE) - rows) / max(each.turns, 1)
            for each, rows in zip(installations, before, strict=True)
        ]
        drawn = chart(
            "Microseconds of CPU a turn, by people",
            [f"{each.people:,}" for each in installations],
            {"server and store": [each.app + each.store for each in installations]},
        )
        return f"{table(_lines(installations, whole))}\n\n{drawn}"


def gather(folder: Path, sizes: Sequence[int]) -> None:
    """Fill the databases with a PostgreSQL that does not sync to disk; keep existing ones.

    The PostgreSQL that is measured later does sync.
    """
    vault = Vault(Keys.create(folder / "keys"))
    with embedded.postgres(folder / "postgres", FILLING) as admin:
        for size in sizes:
            if not _is_there(admin, size):
                _fill(admin, vault, size)


def _is_there(admin: str, size: int) -> bool:
    with psycopg.connect(_opened_to(admin, size)) as session:
        row = session.execute("SELECT count(*) FROM people").fetchone()
    return row == (size,)


def _fill(admin: str, vault: Vault, size: int) -> None:
    embedded.drop_database(admin, _name(size))
    url, real = _opened_to(admin, size), min(size, MAX_REAL)
    sample_people.fill(url, vault, FIRST_CHAT, real)
    sample_people.multiply(url, size // real, real)


def _opened_to(admin: str, size: int) -> str:
    """Return a superuser's URL of a database with Kosh's tables; create it if necessary."""
    databases = embedded.prepare(admin, _name(size))
    migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
    return superuser_url(admin, databases)


def _name(size: int) -> str:
    return f"kosh_{size}"


def _opened(environment: Environment, size: int) -> Installation:
    databases = environment.database(_name(size))
    served = environment.serve(databases)
    return Installation(size, superuser_url(environment.admin, databases), served.pid, served.port)


def sampled(
    installation: Installation, environment: Environment, seconds: float
) -> tuple[float, float, LoadResult]:
    """Let people write; return two CPU times per turn in µs, and the results of the turns.

    The CPU times are that of the web server, and that of PostgreSQL and Valkey together."""
    app, store = (
        processes.cpu_seconds(installation.server),
        sum(map(processes.cpu_seconds, environment.stores)),
    )
    result = environment.drive(installation.port, seconds, chats=min(WRITING, installation.people))
    turns = max(result.turns, 1)
    return (
        (processes.cpu_seconds(installation.server) - app) / turns * 1e6,
        (sum(map(processes.cpu_seconds, environment.stores)) - store) / turns * 1e6,
        result,
    )


def _lines(
    installations: Sequence[Installation], whole: Sequence[float]
) -> Iterator[tuple[str, ...]]:
    yield (
        "people", "GB", "server, µs", "store, µs", "both", "times the fewest", "p50 ms", "p99 ms",
        "rows read in whole tables",
    )  # fmt: skip
    minimum = installations[0]
    for each, rows in zip(installations, whole, strict=True):
        pairs = zip(each.rounds, minimum.rounds, strict=True)
        ratio = median((own[0] + own[1]) / (smallest[0] + smallest[1]) for own, smallest in pairs)
        yield (
            f"{each.people:,}",
            f"{each.select_number(BYTES) / 1e9:.2f}",
            f"{each.app:.0f}",
            f"{each.store:.0f}",
            f"{each.app + each.store:.0f}",
            f"{ratio:.2f}",
            f"{median(driven.p50 for *_cpu, driven in each.rounds):.2f}",
            f"{median(driven.p99 for *_cpu, driven in each.rounds):.2f}",
            f"{rows:.1f}",
        )
