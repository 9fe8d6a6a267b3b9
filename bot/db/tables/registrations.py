"""Tables of registrations, writes to the registry, and uploaded files."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.tables.declarative import Base, KeptPersonId, No, Now, PersonId, Zero


class Registration(Base):
    __tablename__ = "registrations"
    __table_args__ = (Index(None, "person_id"), Index(None, "number", unique=True))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[KeptPersonId]
    state: Mapped[str]
    number: Mapped[str | None]
    version: Mapped[Zero]
    answers_deleted: Mapped[No]
    created_at: Mapped[Now]
    state_at: Mapped[Now]


class RegistrationDetails(Base):
    __tablename__ = "registration_details"
    __table_args__ = (Index(None, "details_hash"), Index(None, "person_id"))

    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[PersonId]
    # Keyed hash of names, year of birth and citizenship, to detect repeated registrations.
    details_hash: Mapped[bytes]
    # True if another person had registered the same details before.
    is_repeated: Mapped[No]
    created_at: Mapped[Now]


class RegistryWrite(Base):
    __tablename__ = "registry_writes"
    __table_args__ = (
        Index("registry_writes_order", "registration_id", "number", unique=True),
        Index(
            "registry_writes_open",
            "due_at",
            postgresql_where=text("state IN ('pending', 'sending', 'unknown')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    kind: Mapped[str]
    payload: Mapped[bytes | None]
    state: Mapped[str]
    attempts: Mapped[Zero]
    reason: Mapped[str | None]
    created_at: Mapped[Now]
    due_at: Mapped[Now]
    done_at: Mapped[datetime | None]


class Upload(Base):
    __tablename__ = "uploads"
    __table_args__ = (
        Index(None, "person_id"),
        Index(None, "registration_id"),
        Index(
            "uploads_open",
            "due_at",
            postgresql_where=text(
                "state IN ('fetching', 'checking', 'pending', 'sending', 'unknown')"
            ),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[PersonId]
    registration_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("registrations.id", ondelete="SET NULL")
    )
    paper: Mapped[str]
    state: Mapped[str]
    # Where an uploaded file is before it is downloaded: the messenger, and the file's id there.
    channel: Mapped[str | None]
    source: Mapped[bytes | None]
    # `hash` is the keyed hash of the received file, to detect that this person uploads the file
    # again. `digest` is the encrypted hash of the stored file.
    hash: Mapped[bytes | None]
    digest: Mapped[bytes | None]
    media_type: Mapped[str | None]
    pages: Mapped[int | None]
    size: Mapped[int | None]
    received: Mapped[Zero]
    attempts: Mapped[Zero]
    reason: Mapped[str | None]
    document: Mapped[UUID | None]
    created_at: Mapped[Now]
    state_at: Mapped[Now]
    due_at: Mapped[Now]


class UploadChunk(Base):
    __tablename__ = "upload_chunks"

    upload_id: Mapped[UUID] = mapped_column(
        ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes]
