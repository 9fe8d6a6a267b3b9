"""SQL statements about missions: working hours, holidays, canned replies.

A mission is an embassy, a consulate or a migration office.
"""

from typing import Any

from sqlalchemy import (
    BindParameter,
    Text,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from bot.db import tables as t
from bot.db.statements import statement

_MISSION = bindparam("of_mission", type_=Text())

SETTINGS = statement(
    select(
        t.Mission.zone,
        t.Mission.first_minutes,
        t.Mission.next_minutes,
        t.Mission.resolve_minutes,
        t.Mission.claim_timeout_minutes,
        t.Mission.duty_chat,
        t.Mission.version,
        t.Mission.auto_assign,
    ).where(t.Mission.mission == _MISSION)
)
SHIFTS = statement(
    select(t.MissionHours.weekday, t.MissionHours.opens, t.MissionHours.closes)
    .where(t.MissionHours.mission == _MISSION)
    .order_by(t.MissionHours.weekday, t.MissionHours.opens)
)
HOLIDAYS = statement(
    select(t.MissionHoliday.day, t.MissionHoliday.works_as)
    .where(t.MissionHoliday.mission == _MISSION)
    .order_by(t.MissionHoliday.day)
)
DUTY_CHATS = statement(
    select(t.Mission.duty_chat, func.array_agg(t.Mission.mission))
    .where(t.Mission.duty_chat != "")
    .group_by(t.Mission.duty_chat)
)
DELETE_SHIFTS = statement(delete(t.MissionHours).where(t.MissionHours.mission == _MISSION))
DELETE_HOLIDAYS = statement(delete(t.MissionHoliday).where(t.MissionHoliday.mission == _MISSION))
ADD_SHIFT = statement(
    insert(t.MissionHours).values(
        mission=_MISSION,
        weekday=bindparam("on"),
        opens=bindparam("from"),
        closes=bindparam("to"),
    )
)
ADD_HOLIDAY = statement(
    insert(t.MissionHoliday).values(
        mission=_MISSION, day=bindparam("on"), works_as=bindparam("as_day")
    )
)
_SETTINGS: dict[str, BindParameter[Any]] = {
    "zone": bindparam("in_zone"),
    "first_minutes": bindparam("first"),
    "next_minutes": bindparam("next"),
    "resolve_minutes": bindparam("resolve"),
    "claim_timeout_minutes": bindparam("timeout"),
    "duty_chat": bindparam("chat"),
    "auto_assign": bindparam("assigns"),
}
CHANGE_SETTINGS = statement(
    update(t.Mission)
    .where(t.Mission.mission == _MISSION, t.Mission.version == bindparam("shown_version"))
    .values(**_SETTINGS, version=t.Mission.version + 1)
)
CREATE_SETTINGS = statement(
    insert(t.Mission).values(mission=_MISSION, **_SETTINGS).on_conflict_do_nothing()
)

# Statements about canned replies

_STORED = (
    select(
        t.CannedReply.name.label("name"),
        func.jsonb_object_agg(t.CannedReply.language, t.CannedReply.body).label("texts"),
        func.max(t.CannedReply.version).label("version"),
        func.jsonb_object_agg(t.CannedReply.language, t.CannedReply.title).label("titles"),
        func.max(t.CannedReply.form).label("form"),
        literal(0).label("rank"),
    )
    .where(t.CannedReply.mission == _MISSION)
    .group_by(t.CannedReply.name)
)
_NONE = cast(literal("{}", literal_execute=True), JSONB)
_BODY = t.ContentVersion.body
_PUBLISHED = select(
    func.split_part(t.ContentVersion.item, ".", 2),
    case((_BODY["silent"].as_boolean(), _NONE), else_=_BODY["texts"]),
    t.ContentVersion.number,
    func.coalesce(_BODY["titles"], _NONE),
    func.coalesce(_BODY["form"].astext, literal("")),
    literal(1),
).where(
    t.ContentVersion.state == literal("live"),
    func.starts_with(t.ContentVersion.item, literal("canned:") + _MISSION + literal(".")),
)
# Published replies are sorted last, because `canned_replies.read` lets later rows replace earlier
# rows with the same name.
REPLIES = statement(union_all(_STORED, _PUBLISHED).order_by("rank", "name"))
LOCK_REPLY = statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("reply"), 0)))
)
DELETE_REPLY = statement(
    delete(t.CannedReply)
    .where(t.CannedReply.mission == _MISSION, t.CannedReply.name == bindparam("of_name"))
    .returning(t.CannedReply.version)
)
ADD_REPLY = statement(
    insert(t.CannedReply).values(
        mission=_MISSION,
        name=bindparam("of_name"),
        language=bindparam("in_language"),
        body=bindparam("words"),
        version=bindparam("new_version"),
        title=bindparam("named"),
        form=bindparam("carried"),
    )
)
