"""SQL statements of the sandbox; times come from the database's clock."""

from datetime import datetime

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert

from bot.db.statements import seconds, statement
from bot.registry.sandbox.invented_people import KEY_PREFIX
from bot.registry.sandbox.tables import SCHEMA, Callback, Document, Entry, Milestone, Write

_NOW: ColumnElement[datetime] = func.clock_timestamp(type_=DateTime(timezone=True))
_KEY = bindparam("key", type_=Text())
_NUMBER = bindparam("number", type_=Text())
_VERDICT = bindparam("verdict", type_=Text())
_BODY = bindparam("body", type_=Text())
_IS_ENTRY = Entry.number == _NUMBER
_IS_OPEN = Entry.state != "WITHDRAWN"

LOCK_SCHEMA = statement(select(func.pg_advisory_xact_lock(func.hashtextextended(SCHEMA, 0))))
LOCK_KEY = statement(select(func.pg_try_advisory_xact_lock(func.hashtextextended(_KEY, 0))))

# Columns of an Acknowledgement, in the order of the model's fields

_STATUS = (Entry.number, Entry.state, Entry.version, Entry.received_at, Entry.reason_code)
_LIFE = (Entry.question, Entry.step)
_ACKNOWLEDGED = select(*_STATUS, Entry.changed_by, *_LIFE)
BY_KEY = statement(
    select(*_STATUS, Write.key, *_LIFE)
    .join(Write, Write.number == Entry.number)
    .where(Write.key == _KEY)
)
BY_NUMBER = statement(_ACKNOWLEDGED.where(_IS_ENTRY))
ANOTHER = statement(_ACKNOWLEDGED.where(Entry.number != _NUMBER).order_by(func.random()).limit(1))

# Statements that apply and store writes

REPEAT = statement(
    update(Write)
    .where(Write.key == _KEY)
    .values(repeats=Write.repeats + 1)
    .returning(Write.fingerprint, Write.answer)
)
RECORD = statement(
    insert(Write).values(
        key=_KEY,
        number=_NUMBER,
        operation=bindparam("operation"),
        fingerprint=bindparam("fingerprint"),
        answer=bindparam("answer"),
    )
)
_CONTENT = {
    "changed_by": _KEY,
    "state": "RECEIVED",
    "body": cast(_BODY, JSON),
    "verdict": _VERDICT,
    "doubled": bindparam("doubled"),
    "due_at": _NOW + seconds("delay"),
    "question": null(),
    "details": bindparam("details"),
}
CREATE = statement(
    insert(Entry).values(
        _CONTENT | {"number": _NUMBER, "created_by": _KEY, "version": 1, "received_at": _NOW}
    )
)
AMEND = statement(
    update(Entry)
    .where(_IS_ENTRY, _IS_OPEN)
    .values(_CONTENT | {"version": Entry.version + 1, "reason_code": None})
)
_ERASES = bindparam("erase", type_=Boolean())
# An erasure is a version of its own, also after a withdrawal: the feed lists only versions.
_IS_CHANGED = or_(_IS_OPEN, and_(_ERASES, Entry.body.is_not(None)))
WITHDRAW = statement(
    update(Entry)
    .where(_IS_ENTRY)
    .values(
        changed_by=_KEY,
        state="WITHDRAWN",
        version=Entry.version + cast(_IS_CHANGED, Integer),
        reason_code=None,
        due_at=None,
        question=null(),
        household=null(),
        details=null(),
        body=case((_ERASES, null()), else_=Entry.body),
    )
)

# Statements on questions, steps of the Kandas platform, and history

ASK = statement(
    update(Entry)
    .where(_IS_ENTRY, _IS_OPEN)
    .values(
        state="NEEDS_INFORMATION",
        reason_code="UNCLEAR",
        version=Entry.version + 1,
        due_at=None,
        question=cast(bindparam("question", type_=Text()), JSON),
    )
)
QUESTIONED = statement(
    select(Entry.question, Entry.body).where(_IS_ENTRY, _IS_OPEN).with_for_update()
)
REPLY = statement(
    update(Entry)
    .where(_IS_ENTRY)
    .values(
        changed_by=_KEY,
        state="RECEIVED",
        reason_code=None,
        version=Entry.version + 1,
        verdict=_VERDICT,
        doubled=bindparam("doubled"),
        due_at=_NOW + seconds("delay"),
        question=null(),
        body=cast(_BODY, JSON),
        details=bindparam("details"),
    )
)
STEP = statement(
    update(Entry)
    .where(_IS_ENTRY, _IS_OPEN)
    .values(version=Entry.version + 1, step=cast(bindparam("step", type_=Text()), JSON))
)
RECORD_MILESTONE = statement(
    insert(Milestone)
    .from_select(
        [
            Milestone.number,
            Milestone.version,
            Milestone.state,
            Milestone.reason_code,
            Milestone.step,
        ],
        select(
            Entry.number,
            Entry.version,
            Entry.state,
            Entry.reason_code,
            case((bindparam("with_step", type_=Boolean()), Entry.step), else_=null()),
        ).where(_IS_ENTRY),
    )
    .on_conflict_do_nothing()
)
MILESTONES = statement(
    select(Milestone.version, Milestone.state, Milestone.reason_code, Milestone.step, Milestone.at)
    .where(Milestone.number == _NUMBER)
    .order_by(Milestone.version)
)

# Statements on decisions

