"""Tables of other systems: the tokens with which they call the API, and their invitations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, EmptyText, Now, OfficerId


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


class CaseInvitation(Base):
    __tablename__ = "case_invitations"
    __table_args__ = (
        Index(None, "request", unique=True),
        Index(None, "code", unique=True),
        Index(None, "officer_id"),
        Index(None, "case_id"),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The account of the system that invited.
    officer_id: Mapped[OfficerId]
    # Keyed hashes of the account with its idempotency key, and of the code.
    request: Mapped[bytes]
    code: Mapped[bytes]
    topic: Mapped[str]
    language: Mapped[str]
    country: Mapped[EmptyText]
    # Empty again once the case is deleted.
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
