"""Tables of external systems: their API tokens, invitations and webhooks."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, EmptyText, Now, OfficerId, SerialKey, Zero


class ApiToken(Base):
    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "token", unique=True), Index(None, "officer_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The account of the external system that uses the token.
    officer_id: Mapped[OfficerId]
    # Keyed hash of the token, and the version of the key with which the hash was computed.
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
    # The account of the external system that invites.
    officer_id: Mapped[OfficerId]
    # Keyed hash of account and idempotency key, and keyed hash of the invitation's code.
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


class WebhookEndpoint(Base):
    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index(None, "officer_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The account of the external system.
    officer_id: Mapped[OfficerId]
    url: Mapped[bytes]
    secret: Mapped[bytes]
    # After a rotation, deliveries are signed with both secrets until this time.
    old_secret: Mapped[bytes | None]
    old_secret_until: Mapped[datetime | None]
    events: Mapped[list[str]]
    state: Mapped[str]
    # The reason why the endpoint is disabled.
    reason: Mapped[EmptyText]
    # Number of failed delivery attempts since the last success, and the time of the first failure.
    failures: Mapped[Zero]
    failing_since: Mapped[datetime | None]
    resting_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class WebhookDelivery(Base):
    """An event for a webhook endpoint; a database trigger inserts it when its subject changes."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_event", "endpoint_id", "event_id", unique=True),
        Index("webhook_deliveries_due", "due_at", postgresql_where=text("done_at IS NULL")),
        Index(None, "done_at"),
    )

    id: Mapped[SerialKey]
    endpoint_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    event_id: Mapped[UUID]
    type: Mapped[str]
    # The id of the invitation or announcement, or the number of the publication. `subject_state` is
    # the new state of the invitation's case or of the announcement; empty for a publication.
    subject: Mapped[EmptyText]
    subject_state: Mapped[EmptyText]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempt: Mapped[Zero]
    # The reason why the last attempt failed.
    reason: Mapped[EmptyText]
    created_at: Mapped[Now]
    due_at: Mapped[Now]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
