"""SQL statements about registrations and their writes to the registry."""

from datetime import timedelta

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.statements import NOW, ago, seconds_from_now, statement
from flows import lifetimes

LEASE_SECONDS = 90
# Seconds after which a worker tries again to send a write that a newer version of Kosh queued.
RELEASED_SECONDS = 10
ANSWERS_KEPT = timedelta(hours=lifetimes.ANSWERS_HOURS)
DRAFT_KEPT = timedelta(days=lifetimes.DRAFT_DAYS)
RECENTLY = timedelta(hours=1)
OPEN_WRITES = ("pending", "unknown", "sending")
# Writes about the household, which is optional. No other write waits for them.
HOUSEHOLD = ("invite", "join", "leave")

_PERSON = bindparam("person", type_=Uuid())
_REGISTRATION = bindparam("registration", type_=Uuid())
_WRITE = bindparam("write", type_=Uuid())
_VERSION = bindparam("new_version", type_=Integer())

# Statements that the module `submissions` runs

LOCK_NOT_WITHDRAWING = statement(
    select(t.Registration.id)
    .where(
        t.Registration.person_id == _PERSON,
        t.Registration.state.not_in(["withdrawing", "withdrawn"]),
    )
    .with_for_update()
)
LOCK_ALL = statement(
    select(t.Registration.id).where(t.Registration.person_id == _PERSON).with_for_update()
)
BEGIN_WITHDRAWAL = statement(
    update(t.Registration)
    .where(t.Registration.id == _REGISTRATION)
    .values(state="withdrawing", state_at=NOW)
)
# Cancels the writes that have certainly not reached the registry.
CANCEL_UNSENT = statement(
    update(t.RegistryWrite)
    .where(t.RegistryWrite.registration_id == _REGISTRATION, t.RegistryWrite.state == "pending")
    .values(state="cancelled", reason=None, payload=None, done_at=NOW)
)
KEEP_ANSWERS = statement(
    update(t.Registration).where(t.Registration.id == _REGISTRATION).values(answers_deleted=False)
)
CREATE = statement(
    insert(t.Registration).values(id=_REGISTRATION, person_id=_PERSON, state="pending")
)
CONSENT = statement(
    select(t.Consent.text_sha256, t.Consent.language, t.Consent.created_at)
    .where(
        t.Consent.person_id == _PERSON,
        t.Consent.purpose == bindparam("purpose"),
        t.Consent.given,
    )
    .order_by(t.Consent.id.desc())
    .limit(1)
)
ADD_WRITE = statement(
    insert(t.RegistryWrite).from_select(
        [
            t.RegistryWrite.id,
            t.RegistryWrite.registration_id,
            t.RegistryWrite.number,
            t.RegistryWrite.kind,
            t.RegistryWrite.payload,
            t.RegistryWrite.state,
        ],
        select(
            _WRITE,
            _REGISTRATION,
            func.coalesce(func.max(t.RegistryWrite.number), 0) + 1,
            bindparam("kind", type_=Text()),
            bindparam("sealed", type_=LargeBinary()),
            literal("pending"),
        ).where(t.RegistryWrite.registration_id == _REGISTRATION),
    )
)
SET_PAYLOAD = statement(
    update(t.RegistryWrite).where(t.RegistryWrite.id == _WRITE).values(payload=bindparam("sealed"))
)
LOCK_ERASURES_OF_OTHER_KEYS = statement(
    select(t.RegistryWrite.id, t.RegistryWrite.payload)
    .where(
        t.RegistryWrite.kind == "erase",
        t.RegistryWrite.payload.is_not(None),
        func.substring(t.RegistryWrite.payload, 2, 4)
        != func.int4send(bindparam("version", type_=Integer())),
    )
    .with_for_update(skip_locked=True)
)
OWNER = statement(
    select(t.Registration.person_id).where(t.Registration.number == bindparam("receipt"))
)
_NEW_STATE = bindparam("new_state", type_=Text())
_IS_WITHDRAWAL_OPEN = exists().where(
    t.RegistryWrite.registration_id == t.Registration.id,
    t.RegistryWrite.kind.in_(("withdraw", "erase")),
    t.RegistryWrite.state.in_(OPEN_WRITES),
)
# While a withdrawal or an erasure is on its way, no other status of the registry replaces it.
# Otherwise the person could change the registration again, and a write in doubt could be looked up
# while an attempt is in progress (see `_IS_SETTLED`).
_STATE_TO_STORE = case(
    (and_(_NEW_STATE != "withdrawn", _IS_WITHDRAWAL_OPEN), t.Registration.state), else_=_NEW_STATE
)
_Later = aliased(t.Registration)
_HAS_LATER_REGISTRATION = exists().where(
    _Later.person_id == t.Registration.person_id,
    _Later.created_at > t.Registration.created_at,
)
# NULL if the person has a later registration, whose status the conversation shows.
_PERSON_TO_NOTIFY = case((~_HAS_LATER_REGISTRATION, t.Registration.person_id))
RECORD_STATUS = statement(
    update(t.Registration)
    .where(t.Registration.number == bindparam("receipt"), t.Registration.version < _VERSION)
    .values(state=_STATE_TO_STORE, version=_VERSION, state_at=NOW)
    .returning(_PERSON_TO_NOTIFY, t.Registration.state)
)
OF_PERSON = statement(
    select(t.Registration.state, t.Registration.number, t.Registration.state_at)
    .where(t.Registration.person_id == _PERSON)
    .order_by(t.Registration.created_at.desc())
)

