"""SQL statements that read published content; the database role of the bot may execute them."""

from sqlalchemy import literal, select

from bot.db import tables as t
from bot.db.statements import statement

VERSION = statement(select(t.ContentHead.version))
# One statement, so that the version and the content belong to the same publication.
LIVE = statement(
    select(
        t.ContentHead.version,
        t.ContentVersion.item,
        t.ContentVersion.body,
    )
    .outerjoin(t.ContentVersion, t.ContentVersion.state == literal("live"))
    .order_by(t.ContentVersion.item)
)
