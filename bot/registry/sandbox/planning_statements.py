"""SQL statements of planning: counts of people, their releases, and the audit of queries."""

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from bot.db.statements import arrays, statement
from bot.registry.planning import DIMENSIONS, PAIRS
from bot.registry.sandbox.tables import Entry, PlanningCell, PlanningQuery, PlanningRelease

_RELEASE = bindparam("release", type_=Integer())

# Statements that count people. Each registrant counts as one. Several registrants of a household
# may list the same family members. In each age band, a household therefore has as many members as
# the longest of these lists. Adult members who registered themselves are subtracted.

_OPEN = (
    select(
        Entry.number,
        func.coalesce(cast(Entry.household, Text), Entry.number).label("family"),
        Entry.received_at,
        Entry.body,
        (extract("year", func.now()) - Entry.body["birth_year"].as_integer()).label("years"),
    )
    .where(Entry.state.not_in(["WITHDRAWN", "DUPLICATE", "REJECTED"]), Entry.body.is_not(None))
    .cte("open")
)
_BODY, _YEARS, _FAMILY = _OPEN.c.body, _OPEN.c.years, _OPEN.c.family
_REGISTRANTS = select(
    _FAMILY,
    case((_YEARS < 30, "18-29"), (_YEARS < 45, "30-44"), (_YEARS < 60, "45-59"), else_="60+").label(
        "age"
    ),
    func.coalesce(_BODY["target_region"].as_string(), "UNDECIDED").label("region"),
    func.coalesce(_BODY["timeframe"].as_string(), "UNDECIDED").label("timeframe"),
    func.coalesce(_BODY["occupation"].as_string(), "NOT_GIVEN").label("trade"),
    _BODY["residence_country"].as_string().label("country"),
    _BODY["language"].as_string().label("language"),
    func.coalesce(_BODY["support_needed"].as_string(), "NOT_GIVEN").label("support"),
    func.row_number()
    .over(partition_by=_FAMILY, order_by=[_OPEN.c.received_at, _OPEN.c.number])
    .label("place"),
    func.count().over(partition_by=_FAMILY).label("registered"),
).cte("registrants")
_MEMBER = func.json_array_elements(_BODY["members"], type_=JSON()).column_valued("member")
_BAND = _MEMBER["age_band"].as_string()
_DECLARED = (
    select(_FAMILY, _BAND.label("age"), func.count().label("n"))
    .group_by(_FAMILY, _OPEN.c.number, _BAND)
    .cte("declared")
)
_HIGHEST = (
    select(_DECLARED.c.family, _DECLARED.c.age, func.max(_DECLARED.c.n).label("n"))
    .group_by(_DECLARED.c.family, _DECLARED.c.age)
    .cte("highest")
)
_ONE = _REGISTRANTS.c
_PEOPLE = union_all(
    select(
        _ONE.age,
        _ONE.region,
        _ONE.timeframe,
        _ONE.trade,
        _ONE.country,
        _ONE.language,
        _ONE.support,
        literal(1).label("n"),
        cast(_ONE.place == 1, Integer).label("households"),
    ),
    select(
        _HIGHEST.c.age,
        _ONE.region,
        _ONE.timeframe,
        literal("NOT_ASKED"),
        _ONE.country,
        _ONE.language,
        literal("NOT_ASKED"),
        case(
            (_HIGHEST.c.age == "18+", func.greatest(0, 1 + _HIGHEST.c.n - _ONE.registered)),
            else_=_HIGHEST.c.n,
        ),
        literal(0),
    )
    .join_from(_HIGHEST, _REGISTRANTS, _HIGHEST.c.family == _ONE.family)
    .where(_ONE.place == 1),
).cte("people")
_SETS = (*((each,) for each in DIMENSIONS), *PAIRS, ())
COUNTS = statement(
    select(
        *(_PEOPLE.c[each] for each in DIMENSIONS),
        cast(func.sum(_PEOPLE.c.n), Integer),
        cast(func.sum(_PEOPLE.c.households), Integer),
    )
    .group_by(func.grouping_sets(*(tuple_(*(_PEOPLE.c[each] for each in by)) for by in _SETS)))
    .having(func.sum(_PEOPLE.c.n) > 0)
)
"""People and households by each dimension, each pair and in total; unused columns are null."""

# Statements on the daily releases of counts

LOCK_RELEASES = statement(select(func.pg_advisory_xact_lock(func.hashtext("planning release"))))
RELEASE = statement(
    insert(PlanningRelease)
    .from_select(
        [PlanningRelease.id, PlanningRelease.at],
        select(func.coalesce(func.max(PlanningRelease.id), 0) + 1, func.now()).having(
            func.coalesce(cast(func.max(PlanningRelease.at), Date) < cast(func.now(), Date), true())
        ),
    )
    .returning(PlanningRelease.id)
)
_KEPT = arrays(
    first=Text, second=Text, a=Text, b=Text, people=Integer, households=Integer, is_hidden=Boolean
)
CELL_FIELDS = tuple(_KEPT.c.keys())
KEEP_CELLS = statement(
    insert(PlanningCell).from_select(["release", *CELL_FIELDS], select(_RELEASE, *_KEPT.c))
)
CELLS_OF_RELEASE = statement(
    select(
        PlanningCell.first,
        PlanningCell.second,
        PlanningCell.a,
        PlanningCell.b,
        PlanningCell.people,
        PlanningCell.households,
        PlanningCell.is_hidden,
    ).where(PlanningCell.release == _RELEASE)
)

# Statements that show released counts and audit the queries

LAST_RELEASE = statement(
    select(PlanningRelease.id, PlanningRelease.at).order_by(PlanningRelease.id.desc()).limit(1)
)
AUDIT = statement(
    insert(PlanningQuery).values(
        officer=bindparam("officer"), dimensions=bindparam("dimensions"), release=_RELEASE
    )
)
SHOWN_CELLS = statement(
    select(
        PlanningCell.a,
        PlanningCell.b,
        case((~PlanningCell.is_hidden, PlanningCell.people)),
        case((~PlanningCell.is_hidden, PlanningCell.households)),
    )
    .where(
        PlanningCell.release == _RELEASE,
        PlanningCell.first == bindparam("first"),
        PlanningCell.second == bindparam("second"),
    )
    .order_by(PlanningCell.a, PlanningCell.b)
)
