"""Tables of announcements (broadcasts): texts, approvals, recipients, and their counts."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import (
    Base,
    BroadcastId,
    BroadcastKey,
    EmptyBytes,
    EmptyText,
    No,
    Now,
    One,
    PersonId,
    Serial,
    Zero,
)


class Broadcast(Base):
    __tablename__ = "broadcasts"
    __table_args__ = (
        Index("broadcasts_number", "number", unique=True),
        Index(None, "text_hash"),
        Index(
            "broadcasts_open",
            "state_at",
            postgresql_where=text("state IN ('scheduled', 'running', 'paused', 'cancelled')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[Serial]
    purpose: Mapped[str]
    topic: Mapped[str]
    # The reason for the urgency of an urgent broadcast, shown to approvers and never sent.
    urgent_reason: Mapped[EmptyText]
    state: Mapped[str]
    reason: Mapped[EmptyText]
    audience: Mapped[dict[str, Any]]
    not_before: Mapped[datetime | None]
    not_later_than: Mapped[datetime | None]
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    paid: Mapped[No]
    # Number of recipients in the first, small wave (canary). While `reach` is set, the announcement
    # is sent only to recipients with a number below `reach`.
    canary: Mapped[int]
    reach: Mapped[int | None]
    canary_until: Mapped[datetime | None]
    author: Mapped[UUID] = mapped_column(ForeignKey("officers.id"))
    version: Mapped[One]
    content_hash: Mapped[EmptyBytes]
    text_hash: Mapped[EmptyBytes]
    # The content as last approved, to show approvers what has changed since.
    approved_content: Mapped[dict[str, Any] | None]
    total: Mapped[int | None]
    created_at: Mapped[Now]
    state_at: Mapped[Now]
    started_at: Mapped[datetime | None]


class BroadcastText(Base):
    __tablename__ = "broadcast_texts"

    broadcast_id: Mapped[BroadcastKey]
    language: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    template: Mapped[EmptyText]


class BroadcastTest(Base):
    __tablename__ = "broadcast_tests"

    broadcast_id: Mapped[BroadcastKey]
    language: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[bytes]
    sent_at: Mapped[Now]


class BroadcastApproval(Base):
    __tablename__ = "broadcast_approvals"
    __table_args__ = (CheckConstraint("officer <> author", name="broadcast_approvals_four_eyes"),)

    broadcast_id: Mapped[BroadcastKey]
    officer: Mapped[UUID] = mapped_column(ForeignKey("officers.id"), primary_key=True)
    author: Mapped[UUID]
    content_hash: Mapped[bytes]
    audience: Mapped[int]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]


class BroadcastRecipient(Base):
    __tablename__ = "broadcast_recipients"
    __table_args__ = (
        Index(None, "person_id", "broadcast_id", unique=True),
        Index(None, "broadcast_id", "state", "seq"),
        Index(
            "broadcast_recipients_held",
            "broadcast_id",
            "not_before",
            postgresql_where=text("state = 'held'"),
        ),
        Index("broadcast_recipients_templates", "state_at", postgresql_where=text("template")),
    )

    broadcast_id: Mapped[BroadcastKey]
    seq: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[PersonId]
    attempt: Mapped[Zero]
    channel: Mapped[str]
    language: Mapped[str]
    state: Mapped[str]
    reason: Mapped[EmptyText]
    # True if the message was sent as a template, which counts against the platform's daily limit.
    template: Mapped[No]
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    state_at: Mapped[datetime | None]
    external_id: Mapped[str | None]


class BroadcastCount(Base):
    """Recipients by status, counted by triggers, so that no statement can miss a change."""

    __tablename__ = "broadcast_counts"

    broadcast_id: Mapped[BroadcastKey]
    channel: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class BroadcastMinute(Base):
    """Messages accepted by the channels per minute, counted by triggers on the recipients."""

    __tablename__ = "broadcast_minutes"

    broadcast_id: Mapped[BroadcastKey]
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class BroadcastRequest(Base):
    __tablename__ = "broadcast_requests"

    officer: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    broadcast_id: Mapped[BroadcastId]
    created_at: Mapped[Now]


class ChannelPause(Base):
    __tablename__ = "channel_pauses"

    channel: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
    reason: Mapped[str]
