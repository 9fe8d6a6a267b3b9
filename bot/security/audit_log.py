"""The audit log: who did what, in a chain of hashes that shows a missing or altered link.

The number of a row is drawn under the lock of the chain's head; drawn before it, links break
under concurrency (security.md 4.6). No names, no message text. The head, kept elsewhere, shows
later whether the log was cut off at its end.
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
    """A link: ids and words of ours only."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last link; `str()` of it is what to keep elsewhere."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


async def append(
    transaction: AsyncConnection[Any], *, actor: str, action: str, subject: str, detail: str = ""
) -> None:
    """Add a link in the caller's transaction, as late in it as can be: writers wait in line."""
    told = {"actor": actor, "action": action, "subject": subject, "detail": detail}
    await transaction.execute(APPEND, told)


# The same bytes as `_link` has; one statement, so that nobody waits for our trips.
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
    """What adds a link where a condition holds, and else does nothing."""
    return _APPENDING.format(condition)


APPEND: Final = appending("true")


async def entries(
    transaction: AsyncConnection[Any], before: int | None = None, limit: int = MAX_ENTRIES
) -> list[Entry]:
    """Links that the session may see, newest first, of numbers below `before`."""
    cursor = await transaction.execute(
        "SELECT seq, at, actor, action, subject, detail FROM audit"
        " WHERE %s::bigint IS NULL OR seq < %s ORDER BY seq DESC LIMIT %s",
        (before, before, limit),
    )
    return [Entry(*row) for row in await cursor.fetchall()]


async def about(transaction: AsyncConnection[Any], subject: str) -> list[Entry]:
    """What was done with one thing, oldest first."""
    cursor = await transaction.execute(
        "SELECT seq, at, actor, action, subject, detail FROM audit WHERE subject = %s ORDER BY seq",
        (subject,),
    )
    return [Entry(*row) for row in await cursor.fetchall()]


async def head(transaction: AsyncConnection[Any]) -> Head:
    """The end of the chain as it is now."""
    cursor = await transaction.execute("SELECT seq, hash FROM audit_head")
    row = await cursor.fetchone()
    assert row is not None
    return Head(row[0], bytes(row[1]))


async def broken(transaction: AsyncConnection[Any], kept: str = "") -> int | None:
    """The number of the first link that does not fit; None when the chain is whole.

    `kept` is a head of earlier, as printed: the chain must still go through it.
    """
    kept_seq, _colon, kept_hash = kept.partition(":")
    before, expected = b"", 1
    # The head first: if nothing comes after that, nobody has added a link in between.
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
    """Some links at a time: years of them fit neither into memory nor into a statement's time."""
    cursor = await transaction.execute(
        "SELECT seq, at, actor, action, subject, detail, hash FROM audit WHERE seq >= %s"
        " ORDER BY seq LIMIT %s",
        (since, AT_ONCE),
    )
    return [(Entry(*told), bytes(link)) for *told, link in await cursor.fetchall()]


def _link(before: bytes, entry: Entry) -> bytes:
    at = entry.at.astimezone(UTC).isoformat()
    told = [str(entry.seq), at, entry.actor, entry.action, entry.subject]
    # Links of before there were details stay as they were.
    told += [entry.detail] if entry.detail else []
    return sha256(before + "\0".join(told).encode()).digest()