# Statements that the modules `registry_writes` and `household_writes` run

_Earlier = aliased(t.RegistryWrite)
_HAS_OPEN_PREDECESSOR = (
    select(literal(1))
    .select_from(_Earlier)
    .where(
        _Earlier.registration_id == t.RegistryWrite.registration_id,
        _Earlier.number < t.RegistryWrite.number,
        _Earlier.state.in_(OPEN_WRITES),
        or_(_Earlier.kind.not_in(HOUSEHOLD), t.RegistryWrite.kind.in_(HOUSEHOLD)),
    )
    .correlate(t.RegistryWrite)
    .exists()
)
_Submitted = aliased(t.RegistryWrite)
_SUBMITTED_IDS = func.array_agg(_Submitted.id).aggregate_order_by(_Submitted.number.desc())
_SUBMITTED = (
    select(
        func.coalesce(
            _SUBMITTED_IDS,
            literal_column("'{}'::uuid[]"),
        )
    )
    .where(
        _Submitted.registration_id == t.RegistryWrite.registration_id,
        _Submitted.number < t.RegistryWrite.number,
        _Submitted.kind == "submit",
    )
    .correlate(t.RegistryWrite)
    .scalar_subquery()
)
_Was = aliased(t.RegistryWrite)
# A write about the household may still be open after the withdrawal, which does not wait for it.
_IS_WITHDRAWING = or_(
    t.Registration.state == "withdrawing",
    and_(t.Registration.state == "withdrawn", _Was.kind.in_(HOUSEHOLD)),
)
_BEFORE = (
    select(
        _Was.id,
        _Was.state,
        t.Registration.number,
        t.Registration.state_at,
        func.coalesce(_IS_WITHDRAWING, False).label("is_withdrawing"),
        t.Person.id.label("person_id"),
        t.Person.key,
        t.Person.key_version,
    )
    .select_from(_Was)
    .outerjoin(t.Registration, t.Registration.id == _Was.registration_id)
    .outerjoin(t.Person, t.Person.id == t.Registration.person_id)
    .where(_Was.id == _WRITE)
    .subquery("was")
)
# False for a write in doubt whose registration the person has just withdrawn. An earlier attempt
# may still be in progress at the registry, and a lookup that finds nothing cancels the write.
_IS_SETTLED = or_(
    ~_BEFORE.c.is_withdrawing,
    _BEFORE.c.state == "pending",
    ~t.RegistryWrite.kind.in_(("submit", "answer")),
    _BEFORE.c.state_at < NOW - timedelta(seconds=LEASE_SECONDS),
)
CLAIM = statement(
    update(t.RegistryWrite)
    .where(
        t.RegistryWrite.id == _WRITE,
        _BEFORE.c.id == t.RegistryWrite.id,
        t.RegistryWrite.state.in_(OPEN_WRITES),
        t.RegistryWrite.due_at <= NOW,
        ~_HAS_OPEN_PREDECESSOR,
        _IS_SETTLED,
    )
    .values(
        state="sending",
        attempts=t.RegistryWrite.attempts + 1,
        due_at=NOW + timedelta(seconds=LEASE_SECONDS),
    )
    .returning(
        t.RegistryWrite.registration_id,
        _BEFORE.c.person_id,
        _BEFORE.c.key,
        _BEFORE.c.key_version,
        t.RegistryWrite.kind,
        _BEFORE.c.state,
        t.RegistryWrite.attempts,
        t.RegistryWrite.payload,
        _BEFORE.c.number,
        t.RegistryWrite.created_at,
        _SUBMITTED,
        _BEFORE.c.is_withdrawing,
    )
)
_THIS_ATTEMPT = (
    t.RegistryWrite.id == _WRITE,
    t.RegistryWrite.state == "sending",
    t.RegistryWrite.attempts == bindparam("attempt"),
)
_DONE = {"payload": None, "done_at": NOW}
CANCEL_WRITE = statement(
    update(t.RegistryWrite).where(*_THIS_ATTEMPT).values(state="cancelled", reason=None, **_DONE)
)
ACCEPT_WRITE = statement(
    update(t.RegistryWrite)
    .where(t.RegistryWrite.id == _WRITE)
    .values(state="accepted", reason=None, **_DONE)
)
ACCEPT_ATTEMPT = statement(
    update(t.RegistryWrite).where(*_THIS_ATTEMPT).values(state="accepted", reason=None, **_DONE)
)
REJECT_WRITE = statement(
    update(t.RegistryWrite)
    .where(*_THIS_ATTEMPT)
    .values(state="rejected", reason=bindparam("why"), **_DONE)
)
POSTPONE_WRITE = statement(
    update(t.RegistryWrite)
    .where(*_THIS_ATTEMPT)
    .values(state=bindparam("new_state"), reason=bindparam("why"), due_at=seconds_from_now("delay"))
)
# Undoes the claim of a write. The write is due again after RELEASED_SECONDS, so that other writes
# and other workers go first.
RELEASE_WRITE = statement(
    update(t.RegistryWrite)
    .where(*_THIS_ATTEMPT)
    .values(
        state=bindparam("new_state"),
        reason=bindparam("why"),
        attempts=t.RegistryWrite.attempts - 1,
        due_at=NOW + timedelta(seconds=RELEASED_SECONDS),
    )
)
END_WITHDRAWAL = statement(
    update(t.Registration)
    .where(
        t.Registration.id == _REGISTRATION,
        t.Registration.state == "withdrawing",
        t.Registration.number.is_(None),
    )
    .values(state="withdrawn", state_at=NOW)
    .returning(t.Registration.person_id)
)
RECORD = statement(
    update(t.Registration)
    .where(t.Registration.id == _REGISTRATION, t.Registration.version < _VERSION)
    .values(
        number=bindparam("receipt"),
        state=_STATE_TO_STORE,
        version=_VERSION,
        state_at=NOW,
    )
    .returning(_PERSON_TO_NOTIFY, t.Registration.state)
)
SUSPECT_OPEN = statement(
    update(t.RegistryWrite)
    .where(t.RegistryWrite.state.in_(["pending", "sending"]))
    .values(state="unknown")
)
DUE = statement(
    select(t.RegistryWrite.id)
    .where(
        t.RegistryWrite.state.in_(OPEN_WRITES),
        t.RegistryWrite.due_at <= ago(seconds=1),
        ~_HAS_OPEN_PREDECESSOR,
    )
    .order_by(t.RegistryWrite.due_at)
    .limit(bindparam("limit"))
)

