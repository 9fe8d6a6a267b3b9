"""Reads the state after a chaos test: database, registry, logs, and the memory of processes."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
import redis

from bot.security import audit_log
from bot.security.key_files import Keys
from bot.security.vault import PersonKey, Vault, WrappedKey
from flows import FLOWS
from flows.engine.state import Conversation
from tests.chaos.people import InventedPerson
from tests.chaos.processes import KOSH_PROCESSES, MAX_SHUTDOWN_SECONDS, Processes

OPEN: LiteralString = """
SELECT (SELECT count(*) FROM messages WHERE state IN ('pending', 'sending'))
  + (SELECT count(*) FROM registry_writes WHERE state IN ('pending', 'sending', 'unknown'))
  + (SELECT count(*) FROM registrations WHERE state IN ('pending', 'received'))
  + (SELECT count(*) FROM case_files WHERE state = 'fetching')
"""
"""Query that counts unfinished messages, registry writes, registrations and files."""


@dataclass(frozen=True)
class Row:
    """A row of the outbox, which is Kosh's table of replies to send.

    `stale` is True if an officer took the conversation over after the row was written.
    """

    id: int
    act: str
    state: str
    messages: tuple[int, ...]
    stale: bool


@dataclass(frozen=True)
class Registration:
    """One registration as stored by Kosh."""

    chat: int
    state: str
    number: str


@dataclass(frozen=True)
class Ledger:
    """Final state of a chaos test, as stored by Kosh and by the registry.

    `words` are the messages to officers by chat, in order, and `rows` the outbox rows by chat.
    `registrations` are those stored by Kosh, `entries` those of the registry. `findings` are
    further counts, most of which must be zero.
    """

    words: dict[int, list[str]]
    rows: dict[int, list[Row]]
    registrations: list[Registration]
    entries: list[dict[str, Any]]
    findings: dict[str, int] = field(default_factory=dict)


async def read(
    processes: Processes, people: Iterable[InventedPerson], entries: list[Any]
) -> Ledger:
    """Read everything that `history` checks; decrypt texts with the installation's keys."""
    found = await asyncio.to_thread(_read, processes, people, entries)
    async with await psycopg.AsyncConnection.connect(processes.database) as session:
        found.findings["broken_audit_chain"] = (
            await audit_log.find_broken_entry(session) is not None
        )
    return found


def _read(processes: Processes, people: Iterable[InventedPerson], entries: list[Any]) -> Ledger:
    vault = Vault(Keys.load(processes.keys))
    with psycopg.connect(processes.database) as session:
        known = _known(session, vault, people)
        findings = {
            "people_without_handle": _count(session, WITHOUT_HANDLE),
            "orphaned_rows": _count(session, ORPHANED_ROWS),
            "invalid_conversations": sum(map(_is_invalid, _conversations(session, known))),
            "leaked_names": _count_leaked_names(processes),
            "peak_memory_mb": _memory(processes),
            "unexpected_exits": processes.unexpected_exits,
            "slow_shutdowns": sum(
                each > MAX_SHUTDOWN_SECONDS for each in processes.shutdown_seconds
            ),
            "late_503_responses": processes.late_503_responses,
            "unanswered_readiness_checks": processes.unanswered_readiness_checks,
            "starts_with_wrong_keys": processes.wrong_key_starts - processes.wrong_key_refusals,
        }
        return Ledger(
            words=_words(session, known),
            rows=_rows(session, known),
            registrations=_registrations(session, known),
            entries=entries,
            findings=findings,
        )


type Known = dict[UUID, tuple[int, PersonKey]]


def _known(session: psycopg.Connection, vault: Vault, people: Iterable[InventedPerson]) -> Known:
    chats = {vault.index("telegram", str(each.chat)): each.chat for each in people}
    found = session.execute(
        "SELECT p.id, h.blind_index, p.key, p.key_version FROM people p"
        " JOIN handles h ON h.person_id = p.id WHERE h.channel = 'telegram'"
    )
    return {
        person: (chats[bytes(index)], vault.open(person, WrappedKey(epoch, bytes(key))))
        for person, index, key, epoch in found
    }


def _words(session: psycopg.Connection, known: Known) -> dict[int, list[str]]:
    words = defaultdict(list)
    found = session.execute("SELECT person_id, case_id, body FROM case_messages ORDER BY id")
    for person, case, body in found:
        chat, key = known[person]
        words[chat].append(key.unseal(bytes(body), "case_words", "body", str(case)).decode())
    return dict(words)


