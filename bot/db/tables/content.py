"""Tables of content that editors publish in place of the shipped content."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, BigZero, EmptyText, Now, One, SerialKey, Yes


class ContentItem(Base):
    """An item of content that editors publish, such as a fact, by its key.

    `mission` is set for an item that belongs to one mission (embassy or consulate).
    """

    __tablename__ = "content_items"

    key: Mapped[str] = mapped_column(primary_key=True)
    mission: Mapped[EmptyText]
    created_at: Mapped[Now]


class ContentVersion(Base):
    """A version of a content item: its content never changes, only its state and approval.

    `restores` is the number of the earlier version that this version repeats.
    """

    __tablename__ = "content_versions"
    __table_args__ = (
        UniqueConstraint("item", "number"),
        CheckConstraint(
            "approver <> author OR restores IS NOT NULL", name="content_versions_four_eyes"
        ),
        Index(
            "content_versions_live", "item", unique=True, postgresql_where=text("state = 'live'")
        ),
    )

    id: Mapped[SerialKey]
    item: Mapped[str] = mapped_column(ForeignKey("content_items.key"))
    number: Mapped[int]
    state: Mapped[str]
    body: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes]
    author: Mapped[UUID] = mapped_column(ForeignKey("officers.id"))
    created_at: Mapped[Now]
    approver: Mapped[UUID | None] = mapped_column(ForeignKey("officers.id"))
    approved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    restores: Mapped[int | None]


class WordingReport(Base):
    """A report that a sentence sounds wrong: an officer's comment, or a count of chats' reports.

    A row that counts the reports of chats has no officer and does not refer to a person.
    """

    __tablename__ = "wording_reports"
    __table_args__ = (
        Index(
            "wording_reports_of_chats",
            "sentence",
            "language",
            unique=True,
            postgresql_where=text("officer IS NULL AND closed_on IS NULL"),
        ),
    )

    # The id is random and `created_on` is a day instead of a time, so that the row does not show
    # which chat sent a report.
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    sentence: Mapped[str]
    language: Mapped[str]
    comment: Mapped[EmptyText]
    officer: Mapped[UUID | None] = mapped_column(ForeignKey("officers.id"))
    count: Mapped[One]
    created_on: Mapped[date] = mapped_column(server_default=text("(kosh_now())::date"))
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("officers.id"))
    closed_on: Mapped[date | None]


class ContentHead(Base):
    """The number of publications so far.

    A process reloads its copy of the content when this number differs from the one of the copy.
    """

    __tablename__ = "content_head"

    singleton: Mapped[Yes] = mapped_column(primary_key=True)
    version: Mapped[BigZero]
