"""Tables of cases (requests to officers), missions (embassies), shifts, replies, access rights.

With break-glass access, an administrator can open one case for an hour.
"""

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import (
    Base,
    CaseId,
    CaseKey,
    EmptyBytes,
    EmptyList,
    EmptyText,
    No,
    Now,
    One,
    OptionalNow,
    PersonId,
    Serial,
    SerialKey,
    Zero,
)


class Case(Base):
    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "person_id"),
        Index("cases_number", "number", unique=True),
        Index(
            "cases_queue",
            "mission",
            text("urgent DESC"),
            "opened_at",
            postgresql_where=text("state <> 'resolved'"),
        ),
        Index(
            "cases_listed",
            "mission",
            text("(NOT urgent)"),
            text("(coalesce(answer_due, 'infinity'))"),
            "opened_at",
            "id",
            postgresql_where=text("state <> 'resolved'"),
        ),
        Index(
            "cases_closed",
            "mission",
            text("state_at DESC"),
            postgresql_where=text("state = 'resolved'"),
        ),
        Index(
            "cases_answered",
            "mission",
            "answered_at",
            postgresql_where=text("answered_at IS NOT NULL"),
        ),
        Index("cases_burst_id", "burst_id", postgresql_where=text("burst_id IS NOT NULL")),
        Index(
            "cases_call_back",
            "mission",
            "call_back_at",
            "id",
            postgresql_where=text("state <> 'resolved' AND call_back_at IS NOT NULL"),
        ),
        Index("cases_country", "mission", "country", postgresql_where=text("state <> 'resolved'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[PersonId]
    mission: Mapped[str]
    topic: Mapped[str]
    urgent: Mapped[bool]
    language: Mapped[str]
    state: Mapped[str]
    owner: Mapped[UUID | None] = mapped_column(ForeignKey("officers.id"))
    version: Mapped[Zero]
    opened_at: Mapped[Now]
    state_at: Mapped[Now]
    number: Mapped[Serial]
    country: Mapped[EmptyText]
    waiting_since: Mapped[OptionalNow]
    answer_due: Mapped[datetime | None]
    resolve_due: Mapped[datetime | None]
    return_due: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answer_minutes: Mapped[int | None]
    returned: Mapped[Zero]
    rating: Mapped[str | None]
    burst_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_bursts.id", ondelete="SET NULL"))
    labels: Mapped[EmptyList]
    call_back_at: Mapped[datetime | None]
    # True if the case was urgent or about danger before an officer changed its urgency or topic.
    was_danger: Mapped[No]
    # The topic with which the case was opened; None if the topic has not changed since then.
    first_topic: Mapped[str | None]
    # The topics of requests and registry matters that joined the case after it was opened.
    joined_topics: Mapped[EmptyList]


class CaseLabel(Base):
    """A label that the leads (supervisors) of a mission offer for its cases."""

    __tablename__ = "case_labels"

    mission: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[Now]


class SavedView(Base):
    """A filter of the case list that an officer saved, as a URL query string."""

    __tablename__ = "saved_views"

    officer_id: Mapped[UUID] = mapped_column(
        ForeignKey("officers.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[str]
    created_at: Mapped[Now]


class CaseOrigin(Base):
    """The keyed hash of the IP address from which a case was opened in the web chat."""

    __tablename__ = "case_origins"
    __table_args__ = (Index(None, "network"),)

    case_id: Mapped[CaseKey]
    network: Mapped[bytes]
    created_at: Mapped[Now]


class CaseBurst(Base):
    """A group of cases that an officer closed together as spam."""

    __tablename__ = "case_bursts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission: Mapped[str]
    reason: Mapped[str]
    closed_by: Mapped[UUID]
    closed_at: Mapped[Now]
    reopened_at: Mapped[datetime | None]


class CaseMessage(Base):
    __tablename__ = "case_messages"
    __table_args__ = (Index(None, "case_id", "id"),)

    id: Mapped[SerialKey]
    case_id: Mapped[CaseId]
    person_id: Mapped[PersonId]
    officer: Mapped[UUID | None]
    body: Mapped[bytes]
    created_at: Mapped[Now]
    # Only for an officer's message: the message's id in the outbox, and the name of the canned
    # reply (prepared text) that it contains.
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    canned_reply: Mapped[str | None]


class CaseFile(Base):
    """A file of a message in a case: sent by an officer, or a voice recording of the person."""

    __tablename__ = "case_files"
    __table_args__ = (
        Index(None, "case_id"),
        Index(None, "person_id"),
        Index("case_files_open", "due_at", postgresql_where=text("state = 'fetching'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[CaseId]
    person_id: Mapped[PersonId]
    message_id: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str]
    name: Mapped[bytes]
    size: Mapped[int]
    body: Mapped[bytes]
    created_at: Mapped[Now]
    state: Mapped[Annotated[str, mapped_column(server_default=text("'ready'"))]]
    # Where a recording is before it is downloaded: the messenger, and the file's id there.
    channel: Mapped[str | None]
    source: Mapped[bytes | None]
    attempts: Mapped[Zero]
    due_at: Mapped[Now]


class FormFile(Base):
    """A blank application form that officers of a mission send to people, in one language."""

    __tablename__ = "form_files"
    __table_args__ = (UniqueConstraint("mission", "name", "language"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    body: Mapped[bytes]
    created_at: Mapped[Now]


class CaseNote(Base):
    __tablename__ = "case_notes"
    __table_args__ = (Index(None, "case_id", "id"),)

    id: Mapped[SerialKey]
    case_id: Mapped[CaseId]
    person_id: Mapped[PersonId]
    officer: Mapped[UUID]
    body: Mapped[bytes]
    created_at: Mapped[Now]


class CaseAction(Base):
    __tablename__ = "case_actions"
    __table_args__ = (Index(None, "case_id"),)

    officer: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[CaseId]
    action: Mapped[str]
    created_at: Mapped[Now]


class CaseViewer(Base):
    __tablename__ = "case_viewers"

    case_id: Mapped[CaseKey]
    officer: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[Now]
    typed_at: Mapped[datetime | None]


class BreakGlassRequest(Base):
    __tablename__ = "break_glass_requests"
    __table_args__ = (
        CheckConstraint(
            "granted_by <> asked_by AND reviewed_by <> asked_by",
            name="break_glass_requests_two_people",
        ),
        Index(None, "asked_at"),
        Index(None, "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[CaseId]
    mission: Mapped[str]
    asked_by: Mapped[UUID]
    reason: Mapped[str]
    asked_at: Mapped[Now]
    granted_by: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]


class CaseEvent(Base):
    """A change of a case, written by triggers, so that no statement can miss one."""

    __tablename__ = "case_events"
    __table_args__ = (Index(None, "mission", "id"), Index(None, "created_at"))

    id: Mapped[SerialKey]
    case_id: Mapped[UUID]
    mission: Mapped[str]
    kind: Mapped[str]
    created_at: Mapped[Now]


class Mission(Base):
    __tablename__ = "missions"

    mission: Mapped[str] = mapped_column(primary_key=True)
    zone: Mapped[str]
    first_minutes: Mapped[int]
    next_minutes: Mapped[int]
    resolve_minutes: Mapped[int]
    claim_timeout_minutes: Mapped[int]
    duty_chat: Mapped[EmptyText]
    version: Mapped[One]
    auto_assign: Mapped[No]


class MissionHours(Base):
    __tablename__ = "mission_hours"

    mission: Mapped[str] = mapped_column(
        ForeignKey("missions.mission", ondelete="CASCADE"), primary_key=True
    )
    weekday: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[time] = mapped_column(primary_key=True)
    closes: Mapped[time]


class MissionHoliday(Base):
    __tablename__ = "mission_holidays"

    mission: Mapped[str] = mapped_column(
        ForeignKey("missions.mission", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    works_as: Mapped[int | None]


class CannedReply(Base):
    __tablename__ = "canned_replies"

    mission: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    version: Mapped[int]
    changed_at: Mapped[Now]
    title: Mapped[EmptyText]
    form: Mapped[EmptyText]


class DutyMessage(Base):
    __tablename__ = "duty_messages"

    chat: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[EmptyText]
    digest: Mapped[EmptyBytes]
    urgent: Mapped[Zero]
    updated_at: Mapped[Now]


class FormFunnel(Base):
    __tablename__ = "form_funnel"

    flow: Mapped[str] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    language: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    entered: Mapped[int]
    stopped: Mapped[int]
    counted_at: Mapped[Now]
    country: Mapped[EmptyText] = mapped_column(primary_key=True)
