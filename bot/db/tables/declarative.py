"""Declarative base, and column types that tables share."""

from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column


class Base(DeclarativeBase):
    """Base of all tables; columns are named like the attributes."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s",
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it so
        bool: Boolean,
        bytes: LargeBinary,
        date: Date,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        int: Integer,
        list[str]: ARRAY(Text),
        str: Text,
        time: Time,
        UUID: Uuid,
    }


# Numbers that the database assigns in ascending order.
Serial = Annotated[int, mapped_column(BigInteger, Identity(always=True))]
SerialKey = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Now = Annotated[datetime, mapped_column(server_default=text("kosh_now()"))]
OptionalNow = Annotated[datetime | None, mapped_column(server_default=text("kosh_now()"))]
Zero = Annotated[int, mapped_column(server_default=text("0"))]
One = Annotated[int, mapped_column(server_default=text("1"))]
BigZero = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
No = Annotated[bool, mapped_column(server_default=text("false"))]
Yes = Annotated[bool, mapped_column(server_default=text("true"))]
EmptyText = Annotated[str, mapped_column(server_default=text("''"))]
EmptyBytes = Annotated[bytes, mapped_column(server_default=text("''"))]
EmptyList = Annotated[list[str], mapped_column(server_default=text("'{}'"))]

# Foreign keys: rows are deleted with the person, or kept without the person's id.
PersonId = Annotated[UUID, mapped_column(ForeignKey("people.id", ondelete="CASCADE"))]
PersonKey = Annotated[
    UUID, mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
]
KeptPersonId = Annotated[UUID | None, mapped_column(ForeignKey("people.id", ondelete="SET NULL"))]
CaseId = Annotated[UUID, mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))]
CaseKey = Annotated[
    UUID, mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
]
# Foreign keys: rows are deleted with the officer.
OfficerId = Annotated[UUID, mapped_column(ForeignKey("officers.id", ondelete="CASCADE"))]
BroadcastId = Annotated[UUID, mapped_column(ForeignKey("broadcasts.id", ondelete="CASCADE"))]
BroadcastKey = Annotated[
    UUID, mapped_column(ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True)
]