SET_VERDICT = statement(
    update(Entry).where(_IS_ENTRY, _IS_OPEN).values(verdict=_VERDICT, due_at=_NOW)
)
_DUE = (
    select(Entry.number)
    .where(Entry.due_at <= _NOW)
    .order_by(Entry.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
DECIDE = statement(
    update(Entry)
    .where(Entry.number == _DUE.scalar_subquery())
    .values(
        state=Entry.verdict,
        version=Entry.version + 1,
        due_at=None,
        question=null(),
        reason_code=case((Entry.verdict.in_(["REJECTED", "NEEDS_INFORMATION"]), "INCOMPLETE")),
    )
    .returning(Entry.number, _NOW.label("at"), Entry.doubled)
)
UNTIL_DECISION = statement(select(cast(extract("epoch", func.min(Entry.due_at) - _NOW), Float)))

# Statements on callbacks

POST = statement(insert(Callback).values(number=_NUMBER, body=_BODY))
_OLDEST_CALLBACK = (
    select(Callback.id, Callback.body, Callback.attempts, Callback.due_at)
    .where(Callback.delivered_at.is_(None))
    .ext(distinct_on(Callback.number))
    .order_by(Callback.number, Callback.id)
    .subquery("foremost")
)
"""The oldest callback of each entry that was not delivered."""
NEXT_CALLBACK = statement(
    select(_OLDEST_CALLBACK.c.id, _OLDEST_CALLBACK.c.body, _OLDEST_CALLBACK.c.attempts)
    .where(_OLDEST_CALLBACK.c.due_at <= _NOW)
    .order_by(_OLDEST_CALLBACK.c.due_at)
    .limit(1)
)
_ATTEMPTED = (
    update(Callback)
    .where(Callback.id == bindparam("callback"))
    .values(attempts=Callback.attempts + 1)
)
DELIVERED = statement(_ATTEMPTED.values(delivered_at=_NOW))
RETRY = statement(_ATTEMPTED.values(due_at=_NOW + seconds("delay")))
UNTIL_CALLBACK = statement(
    select(cast(extract("epoch", func.min(_OLDEST_CALLBACK.c.due_at) - _NOW), Float))
)

# Statements on documents; the columns are in the order of the fields of `Document`

_DOCUMENTS = select(
    Document.kind,
    Document.media_type,
    Document.pages,
    Document.size,
    Document.sha256,
    Document.id,
    Document.number,
    Document.received_at,
    Document.idempotency_key,
).order_by(Document.received_at)
DOCUMENTS_OF_KEY = statement(_DOCUMENTS.where(Document.idempotency_key == _KEY))
DOCUMENTS_OF_ENTRY = statement(_DOCUMENTS.where(Document.number == _NUMBER))
ADD_DOCUMENT = statement(
    insert(Document)
    .values(
        number=_NUMBER,
        idempotency_key=_KEY,
        kind=bindparam("kind"),
        media_type=bindparam("media_type"),
        pages=bindparam("pages"),
        size=bindparam("size"),
        sha256=bindparam("sha256"),
    )
    .on_conflict_do_update(
        index_elements=[Document.idempotency_key], set_={"repeats": Document.repeats + 1}
    )
)
DELETE_DOCUMENTS = statement(delete(Document).where(Document.number == _NUMBER))

# Statements for the sandbox's web page

_WRITES = (
    select(
        func.json_agg(
            func.json_build_object(
                "key", Write.key, "operation", Write.operation, "at", Write.at,
                "repeats", Write.repeats,
            )
        ).aggregate_order_by(Write.at)
    )
    .where(Write.number == Entry.number)
    .scalar_subquery()
)  # fmt: skip
_CALLBACKS = (
    select(
        func.json_agg(
            func.json_build_object(
                "status", cast(Callback.body, JSON), "attempts", Callback.attempts,
                "delivered_at", Callback.delivered_at,
            )
        ).aggregate_order_by(Callback.id)
    )
    .where(Callback.number == Entry.number)
    .scalar_subquery()
)  # fmt: skip
_PAPERS = (
    select(
        func.json_agg(
            func.json_build_object(
                "kind", Document.kind, "media_type", Document.media_type, "pages", Document.pages,
                "size", Document.size, "sha256", Document.sha256, "repeats", Document.repeats,
            )
        ).aggregate_order_by(Document.received_at)
    )
    .where(Document.number == Entry.number)
    .scalar_subquery()
)  # fmt: skip
_ENTRY = {
    "number": Entry.number,
    "state": Entry.state,
    "version": Entry.version,
    "reason_code": Entry.reason_code,
    "received_at": Entry.received_at,
    "body": Entry.body,
    "idempotency_key": Entry.created_by,
    "writes": _WRITES,
    "callbacks": func.coalesce(_CALLBACKS, func.json_build_array()),
    "documents": func.coalesce(_PAPERS, func.json_build_array()),
    "question": Entry.question,
    "step": Entry.step,
}
ENTRY_FIELDS = tuple(_ENTRY)
_IS_SHOWN = Entry.created_by.not_like(f"{KEY_PREFIX}%")
ENTRIES = statement(
    select(*_ENTRY.values())
    .where(_IS_SHOWN)
    .order_by(Entry.received_at.desc(), Entry.number)
    .limit(bindparam("limit", type_=Integer()))
)
COUNTS = statement(select(Entry.state, func.count()).where(_IS_SHOWN).group_by(Entry.state))
