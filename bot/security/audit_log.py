"""Audit log of officers' actions: a hash chain that reveals a missing or altered entry.

Only the database function `kosh_append_audit` can write the log; the roles of Kosh's processes can
only read it. Entries contain no names and no message text. An anchor is a copy of the last entry's
number and hash, stored outside of the database: it reveals if the log is truncated later. Retention
deletes entries older than three years, from the beginning.
"""

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Self

from psycopg import AsyncConnection
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Text,
    bindparam,
    func,
    or_,
    select,
    true,
)

from bot.db import tables as t
from bot.db.statements import Statement, execute, fetch_all, fetch_one, statement

MAX_ENTRIES = 50
AT_ONCE = 2000
# The text form of a head: number and hash. The hash is empty for an empty log.
_WRITTEN = re.compile(r"([0-9]{1,18}):((?:[0-9a-f]{64})?)")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the audit log, which contains only ids and words from fixed lists."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash of the audit log's last entry; store `str(head)` outside of the database."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text that `str(head)` returned. Raises ValueError for any other text."""
        if (found := _WRITTEN.fullmatch(text.strip())) is None:
            raise ValueError("a head is a number, a colon and 64 hex digits")
        return cls(int(found[1]), bytes.fromhex(found[2]))


async def append(
    transaction: AsyncConnection[Any], *, actor: str, action: str, subject: str, detail: str = ""
) -> None:
    """Append an entry in the caller's transaction.

    Call it last in the transaction, because it locks the head of the chain until the commit, and
    all other writers wait for the lock.
    """
    values = {"actor": actor, "action": action, "subject": subject, "detail": detail}
    await execute(transaction, APPEND, **values)


def append_if(condition: ColumnElement[bool]) -> Statement[int]:
    """Return the statement that appends an entry if `condition` is true, or else does nothing.

    The statement calls the database function, because the roles of Kosh's processes cannot write
    the table.
    """
    return statement(select(_APPENDED).where(condition))


_APPENDED = func.kosh_append_audit(
    *(bindparam(name, type_=Text()) for name in ("actor", "action", "subject", "detail")),
    type_=BigInteger(),
)
APPEND: Final = append_if(true())

_ENTRY = (
    t.AuditEntry.seq,
    t.AuditEntry.created_at,
    t.AuditEntry.actor,
    t.AuditEntry.action,
    t.AuditEntry.subject,
    t.AuditEntry.detail,
)
_BEFORE = bindparam("before", type_=BigInteger())
_ACTOR = bindparam("actor", type_=Text())
_SINCE, _UNTIL = (bindparam(each, type_=DateTime(timezone=True)) for each in ("since", "until"))
_ENTRIES = statement(
    select(*_ENTRY)
    .where(or_(_BEFORE.is_(None), t.AuditEntry.seq < _BEFORE))
    .where(or_(_ACTOR == "", t.AuditEntry.actor == _ACTOR))
    .where(t.AuditEntry.action.startswith(bindparam("kind", type_=Text()), autoescape=False))
    .where(or_(_SINCE.is_(None), t.AuditEntry.created_at >= _SINCE))
    .where(or_(_UNTIL.is_(None), t.AuditEntry.created_at < _UNTIL))
    .order_by(t.AuditEntry.seq.desc())
    .limit(bindparam("limit"))
)
_ABOUT = statement(
    select(*_ENTRY).where(t.AuditEntry.subject == bindparam("subject")).order_by(t.AuditEntry.seq)
)
HEAD: Final = statement(select(t.AuditHead.seq, t.AuditHead.hash))
_REMOVED = statement(select(t.AuditHead.removed_seq, t.AuditHead.removed_hash))
_LINKS = statement(
    select(*_ENTRY, t.AuditEntry.hash)
    .where(t.AuditEntry.seq >= bindparam("since"))
    .order_by(t.AuditEntry.seq)
    .limit(AT_ONCE)
)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Filter of audit entries; `kind` is a prefix of the action. Empty fields match every entry."""

    actor: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


ALL = EntryFilter()


async def entries(
    transaction: AsyncConnection[Any],
    before: int | None = None,
    limit: int = MAX_ENTRIES,
    entry_filter: EntryFilter = ALL,
) -> list[Entry]:
    """Return up to `limit` audit entries with numbers below `before`, newest first.

    With `before` None, start at the last entry. Row security hides entries that the session may not
    see.
    """
    values = {each.name: getattr(entry_filter, each.name) for each in fields(entry_filter)}
    found = await fetch_all(transaction, _ENTRIES, before=before, limit=limit, **values)
    return [Entry(*row) for row in found]


async def about(transaction: AsyncConnection[Any], subject: str) -> list[Entry]:
    """Return the audit entries about one subject, oldest first."""
    return [Entry(*row) for row in await fetch_all(transaction, _ABOUT, subject=subject)]


async def head(transaction: AsyncConnection[Any]) -> Head:
    """Return number and hash of the audit log's last entry."""
    row = await fetch_one(transaction, HEAD)
    assert row is not None
    return Head(*row)


async def find_broken_entry(
    transaction: AsyncConnection[Any], anchor: Head | None = None
) -> int | None:
    """Verify the log's hash chain; return the number of the first broken entry, None if intact.

    `anchor` is an earlier head that the chain must still contain. An anchor whose entry retention
    has deleted counts as broken, because nothing can confirm it.
    """
    while True:
        removed = await _last_removed(transaction)
        found = await _first_broken(transaction, removed, anchor)
        # Verify again if retention deleted entries during the verification, which may have caused
        # the gap.
        if found is None or await _last_removed(transaction) == removed:
            return found


async def _first_broken(
    transaction: AsyncConnection[Any], last: Head, anchor: Head | None
) -> int | None:
    if anchor is not None and anchor.seq <= last.seq and anchor != last:
        return anchor.seq
    # The head is read before the links: an entry that is appended between the two reads is then
    # among the links. In the other order it would look like a missing entry.
    while (now := await head(transaction)) and (links := await _links(transaction, last.seq + 1)):
        for entry, found in links:
            if entry.seq != last.seq + 1 or found != _link(last.hash, entry):
                return last.seq + 1
            last = Head(entry.seq, found)
            if anchor is not None and anchor.seq == last.seq and anchor != last:
                return last.seq
    cut = anchor is not None and anchor.seq > last.seq
    return None if now == last and not cut else last.seq + 1


async def _last_removed(transaction: AsyncConnection[Any]) -> Head:
    """Return number and hash of the last entry that retention deleted.

    The hash chain begins after this entry.
    """
    row = await fetch_one(transaction, _REMOVED)
    assert row is not None
    return Head(*row)


async def _links(transaction: AsyncConnection[Any], since: int) -> list[tuple[Entry, bytes]]:
    """Return up to AT_ONCE audit entries from number `since` on, with their hashes.

    The log is read in such portions, because the whole log would exceed memory and statement
    timeout.
    """
    found = await fetch_all(transaction, _LINKS, since=since)
    return [(Entry(*row[:-1]), row[-1]) for row in found]


def _link(before: bytes, entry: Entry) -> bytes:
    at = entry.at.astimezone(UTC).isoformat()
    parts = [str(entry.seq), at, entry.actor, entry.action, entry.subject]
    # An empty detail adds nothing to the hash, since entries written before `detail` existed must
    # keep their hash.
    parts += [entry.detail] if entry.detail else []
    return sha256(before + "\0".join(parts).encode()).digest()
