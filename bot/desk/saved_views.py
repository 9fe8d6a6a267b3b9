"""Saved views of an officer: a name and the query string of a case list.

The query string contains the filters that the officer chose.
"""

from sqlalchemy import Text, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.statements import execute, fetch_all, fetch_value, statement
from bot.desk.transaction import Refusal, Refused
from bot.officers import directory
from bot.officers.directory import Officer
from bot.runtime import Runtime

MAX_VIEWS, MAX_NAME, MAX_QUERY = 20, 40, 500

_OFFICER = bindparam("officer", type_=Uuid())
_NAME = bindparam("called", type_=Text())
_QUERY = bindparam("wanted", type_=Text())
_IS_OWN = t.SavedView.officer_id == _OFFICER
_VIEWS = statement(
    select(t.SavedView.name, t.SavedView.query).where(_IS_OWN).order_by(t.SavedView.name)
)
_COUNT = statement(select(func.count()).where(_IS_OWN, t.SavedView.name != _NAME))
_SAVE = statement(
    insert(t.SavedView)
    .values(officer_id=_OFFICER, name=_NAME, query=_QUERY)
    .on_conflict_do_update(
        index_elements=[t.SavedView.officer_id, t.SavedView.name], set_={t.SavedView.query: _QUERY}
    )
)
_REMOVE = statement(delete(t.SavedView).where(_IS_OWN, t.SavedView.name == _NAME))


async def listing(rt: Runtime, officer: Officer) -> list[tuple[str, str]]:
    """Return name and query string of the officer's saved views."""
    async with directory.acting(rt, officer) as transaction:
        return await fetch_all(transaction, _VIEWS, officer=officer.id)


async def save(rt: Runtime, officer: Officer, name: str, query: str) -> None:
    """Save a view of the officer; replace a view of the same name.

    Raises Refused for a bad name or too many views.
    """
    name = " ".join(name.split())
    if not name:
        raise Refused(Refusal.EMPTY)
    async with directory.acting(rt, officer) as transaction:
        count = await fetch_value(transaction, _COUNT, officer=officer.id, called=name)
        if len(name) > MAX_NAME or len(query) > MAX_QUERY or (count or 0) >= MAX_VIEWS:
            raise Refused(Refusal.NO_LABEL)
        await execute(transaction, _SAVE, officer=officer.id, called=name, wanted=query)


async def remove(rt: Runtime, officer: Officer, name: str) -> None:
    """Delete a saved view of the officer; do nothing if there is none of this name."""
    async with directory.acting(rt, officer) as transaction:
        await execute(transaction, _REMOVE, officer=officer.id, called=name)
