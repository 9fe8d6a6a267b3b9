"""Tables of other systems: the tokens with which they call the API."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, Now, OfficerId


class ApiToken(Base):
    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "token", unique=True), Index(None, "officer_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The account in whose name the token acts.
    officer_id: Mapped[OfficerId]
    # A keyed hash; the version is that of its key.
    token: Mapped[bytes]
    index_version: Mapped[int]
    scopes: Mapped[list[str]]
    last_day: Mapped[date | None]
    minute_limit: Mapped[int]
    created_at: Mapped[Now]
    used_on: Mapped[date | None]
