"""Tables of people: keys, handles, links, consents, subscriptions, reminders."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import (
    Base,
    CaseId,
    No,
    Now,
    One,
    PersonId,
    PersonKey,
    SerialKey,
    Zero,
)


class Person(Base):
    __tablename__ = "people"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[bytes]
    key_version: Mapped[int]
    mission: Mapped[str | None]
    created_at: Mapped[Now]
    pin: Mapped[bytes | None]
    failed_pin_attempts: Mapped[Zero]
    # Failed lookups of the person's registration from other chats since the PIN was last entered
    # correctly.
    failed_lookups: Mapped[Zero]


class Handle(Base):
    __tablename__ = "handles"
    __table_args__ = (Index(None, "person_id"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    blind_index: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[PersonId]
    address: Mapped[bytes]
    blocked: Mapped[No]
    created_at: Mapped[Now]
    # Only for a handle of the secure page: the channel to return to, and the time when the handle
    # expires.
    home: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    # Time of the person's last message, updated at most every 15 minutes; set only on channels with
    # a reply window.
    spoke_at: Mapped[datetime | None]
    # The version of the key with which the blind index was computed.
    index_version: Mapped[One]
    # The channel whose code joined this channel's chat to the person; NULL for the first chat.
    joined_by: Mapped[str | None]


class SecureLink(Base):
    __tablename__ = "secure_links"
    __table_args__ = (Index(None, "person_id"), Index(None, "expires_at"))

    token: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[PersonId]
    channel: Mapped[str]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class JoinCode(Base):
    __tablename__ = "join_codes"
    __table_args__ = (Index(None, "person_id"), Index(None, "expires_at"))

    code: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[PersonId]
    # The channel of the chat in which the join code was issued.
    channel: Mapped[str]
    # Keyed hash of the chat in which the join code was entered.
    chat: Mapped[bytes | None]
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]


class MessageLimit(Base):
    """A limit that an officer set on a person's messages to officers."""

    __tablename__ = "message_limits"
    __table_args__ = (Index(None, "mission"), Index(None, "until"))

    person_id: Mapped[PersonKey]
    case_id: Mapped[CaseId]
    mission: Mapped[str]
    officer: Mapped[UUID] = mapped_column(ForeignKey("officers.id"))
    reason: Mapped[str]
    # Maximum number of messages to officers per day; 0 blocks them.
    per_day: Mapped[int]
    # The last day on which the limit applies.
    until: Mapped[date]
    created_at: Mapped[Now]
    # The text of the appeal, encrypted with the person's key.
    appeal: Mapped[bytes | None]
    appealed_at: Mapped[datetime | None]
    # The time when a lead (supervisor) rejected the appeal, so that the limit still applies.
    kept_at: Mapped[datetime | None]


class HintContact(Base):
    __tablename__ = "hint_contacts"
    __table_args__ = (Index(None, "due_at"), Index(None, "code_expires_at"))

    person_id: Mapped[PersonKey]
    # How hints (notices that the chat has news) are sent: `email` or `sms`.
    way: Mapped[str]
    address: Mapped[bytes]
    # The code that confirms the address for hints; NULL once the address is confirmed.
    code: Mapped[bytes | None]
    tries: Mapped[Zero]
    code_expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # When the code is due to be sent or, once the address is confirmed, the next hint.
    due_at: Mapped[datetime | None]
    attempts: Mapped[Zero]
    hinted_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class Reminder(Base):
    __tablename__ = "reminders"
    __table_args__ = (Index(None, "due_at"),)

    person_id: Mapped[PersonKey]
    due_at: Mapped[datetime]


class Subscription(Base):
    __tablename__ = "subscriptions"
    __table_args__ = (Index(None, "topic"),)

    person_id: Mapped[PersonKey]
    topic: Mapped[str] = mapped_column(primary_key=True)
    discreet: Mapped[No]
    created_at: Mapped[Now]


class AudienceAttribute(Base):
    __tablename__ = "audience_attributes"
    __table_args__ = (Index(None, "kind", "token"),)

    person_id: Mapped[PersonKey]
    kind: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[bytes]


class Consent(Base):
    __tablename__ = "consents"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[SerialKey]
    person_id: Mapped[PersonId]
    purpose: Mapped[str]
    given: Mapped[bool]
    text_sha256: Mapped[bytes]
    language: Mapped[str]
    channel: Mapped[str]
    created_at: Mapped[Now]


class Tombstone(Base):
    __tablename__ = "tombstones"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[Now]
