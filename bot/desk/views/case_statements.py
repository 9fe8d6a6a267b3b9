"""SQL statements about one case: its thread, its registrations, and the officers who read it."""

from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    Integer,
    Uuid,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    not_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.statements import NOW, Statement, ago, statement
from bot.desk.views.list_statements import ROWS
from bot.security import audit_log

ONE_READING = timedelta(minutes=15)

_CASE = bindparam("case", type_=Uuid())
_OFFICER = bindparam("officer", type_=Uuid())
_PERSON = bindparam("person", type_=Uuid())

SEEN = statement(ROWS.where(t.Case.id == _CASE))
EARLIER = statement(
    ROWS.where(t.Case.person_id == _PERSON, t.Case.id != _CASE)
    .order_by(t.Case.opened_at.desc())
    .limit(25)
)
CONVERSATION = statement(
    select(t.Conversation.state, t.Conversation.ownership_version).where(
        t.Conversation.person_id == _PERSON
    )
)
SPOKE_AT = statement(
    select(func.max(t.CaseMessage.created_at)).where(
        t.CaseMessage.case_id == bindparam("case"), t.CaseMessage.officer.is_(None)
    )
)
THREAD = statement(
    select(
        t.CaseMessage.id,
        t.CaseMessage.created_at,
        t.CaseMessage.officer.is_(None),
        func.coalesce(t.Officer.name, ""),
        t.CaseMessage.body,
        case(
            (t.CaseMessage.officer.is_(None), ""),
            else_=func.coalesce(t.Message.delivery_status, t.Message.state, "gone"),
        ),
        func.coalesce(t.Message.reason, ""),
        func.coalesce(t.CaseMessage.canned_reply, ""),
    )
    .select_from(t.CaseMessage)
    .outerjoin(t.Officer, t.Officer.id == t.CaseMessage.officer)
    .outerjoin(t.Message, t.Message.id == t.CaseMessage.message_id)
    .where(t.CaseMessage.case_id == _CASE)
    .order_by(t.CaseMessage.id)
)
# The newest notice that a reply is waiting. It is stored as a message without an officer.
NOTICE = statement(
    select(
        func.coalesce(t.Message.delivery_status, t.Message.state),
        func.coalesce(t.Message.reason, ""),
    )
    .where(t.Message.person_id == _PERSON, t.Message.case_id == _CASE, t.Message.officer.is_(None))
    .order_by(t.Message.id.desc())
    .limit(1)
)
NOTES = statement(
    select(t.CaseNote.id, t.CaseNote.created_at, func.coalesce(t.Officer.name, ""), t.CaseNote.body)
    .select_from(t.CaseNote)
    .outerjoin(t.Officer, t.Officer.id == t.CaseNote.officer)
    .where(t.CaseNote.case_id == _CASE)
    .order_by(t.CaseNote.id)
)
_REGISTRATION = select(
    literal("registration"),
    func.coalesce(t.Registration.number, ""),
    t.Registration.state,
    literal(0),
    literal(""),
    t.Registration.state_at.label("happened_at"),
).where(t.Registration.person_id == _PERSON)
_WRITE = (
    select(
        t.RegistryWrite.kind,
        func.coalesce(t.Registration.number, ""),
        t.RegistryWrite.state,
        t.RegistryWrite.attempts,
        func.coalesce(t.RegistryWrite.reason, ""),
        func.coalesce(t.RegistryWrite.done_at, t.RegistryWrite.created_at),
    )
    .join(t.Registration, t.Registration.id == t.RegistryWrite.registration_id)
    .where(t.Registration.person_id == _PERSON)
)
_REPEATED = (
    select(
        literal("same_details"),
        func.coalesce(t.Registration.number, ""),
        literal(""),
        literal(0),
        literal(""),
        t.Registration.created_at,
    )
    .select_from(t.RegistrationDetails)
    .join(t.Registration, t.Registration.id == t.RegistrationDetails.registration_id)
    .where(t.Registration.person_id == _PERSON, t.RegistrationDetails.is_repeated)
)
REGISTRY = statement(
    union_all(_REGISTRATION, _WRITE, _REPEATED).order_by(literal_column("happened_at"))
)

# Statements about officers who view a case, and about how many cases an officer has read

WRITING_SECONDS = 15
VIEWERS = statement(
    select(t.Officer.name, t.CaseViewer.typed_at > ago(seconds=WRITING_SECONDS))
    .join(t.CaseViewer, t.CaseViewer.officer == t.Officer.id)
    .where(
        t.CaseViewer.case_id == _CASE,
        t.CaseViewer.officer != _OFFICER,
        t.CaseViewer.seen_at > ago(minutes=1),
    )
    .order_by(t.Officer.name)
)


def _look(*conditions: ColumnElement[bool]) -> Statement[()]:
    """Return the statement that records the officer as viewer of a case if `conditions` hold."""
    looking = select(t.Case.id, _OFFICER).where(t.Case.id == _CASE, *conditions)
    return statement(
        insert(t.CaseViewer)
        .from_select([t.CaseViewer.case_id, t.CaseViewer.officer], looking)
        .on_conflict_do_update(
            index_elements=[t.CaseViewer.case_id, t.CaseViewer.officer],
            set_={t.CaseViewer.seen_at: NOW},
            where=t.CaseViewer.seen_at < ago(seconds=20),
        )
    )


_READ = select(
    func.count(t.AuditEntry.subject.distinct()).label("read"),
    func.coalesce(
        func.bool_or(
            (t.AuditEntry.subject == bindparam("subject"))
            & (t.AuditEntry.created_at > NOW - ONE_READING)
        ),
        literal(False),
    ).label("going_on"),
).where(
    t.AuditEntry.actor == bindparam("actor"),
    t.AuditEntry.action == bindparam("action"),
    t.AuditEntry.created_at > ago(hours=1),
)
_BUDGET = _READ.subquery("spent")
_IN_BUDGET = (
    select(literal(1))
    .select_from(_BUDGET)
    .where(not_(_BUDGET.c.going_on), _BUDGET.c.read < bindparam("most", type_=Integer()))
    .exists()
)
READINGS = statement(_READ)
LOOK = _look()
LOCK_READER = statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("turn"), 0)))
)
LOOK_IN_BUDGET = _look(_IN_BUDGET)
AUDIT_IN_BUDGET = audit_log.append_if(_IN_BUDGET)
