"""Tables of officers: accounts, passkeys, console sessions, audit log."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, BigZero, EmptyList, EmptyText, Now, OfficerId, Yes, Zero


class Officer(Base):
    __tablename__ = "officers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    mission: Mapped[str]
    active: Mapped[Yes]
    created_at: Mapped[Now]
    roles: Mapped[list[str]] = mapped_column(server_default=text("'{officer}'"))
    # The officer's languages or topics; an empty list means all.
    languages: Mapped[EmptyList]
    topics: Mapped[EmptyList]
    shift_until: Mapped[datetime | None]


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (Index(None, "subject", unique=True),)

    officer_id: Mapped[UUID] = mapped_column(
        ForeignKey("officers.id", ondelete="CASCADE"), primary_key=True
    )
    password: Mapped[bytes | None]
    totp: Mapped[bytes | None]
    # The last accepted time step of a TOTP code, so that a code is accepted only once.
    totp_step: Mapped[BigZero]
    subject: Mapped[bytes | None]
    failed_attempts: Mapped[Zero]
    locked_until: Mapped[datetime | None]
    language: Mapped[EmptyText]
    created_at: Mapped[Now]


class AccountLink(Base):
    __tablename__ = "account_links"
    __table_args__ = (Index(None, "officer_id"),)

    token: Mapped[bytes] = mapped_column(primary_key=True)
    officer_id: Mapped[OfficerId]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]


class Passkey(Base):
    __tablename__ = "passkeys"
    __table_args__ = (Index(None, "officer_id"),)

    id: Mapped[bytes] = mapped_column(primary_key=True)
    officer_id: Mapped[OfficerId]
    public_key: Mapped[bytes]
    uses: Mapped[BigZero]
    created_at: Mapped[Now]
    used_at: Mapped[datetime | None]


class ConsoleSession(Base):
    __tablename__ = "console_sessions"
    __table_args__ = (
        Index(None, "token", unique=True),
        Index(None, "officer_id"),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[bytes]
    officer_id: Mapped[OfficerId]
    auth_method: Mapped[str]
    device: Mapped[str]
    created_at: Mapped[Now]
    seen_at: Mapped[Now]


class AuditEntry(Base):
    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "actor", "created_at"),
        Index(None, "subject", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    hash: Mapped[bytes]
    detail: Mapped[EmptyText]


class AuditHead(Base):
    __tablename__ = "audit_head"

    singleton: Mapped[bool] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]
    # The number of the last audit entry that retention deleted; the hash chain begins after it.
    removed_seq: Mapped[int] = mapped_column(BigInteger)
    removed_hash: Mapped[bytes]
