"""Files of a case (a person's request to officers), stored with the case's messages.

They are erased with the case or with the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from bot.channels import FileRef
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.pipeline import Rows
from bot.db.statements import execute, fetch_one, statement
from bot.people.identities import Person

_ID = bindparam("file", type_=Uuid())
_ADD = statement(
    insert(t.CaseFile).values(
        id=_ID,
        case_id=bindparam("case"),
        person_id=bindparam("person"),
        message_id=bindparam("message", type_=BigInteger()),
        media_type=bindparam("media"),
        name=bindparam("named"),
        size=bindparam("bytes"),
        body=bindparam("sealed"),
    )
)
LISTING = statement(
    select(
        t.CaseFile.id,
        t.CaseFile.message_id,
        t.CaseFile.media_type,
        t.CaseFile.name,
        t.CaseFile.state,
    )
    .where(t.CaseFile.case_id == bindparam("case", type_=Uuid()))
    .order_by(t.CaseFile.created_at, t.CaseFile.id)
)
_BODY = statement(
    select(t.CaseFile.media_type, t.CaseFile.name, t.CaseFile.body).where(
        t.CaseFile.id == _ID,
        t.CaseFile.person_id == bindparam("person", type_=Uuid()),
        t.CaseFile.state == "ready",
    )
)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to store and to send to the person; `contents` are bytes that the sanitizer wrote."""

    name: str
    media_type: str
    contents: bytes


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A stored file of a message in a case, without its contents.

    `state` is `ready`, `refused` or `fetching`. Only a voice message can be `fetching`, because the
    recording is downloaded from the messenger after the commit.
    """

    id: UUID
    message_id: int
    media_type: str
    name: str
    state: str


def reference(file: NewFile) -> FileRef:
    """Return a reference with a new id, by which a message of a case refers to the file."""
    return FileRef(str(uuid4()), file.name, file.media_type, len(file.contents))


async def add(
    transaction: Transaction,
    person: Person,
    case_id: UUID,
    message_id: int,
    reference: FileRef,
    contents: bytes,
) -> None:
    """Store a file, encrypted with the person's key, for a message of the case."""
    file_id = reference.id
    values: dict[str, Any] = {
        "file": UUID(file_id),
        "case": case_id,
        "person": person.id,
        "message": message_id,
        "media": reference.media_type,
        "named": person.key.seal(reference.name.encode(), "case_files", "name", file_id),
        "bytes": len(contents),
        "sealed": person.key.seal(contents, "case_files", "body", file_id),
    }
    await execute(transaction, _ADD, **values)


def files_of_rows(person: Person, rows: Rows) -> dict[int, list[CaseFile]]:
    """Convert rows of the statement LISTING to files, grouped by the id of their message."""
    found: dict[int, list[CaseFile]] = {}
    for each in _read(person, rows):
        found.setdefault(each.message_id, []).append(each)
    return found


def _read(person: Person, rows: Rows) -> Iterable[CaseFile]:
    for file_id, message_id, media_type, name, state in rows:
        title = person.key.unseal(name, "case_files", "name", str(file_id)).decode()
        yield CaseFile(file_id, message_id, media_type, title, state)


async def load(transaction: Transaction, person: Person, file_id: UUID) -> NewFile | None:
    """Return a file of a case of the person, with its contents.

    Return None if the file was erased, or if it is a voice message that was refused or that the
    messenger has not delivered yet.
    """
    row = await fetch_one(transaction, _BODY, file=file_id, person=person.id)
    if row is None:
        return None
    media_type, name, body = row
    own = str(file_id)
    return NewFile(
        person.key.unseal(name, "case_files", "name", own).decode(),
        media_type,
        person.key.unseal(body, "case_files", "body", own),
    )
