"""What the database and the registry hold when all is over."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from bot.keys import Keys
from bot.vault import PersonKey, Vault, WrappedKey
from tests.chaos.people import Somebody

OPEN: LiteralString = """
SELECT (SELECT count(*) FROM messages WHERE state IN ('pending', 'sending'))
  + (SELECT count(*) FROM registry_writes WHERE state IN ('pending', 'sending', 'unknown'))
  + (SELECT count(*) FROM registrations WHERE state IN ('pending', 'received'))
"""
"""How much is still under way."""


@dataclass(frozen=True)
class Row:
    """A row of the outbox; `stale` when the conversation has changed hands since."""

    id: int
    act: str
    state: str
    messages: tuple[int, ...]
    stale: bool


@dataclass(frozen=True)
class Registration:
    """One registration as the bot knows it."""

    chat: int
    state: str
    number: str


@dataclass(frozen=True)
class Ledger:
    """By chat: words to officers in their order, rows of the outbox; and all registrations."""

    words: dict[int, list[str]]
    rows: dict[int, list[Row]]
    registrations: list[Registration]
    entries: list[dict[str, Any]]
    nameless: int


def read(database: str, keys: Path, people: Iterable[Somebody], entries: list[Any]) -> Ledger:
    """Everything that `history` asks about; the words are opened with the installation's keys."""
    vault = Vault(Keys.load(keys))
    with psycopg.connect(database) as session:
        known = _known(session, vault, people)
        return Ledger(
            words=_words(session, known),
            rows=_rows(session, known),
            registrations=_registrations(session, known),
            entries=entries,
            nameless=_nameless(session),
        )


type Known = dict[UUID, tuple[int, PersonKey]]


def _known(session: psycopg.Connection, vault: Vault, people: Iterable[Somebody]) -> Known:
    chats = {vault.index("telegram", str(who.chat)): who.chat for who in people}
    found = session.execute(
        "SELECT p.id, h.bidx, p.key, p.key_epoch FROM people p"
        " JOIN handles h ON h.person_id = p.id WHERE h.channel = 'telegram'"
    )
    return {
        person: (chats[bytes(index)], vault.open(person, WrappedKey(epoch, bytes(key))))
        for person, index, key, epoch in found
    }


def _words(session: psycopg.Connection, known: Known) -> dict[int, list[str]]:
    words = defaultdict(list)
    found = session.execute("SELECT person_id, case_id, body FROM case_words ORDER BY id")
    for person, case, body in found:
        chat, key = known[person]
        words[chat].append(key.unseal(bytes(body), "case_words", "body", str(case)).decode())
    return dict(words)


def _rows(session: psycopg.Connection, known: Known) -> dict[int, list[Row]]:
    rows = defaultdict(list)
    found = session.execute(
        "SELECT m.person_id, m.id, m.act, m.state, m.external_id,"
        " coalesce(m.epoch < c.epoch, false) FROM messages m"
        " JOIN conversations c USING (person_id) ORDER BY m.id"
    )
    for person, row, act, state, external, stale in found:
        ids = tuple(int(each) for each in (external or "").split(",") if each)
        rows[known[person][0]].append(Row(row, act, state, ids, stale))
    return dict(rows)


def _registrations(session: psycopg.Connection, known: Known) -> list[Registration]:
    found = session.execute("SELECT person_id, state, number FROM registrations")
    return [Registration(known[person][0], state, number or "") for person, state, number in found]


def _nameless(session: psycopg.Connection) -> int:
    """People whom no handle leads to."""
    row = session.execute(
        "SELECT count(*) FROM people p"
        " WHERE NOT EXISTS (SELECT FROM handles h WHERE h.person_id = p.id)"
    ).fetchone()
    assert row is not None
    return int(row[0])
