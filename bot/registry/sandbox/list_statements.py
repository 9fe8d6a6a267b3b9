"""SQL statements about households, matches, the feed of events and the list of registrations."""

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from bot.db.statements import statement
from bot.registry.sandbox.tables import Entry, Household, MatchDecision, Milestone

CODE_DAYS = 7

_NOW: ColumnElement[datetime] = func.clock_timestamp(type_=DateTime(timezone=True))
_NUMBER = bindparam("number", type_=Text())
_LIMIT = bindparam("limit", type_=Integer())
_IS_OPEN = Entry.state.not_in(["WITHDRAWN", "DUPLICATE"])

# Statements on households

_HOUSEHOLD = bindparam("household", type_=Uuid())
_CODE = {"code": bindparam("code"), "code_until": _NOW + timedelta(days=CODE_DAYS)}
_IS_VALID = Household.code_until > _NOW
FOUND = statement(insert(Household).values(_CODE).returning(Household.id))
NEW_CODE = statement(
    update(Household)
    .where(
        Household.id == _HOUSEHOLD,
        or_(Household.code_until.is_(None), Household.code_until <= _NOW),
    )
    .values(_CODE)
)
BY_CODE = statement(select(Household.id).where(Household.code == bindparam("code"), _IS_VALID))
HOUSEHOLD_OF = statement(select(Entry.household).where(Entry.number == _NUMBER).with_for_update())
VALID_CODE = statement(
    select(Household.code, Household.code_until).where(Household.id == _HOUSEHOLD, _IS_VALID)
)
LINK = statement(
    update(Entry).where(Entry.number == _NUMBER, _IS_OPEN).values(household=_HOUSEHOLD)
)
UNLINK = statement(update(Entry).where(Entry.number == _NUMBER).values(household=null()))
MEMBERS = statement(select(func.count()).where(Entry.household == _HOUSEHOLD, _IS_OPEN))

# Statements on matches: pairs of entries with the same details

_First, _Second = aliased(Entry), aliased(Entry)
_PAIR = and_(MatchDecision.first == _First.number, MatchDecision.second == _Second.number)
MATCHES = statement(
    select(
        _First.number,
        _Second.number.label("second"),
        MatchDecision.decision,
        MatchDecision.reason,
        MatchDecision.officer,
        MatchDecision.at,
    )
    .select_from(_First)
    .join(
        _Second,
        and_(
            _First.details == _Second.details,
            tuple_(_First.received_at, _First.number) < tuple_(_Second.received_at, _Second.number),
        ),
    )
    .outerjoin(MatchDecision, _PAIR)
    .order_by(MatchDecision.at.desc().nulls_first(), _First.number, _Second.number)
    .limit(500)
)
DECIDE_MATCH = statement(
    insert(MatchDecision)
    .values(
        first=bindparam("first"),
        second=bindparam("second"),
        decision=bindparam("decision"),
        reason=bindparam("reason"),
        officer=bindparam("officer"),
    )
    .on_conflict_do_nothing()
)

# Statements on the feed of events and the list of registrations

_READABLE = Milestone.transaction < cast(
    cast(literal_column("pg_snapshot_xmin(pg_current_snapshot())"), Text), BigInteger
)
EVENTS = statement(
    select(
        Milestone.number,
        Milestone.version,
        Milestone.state,
        Milestone.reason_code,
        Milestone.step,
        Milestone.at,
        Milestone.transaction,
        Milestone.seq,
    )
    .where(
        _READABLE,
        tuple_(Milestone.transaction, Milestone.seq)
        > tuple_(
            bindparam("transaction", type_=BigInteger()), bindparam("seq", type_=BigInteger())
        ),
    )
    .order_by(Milestone.transaction, Milestone.seq)
    .limit(_LIMIT)
)
_STATE, _COUNTRY = bindparam("state", type_=Text()), bindparam("country", type_=Text())
LISTING = statement(
    select(Entry.number, Entry.state, Entry.version, Entry.received_at)
    .where(
        Entry.number > bindparam("after", type_=Text()),
        or_(_STATE.is_(None), Entry.state == _STATE),
        or_(_COUNTRY.is_(None), Entry.body["residence_country"].as_string() == _COUNTRY),
    )
    .order_by(Entry.number)
    .limit(_LIMIT)
)
