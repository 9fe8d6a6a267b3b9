"""Statements that read the live set, as the serving role may."""

from sqlalchemy import literal, select

from bot.db import tables as t
from bot.db.statements import statement

VERSION = statement(select(t.ContentHead.version))
# One statement, so that counter and set are of the same publication.
LIVE = statement(
    select(
        t.ContentHead.version,
        t.ContentVersion.item,
        t.ContentVersion.body,
    )
    .outerjoin(t.ContentVersion, t.ContentVersion.state == literal("live"))
    .order_by(t.ContentVersion.item)
)
