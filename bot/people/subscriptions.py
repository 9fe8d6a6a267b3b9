"""Who wants to hear of what; and what they told for it, which is kept as keyed tokens only.

A token says whether a person told a value that is asked for; nobody can read a value out of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from bot.db.connection import Transaction
from bot.runtime import Runtime

KINDS = ("country", "programme", "region")


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one person gets: topics, whether only a hint of each, and which kinds they told."""

    topics: tuple[str, ...]
    discreet: bool
    told: tuple[str, ...]


def tokens(rt: Runtime, kind: str, value: str) -> list[bytes]:
    """The tokens by which people are found who told this; several during a change of keys."""
    return list(rt.vault.indexes(f"trait:{kind}", value))


async def put(
    rt: Runtime,
    transaction: Transaction,
    person_id: UUID,
    topics: tuple[str, ...],
    traits: Mapping[str, str],
    *,
    discreet: bool,
) -> None:
    """Subscribe a person to just these topics, with just these traits; what was before goes."""
    await unsubscribe(transaction, person_id)
    await transaction.execute(
        "INSERT INTO subscriptions (person_id, topic, discreet) SELECT %s, unnest(%s::text[]), %s",
        (person_id, list(topics), discreet),
    )
    kept = {kind: rt.vault.index(f"trait:{kind}", value) for kind, value in traits.items()}
    await transaction.execute(
        "INSERT INTO traits (person_id, kind, token)"
        " SELECT %s, * FROM unnest(%s::text[], %s::bytea[])",
        (person_id, list(kept), list(kept.values())),
    )


async def unsubscribe(transaction: Transaction, person_id: UUID) -> None:
    """No more announcements; what was told for them goes too."""
    for statement in (
        "DELETE FROM subscriptions WHERE person_id = %s",
        "DELETE FROM traits WHERE person_id = %s",
    ):
        await transaction.execute(statement, (person_id,))


async def of_person(transaction: Transaction, person_id: UUID) -> Subscription | None:
    """What somebody is subscribed to; None for nothing."""
    cursor = await transaction.execute(
        "SELECT array_agg(topic ORDER BY topic), bool_or(discreet),"
        " (SELECT array_agg(kind ORDER BY kind) FROM traits WHERE person_id = %(person)s)"
        " FROM subscriptions WHERE person_id = %(person)s",
        {"person": person_id},
    )
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return None
    return Subscription(tuple(row[0]), row[1], tuple(row[2] or ()))


async def idle(transaction: Transaction, after: UUID, limit: int = 100) -> list[UUID]:
    """The next who stay known for a subscription alone and have not written for 30 days."""
    cursor = await transaction.execute(
        "SELECT c.person_id FROM conversations c"
        " WHERE c.updated_at < kosh_now() - interval '30 days'"
        " AND EXISTS (SELECT FROM subscriptions s WHERE s.person_id = c.person_id)"
        " AND NOT EXISTS (SELECT FROM registrations r WHERE r.person_id = c.person_id)"
        " AND NOT EXISTS (SELECT FROM cases k WHERE k.person_id = c.person_id)"
        " AND c.person_id > %s ORDER BY c.person_id LIMIT %s",
        (after, limit),
    )
    return [row[0] for row in await cursor.fetchall()]