def _rows(session: psycopg.Connection, known: Known) -> dict[int, list[Row]]:
    rows = defaultdict(list)
    found = session.execute(
        "SELECT m.person_id, m.id, m.act, m.state, m.external_id,"
        " coalesce(m.ownership_version < c.ownership_version, false) FROM messages m"
        " JOIN conversations c USING (person_id) ORDER BY m.id"
    )
    for person, row, act, state, external, stale in found:
        ids = tuple(int(each) for each in (external or "").split(",") if each)
        rows[known[person][0]].append(Row(row, act, state, ids, stale))
    return dict(rows)


def _registrations(session: psycopg.Connection, known: Known) -> list[Registration]:
    found = session.execute("SELECT person_id, state, number FROM registrations")
    return [Registration(known[person][0], state, number or "") for person, state, number in found]


WITHOUT_HANDLE: LiteralString = """
SELECT count(*) FROM people p
WHERE NOT EXISTS (SELECT FROM handles h WHERE h.person_id = p.id)
"""
"""Query that counts people without a handle, whom no update can reach."""

ORPHANED_ROWS: LiteralString = """
SELECT (SELECT count(*) FROM people p
    WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.person_id = p.id))
  + (SELECT count(*) FROM messages m WHERE NOT EXISTS
    (SELECT FROM people p WHERE p.id = m.person_id))
  + (SELECT count(*) FROM messages WHERE state = 'sending' AND lease_until IS NULL)
  + (SELECT count(*) FROM registry_writes w WHERE NOT EXISTS
    (SELECT FROM registrations r WHERE r.id = w.registration_id))
"""
"""Query that counts rows whose parent row is missing, and claims without a lease."""


def _count(session: psycopg.Connection, query: LiteralString) -> int:
    row = session.execute(query).fetchone()
    assert row is not None
    return int(row[0])


# Check that every conversation is in an existing flow, at one of its questions, and contains only
# answers to its questions.


def _conversations(session: psycopg.Connection, known: Known) -> Iterable[Conversation]:
    decode = msgspec.json.Decoder(Conversation).decode
    found = session.execute("SELECT person_id, state FROM conversations")
    for person, state in found:
        yield decode(known[person][1].unseal(bytes(state), "conversations", "state", ""))


def _is_invalid(conversation: Conversation) -> bool:
    question = conversation.asked
    here = {name for name in (conversation.flow, conversation.suspended_flow) if name}
    if not (here | set(conversation.forms)) <= set(FLOWS):
        return True
    if (
        question
        and question.flow
        and not question.key.startswith("~")
        and not _knows(question.flow, question.key)
    ):
        return True
    answers = [(name, key) for name, form in conversation.forms.items() for key in form.answers]
    return not all(_knows(name, key) for name, key in answers)


def _knows(flow: str, key: str) -> bool:
    """Return True if the flow has the question `key`, or if it is the next release's ("pets")."""
    name = key.partition("@")[0]
    return FLOWS[flow].find(name) is not None or name == "pets"


# Check that people's names are only where they are permitted.


CANARY = re.compile(rb"TESTOVA[A-Z]{4}")


def _count_leaked_names(processes: Processes) -> int:
    """Count the logs, Valkey keys and command lines that contain a person's name in plain text."""
    logs = [*processes.folder.glob("*.log"), processes.folder / "postgres" / "log"]
    seen = [path.read_bytes() for path in logs if path.exists() and path.name != "platform.log"]
    seen += [_words_of(processes.children[name].pid) for name in KOSH_PROCESSES]
    with redis.Redis.from_url(processes.redis) as client:
        seen += [key + (client.dump(key) or b"") for key in client.scan_iter()]
    return sum(bool(CANARY.search(each)) for each in seen)


def _words_of(pid: int) -> bytes:
    folder = Path(f"/proc/{pid}")
    return (folder / "cmdline").read_bytes() if folder.exists() else b""


def _memory(processes: Processes) -> int:
    """Return the resident memory of Kosh's largest process, in megabytes."""
    sizes = [Path(f"/proc/{processes.children[name].pid}/statm") for name in KOSH_PROCESSES]
    pages = [int(each.read_text().split()[1]) for each in sizes if each.exists()]
    return max(pages, default=0) * 4096 // 10**6
