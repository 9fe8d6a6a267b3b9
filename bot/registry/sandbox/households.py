"""Households and matches: links that people agree to, and decisions that humans make."""

import secrets
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.registry.contract import NUMBER_ALPHABET
from bot.registry.households import (
    Household,
    HouseholdInvitation,
    HouseholdJoining,
    Match,
    MatchDecision,
    Matches,
)
from bot.registry.sandbox import list_statements as statements
from bot.registry.sandbox import store
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]

_MATCH_FIELDS = tuple(Match.model_fields)


async def invite(connection: Connection, number: str) -> HouseholdInvitation:
    """Return the code of the entry's household, which is made if there is none yet."""
    await _open(connection, number)
    row = await fetch_one(connection, statements.INVITATION_OF, number=number)
    if row is None:
        code = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(10))
        row = await fetch_one(connection, statements.INVITE, code=code)
        assert row is not None
        await execute(connection, statements.LINK, number=number, household=row[0])
    return HouseholdInvitation(household=row[0], code=row[1])


async def join(connection: Connection, number: str, joining: HouseholdJoining) -> Household:
    """Link an entry to the household of a code; raises `Objection` (not-found, closed)."""
    await _open(connection, number)
    household = await fetch_value(connection, statements.BY_CODE, code=joining.code)
    if household is None:
        raise Objection("not-found")
    await execute(connection, statements.LINK, number=number, household=household)
    return await _household(connection, household)


async def leave(connection: Connection, number: str) -> None:
    """Unlink an entry from its household."""
    await store.read(connection, number)
    await execute(connection, statements.UNLINK, number=number)


async def matches(connection: Connection) -> Matches:
    """Return pairs of entries with the same details, undecided ones first."""
    rows = await fetch_all(connection, statements.MATCHES)
    items = [Match.model_validate(dict(zip(_MATCH_FIELDS, row, strict=True))) for row in rows]
    return Matches(items=tuple(items))


async def decide(connection: Connection, decision: MatchDecision) -> Match:
    """Keep a human decision and its reason; the later entry of one person becomes DUPLICATE.

    Raises `Objection`: not-found for a pair that is no candidate, closed for a decided one.
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


async def _household(connection: Connection, household: UUID) -> Household:
    count = await fetch_value(connection, statements.MEMBERS, household=household)
    return Household(household=household, registrations=count or 1)


async def _open(connection: Connection, number: str) -> None:
    if (await store.read(connection, number)).state in ("WITHDRAWN", "DUPLICATE"):
        raise Objection("closed")