# Statements that the module `retention` runs

_IS_IDLE = and_(
    t.Conversation.updated_at < NOW - DRAFT_KEPT,
    ~exists().where(t.Case.person_id == t.Registration.person_id),
)
_Newer = aliased(t.RegistryWrite)
_WAS_SUBMITTED_AGAIN = exists().where(
    _Newer.registration_id == t.Registration.id,
    _Newer.kind == "submit",
    _Newer.number > t.RegistryWrite.number,
)
# True if the registry rejected the last submission. The registry then has no copy of the answers,
# so they are kept longer here.
_WAS_REFUSED = exists().where(
    t.RegistryWrite.registration_id == t.Registration.id,
    t.RegistryWrite.kind == "submit",
    t.RegistryWrite.state == "rejected",
    ~_WAS_SUBMITTED_AGAIN,
)
# Conditions for deleting the answers of a registration: the registry accepted it at least 24 hours
# ago, no write to the registry is pending except about the household, and the person has no later
# registration. If it was withdrawn or rejected instead, the person may still change it, so the
# conversation must also have been idle for 30 days, without a case.
_IS_SPENT: tuple[ColumnElement[bool], ...] = (
    or_(
        t.Registration.state == "accepted",
        and_(or_(t.Registration.state.in_(["withdrawn", "rejected"]), _WAS_REFUSED), _IS_IDLE),
    ),
    ~t.Registration.answers_deleted,
    ~_HAS_LATER_REGISTRATION,
    t.Registration.state_at < NOW - ANSWERS_KEPT,
    ~exists().where(
        t.RegistryWrite.registration_id == t.Registration.id,
        t.RegistryWrite.state.in_(OPEN_WRITES),
        t.RegistryWrite.kind.not_in(HOUSEHOLD),
    ),
)
_OF_CONVERSATION = t.Conversation.person_id == t.Registration.person_id
_MAY_GO = or_(~_WAS_REFUSED, _IS_IDLE)
SPENT = statement(
    select(t.Registration.person_id)
    .join(t.Conversation, _OF_CONVERSATION)
    .where(
        *_IS_SPENT,
        _MAY_GO,
        t.Registration.person_id > bindparam("after"),
        or_(
            ~bindparam("recent", type_=Boolean()),
            t.Registration.state_at > NOW - ANSWERS_KEPT - RECENTLY,
        ),
    )
    .distinct()
    .order_by(t.Registration.person_id)
    .limit(bindparam("limit"))
)
DUE_TO_GO = statement(
    select(func.bool_or(_MAY_GO), func.bool_or(_IS_IDLE))
    .select_from(t.Registration)
    .join(t.Conversation, _OF_CONVERSATION)
    .where(*_IS_SPENT, t.Registration.person_id == _PERSON)
)
MARK_SPENT = statement(
    update(t.Registration).where(t.Registration.person_id == _PERSON).values(answers_deleted=True)
)
# An hour before `bot.privacy.retention` deletes the row, because it does not change conversations.
_ENDS = t.Registration.state_at < NOW + RECENTLY - func.make_interval(
    0, lifetimes.SUBMISSION_MONTHS
)
# Excludes idle conversations: saving one would count as activity and postpone its own deletion.
ENDING = statement(
    select(t.Registration.person_id)
    .join(t.Conversation, _OF_CONVERSATION)
    .where(_ENDS, ~_IS_IDLE, t.Registration.person_id > bindparam("after"))
    .distinct()
    .order_by(t.Registration.person_id)
    .limit(bindparam("limit"))
)
DELETE_ENDING = statement(delete(t.Registration).where(_ENDS, t.Registration.person_id == _PERSON))
