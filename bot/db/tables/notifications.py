"""Tables of notifications to officers: officers' settings, their browsers, and the queue."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import (
    Base,
    BigZero,
    EmptyList,
    EmptyText,
    Now,
    OfficerId,
    SerialKey,
    Zero,
)


class NotificationSettings(Base):
    __tablename__ = "notification_settings"

    officer_id: Mapped[UUID] = mapped_column(
        ForeignKey("officers.id", ondelete="CASCADE"), primary_key=True
    )
    email: Mapped[EmptyText]
    # Kinds of notifications that the officer turned off. A list of the wanted kinds would leave out
    # kinds that a later version adds.
    unwanted: Mapped[EmptyList]
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    # Notifications are collected for this many minutes and sent together; 0 sends each at once.
    digest_minutes: Mapped[Zero]


class PushSubscription(Base):
    __tablename__ = "push_subscriptions"
    __table_args__ = (Index(None, "officer_id"), Index(None, "endpoint", unique=True))

    id: Mapped[SerialKey]
    officer_id: Mapped[OfficerId]
    endpoint: Mapped[str]
    public_key: Mapped[bytes]
    auth_secret: Mapped[bytes]
    created_at: Mapped[Now]


class OfficerNotification(Base):
    __tablename__ = "officer_notifications"
    __table_args__ = (
        # At most one pending notification of each kind about each subject for each recipient.
        Index(
            "officer_notifications_pending",
            "officer_id",
            "push_subscription",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("officer_notifications_due", "due_at", postgresql_where=text("done_at IS NULL")),
        Index(None, "kind", "subject", "created_at"),
    )

    id: Mapped[SerialKey]
    officer_id: Mapped[OfficerId]
    # The id of the browser's push subscription to notify; 0 means the officer's e-mail address.
    push_subscription: Mapped[BigZero]
    kind: Mapped[str]
    # The subject of the notification: id of a case or announcement, name of a mission, key of a
    # fact, or id and host of a webhook endpoint.
    subject: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[Zero]
    reason: Mapped[str | None]
    created_at: Mapped[Now]
    due_at: Mapped[Now]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
