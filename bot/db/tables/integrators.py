"""Tables of external systems: the tokens with which they call the API, and their invitations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, EmptyText, Now, OfficerId


class ApiToken(Base):
    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "token", unique=True), Index(None, "officer_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The account that the token authenticates.
    officer_id: Mapped[OfficerId]
    # Keyed hash of the token, and the version of the hash's key.
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
    # The account of the inviting system.
    officer_id: Mapped[OfficerId]
    # Keyed hashes of account and idempotency key, and of the invitation's code.
    request: Mapped[bytes]
    code: Mapped[bytes]
    topic: Mapped[str]
    language: Mapped[str]
    country: Mapped[EmptyText]
    # NULL before the person opens the case, and after the case was deleted.
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
