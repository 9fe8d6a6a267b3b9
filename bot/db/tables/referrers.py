"""Table of organisations that refer people by an invitation link."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, Zero


class Referrer(Base):
    """An organisation and how many people registered through it, without references to people.

    `view_token_hash` is the hash of the token in the link to the organisation's page. The page
    shows only `released`, a count that is updated at intervals.
    """

    __tablename__ = "referrers"
    __table_args__ = (Index("referrers_view", "view_token_hash", unique=True),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    view_token_hash: Mapped[bytes]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("officers.id"))
    # Days instead of times, so that the counts do not show which chat registered at which time.
    created_on: Mapped[date] = mapped_column(server_default=text("(kosh_now())::date"))
    ends_on: Mapped[date]
    registered: Mapped[Zero]
    released: Mapped[Zero]
    released_on: Mapped[date] = mapped_column(server_default=text("(kosh_now())::date"))
