"""One-time links to the secure page, on which people enter private data."""

from dataclasses import dataclass
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    NOW,
    any_of,
    execute,
    fetch_one,
    fetch_value,
    minutes_from_now,
    statement,
)
from bot.people.identities import Person, load
from bot.runtime import Runtime

LINK_MINUTES = 10
VISIT_MINUTES = 30


_USABLE = (
    any_of(t.SecureLink.token, "tokens"),
    t.SecureLink.used_at.is_(None),
    t.SecureLink.expires_at > NOW,
)
_DROP_UNUSED = statement(
    delete(t.SecureLink).where(
        t.SecureLink.person_id == bindparam("person"), t.SecureLink.used_at.is_(None)
    )
)
_CREATE = statement(
    insert(t.SecureLink).values(
        token=bindparam("index"),
        person_id=bindparam("person"),
        channel=bindparam("from_channel"),
        expires_at=minutes_from_now(LINK_MINUTES),
    )
)
_PEEK = statement(
    select(t.SecureLink.person_id, t.Conversation.language, t.SecureLink.channel)
    .join(t.Conversation, t.Conversation.person_id == t.SecureLink.person_id)
    .where(*_USABLE)
)
_OWNER = statement(select(t.SecureLink.person_id).where(any_of(t.SecureLink.token, "tokens")))
_REDEEM = statement(
    update(t.SecureLink)
    .where(*_USABLE)
    .values(used_at=NOW)
    .returning(t.SecureLink.person_id, t.SecureLink.channel)
)
_END_VISITS = statement(
    delete(t.Handle).where(t.Handle.person_id == bindparam("person"), t.Handle.home.is_not(None))
)
_BEGIN_VISIT = statement(
    insert(t.Handle).values(
        channel="web",
        blind_index=bindparam("index"),
        index_version=bindparam("version"),
        person_id=bindparam("person"),
        address=bindparam("sealed"),
        home=bindparam("from_channel"),
        expires_at=minutes_from_now(VISIT_MINUTES),
    )
)


async def create_link(rt: Runtime, transaction: Transaction, person: Person, channel: str) -> str:
    """Create a one-time link to the secure page and return its token.

    The person's earlier links become invalid.
    """
    token = token_urlsafe(24)
    await execute(transaction, _DROP_UNUSED, person=person.id)
    index = rt.vault.index("link", token)
    await execute(transaction, _CREATE, index=index, person=person.id, from_channel=channel)
    return token


async def end_visits(transaction: Transaction, person: Person) -> int:
    """End the person's visits to the secure page; return their number."""
    return await execute(transaction, _END_VISITS, person=person.id)


async def drop_unused(transaction: Transaction, person: Person) -> None:
    """Delete the person's links to the secure page that were not opened yet."""
    await execute(transaction, _DROP_UNUSED, person=person.id)


@dataclass(frozen=True, slots=True)
class SecureLink:
    """A valid link to the secure page: its person, language, and the channel of its creation."""

    person_id: UUID
    language: str
    channel: str


async def peek_link(rt: Runtime, transaction: Transaction, token: str) -> SecureLink | None:
    """Return a link without redeeming it; None if the link is used, expired or unknown."""
    row = await fetch_one(transaction, _PEEK, tokens=list(rt.vault.indexes("link", token)))
    return SecureLink(*row) if row else None


async def find_owner(rt: Runtime, transaction: Transaction, token: str) -> UUID | None:
    """Return the person of a link, even if it is used or expired; None if it is not stored."""
    tokens = list(rt.vault.indexes("link", token))
    return await fetch_value(transaction, _OWNER, tokens=tokens)


async def redeem_link(rt: Runtime, transaction: Transaction, token: str) -> str | None:
    """Redeem a link; return the handle of a new visit, which is valid for 30 minutes.

    Returns None if the link is used, expired or unknown.
    """
    row = await fetch_one(transaction, _REDEEM, tokens=list(rt.vault.indexes("link", token)))
    person = await load(rt, transaction, row[0]) if row else None
    if row is None or person is None:
        return None
    name = token_urlsafe(24)
    # The page is open on only one device at a time, so a new visit ends an earlier visit.
    await execute(transaction, _END_VISITS, person=person.id)
    await execute(
        transaction,
        _BEGIN_VISIT,
        index=rt.vault.index("web", name),
        version=rt.vault.index_version,
        person=person.id,
        sealed=person.key.seal(name.encode(), "handles", "address", "web"),
        from_channel=row[1],
    )
    return name
