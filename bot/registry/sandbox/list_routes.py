"""Routes for households, matches, the feed of events and the list of registrations."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from bot.db.statements import fetch_all
from bot.registry.contract import Code, Country, Number
from bot.registry.households import (
    Household,
    HouseholdInviting,
    HouseholdJoining,
    Match,
    MatchDecision,
    Matches,
)
from bot.registry.listing import Cursor, Event, Events, Listed, Listing
from bot.registry.sandbox import households, life, store
from bot.registry.sandbox import list_statements as statements
from bot.registry.sandbox.openapi import problems
from bot.registry.sandbox.requests import (
    CLIENT,
    JsonRules,
    ResourceRoute,
    WriteKey,
    active_faults,
    wait_if_slow,
)
from bot.registry.sandbox.state import here

MAX_LIMIT = 500

routes = APIRouter(prefix="/v1", route_class=ResourceRoute, dependencies=[Depends(CLIENT)])

type Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@routes.post(
    "/pre-registrations/{number}/household-invitation",
    operation_id="invite",
    responses=problems("not-found", "closed", write=True, body=True),
)
async def invite(
    request: Request,
    number: Number,
    key: WriteKey,
    body: Annotated[HouseholdInviting, JsonRules()],
) -> Household:
    """Return a code for family members who registered too. Creates a household if needed."""
    return await _apply_once(request, key, households.Invite(number, body))


@routes.put(
    "/pre-registrations/{number}/household",
    operation_id="join",
    responses=problems("not-found", "closed", write=True, body=True),
)
async def join(
    request: Request,
    number: Number,
    key: WriteKey,
    body: Annotated[HouseholdJoining, JsonRules()],
) -> Household:
    """Join the household of a code, with the consent of this person."""
    return await _apply_once(request, key, households.Join(number, body))


@routes.delete(
    "/pre-registrations/{number}/household",
    operation_id="leave",
    responses=problems("not-found", write=True),
)
async def leave(request: Request, number: Number, key: WriteKey) -> Household:
    """Leave the household. The registration itself does not change."""
    return await _apply_once(request, key, households.Leave(number))


@routes.get(
    "/pre-registrations/{number}/household",
    operation_id="household",
    responses=problems("not-found"),
)
async def household(request: Request, number: Number) -> Household:
    """Return the household of a registration."""
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        return _mixed_up(request, await households.read(connection, number))


@routes.get("/matches", operation_id="matches", responses=problems())
async def matches(request: Request) -> Matches:
    """List pairs of registrations with the same details, for an officer to decide on."""
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        return await households.matches(connection)


@routes.post(
    "/matches", operation_id="decide_match", responses=problems("not-found", "closed", body=True)
)
async def decide_match(request: Request, body: Annotated[MatchDecision, JsonRules()]) -> Match:
    """Store an officer's decision on a match, with the reason."""
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        decided = await households.decide(connection, body)
    here(request).changed.set()
    return decided


@routes.get(
    "/events",
    operation_id="events",
    responses=problems("invalid") | {304: {"description": "Nothing new since the ETag."}},
)
async def events(
    request: Request,
    response: Response,
    after: Annotated[Cursor, Query()] = "0.0",
    limit: Limit = 100,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Events:
    """List events after a cursor, oldest first. No event is missing or repeated between pages."""
    await wait_if_slow(request)
    transaction, _dot, seq = after.partition(".")
    values = {"transaction": _limit_number(transaction), "seq": _limit_number(seq), "limit": limit}
    async with here(request).pool.connection() as connection:
        rows = await fetch_all(connection, statements.EVENTS, **values)
    items = [
        Event(
            number=row[0],
            version=row[1],
            state=row[2],
            reason_code=row[3],
            step=life.step_of(row[4]),
            at=row[5],
        )
        for row in rows
    ]
    found = Events(items=tuple(items), next=f"{rows[-1][6]}.{rows[-1][7]}" if rows else after)
    tag = f'"{hashlib.sha256(found.model_dump_json().encode()).hexdigest()[:32]}"'
    if if_none_match == tag:
        return Response(status_code=304, headers={"ETag": tag})  # type: ignore[return-value]
    response.headers["ETag"] = tag
    return found


@routes.get("/registrations", operation_id="registrations", responses=problems("invalid"))
async def registrations(
    request: Request,
    state: Annotated[Code | None, Query()] = None,
    country: Annotated[Country | None, Query()] = None,
    after: Annotated[Number | None, Query()] = None,
    limit: Limit = 100,
) -> Listing:
    """List registrations in the order of their numbers, optionally of one state or country.

    The country is that of residence.
    """
    await wait_if_slow(request)
    values = {"state": state, "country": country, "after": after or "", "limit": limit + 1}
    async with here(request).pool.connection() as connection:
        rows = await fetch_all(connection, statements.LISTING, **values)
    fields = tuple(Listed.model_fields)
    items = [Listed.model_validate(dict(zip(fields, row, strict=True))) for row in rows[:limit]]
    return Listing(items=tuple(items), next=rows[limit - 1][0] if len(rows) > limit else None)


async def _apply_once(request: Request, key: str, write: households.Write) -> Household:
    async with here(request).pool.connection() as connection:
        changed = await households.apply_once(connection, key, write, lambda: wait_if_slow(request))
    return _mixed_up(request, changed)


def _mixed_up(request: Request, found: Household) -> Household:
    """Return the household; the fault `wrong_number` gives it an unused registration number."""
    if "wrong_number" in active_faults(request):
        return found.model_copy(update={"number": store.new_number()})
    return found


def _limit_number(digits: str) -> int:
    """Return the digits as a number, but at most the largest value of a bigint column."""
    return min(int(digits), 2**63 - 1)
