"""`./kosh bench partitions`: the same turns and sweeps on plain and on partitioned tables.

One database has plain tables. In its copies these tables are partitioned: `conversations` alone by
hash of the person, `conversations` and `messages` by hash of the person, and `messages` alone by
ranges of ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import LiteralString

import psycopg
import typer
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from bot import embedded
from bot.outbox.statements import DUE
from bot.privacy.retention import RULES
from tests.benchmarks import processes, size
from tests.benchmarks.environment import Environment, open_environment
from tests.benchmarks.million_subscribers import superuser_url
from tests.benchmarks.report import table
from tests.benchmarks.size import Installation

PARTITIONS = 16
# WAITING_ROWS is the number of rows that the sweep finds due. DELETED_SHARE is the share of rows
# that retention deletes: one of seven days.
WAITING_ROWS = 1_000
DELETED_SHARE = 1 / 7
ROWS = SQL("SELECT count(*) FROM messages")
KINDS = ("plain", "conversations", "hash", "range")
# The tables that are partitioned in each kind of database, with the partition key.
KEYS: dict[str, dict[str, str]] = {
    "plain": {},
    "conversations": {"conversations": "person_id"},
    "hash": {"conversations": "person_id", "messages": "person_id"},
    "range": {"messages": "id"},
}
OPTIONS: dict[str, LiteralString] = {"conversations": " WITH (fillfactor = 60)", "messages": ""}


@dataclass(slots=True)
class Upkeep:
    """CPU time of PostgreSQL in ms to find due rows (sweep) and to delete old messages."""

    deleted: int = 0
    sweep: list[float] = field(default_factory=list)
    nothing_due: float = 0.0
    delete: float = 0.0
    vacuum: float = 0.0
    drop: float | None = None


def measured(folder: Path, people: int, rounds: int, seconds: float) -> str:
    """Fill a database, partition copies of it, then measure turns, sweeps and deletion in each.

    The rounds of turns alternate between the databases.
    """
    size.gather(folder, [people])
    with embedded.postgres(folder / "postgres", size.FILLING) as admin:
        for kind in KINDS:
            _copied(admin, people, kind)
    with open_environment(folder) as environment:
        installations = {kind: _served(environment, people, kind) for kind in KINDS}
        for each in installations.values():
            *_cost, result = size.sampled(each, environment, seconds)
            assert result.turns, "no turn was answered; the servers' logs say why"
        for number in range(rounds):
            typer.echo(f"round {number + 1} of {rounds}", err=True)
            for each in installations.values():
                each.rounds.append(size.sampled(each, environment, seconds))
        turns = table(_turns(installations))
        upkeep = {
            kind: _measure_upkeep(each.url, kind, rounds) for kind, each in installations.items()
        }
    return f"{turns}\n\n{table(_sweeps(upkeep))}"


def _name(people: int, kind: str) -> str:
    return f"kosh_{people}_{kind}"


def _copied(admin: str, people: int, kind: str) -> None:
    """Copy the filled database, and partition the tables of the copy that KEYS lists for `kind`."""
    name = _name(people, kind)
    embedded.drop_database(admin, name)
    databases = embedded.create_database(admin, name, template=f"kosh_{people}")
    with psycopg.connect(superuser_url(admin, databases), autocommit=True) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("SET maintenance_work_mem = '512MB'")
        for split, key in KEYS[kind].items():
            _split(session, split, key)
        session.execute("VACUUM ANALYZE")
    typer.echo(f"{name} is there", err=True)


def _split(session: psycopg.Connection, name: str, key: str) -> None:
    """Replace a table by a partitioned one with the same rows, indexes and rights."""
    old = f"{name}_plain"
    names = {"t": Identifier(name), "old": Identifier(old), "key": Identifier(key)}
    definitions = [*_indexes(session, name, key), *_constraints(session, name)]
    session.execute(SQL("ALTER TABLE {t} RENAME TO {old}").format(**names))
    method = SQL("HASH" if key == "person_id" else "RANGE")
    session.execute(
        SQL(
            "CREATE TABLE {t} (LIKE {old} INCLUDING DEFAULTS INCLUDING IDENTITY)"
            " PARTITION BY {method} ({key})"
        ).format(**names, method=method)
    )
    for number, bounds in enumerate(_bounds(session, old, key)):
        session.execute(
            SQL("CREATE TABLE {part} PARTITION OF {t} FOR VALUES {bounds}{options}").format(
                **names,
                part=Identifier(f"{name}_{number}"),
                bounds=bounds,
                options=SQL(OPTIONS[name]),
            )
        )
    session.execute(
        SQL("INSERT INTO {t} OVERRIDING SYSTEM VALUE SELECT * FROM {old}").format(**names)
    )
    sequence = session.execute("SELECT last_value FROM messages_id_seq").fetchone()
    session.execute(SQL("DROP TABLE {old}").format(**names))
    for definition in definitions:
        session.execute(definition.encode())
    session.execute(SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {t} TO kosh_app").format(**names))
    if name == "messages" and sequence:
        # Kosh reads the sequence by this name.
        session.execute("ALTER SEQUENCE messages_id_seq1 RENAME TO messages_id_seq")
        session.execute("SELECT setval('messages_id_seq', %s)", sequence)
        session.execute("GRANT SELECT ON SEQUENCE messages_id_seq TO kosh_app")


def _indexes(session: psycopg.Connection, name: str, key: str) -> list[str]:
    """Return the definitions of a table's indexes; a unique one must contain the partition key."""
    found = session.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename = %s", (name,)
    ).fetchall()
    return [
        text.replace("(id)", f"(id, {key})")
        if "UNIQUE" in text and key == "person_id" and "(id)" in text
        else text
        for (text,) in found
    ]


