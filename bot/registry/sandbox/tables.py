"""Tables of the sandbox: entries (registrations), writes, documents, callbacks, planning."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Identity, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable

from bot.db.statements import Statement, statement
from bot.db.tables import declarative
from bot.db.tables.declarative import Zero

SCHEMA = "registry_sandbox"
_CLOCK = text("clock_timestamp()")


class _Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)
    type_annotation_map = declarative.Base.type_annotation_map | {dict[str, Any]: JSON}


class Entry(_Base):
    __tablename__ = "entries"
    __table_args__ = (Index("entries_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),)

    number: Mapped[str] = mapped_column(primary_key=True)
    # Idempotency keys of the write that created the entry and of the last write. The first is
    # unique, so that a repeated write creates no second registration.
    created_by: Mapped[str] = mapped_column(unique=True)
    changed_by: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    reason_code: Mapped[str | None]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any] | None]
    verdict: Mapped[str]
    doubled: Mapped[bool]
    due_at: Mapped[datetime | None]
    question: Mapped[dict[str, Any] | None]
    step: Mapped[dict[str, Any] | None]
    household: Mapped[UUID | None] = mapped_column(index=True)
    # Keyed hash of names, year of birth and citizenship, by which equal registrations are found.
    details: Mapped[str | None] = mapped_column(index=True)


class Household(_Base):
    """A household with its invitation code; entries refer to the household by `Entry.household`."""

    __tablename__ = "households"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    code: Mapped[str] = mapped_column(unique=True)
    code_until: Mapped[datetime | None]


class MatchDecision(_Base):
    """An officer's decision on two registrations with the same details."""

    __tablename__ = "match_decisions"

    first: Mapped[str] = mapped_column(ForeignKey(Entry.number), primary_key=True)
    second: Mapped[str] = mapped_column(ForeignKey(Entry.number), primary_key=True)
    decision: Mapped[str]
    reason: Mapped[str]
    officer: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=_CLOCK)


class Milestone(_Base):
    """History of a registration: for each version, the state or the step of the Kandas platform."""

    __tablename__ = "milestones"

    number: Mapped[str] = mapped_column(ForeignKey(Entry.number), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason_code: Mapped[str | None]
    step: Mapped[dict[str, Any] | None]
    at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    # Cursor of the feed of events: (transaction, seq). Readers see a row only after all earlier
    # transactions have ended, so that no row appears later before one that was read already.
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    transaction: Mapped[int] = mapped_column(
        BigInteger, server_default=text("pg_current_xact_id()::text::bigint")
    )


class Write(_Base):
    __tablename__ = "writes"
    __table_args__ = (Index("writes_number", "number"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey(Entry.number))
    operation: Mapped[str]
    fingerprint: Mapped[str]
    answer: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    repeats: Mapped[Zero]


class Document(_Base):
    __tablename__ = "documents"
    __table_args__ = (Index("documents_number", "number", "received_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    number: Mapped[str] = mapped_column(ForeignKey(Entry.number))
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    media_type: Mapped[str]
    pages: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    repeats: Mapped[Zero]


class Callback(_Base):
    __tablename__ = "callbacks"
    __table_args__ = (Index("callbacks_number", "number", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey(Entry.number))
    body: Mapped[str]
    attempts: Mapped[Zero]
    due_at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    delivered_at: Mapped[datetime | None]


class PlanningRelease(_Base):
    """A daily release of planning counts; its id is one higher than that of the release before."""

    __tablename__ = "planning_releases"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class PlanningCell(_Base):
    """A count of a planning release; `a`, `b` are values of the dimensions `first` and `second`."""

    __tablename__ = "planning_cells"

    release: Mapped[int] = mapped_column(
        ForeignKey(PlanningRelease.id, ondelete="CASCADE"), primary_key=True
    )
    first: Mapped[str] = mapped_column(primary_key=True)
    second: Mapped[str] = mapped_column(primary_key=True)
    a: Mapped[str] = mapped_column(primary_key=True)
    b: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    households: Mapped[int]
    is_hidden: Mapped[bool]


class PlanningQuery(_Base):
    """Audit record of an officer's query of planning counts; rows are never changed."""

    __tablename__ = "planning_queries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=_CLOCK)
    officer: Mapped[str]
    dimensions: Mapped[str]
    release: Mapped[int]


@cache
def creation() -> tuple[Statement[()], ...]:
    """Return the statements that create the missing schema, tables and indexes.

    They are cached, because compiling them takes a third of the time of executing them.
    """
    tables = _Base.metadata.sorted_tables
    indexes = [index for table in tables for index in sorted(table.indexes, key=_name)]
    return (
        statement(CreateSchema(SCHEMA, if_not_exists=True)),
        *(statement(CreateTable(each, if_not_exists=True)) for each in tables),
        *(statement(CreateIndex(each, if_not_exists=True)) for each in indexes),
    )


def _name(index: Index) -> str:
    return str(index.name)
