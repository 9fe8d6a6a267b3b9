"""Library of forms that a mission (embassy or consulate) offers, by name and language.

A form is a sanitized file that officers of the mission send to people.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from bot.attachments.case_files import NewFile
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.pipeline import Call, Rows
from bot.db.statements import execute, fetch_all, fetch_one, statement
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

MAX_TITLE, MAX_FORMS = 80, 200
SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg"}

_MISSION = bindparam("of_mission", type_=Text())
_NAME = bindparam("called", type_=Text())
_LANGUAGE = bindparam("in_language", type_=Text())
_LISTING = statement(
    select(
        t.FormFile.name,
        t.FormFile.language,
        t.FormFile.media_type,
        t.FormFile.size,
        t.FormFile.created_at,
    )
    .where(t.FormFile.mission == _MISSION)
    .order_by(t.FormFile.name, t.FormFile.language)
)
_PUT = statement(
    insert(t.FormFile)
    .values(
        id=bindparam("file"),
        mission=_MISSION,
        name=_NAME,
        language=_LANGUAGE,
        media_type=bindparam("media"),
        size=bindparam("bytes"),
        body=bindparam("contents"),
    )
    .on_conflict_do_nothing()
)
_REMOVE = statement(
    delete(t.FormFile).where(
        t.FormFile.mission == _MISSION, t.FormFile.name == _NAME, t.FormFile.language == _LANGUAGE
    )
)
_FIND = statement(
    select(t.FormFile.media_type, t.FormFile.body).where(
        t.FormFile.mission == _MISSION, t.FormFile.name == _NAME, t.FormFile.language == _LANGUAGE
    )
)


class Unusable(ValueError):
    """The form cannot be stored: it has no name or an unknown language, or the library is full."""

    code = "E_FORM"


@dataclass(frozen=True, slots=True)
class LibraryForm:
    """Metadata of a form in the library, without its contents."""

    name: str
    language: str
    media_type: str
    size: int
    created_at: datetime


def listing_call(officer: Officer) -> Call:
    """Return the statement that selects a mission's forms; `read` converts its rows."""
    permissions.require(officer, Action.CANNED_READ, Subject(officer.mission))
    return _LISTING, {"of_mission": officer.mission}


def read(rows: Rows) -> list[LibraryForm]:
    """Convert rows of the statement of `listing_call` to forms."""
    return [LibraryForm(*row) for row in rows]


async def listing(rt: Runtime, officer: Officer) -> list[LibraryForm]:
    """Return the forms of the officer's mission."""
    (rows,) = await directory.fetch_many(rt, officer, listing_call(officer))
    return read(rows)


async def put(rt: Runtime, officer: Officer, name: str, language: str, file: NewFile) -> None:
    """Store a form; replace an earlier one with the same name and language. Raises Unusable."""
    permissions.require(officer, Action.CANNED_EDIT, Subject(officer.mission))
    name = " ".join(name.split())
    known = {code for code, _own in rt.languages.languages()}
    if not 0 < len(name) <= MAX_TITLE or language not in known:
        raise Unusable("E_FORM: give a name of 80 characters at most, and a language")
    values = {"of_mission": officer.mission, "called": name, "in_language": language}
    async with directory.acting(rt, officer) as transaction:
        await execute(transaction, _REMOVE, **values)
        if len(await fetch_all(transaction, _LISTING, of_mission=officer.mission)) >= MAX_FORMS:
            raise Unusable("E_FORM: the library is full; remove a form first")
        contents = {"file": uuid4(), "media": file.media_type, "bytes": len(file.contents)}
        await execute(transaction, _PUT, **values, **contents, contents=file.contents)
        await directory.record_action(transaction, officer, "form.changed", officer.mission)


async def remove(rt: Runtime, officer: Officer, name: str, language: str) -> None:
    """Delete a form from the library; copies that officers have sent remain in the cases."""
    permissions.require(officer, Action.CANNED_EDIT, Subject(officer.mission))
    values = {"of_mission": officer.mission, "called": name, "in_language": language}
    async with directory.acting(rt, officer) as transaction:
        if await execute(transaction, _REMOVE, **values):
            await directory.record_action(transaction, officer, "form.dropped", officer.mission)


async def find(transaction: Transaction, mission: str, name: str, language: str) -> NewFile | None:
    """Return a form's contents and its file name; None if the mission has no such form."""
    values = {"of_mission": mission, "called": name, "in_language": language}
    row = await fetch_one(transaction, _FIND, **values)
    if row is None:
        return None
    media_type, body = row
    return NewFile(name + SUFFIXES.get(media_type, ""), media_type, body)
