"""Audit log: a hash chain of actions that reveals a missing or altered entry.

An entry's number is assigned under the lock of the chain's head. Assigned earlier, it would let
concurrent writers break the chain. Entries contain no names and no message text. A head stored
elsewhere reveals later whether the log was truncated.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from psycopg import AsyncConnection
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    LargeBinary,
    Text,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from bot.db import tables as t
from bot.db.statements import NOW, Statement, execute, fetch_all, fetch_one, statement

MAX_ENTRIES = 50
AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the chain; it contains only ids and fixed words."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain; store its `str()` elsewhere."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


async def append(
    transaction: AsyncConnection[Any], *, actor: str, action: str, subject: str, detail: str = ""
) -> None:
    """Append an entry in the caller's transaction.

    Call it as late as possible, since it locks the head and other writers wait.
    """
    values = {"actor": actor, "action": action, "subject": subject, "detail": detail}
    await execute(transaction, APPEND, **values)


def _joined(first: ColumnElement[bytes], second: ColumnElement[bytes]) -> ColumnElement[bytes]:
    return first.op("||", return_type=LargeBinary())(second)


# The same bytes as `_link` has; one statement, so that no writer waits for another's round trips.
_VALUES = {name: bindparam(name, type_=Text()) for name in ("actor", "action", "subject", "detail")}
_NUL = func.decode("00", "hex", type_=LargeBinary())


def appending(condition: ColumnElement[bool]) -> Statement[()]:
    """Return the statement that appends an entry if `condition` holds, else does nothing."""
    head = (
        select(
            (t.AuditHead.seq + 1).label("seq"), t.AuditHead.hash.label("before"), NOW.label("now")
        )
        .where(condition)
        .with_for_update()
        .cte("head")
    )
    in_utc = func.timezone("UTC", head.c.now)
    micros = func.nullif(func.to_char(in_utc, "US"), "000000")
    moment = (
        func.to_char(in_utc, 'YYYY-MM-DD"T"HH24:MI:SS', type_=Text())
        + func.coalesce("." + micros, "")
        + "+00:00"
    )
    said = _written(head.c.seq)
    for each in (moment, _VALUES["actor"], _VALUES["action"], _VALUES["subject"]):
        said = _joined(said, _joined(_NUL, _written(each)))
    detail = _joined(_NUL, _written(func.nullif(_VALUES["detail"], "")))
    said = _joined(said, func.coalesce(detail, func.decode("", "hex", type_=LargeBinary())))
    digest = func.sha256(_joined(head.c.before, said), type_=LargeBinary())
    link = select(head.c.seq, head.c.now, digest.label("hash")).cte("link")
    added = (
        insert(t.AuditEntry)
        .from_select(
            [
                t.AuditEntry.seq,
                t.AuditEntry.created_at,
                t.AuditEntry.actor,
                t.AuditEntry.action,
                t.AuditEntry.subject,
                t.AuditEntry.detail,
                t.AuditEntry.hash,
            ],
            select(link.c.seq, link.c.now, *_VALUES.values(), link.c.hash),
        )
        .cte("added")
    )
    return statement(
        update(t.AuditHead).values(seq=link.c.seq, hash=link.c.hash).where(true()).add_cte(added)
    )


def _written(expression: ColumnElement[Any]) -> ColumnElement[bytes]:
    return func.convert_to(cast(expression, Text), "UTF8", type_=LargeBinary())


APPEND: Final = appending(true())

_ENTRY = (
    t.AuditEntry.seq,
    t.AuditEntry.created_at,
    t.AuditEntry.actor,
    t.AuditEntry.action,
    t.AuditEntry.subject,
    t.AuditEntry.detail,
)
_BEFORE = bindparam("before", type_=BigInteger())
_ENTRIES = statement(
    select(*_ENTRY)
    .where(or_(_BEFORE.is_(None), t.AuditEntry.seq < _BEFORE))
    .order_by(t.AuditEntry.seq.desc())
    .limit(bindparam("limit"))
)
_ABOUT = statement(
    select(*_ENTRY).where(t.AuditEntry.subject == bindparam("subject")).order_by(t.AuditEntry.seq)
)
_HEAD = statement(select(t.AuditHead.seq, t.AuditHead.hash))
_LINKS = statement(
    select(*_ENTRY, t.AuditEntry.hash)
    .where(t.AuditEntry.seq >= bindparam("since"))
    .order_by(t.AuditEntry.seq)
    .limit(AT_ONCE)
)


async def entries(
    transaction: AsyncConnection[Any], before: int | None = None, limit: int = MAX_ENTRIES
) -> list[Entry]:
    """Return the entries with numbers below `before` that the session may see, newest first."""
    found = await fetch_all(transaction, _ENTRIES, before=before, limit=limit)
    return [Entry(*row) for row in found]


async def about(transaction: AsyncConnection[Any], subject: str) -> list[Entry]:
    """Return the entries about one object, oldest first."""
    return [Entry(*row) for row in await fetch_all(transaction, _ABOUT, subject=subject)]


async def head(transaction: AsyncConnection[Any]) -> Head:
    """Return the current end of the chain."""
    row = await fetch_one(transaction, _HEAD)
    assert row is not None
    return Head(*row)


async def broken(transaction: AsyncConnection[Any], kept: str = "") -> int | None:
    """Return the number of the first broken entry; None if the chain is intact.

    `kept` is an earlier head, as printed; the chain must still contain it.
    """
    kept_seq, _colon, kept_hash = kept.partition(":")
    before, expected = b"", 1
    # Read the head before the links. If no link follows it, the chain did not grow meanwhile.
    while (now := await head(transaction)) and (links := await _links(transaction, expected)):
        for entry, found in links:
            if entry.seq != expected or found != _link(before, entry):
                return expected
            if str(entry.seq) == kept_seq and found.hex() != kept_hash:
                return entry.seq
            before, expected = found, entry.seq + 1
    cut = kept_seq.isdecimal() and int(kept_seq) >= expected
    return None if (now.seq, now.hash) == (expected - 1, before) and not cut else expected


async def _links(transaction: AsyncConnection[Any], since: int) -> list[tuple[Entry, bytes]]:
    """Return up to AT_ONCE entries: the whole log would exceed memory and statement timeout."""
    found = await fetch_all(transaction, _LINKS, since=since)
    return [(Entry(*row[:-1]), row[-1]) for row in found]


def _link(before: bytes, entry: Entry) -> bytes:
    at = entry.at.astimezone(UTC).isoformat()
    fields = [str(entry.seq), at, entry.actor, entry.action, entry.subject]
    # Entries written before `detail` existed keep their hash.
    fields += [entry.detail] if entry.detail else []
    return sha256(before + "\0".join(fields).encode()).digest()
