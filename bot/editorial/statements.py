"""SQL statements of the editors' workflow, for the console's database role."""

from sqlalchemy import (
    Integer,
    LargeBinary,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from bot.db import tables as t
from bot.db.statements import NOW, statement

_ITEM = bindparam("of_item", type_=Text())
_NUMBER = bindparam("of_number", type_=Integer())

_VERSION = (
    t.ContentVersion.item,
    t.ContentVersion.number,
    t.ContentVersion.state,
    t.ContentVersion.body,
    t.ContentVersion.content_hash,
    t.ContentVersion.author,
    t.ContentVersion.created_at,
    t.ContentVersion.approver,
    t.ContentVersion.approved_at,
    t.ContentVersion.ended_at,
    t.ContentVersion.restores,
)
ENTER = statement(
    insert(t.ContentItem)
    .values(key=_ITEM, mission=bindparam("of_mission", type_=Text()))
    .on_conflict_do_nothing()
)
LOCK = statement(select(func.pg_advisory_xact_lock(func.hashtextextended("content " + _ITEM, 0))))
HISTORY = statement(
    select(*_VERSION).where(t.ContentVersion.item == _ITEM).order_by(t.ContentVersion.number.desc())
)
# The draft and the live version of each content item, for the list of all items.
OPEN = statement(
    select(*_VERSION)
    .where(t.ContentVersion.state.in_(("draft", "live")))
    .order_by(t.ContentVersion.item, t.ContentVersion.number)
)
ADD = statement(
    insert(t.ContentVersion).values(
        item=_ITEM,
        number=_NUMBER,
        state=bindparam("in_state", type_=Text()),
        body=cast(bindparam("content", type_=Text()), JSONB),
        content_hash=bindparam("hash", type_=LargeBinary()),
        author=bindparam("by", type_=Uuid()),
        approver=bindparam("agreed_by", type_=Uuid()),
        approved_at=bindparam("agreed_at", type_=t.ContentVersion.approved_at.type),
        restores=bindparam("again", type_=Integer()),
    )
)
_OF_ITEM = t.ContentVersion.item == _ITEM
DISCARD = statement(
    update(t.ContentVersion)
    .where(and_(_OF_ITEM, t.ContentVersion.state == "draft"))
    .values(state="discarded", ended_at=NOW)
)
END = statement(
    update(t.ContentVersion)
    .where(and_(_OF_ITEM, t.ContentVersion.state == "live"))
    .values(state=bindparam("in_state", type_=Text()), ended_at=NOW)
)
PUBLISH = statement(
    update(t.ContentVersion)
    .where(and_(_OF_ITEM, t.ContentVersion.number == _NUMBER))
    .values(state="live", approver=bindparam("by", type_=Uuid()), approved_at=NOW)
)
COUNT = statement(
    update(t.ContentHead).values(version=t.ContentHead.version + 1).where(t.ContentHead.singleton)
)
