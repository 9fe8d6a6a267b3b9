"""Subscriptions to announcements; attributes of the subscribers are stored as keyed hashes.

A hash (blind index) can be compared with the hash of a given value, but the value cannot be
computed from the hash.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    ago,
    any_of,
    arrays,
    execute,
    fetch_one,
    fetch_value,
    fetch_values,
    statement,
)
from bot.i18n.formats import names
from bot.runtime import Runtime
from flows import lifetimes
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.regions import REGIONS
from flows.list_changes import LIST, LIST_COUNTRY

KINDS = ("country", "programme", "region")
# Attributes of people who want a message when their checklist changes. These people need no
# subscription.
LIST_KINDS = (LIST, LIST_COUNTRY)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person's subscription to announcements of the `topics`.

    If `discreet` is True, the person gets only notices that there is news. `declared` are the kinds
    of attributes stored for the person.
    """

    topics: tuple[str, ...]
    discreet: bool
    declared: tuple[str, ...]


def tokens(rt: Runtime, kind: str, value: str) -> list[bytes]:
    """Return the keyed hash of a value, or several hashes while the index key is rotated."""
    return list(rt.vault.indexes(f"trait:{kind}", value))


_PERSON = bindparam("person", type_=Uuid())
_ADD_TOPICS = statement(
    insert(t.Subscription).from_select(
        [t.Subscription.person_id, t.Subscription.topic, t.Subscription.discreet],
        select(
            _PERSON,
            func.unnest(bindparam("topics", type_=ARRAY(Text))),
            bindparam("discreet", type_=Boolean()),
        ),
    )
)
_ATTRIBUTES = arrays(kind=Text, token=LargeBinary)
_ADD_ATTRIBUTES = statement(
    insert(t.AudienceAttribute).from_select(
        [t.AudienceAttribute.person_id, t.AudienceAttribute.kind, t.AudienceAttribute.token],
        select(_PERSON, _ATTRIBUTES.c.kind, _ATTRIBUTES.c.token),
    )
)
_KIND, _TOKEN = t.AudienceAttribute.kind, t.AudienceAttribute.token
_STOP_TOPICS = statement(delete(t.Subscription).where(t.Subscription.person_id == _PERSON))
_STOP_KINDS = statement(
    delete(t.AudienceAttribute).where(
        t.AudienceAttribute.person_id == _PERSON,
        any_(bindparam("kinds", type_=ARRAY(Text))) == _KIND,
    )
)
_REINDEX = statement(
    update(t.AudienceAttribute)
    .where(bindparam("of_kind") == _KIND, any_of(_TOKEN, "before"))
    .values(token=bindparam("now"))
)
_COUNT_TOKENS = statement(
    select(func.count()).select_from(t.AudienceAttribute).where(any_of(_TOKEN, "tokens"))
)
_SORTED_KINDS = func.array_agg(_KIND).aggregate_order_by(_KIND)
_OF_PERSON = statement(
    select(
        func.array_agg(t.Subscription.topic).aggregate_order_by(t.Subscription.topic),
        func.bool_or(t.Subscription.discreet),
        select(_SORTED_KINDS)
        .where(t.AudienceAttribute.person_id == _PERSON, _KIND.in_(KINDS))
        .scalar_subquery(),
    ).where(t.Subscription.person_id == _PERSON)
)
_OF_CONVERSATION = t.Conversation.person_id
_IDLE = statement(
    select(_OF_CONVERSATION)
    .where(
        t.Conversation.updated_at < ago(days=lifetimes.DRAFT_DAYS),
        exists().where(t.Subscription.person_id == _OF_CONVERSATION),
        # Retention deletes people who have blocked the bot on all channels. A change of their
        # conversation would make them active again.
        exists().where(t.Handle.person_id == _OF_CONVERSATION, ~t.Handle.blocked),
        ~exists().where(t.Registration.person_id == _OF_CONVERSATION),
        ~exists().where(t.Case.person_id == _OF_CONVERSATION),
        bindparam("after") < _OF_CONVERSATION,
    )
    .order_by(_OF_CONVERSATION)
    .limit(bindparam("limit"))
)


