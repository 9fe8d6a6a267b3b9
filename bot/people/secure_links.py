"""One-time links that open the secure page."""

from dataclasses import dataclass
from secrets import token_urlsafe
from uuid import UUID

from bot.db.connection import Transaction
from bot.people.identities import Person, load
from bot.runtime import Runtime

LINK_MINUTES = 10
VISIT_MINUTES = 30


async def create_link(rt: Runtime, transaction: Transaction, person: Person, channel: str) -> str:
    """A new one-time link's token for the secure page; links before it no longer work."""
    token = token_urlsafe(24)
    await transaction.execute(
        "DELETE FROM links WHERE person_id = %s AND used_at IS NULL", (person.id,)
    )
    await transaction.execute(
        "INSERT INTO links (token, person_id, channel, expires_at)"
        " VALUES (%s, %s, %s, kosh_now() + make_interval(mins => %s))",
        (rt.vault.index("link", token), person.id, channel, LINK_MINUTES),
    )
    return token


@dataclass(frozen=True, slots=True)
class SecureLink:
    """Somebody who holds a link that still works: the language and channel they come from."""

    person_id: UUID
    language: str
    channel: str


async def peek_link(rt: Runtime, transaction: Transaction, token: str) -> SecureLink | None:
    """Whom a link would let in; None for one that is used, expired or unknown."""
    cursor = await transaction.execute(
        "SELECT l.person_id, c.language, l.channel FROM links l"
        " JOIN conversations c ON c.person_id = l.person_id"
        " WHERE l.token = ANY(%s) AND l.used_at IS NULL AND l.expires_at > kosh_now()",
        (list(rt.vault.indexes("link", token)),),
    )
    row = await cursor.fetchone()
    return SecureLink(*row) if row else None


async def redeem_link(rt: Runtime, transaction: Transaction, token: str) -> str | None:
    """Use a link up: the name of a web chat that is the person's for half an hour."""
    cursor = await transaction.execute(
        "UPDATE links SET used_at = kosh_now()"
        " WHERE token = ANY(%s) AND used_at IS NULL AND expires_at > kosh_now()"
        " RETURNING person_id, channel",
        (list(rt.vault.indexes("link", token)),),
    )
    row = await cursor.fetchone()
    person = await load(rt, transaction, row[0]) if row else None
    if row is None or person is None:
        return None
    name = token_urlsafe(24)
    # One device at a time: a visit that was begun before ends here.
    await transaction.execute(
        "DELETE FROM handles WHERE person_id = %s AND home IS NOT NULL", (person.id,)
    )
    await transaction.execute(
        "INSERT INTO handles (channel, bidx, index_version, person_id, address, home, until)"
        " VALUES ('web', %s, %s, %s, %s, %s, kosh_now() + make_interval(mins => %s))",
        (
            rt.vault.index("web", name),
            rt.vault.index_version,
            person.id,
            person.key.seal(name.encode(), "handles", "address", "web"),
            row[1],
            VISIT_MINUTES,
        ),
    )
    return name
