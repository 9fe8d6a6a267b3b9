"""Households that people agree to join, and officers' decisions on matching registrations."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, assert_never

from psycopg import AsyncConnection

from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.registry.contract import NUMBER_ALPHABET
from bot.registry.households import (
    Household,
    HouseholdInviting,
    HouseholdJoining,
    Match,
    MatchDecision,
    Matches,
)
from bot.registry.sandbox import list_statements as statements
from bot.registry.sandbox import store, writes
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]

_MATCH_FIELDS = tuple(Match.model_fields)


@dataclass(frozen=True)
class Invite:
    """Request a valid code for the registration's household; create the household if needed."""

    number: str
    body: HouseholdInviting


@dataclass(frozen=True)
class Join:
    """Request to join the household to which a code belongs."""

    number: str
    body: HouseholdJoining


@dataclass(frozen=True)
class Leave:
    """Request to leave the household that the registration belongs to."""

    number: str


type Write = Invite | Join | Leave


async def apply_once(
    connection: Connection, key: str, write: Write, delay: Callable[[], Awaitable[None]]
) -> Household:
    """Apply a write once per idempotency key; for a repetition, return the first response.

    `delay` waits with the key locked, if the fault `slow` is on. Raises `Objection`: in-progress,
    key-reused, closed, not-found.
    """
    await store.lock(connection, key)
    await delay()
    earlier = await writes.earlier_answer(connection, key, write)
    if earlier is not None:
        return Household.model_validate_json(earlier)
    match write:
        case Invite(number):
            await _invite(connection, number)
        case Join(number, body):
            await _join(connection, number, body.code)
        case Leave(number):
            await store.read(connection, number)
            await execute(connection, statements.UNLINK, number=number)
        case _:
            assert_never(write)
    household = await read(connection, write.number, key)
    await writes.record(connection, key, write, household)
    return household


async def read(connection: Connection, number: str, key: str | None = None) -> Household:
    """Return the household of a registration. Raises `Objection` (not-found)."""
    await store.read(connection, number)
    household = await fetch_value(connection, statements.HOUSEHOLD_OF, number=number)
    count = await fetch_value(connection, statements.MEMBERS, household=household)
    row = await fetch_one(connection, statements.VALID_CODE, household=household)
    return Household(
        number=number,
        idempotency_key=key,
        household=household,
        registrations=count or 0,
        code=row[0] if row else None,
        code_until=row[1] if row else None,
    )


async def _invite(connection: Connection, number: str) -> None:
    await _open(connection, number)
    code = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(10))
    household = await fetch_value(connection, statements.HOUSEHOLD_OF, number=number)
    if household is not None:
        await execute(connection, statements.NEW_CODE, household=household, code=code)
        return
    household = await fetch_value(connection, statements.FOUND, code=code)
    assert household is not None
    await execute(connection, statements.LINK, number=number, household=household)


async def _join(connection: Connection, number: str, code: str) -> None:
    await _open(connection, number)
    household = await fetch_value(connection, statements.BY_CODE, code=code)
    if household is None:
        raise Objection("not-found")
    await execute(connection, statements.LINK, number=number, household=household)


async def matches(connection: Connection) -> Matches:
    """Return the pairs of registrations with the same details, undecided ones first."""
    rows = await fetch_all(connection, statements.MATCHES)
    items = [Match.model_validate(dict(zip(_MATCH_FIELDS, row, strict=True))) for row in rows]
    return Matches(items=tuple(items))


async def decide(connection: Connection, decision: MatchDecision) -> Match:
    """Store an officer's decision; SAME_PERSON sets the later registration to DUPLICATE.

    Raises `Objection`: not-found if the pair does not match, closed if the pair was decided before.
    """
    await _candidate(connection, decision, decided=False)
    await execute(connection, statements.DECIDE_MATCH, **decision.model_dump())
    if decision.decision == "SAME_PERSON":
        await store.set_verdict(connection, decision.second, "DUPLICATE")
    return await _candidate(connection, decision, decided=True)


async def _candidate(connection: Connection, decision: MatchDecision, *, decided: bool) -> Match:
    pair = (decision.first, decision.second)
    found = (await matches(connection)).items
    match = next((each for each in found if (each.first, each.second) == pair), None)
    if match is None:
        raise Objection("not-found")
    if not decided and match.decision is not None:
        raise Objection("closed")
    return match


async def _open(connection: Connection, number: str) -> None:
    if (await store.read(connection, number)).state in ("WITHDRAWN", "DUPLICATE"):
        raise Objection("closed")