async def put(
    rt: Runtime,
    transaction: Transaction,
    person_id: UUID,
    topics: tuple[str, ...],
    traits: Mapping[str, str],
    *,
    discreet: bool,
) -> None:
    """Replace a person's subscription: store exactly these topics and attributes."""
    await execute(transaction, _STOP_TOPICS, person=person_id)
    await execute(
        transaction, _ADD_TOPICS, person=person_id, topics=list(topics), discreet=discreet
    )
    await _put_traits(rt, transaction, person_id, KINDS, traits)


async def watch_list(
    rt: Runtime, transaction: Transaction, person_id: UUID, traits: Mapping[str, str]
) -> None:
    """Store the attributes of the person's checklist, to send a message when its rules change.

    Empty `traits` end these messages.
    """
    await _put_traits(rt, transaction, person_id, LIST_KINDS, traits)


async def _put_traits(
    rt: Runtime,
    transaction: Transaction,
    person_id: UUID,
    kinds: tuple[str, ...],
    traits: Mapping[str, str],
) -> None:
    await execute(transaction, _STOP_KINDS, person=person_id, kinds=list(kinds))
    tokens = {kind: rt.vault.index(f"trait:{kind}", value) for kind, value in traits.items()}
    await execute(
        transaction,
        _ADD_ATTRIBUTES,
        person=person_id,
        kind=list(tokens),
        token=list(tokens.values()),
    )


async def reindex(rt: Runtime, transaction: Transaction, kind: str, value: str) -> None:
    """Recompute the keyed hashes of a value that were computed with an older index key."""
    now, *before = tokens(rt, kind, value)
    if before:
        await execute(transaction, _REINDEX, now=now, of_kind=kind, before=before)


async def count_under_index(rt: Runtime, transaction: Transaction, version: int) -> int:
    """Return how many attributes have a hash of the index key of this version."""
    pairs = [(f"trait:{kind}", value) for kind, value in indexed_values()]
    found = [rt.vault.index_under(version, *pair) for pair in pairs]
    tokens = [token for token in found if token is not None]
    return await fetch_value(transaction, _COUNT_TOKENS, tokens=tokens) or 0


def indexed_values() -> Iterator[tuple[str, str]]:
    """Yield the kinds and values of all attributes by which announcements select people."""
    countries, programmes = names("kk").countries, [each.key for each in PROGRAMMES]
    values: Mapping[str, Iterable[str]] = {
        "country": countries,
        "programme": programmes,
        "region": [each.key for each in REGIONS],
        LIST: programmes,
        LIST_COUNTRY: countries,
    }
    for kind, known in values.items():
        for value in known:
            yield kind, value


async def unsubscribe(transaction: Transaction, person_id: UUID) -> None:
    """Delete a person's subscription, with its attributes and those of the checklist."""
    await execute(transaction, _STOP_TOPICS, person=person_id)
    await execute(transaction, _STOP_KINDS, person=person_id, kinds=[*KINDS, *LIST_KINDS])


async def of_person(transaction: Transaction, person_id: UUID) -> Subscription | None:
    """Return a person's subscription; None if the person has none."""
    row = await fetch_one(transaction, _OF_PERSON, person=person_id)
    if row is None or not row[0]:
        return None
    return Subscription(tuple(row[0]), row[1], tuple(row[2] or ()))


async def idle(transaction: Transaction, after: UUID, limit: int = 100) -> list[UUID]:
    """Return a page of people who have only a subscription and wrote nothing for 30 days.

    These people have neither a registration nor a case. `after` is the last id of the previous page
    of results.
    """
    return await fetch_values(transaction, _IDLE, after=after, limit=limit)
