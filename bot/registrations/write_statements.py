"""SQL statements about writes to the registry: claim one, and record its outcome."""

from datetime import timedelta

from sqlalchemy import (
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.statements import NOW, ago, seconds_from_now, statement
from bot.registrations.statements import HOUSEHOLD, OPEN_WRITES

LEASE_SECONDS = 90
# Seconds after which a worker tries again to send a write that a newer version of Kosh queued.
RELEASED_SECONDS = 10

_REGISTRATION = bindparam("registration", type_=Uuid())
_WRITE = bindparam("write", type_=Uuid())

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
    .where(t.RegistryWrite.id == _WRITE, t.RegistryWrite.state != "accepted")
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
