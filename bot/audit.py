"""The audit log: who did what, in a chain of hashes that shows a missing or altered link.

The number of a row is drawn under the lock of the chain's head; drawn before it, links break
under concurrency (security.md 4.6). No names, no message text.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg import AsyncConnection


async def append(session: AsyncConnection[Any], *, actor: str, action: str, subject: str) -> None:
    """Add a link in the caller's transaction; ids and words of ours only."""
    cursor = await session.execute("SELECT seq, hash, kosh_now() FROM audit_head FOR UPDATE")
    row = await cursor.fetchone()
    assert row is not None
    seq, before, at = row[0] + 1, bytes(row[1]), row[2]
    link = _link(before, seq, at, actor, action, subject)
    await session.execute(
        "INSERT INTO audit (seq, at, actor, action, subject, hash) VALUES (%s, %s, %s, %s, %s, %s)",
        (seq, at, actor, action, subject, link),
    )
    await session.execute("UPDATE audit_head SET seq = %s, hash = %s", (seq, link))


async def broken(session: AsyncConnection[Any]) -> int | None:
    """The number of the first link that does not fit; None when the chain is whole."""
    cursor = await session.execute(
        "SELECT seq, at, actor, action, subject, hash FROM audit ORDER BY seq"
    )
    before, expected = b"", 1
    async for seq, at, actor, action, subject, link in cursor:
        if seq != expected or bytes(link) != _link(before, seq, at, actor, action, subject):
            return expected
        before, expected = bytes(link), seq + 1
    head = await (await session.execute("SELECT seq, hash FROM audit_head")).fetchone()
    whole = head is not None and (head[0], bytes(head[1])) == (expected - 1, before)
    return None if whole else expected


def _link(before: bytes, seq: int, at: datetime, actor: str, action: str, subject: str) -> bytes:
    told = "\0".join((str(seq), at.isoformat(), actor, action, subject))
    return sha256(before + told.encode()).digest()