def _constraints(session: psycopg.Connection, name: str) -> list[str]:
    """Return statements that create the foreign keys and the triggers of a table again."""
    keys = session.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        (name,),
    ).fetchall()
    triggers = session.execute(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger"
        " WHERE tgrelid = %s::regclass AND NOT tgisinternal",
        (name,),
    ).fetchall()
    return [
        *(f"ALTER TABLE {name} ADD {text}" for (text,) in keys),
        *(text for (text,) in triggers),
    ]


def _bounds(session: psycopg.Connection, old: str, key: str) -> Iterator[Composable]:
    if key == "person_id":
        for number in range(PARTITIONS):
            yield SQL("WITH (MODULUS {}, REMAINDER {})").format(
                Literal(PARTITIONS), Literal(number)
            )
        return
    newest = _number(session, SQL("SELECT max(id) FROM {}").format(Identifier(old)))
    # Seven days of messages, and a partition for the messages of the measured turns.
    edges = [1 + newest * day // 7 for day in range(8)]
    for first, last in zip(edges, [*edges[1:], 10 * newest], strict=True):
        yield SQL("FROM ({}) TO ({})").format(Literal(first), Literal(last))


def _number(session: psycopg.Connection, question: SQL | Composed) -> int:
    row = session.execute(question).fetchone()
    return int(row[0]) if row else 0


def _served(environment: Environment, people: int, kind: str) -> Installation:
    databases = embedded.prepare(environment.admin, _name(people, kind))
    server = environment.serve(databases)
    return Installation(
        people, superuser_url(environment.admin, databases), server.pid, server.port
    )


def _measure_upkeep(url: str, kind: str, rounds: int) -> Upkeep:
    """Measure PostgreSQL's CPU time for the sweep, for retention, and for the vacuum after it."""
    found = Upkeep()
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor) as session:
        oldest = _number(session, SQL("SELECT min(id) FROM messages"))
        newest = _number(session, SQL("SELECT max(id) FROM messages"))
        session.execute("UPDATE messages SET done_at = kosh_now() WHERE done_at IS NOT NULL")
        session.execute("VACUUM ANALYZE messages")
        found.nothing_due = _cpu(session, RULES["messages"].text)
        session.execute(
            "UPDATE messages SET state = 'pending', done_at = NULL, due_at = kosh_now()"
            " WHERE id > $1",
            (newest - WAITING_ROWS,),
        )
        session.execute("ANALYZE messages")
        for _round in range(rounds):
            found.sweep.append(_cpu(session, DUE.text, (500,)))
        # Make the oldest seventh of the rows due for deletion: one day of seven. If the table has
        # one partition per day, these rows fill one partition.
        old = oldest + (newest - oldest) * DELETED_SHARE
        session.execute(
            "UPDATE messages SET done_at = '2020-01-01' WHERE id <= $1 AND done_at IS NOT NULL",
            (int(old),),
        )
        session.execute("VACUUM ANALYZE messages")
        before = _number(session, ROWS)
        found.delete = _cpu(session, RULES["messages"].text)
        found.deleted = before - _number(session, ROWS)
        found.vacuum = _cpu(session, b"VACUUM messages")
        if kind == "range":
            found.drop = _cpu(session, b"DROP TABLE messages_1")
    return found


def _cpu(session: psycopg.Connection, text: bytes, values: tuple[int, ...] = ()) -> float:
    """Execute a statement and return the CPU time of its server process in ms."""
    pid = session.info.backend_pid
    before = processes.cpu_seconds(pid)
    session.execute(text, values or None)
    return (processes.cpu_seconds(pid) - before) * 1e3


def _turns(installations: dict[str, Installation]) -> Iterator[tuple[str, ...]]:
    yield "tables", "GB", "server, µs", "store, µs", "both", "times plain", "store, times plain"
    plain = installations["plain"]
    for kind, each in installations.items():
        pairs = list(zip(each.rounds, plain.rounds, strict=True))
        both = median(
            (own[0] + own[1]) / (plain_round[0] + plain_round[1]) for own, plain_round in pairs
        )
        yield (
            kind,
            f"{each.select_number(size.BYTES) / 1e9:.2f}",
            f"{each.app:.0f}",
            f"{each.store:.0f}",
            f"{each.app + each.store:.0f}",
            f"{both:.2f}",
            f"{median(own[1] / plain_round[1] for own, plain_round in pairs):.2f}",
        )


def _sweeps(upkeep: dict[str, Upkeep]) -> Iterator[tuple[str, ...]]:
    yield (
        "CPU of PostgreSQL, ms", "sweep", "retention, nothing due", "retention, a seventh due",
        "rows deleted", "vacuum after it", "drop of a seventh",
    )  # fmt: skip
    for kind, each in upkeep.items():
        yield (
            kind,
            f"{median(each.sweep):.1f}",
            f"{each.nothing_due:.0f}",
            f"{each.delete:.0f}",
            f"{each.deleted:,}",
            f"{each.vacuum:.0f}",
            "" if each.drop is None else f"{each.drop:.1f}",
        )
