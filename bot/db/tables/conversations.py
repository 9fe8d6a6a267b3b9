"""Tables of conversations, of updates that were processed, and of messages to people."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import (
    Base,
    EmptyList,
    EmptyText,
    No,
    Now,
    One,
    PersonId,
    PersonKey,
    SerialKey,
    Zero,
)


class Conversation(Base):
    """The state of a person's conversation; locking this row locks the person."""

    __tablename__ = "conversations"
    # No index on columns that each turn changes, and free space in pages, so that updates are HOT
    # (heap-only tuples) and change no index.
    __table_args__ = {"postgresql_with": {"fillfactor": "60"}}  # noqa: RUF012 - declarative

    person_id: Mapped[PersonKey]
    state: Mapped[bytes]
    channel: Mapped[str]
    language: Mapped[str]
    quiet: Mapped[No]
    ownership_version: Mapped[Zero]
    updated_at: Mapped[Now]
    deletable_messages: Mapped[EmptyList]
    # The channel for messages that the bot sends unasked, such as a registration's status; chosen
    # by a person who uses several channels.
    updates_channel: Mapped[str | None]


class ProcessedUpdate(Base):
    __tablename__ = "processed_updates"
    __table_args__ = (Index(None, "created_at"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[Now]


class QuarantinedUpdate(Base):
    __tablename__ = "quarantined_updates"
    __table_args__ = (Index(None, "channel", "key", unique=True),)

    id: Mapped[SerialKey]
    channel: Mapped[str]
    key: Mapped[bytes]
    reason: Mapped[str]
    size: Mapped[int]
    attempts: Mapped[One]
    created_at: Mapped[Now]


class Message(Base):
    __tablename__ = "messages"
    __table_args__ = (
        Index("messages_waiting", "person_id", postgresql_where=text("state = 'waiting'")),
        Index(
            "messages_open",
            "person_id",
            "id",
            postgresql_where=text("state IN ('pending', 'sending')"),
        ),
        # The predicate differs from that of `messages_open`, so that only the sweep of due messages
        # uses this index. With an equal predicate, the statements of a turn would use this index
        # after a burst, and read every waiting row.
        Index("messages_due", "due_at", postgresql_where=text("done_at IS NULL")),
        Index("messages_person", "person_id", "id"),
    )

    id: Mapped[SerialKey]
    person_id: Mapped[PersonId]
    channel: Mapped[str]
    act: Mapped[str]
    body: Mapped[bytes | None]
    ownership_version: Mapped[int | None]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    officer: Mapped[UUID | None]
    state: Mapped[str]
    attempt: Mapped[Zero]
    external_id: Mapped[str | None]
    reason: Mapped[str | None]
    due_at: Mapped[Now]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[Now]
    done_at: Mapped[datetime | None]
    # The platform's last report on the message (sent, failed, delivered or read), and its billing
    # category.
    delivery_status: Mapped[str | None]
    delivery_status_at: Mapped[datetime | None]
    billing_category: Mapped[str | None]


class SuggestedPhrase(Base):
    """A sentence that a person suggested as training data, without a reference to the person."""

    __tablename__ = "suggested_phrases"
    __table_args__ = (Index(None, "created_on"),)

    # Ids are random and `created_on` is a day, so that a sentence cannot be matched to a chat.
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    language: Mapped[str]
    body: Mapped[str]
    created_on: Mapped[date] = mapped_column(server_default=text("(kosh_now())::date"))
    state: Mapped[str] = mapped_column(server_default=text("'new'"))
    intent: Mapped[EmptyText]
