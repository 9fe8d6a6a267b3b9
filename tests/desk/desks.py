"""Invented officers, and people who ask for an officer."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam

from bot import cases
from bot.cases import Case
from bot.cases.statements import CASES
from bot.db import tables as t
from bot.db.statements import fetch_one, statement
from bot.desk import views
from bot.desk.views import Filter, Queue, View
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Reason, Role
from bot.runtime import Runtime
from flows.knowledge.missions import GENERAL
from tests.person_client import Guest


def new_idempotency_key() -> str:
    """Return a new idempotency key, like the one in each form of the officers' console."""
    return uuid4().hex


async def insert_officer(
    rt: Runtime,
    name: str = "Officer Testov",
    mission: str = GENERAL,
    roles: tuple[str, ...] = (Role.OFFICER,),
    **more: Any,
) -> Officer:
    officer = Officer(uuid4(), name, mission, frozenset(roles), **more)
    async with rt.pool.connection() as session:
        await directory._insert(session, officer)
        await session.execute(
            "UPDATE officers SET active = %s WHERE id = %s", (officer.active, officer.id)
        )
    return officer


async def ask(guest: Guest, words: str = "Testova asks something", topic: str = "general") -> Case:
    """Let a person ask for an officer in the middle of the form; return the new case."""
    if await guest.conversation() is None or not await guest.rows():
        await guest.consent()
    await guest.go("/person", topic, "yes", words)
    return await case_of(guest)


_NEWEST = statement(
    CASES.join(t.Handle, t.Handle.person_id == t.Case.person_id)
    .where(t.Handle.blind_index == bindparam("index"))
    .order_by(t.Case.opened_at.desc())
    .limit(1)
)


async def case_of(guest: Guest) -> Case:
    """Return the newest case of a person."""
    async with guest.rt.pool.connection() as session:
        row = await fetch_one(session, _NEWEST, index=guest.rt.vault.index("web", guest.name))
    assert row is not None
    return Case(*row)


async def stored_case(rt: Runtime, case_id: UUID) -> Case:
    """Return the case, of any mission, as it is stored now."""
    async with rt.pool.connection() as session:
        case = await cases.find(session, case_id)
    assert case is not None
    return case


async def seen(rt: Runtime, officer: Officer, case_id: UUID) -> View:
    return await views.view(rt, officer, case_id, Reason.CHECK)


async def numbers(rt: Runtime, officer: Officer, queue: Queue = Queue.ALL) -> list[int]:
    page = await views.listing(rt, officer, Filter(queue))
    return [line.case.number for line in page.lines]


async def messages(rt: Runtime, case_id: UUID | None = None) -> list[tuple[Any, ...]]:
    """Return state, ownership version and officer of each outbox message, oldest first."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT state, ownership_version, officer FROM messages"
            " WHERE %s::uuid IS NULL OR case_id = %s ORDER BY id",
            (case_id, case_id),
        )
        return list(await cursor.fetchall())


async def audited(rt: Runtime) -> list[tuple[str, str, str]]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT actor, action, detail FROM audit_entries ORDER BY seq"
        )
        return list(await cursor.fetchall())
