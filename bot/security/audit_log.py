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
    told = {"actor": actor, "action": action, "subject": subject, "detail": detail}
    await transaction.execute(APPEND, told)


# Hashes the same bytes as `_link`. One statement, so that other writers do not wait for round
# trips.
_APPENDING: Final = r"""
WITH head AS (
  SELECT seq + 1 AS seq, hash AS before, kosh_now() AS at FROM audit_head WHERE {} FOR UPDATE
), told AS (
  SELECT seq, before, at, ARRAY[seq::text,
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
      || coalesce('.' || nullif(to_char(at AT TIME ZONE 'UTC', 'US'), '000000'), '') || '+00:00',
    %(actor)s::text, %(action)s::text, %(subject)s::text] || nullif(%(detail)s::text, '') AS words
  FROM head
), link AS (
  SELECT seq, at, sha256(before || (
    SELECT string_agg(convert_to(word, 'UTF8'), '\x00'::bytea ORDER BY place)
    FROM unnest(words) WITH ORDINALITY AS w (word, place) WHERE word IS NOT NULL
  )) AS hash FROM told
), added AS (
  INSERT INTO audit (seq, at, actor, action, subject, detail, hash)
  SELECT seq, at, %(actor)s, %(action)s, %(subject)s, %(detail)s, hash FROM link
)
UPDATE audit_head SET seq = link.seq, hash = link.hash FROM link
"""


def appending(condition: str) -> str:
    """Return the SQL that appends an entry if `condition` holds, and otherwise does nothing."""
    return _APPENDING.format(condition)


APPEND: Final = appending("true")


async def entries(
    transaction: AsyncConnection[Any], before: int | None = None, limit: int = MAX_ENTRIES
) -> list[Entry]:
    """Return entries visible to this session, newest first, with numbers below `before`."""
    cursor = await transaction.execute(
        "SELECT seq, at, actor, action, subject, detail FROM audit"
        " WHERE %s::bigint IS NULL OR seq < %s ORDER BY seq DESC LIMIT %s",
        (before, before, limit),
    )
    return [Entry(*row) for row in await cursor.fetchall()]


async def about(transaction: AsyncConnection[Any], subject: str) -> list[Entry]:
    """Return the entries about one subject, oldest first."""
    cursor = await transaction.execute(
        "SELECT seq, at, actor, action, subject, detail FROM audit WHERE subject = %s ORDER BY seq",
        (subject,),
    )
    return [Entry(*row) for row in await cursor.fetchall()]


async def head(transaction: AsyncConnection[Any]) -> Head:
    """Return the current end of the chain."""
    cursor = await transaction.execute("SELECT seq, hash FROM audit_head")
    row = await cursor.fetchone()
    assert row is not None
    return Head(row[0], bytes(row[1]))


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
    """Return up to AT_ONCE entries from number `since`.

    Years of entries exceed both memory and the statement timeout.
    """
    cursor = await transaction.execute(
        "SELECT seq, at, actor, action, subject, detail, hash FROM audit WHERE seq >= %s"
        " ORDER BY seq LIMIT %s",
        (since, AT_ONCE),
    )
    return [(Entry(*told), bytes(link)) for *told, link in await cursor.fetchall()]


def _link(before: bytes, entry: Entry) -> bytes:
    at = entry.at.astimezone(UTC).isoformat()
    told = [str(entry.seq), at, entry.actor, entry.action, entry.subject]
    # Entries written before `detail` existed keep their hash.
    told += [entry.detail] if entry.detail else []
    return sha256(before + "\0".join(told).encode()).digest()
