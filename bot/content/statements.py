"""SQL statements that read published content, permitted to the role of the web servers."""

from sqlalchemy import literal, select

from bot.db import tables as t
from bot.db.statements import statement

VERSION = statement(select(t.ContentHead.version))
# One statement, so that version and content belong to the same publication.
LIVE = statement(
    select(
        t.ContentHead.version,
        t.ContentVersion.item,
        t.ContentVersion.body,
    )
    .outerjoin(t.ContentVersion, t.ContentVersion.state == literal("live"))
    .order_by(t.ContentVersion.item)
)
