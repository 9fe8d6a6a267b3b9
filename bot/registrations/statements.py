"""SQL statements about registrations: create one, record its status, queue its writes."""

from sqlalchemy import (
    Integer,
    LargeBinary,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.statements import NOW, statement

OPEN_WRITES = ("pending", "unknown", "sending")
# Writes about the household, which is optional. No other write waits for them.
HOUSEHOLD = ("invite", "join", "leave")

# True if the registration has a write that the registry has yet to answer, except a write about the
# household. Selects one column, since the database role of retention may not read all columns.
HAS_OPEN_WRITE = (
    select(t.RegistryWrite.registration_id)
    .where(
        t.RegistryWrite.registration_id == t.Registration.id,
        t.RegistryWrite.state.in_(OPEN_WRITES),
        t.RegistryWrite.kind.not_in(HOUSEHOLD),
    )
    .exists()
)

_PERSON = bindparam("person", type_=Uuid())
_REGISTRATION = bindparam("registration", type_=Uuid())
_WRITE = bindparam("write", type_=Uuid())
_VERSION = bindparam("new_version", type_=Integer())

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
_IS_SUBMISSION_OPEN = exists().where(
    t.RegistryWrite.registration_id == t.Registration.id,
    t.RegistryWrite.kind == "submit",
    t.RegistryWrite.state.in_(OPEN_WRITES),
)
# While a withdrawal or an erasure is on its way, no other status of the registry replaces it.
# Otherwise the person could change the registration again, and a write in doubt could be looked up
# while an attempt is in progress (see `_IS_SETTLED`).
_STATE_TO_STORE = case(
    (and_(_NEW_STATE != "withdrawn", _IS_WITHDRAWAL_OPEN), t.Registration.state), else_=_NEW_STATE
)
_Later = aliased(t.Registration)
HAS_LATER_REGISTRATION = exists().where(
    _Later.person_id == t.Registration.person_id,
    _Later.created_at > t.Registration.created_at,
)
# NULL if the person has a later registration, whose status the conversation shows.
_PERSON_TO_NOTIFY = case((~HAS_LATER_REGISTRATION, t.Registration.person_id))
RECORD_STATUS = statement(
    update(t.Registration)
    .where(t.Registration.number == bindparam("receipt"), t.Registration.version < _VERSION)
    .values(state=_STATE_TO_STORE, version=_VERSION, state_at=NOW)
    .returning(_PERSON_TO_NOTIFY, t.Registration.state, _IS_SUBMISSION_OPEN)
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
# The person to notify of a status that is stored already; no row during a withdrawal.
TO_NOTIFY = statement(
    select(_PERSON_TO_NOTIFY).where(
        t.Registration.id == _REGISTRATION, t.Registration.state != "withdrawing"
    )
)
OF_PERSON = statement(
    select(t.Registration.state, t.Registration.number, t.Registration.state_at)
    .where(t.Registration.person_id == _PERSON)
    .order_by(t.Registration.created_at.desc())
)
