"""SQL statements of a turn: claim and save a conversation, queue messages, record updates."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    Values,
    and_,
    bindparam,
    case,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from bot.db import tables as t
from bot.db.statements import NOW, Statement, seconds, statement
from bot.people.identities import IS_CURRENT

_PERSON = bindparam("person", type_=Uuid())
_CHANNEL = bindparam("channel", type_=Text())
# Upper bound of an open-ended array slice, for which SQLAlchemy has no expression.
_END = 2**31 - 1

_LOCKED: Select[*tuple[Any, ...]] = (
    select(
        t.Conversation.person_id,
        t.Conversation.state,
        t.Conversation.ownership_version,
        t.Person.key,
        t.Person.key_version,
        t.Handle.address,
        t.Handle.home,
        t.Handle.spoke_at,
        t.Handle.blocked,
        t.Handle.joined_by,
    )
    .select_from(t.Handle)
    .join(t.Conversation, t.Conversation.person_id == t.Handle.person_id)
    .join(t.Person, t.Person.id == t.Handle.person_id)
)


def _key(name: str) -> ColumnElement[bytes]:
    return bindparam(name, type_=LargeBinary())


def _at_handle(keys: int) -> ColumnElement[bool]:
    """Return the condition that selects a person's handle by its blind indexes (keyed hashes).

    `keys` is the number of index keys. Each index is a parameter of its own. With an array of
    unknown length, PostgreSQL would plan the statement again at each call.
    """
    handles = [_key(f"handle_{n}") for n in range(keys)]
    return and_(t.Handle.channel == _CHANNEL, t.Handle.blind_index.in_(handles), IS_CURRENT)


_ONE = select(literal_column("1").label("one")).subquery("one")


@cache
def claim(keys: int) -> Statement[*tuple[Any, ...]]:
    """Return the statement that locks a conversation and records the update.

    `keys` is the number of index keys: more than one during a key rotation. The row is locked
    first, and the update is recorded only if a row was locked. Two deliveries of one update can
    therefore neither deadlock nor leave a record of an update that had no turn.
    """
    held = _LOCKED.where(_at_handle(keys)).with_for_update(of=t.Conversation)
    locked = held.cte("held").prefix_with("MATERIALIZED")
    record = select(_CHANNEL, _key("key_0")).select_from(locked)
    if keys > 1:
        # During a key rotation, the same update may already be recorded under an earlier index key.
        earlier = [_key(f"key_{n}") for n in range(1, keys)]
        record = record.where(
            ~exists().where(
                t.ProcessedUpdate.channel == _CHANNEL, t.ProcessedUpdate.key.in_(earlier)
            )
        )
    fresh = (
        insert(t.ProcessedUpdate)
        .from_select([t.ProcessedUpdate.channel, t.ProcessedUpdate.key], record)
        .on_conflict_do_nothing()
        .returning(t.ProcessedUpdate.key)
        .cte("fresh")
    )
    return statement(
        select(*locked.c, exists(select(fresh.c.key)), NOW).select_from(
            _ONE.outerjoin(locked, true())
        )
    )


def _look() -> Statement[*tuple[Any, ...]]:
    """Return the statement that locks a person's conversation for a batch; it skips locked ones.

    Waiting for a locked row could deadlock, or delay the whole batch.
    """
    held = _LOCKED.where(_at_handle(1)).with_for_update(of=t.Conversation, skip_locked=True)
    locked = held.cte("held").prefix_with("MATERIALIZED")
    is_known = exists(_LOCKED.with_only_columns(literal(1)).where(_at_handle(1)))
    known = case((locked.c.person_id.is_(None), is_known))
    return statement(select(*locked.c, known, NOW).select_from(_ONE.outerjoin(locked, true())))


LOOK = _look()

_STAYS = bindparam("stays", type_=Text())
_BEFORE, _MAX_NOTES = t.Conversation.deletable_messages, bindparam("most", type_=Integer())
_KEPT = func.array_append(_BEFORE, _STAYS, type_=ARRAY(Text))[
    func.greatest(1, func.cardinality(_BEFORE) + 2 - _MAX_NOTES) : _END
]
_SAVE = (
    update(t.Conversation)
    .where(t.Conversation.person_id == _PERSON)
    .values(
        state=_key("state_sealed"),
        channel=_CHANNEL,
        language=bindparam("language_now", type_=Text()),
        quiet=bindparam("is_quiet"),
        ownership_version=bindparam("ownership"),
        updated_at=NOW,
        deletable_messages=case((_STAYS.is_(None), _BEFORE), else_=_KEPT),
    )
)


def _record() -> CTE:
    return (
        insert(t.ProcessedUpdate)
        .values(channel=_CHANNEL, key=_key("noted"))
        .on_conflict_do_nothing()
        .returning(t.ProcessedUpdate.key)
        .cte("noted")
    )


def _rows(count: int) -> Values:
    """Return a VALUES list with the parameters of `count` messages, numbered from 1."""
    return values(
        column("place", Integer),
        column("act", Text),
        column("body", LargeBinary),
        column("ownership", Integer),
        column("external_id", Text),
        name="w",
    ).data(
        [
            (
                literal_column(str(n)),
                bindparam(f"act_{n}", type_=Text()),
                _key(f"body_{n}"),
                bindparam(f"ownership_{n}", type_=Integer()),
                bindparam(f"id_{n}", type_=Text()),
            )
            for n in range(1, count + 1)
        ]
    )


_HAS_OPEN = exists().where(
    t.Message.person_id == _PERSON, t.Message.state.in_(["pending", "sending"])
)
_QUEUED_COLUMNS = (
    t.Message.person_id,
    t.Message.channel,
    t.Message.act,
    t.Message.body,
    t.Message.ownership_version,
    t.Message.external_id,
    t.Message.state,
    t.Message.attempt,
    t.Message.lease_until,
)


@cache
def save(count: int, *, noting: bool = False, delayed: bool = False) -> Statement[*tuple[Any, ...]]:
    """Return the statement that saves a conversation and queues `count` messages.

    Each message has its own parameters, which cost less than arrays. The first message is inserted
    as claimed by this process, unless the person has another unsent message. With `noting`, nothing
    is written if the update was recorded before. With `delayed`, the messages are due only after
    `delay` seconds, and none of them is claimed.
    """
    noted = _record() if noting else None
    saves = _SAVE.where(exists(select(noted.c.key))) if noted is not None else _SAVE
    if not count:
        if noted is None:
            return statement(saves)
        return statement(saves.returning(literal_column("0"), literal_column("''")))
    free = select((~_HAS_OPEN).label("now")).cte("free").prefix_with("MATERIALIZED")
    rows = _rows(count)
    is_first = (rows.c.place == literal_column("1")) & free.c.now if not delayed else false()
    queued = select(
        _PERSON,
        _CHANNEL,
        rows.c.act,
        rows.c.body,
        rows.c.ownership,
        rows.c.external_id,
        case((is_first, "sending"), else_="pending"),
        case((is_first, 1), else_=0),
        case((is_first, NOW + seconds("lease"))),
        *((NOW + seconds("delay"),) if delayed else ()),
    ).order_by(rows.c.place)
    sources = free.join(rows, true())
    queued = queued.select_from(noted.join(sources, true()) if noted is not None else sources)
    columns = (*_QUEUED_COLUMNS, t.Message.due_at) if delayed else _QUEUED_COLUMNS
    write = insert(t.Message).from_select(columns, queued)
    written = write.returning(t.Message.id, t.Message.state)
    return statement(written.add_cte(saves.cte("saved")))


def _handle_for_messages(
    preferred: ColumnElement[str] | InstrumentedAttribute[str],
    visit: ColumnElement[bool] | None,
) -> LateralFromClause:
    """Return a subquery with the person's current handle on the preferred channel.

    If there is none, for example after a visit to the secure page, it selects the handle from which
    the person wrote last. The handle of a visit comes last, but first if it fulfils `visit`.
    """
    first = () if visit is None else (func.coalesce(visit, false()).desc(),)
    return (
        select(t.Handle)
        .where(t.Handle.person_id == t.Conversation.person_id, IS_CURRENT)
        .order_by(
            *first,
            (t.Handle.channel == preferred).desc(),
            t.Handle.home.is_not(None),
            t.Handle.spoke_at.desc().nulls_last(),
        )
        .limit(1)
        .correlate(t.Conversation)
        .lateral("current")
    )


def _lock(
    preferred: ColumnElement[str] | InstrumentedAttribute[str],
    visit: ColumnElement[bool] | None = None,
) -> Statement[*tuple[Any, ...]]:
    """Return the statement that locks a person's conversation and selects a handle for messages.

    `_handle_for_messages` describes the selected handle.
    """
    current = aliased(t.Handle, _handle_for_messages(preferred, visit))
    return statement(
        select(
            t.Conversation.person_id,
            t.Conversation.state,
            t.Conversation.ownership_version,
            t.Person.key,
            t.Person.key_version,
            current.address,
            current.home,
            current.spoke_at,
            current.blocked,
            current.joined_by,
            func.coalesce(current.channel, t.Conversation.channel),
            NOW,
        )
        .select_from(t.Conversation)
        .join(t.Person, t.Person.id == t.Conversation.person_id)
        # An outer join, because a person who left and cleared the web chat may have no current
        # handle.
        .outerjoin(current, true())
        .where(t.Conversation.person_id == _PERSON)
        .with_for_update(of=t.Conversation)
    )


LOCK = _lock(t.Conversation.channel)
LOCK_FOR_UPDATES = _lock(func.coalesce(t.Conversation.updates_channel, t.Conversation.channel))
# The two statements above, for a person whose last turn was on the secure page. The person opened
# this page from the channel `home`. LOCK_AT_HOME selects the person's handle on `home` also while
# the visit lasts.
_HOME, _OF_HOME = bindparam("home", type_=Text()), t.Handle.home == bindparam("home", type_=Text())
LOCK_IN_VISIT, LOCK_AT_HOME = _lock(_HOME, _OF_HOME), _lock(_HOME)
LOCK_FOR_UPDATES_IN_VISIT = _lock(
    func.coalesce(t.Conversation.updates_channel, _HOME),
    and_(t.Conversation.updates_channel.is_(None), _OF_HOME),
)
CHOOSE_UPDATES = statement(
    update(t.Conversation)
    .where(t.Conversation.person_id == _PERSON)
    .values(updates_channel=bindparam("channel"))
)
FORGET_UPDATES_CHANNEL = statement(
    update(t.Conversation)
    .where(t.Conversation.person_id == _PERSON, t.Conversation.updates_channel == _CHANNEL)
    .values(updates_channel=None)
)
BUMP_OWNERSHIP = statement(
    update(t.Conversation)
    .where(t.Conversation.person_id == _PERSON)
    .values(ownership_version=t.Conversation.ownership_version + 1)
)
_Before = aliased(t.Conversation)
_NOTE = func.unnest(_Before.deletable_messages).column_valued("note")
_OF_OTHER_CHANNELS = select(_NOTE).where(_CHANNEL != "", func.split_part(_NOTE, " ", 1) != _CHANNEL)
TAKE_DELETABLE = statement(
    update(t.Conversation)
    .where(t.Conversation.person_id == _PERSON, _Before.person_id == t.Conversation.person_id)
    .values(
        deletable_messages=func.array(
            _OF_OTHER_CHANNELS.correlate(_Before).scalar_subquery(), type_=ARRAY(Text)
        )
    )
    .returning(_Before.deletable_messages)
)
BEGIN = statement(
    insert(t.Conversation).values(
        person_id=_PERSON,
        state=func.decode("", "hex"),
        channel=_CHANNEL,
        language="",
        deletable_messages=bindparam("notes"),
    )
)
_NOTES = bindparam("notes", type_=ARRAY(Text))
_FIRST_KEPT = func.cardinality(_BEFORE) + func.cardinality(_NOTES) + 1 - _MAX_NOTES
ADD_DELETABLE = statement(
    update(t.Conversation)
    .where(t.Conversation.person_id == _PERSON)
    .values(
        deletable_messages=func.array_cat(_BEFORE, _NOTES, type_=ARRAY(Text))[
            func.greatest(1, _FIRST_KEPT) : _END
        ]
    )
)
RECORD_UPDATES = statement(
    insert(t.ProcessedUpdate)
    .from_select(
        [t.ProcessedUpdate.channel, t.ProcessedUpdate.key],
        select(_CHANNEL, func.unnest(bindparam("keys", type_=ARRAY(LargeBinary)))),
    )
    .on_conflict_do_nothing()
)
