"""Evidence of a chaos test for the judge: the ledger, SQL reads, Valkey, logs and files."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier
from redis import Redis

from bot.embedded import postgres_tool
from tests.chaos.independent.ledger import Entry

# Queries that count unfinished work. Jobs that are due in over 10 minutes, such as periodic ones,
# are not counted.
QUEUES = {
    "messages": "SELECT count(*) FROM messages WHERE state IN ('pending', 'sending')",
    "registry_writes": "SELECT count(*) FROM registry_writes WHERE done_at IS NULL",
    "jobs": "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
    " AND COALESCE(scheduled_at, now()) <= now() + interval '10 minutes'",
    "quarantined_updates": "SELECT count(*) FROM quarantined_updates",
    "failed_messages": "SELECT count(*) FROM messages WHERE state = 'failed'",
    "failed_jobs": "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'",
}
SKIPPED_FILES = ("passwords", "keys")


@dataclass
class Evidence:
    """All evidence of a run of the test; the judge reads nothing else."""

    ledger: list[Entry]
    replies: dict[str, list[str]]
    registered: list[Entry] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    people_seen: set[str] = field(default_factory=set)
    # Texts found where they must not be, as (place, text).
    traces: list[tuple[str, str]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the evidence that an earlier run of the test left in a folder."""
        lines = (folder / "ledger.jsonl").read_text("utf-8").splitlines()
        ledger: list[Entry] = [json.loads(line) for line in lines]
        for entry in ledger:
            if entry["kind"] == "updates":
                ledger[entry["of"]]["updates"] = entry["updates"]
        stored = json.loads((folder / "evidence.json").read_text("utf-8"))
        stored["traces"] = [tuple(each) for each in stored["traces"]]
        sets = {name: set(stored[name]) for name in ("people", "people_seen")}
        return cls(ledger, **(stored | sets))

    def save(self, path: Path) -> None:
        """Write all evidence except the ledger, which has a file of its own."""
        shown = {name: value for name, value in vars(self).items() if name != "ledger"}
        path.write_text(json.dumps(shown, ensure_ascii=False, indent=1, default=sorted))


def registered(database: str) -> list[Entry]:
    """Return the entries of the registry."""
    with psycopg.connect(database) as session:
        rows = session.execute(
            "SELECT number, created_by, state, body FROM registry_sandbox.entries"
        ).fetchall()
    return [dict(zip(("number", "key", "state", "body"), row, strict=True)) for row in rows]


def unfinished(database: str) -> dict[str, int]:
    """Return the number of unfinished entries in each queue of work."""
    with psycopg.connect(database, connect_timeout=5) as session:
        return {name: _count(session, query) for name, query in QUEUES.items()}


def _count(session: psycopg.Connection[Any], query: str) -> int:
    row = session.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def people(database: str) -> set[str]:
    """Return the ids of all people whom the product knows."""
    with psycopg.connect(database, connect_timeout=5) as session:
        return {str(row[0]) for row in session.execute("SELECT id FROM people")}


def traces(
    stack_data: Path, owner: str, redis: str, logs: Path, texts: list[str], ids: set[str]
) -> list[tuple[str, str]]:
    """Return (place, text) for each text that was found where it must not be.

    `texts` must be nowhere, neither in plain text nor in hex. `ids` must be in no table.
    """
    found = []
    for place, content in _places(stack_data, owner, redis, logs):
        wanted = [*texts, *ids] if place.startswith("table ") else texts
        found += [(place, each) for each in wanted if each.encode() in content]
        found += [
            (f"{place} as hex", each) for each in texts if each.encode().hex().encode() in content
        ]
    return found


def _places(data: Path, owner: str, redis: str, logs: Path) -> Iterator[tuple[str, bytes]]:
    yield from _tables(owner)
    yield "dump", _dump(owner)
    yield "valkey", b"\n".join(_memory(redis))
    for folder in (data, logs):
        for path in folder.rglob("*"):
            if path.is_file() and not set(SKIPPED_FILES) & set(path.parts):
                yield str(path.relative_to(folder.parent)), path.read_bytes()


def _tables(owner: str) -> Iterator[tuple[str, bytes]]:
    """Yield each table's rows as text."""
    with psycopg.connect(owner) as session:
        names = session.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in names:
            query = SQL("SELECT t::text FROM {} t").format(Identifier(schema, table))
            rows = session.execute(query).fetchall()
            yield f"table {table}", "\n".join(row[0] for row in rows).encode()


def _dump(owner: str) -> bytes:
    """Return a plain-text dump of the database, with the content that a backup would have."""
    command = [str(postgres_tool("pg_dump")), "--no-password", "--dbname", owner]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _memory(redis: str) -> Iterator[bytes]:
    """Yield every key and value of Valkey."""
    parts = urlsplit(redis)
    with Redis(
        host=str(parts.hostname), port=int(parts.port or 6379),
        username=parts.username, password=parts.password,
    ) as client:  # fmt: skip
        for key in client.scan_iter():
            yield key
            match client.type(key):
                case b"string":
                    yield client.get(key) or b""
                case b"hash":
                    yield from (each for pair in client.hgetall(key).items() for each in pair)
                case b"stream":
                    entries = client.xrange(key)
                    yield from (each for _id, fields in entries for each in fields.values())
                case b"list":
                    yield from client.lrange(key, 0, -1)
                case b"set":
                    yield from client.smembers(key)
                case b"zset":
                    yield from client.zrange(key, 0, -1)
