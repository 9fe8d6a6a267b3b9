"""Look up the state of a registration by its number and PIN, for other systems.

The response is 404 for a wrong number, for a wrong PIN, for a person without a PIN, and for a
number with too many attempts. So a client cannot find out which numbers exist. An API account that
has used up its attempts gets 429 before the number is checked.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from bot.budgets import spending
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Scope
from bot.registrations import status_lookup
from bot.runtime import Runtime
from bot.web.api.problems import Refusal, ResponseBody, problems
from bot.web.api.requests import RequestBody, api_router, needs, note
from flows.engine.registration import LookUpStatus, StatusLookedUp

type State = Literal[
    "pending",
    "withdrawing",
    "received",
    "needs_information",
    "passed_on",
    "accepted",
    "rejected",
    "withdrawn",
]
_STATES: dict[str, State] = {
    "pending": "pending",
    "sending": "pending",
    "unknown": "pending",
    "withdrawing": "withdrawing",
    "needs_information": "needs_information",
    "passed_on": "passed_on",
    "accepted": "accepted",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
}


# Retry-After while lookups of the account are being checked: each right one returns its attempt.
IN_FLIGHT_SECONDS = 2
# The number of lookups that this process is checking, by account.
_in_flight: Counter[str] = Counter()


class StatusRequest(RequestBody):
    """The number of a registration, and the PIN that the registered person chose."""

    number: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{4,40}$")]
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,8}$", repr=False)]


class RegistrationState(ResponseBody):
    """The state of a registration; later versions may add states."""

    state: State


router = api_router("status")


@router.post("", responses=problems("not-found", body=True))
async def look_up_status(
    request: Request, what: StatusRequest, system: Annotated[Officer, needs(Scope.STATUS_READ)]
) -> RegistrationState:
    """Return the state of a registration; 404 whenever number and PIN cannot be confirmed.

    Each wrong pair of number and PIN uses up an attempt of the account (5 an hour), of the number
    and of the person. While the account has no attempt left, every pair gets 429, right or wrong. A
    pair that is being checked uses an attempt until it is found to be right.
    """
    rt: Runtime = request.app.state.rt
    account = f"api:{system.id}"
    lookup = LookUpStatus(what.number.upper(), what.pin)
    wait = await spending.draw_account_lookup(rt, account)
    if wait:
        async with rt.pool.connection() as transaction:
            await note(transaction, system, Action.STATUS_LOOK_UP, "status", "no try left")
        wait = min(wait, IN_FLIGHT_SECONDS) if _in_flight[account] else wait
        raise Refusal("too-many-requests", "lookups", wait=wait)
    with _counted(account):
        found = await _compare(rt, system, account, lookup)
    # The state `duplicate` is shown as `received`. Otherwise the response would reveal that another
    # person registered with the same details.
    return RegistrationState(state=_STATES.get(found.state, "received"))


async def _compare(
    rt: Runtime, system: Officer, account: str, lookup: LookUpStatus
) -> StatusLookedUp:
    """Check number and PIN, and write the audit entry; return the attempt if they are right."""
    granted = await spending.draw_number_lookup(rt, lookup.number)
    async with rt.pool.connection() as transaction:
        found = await status_lookup.compare(rt, transaction, lookup, granted=granted)
        outcome = "found" if found.state else "not found"
        await note(transaction, system, Action.STATUS_LOOK_UP, "status", outcome)
    if not found.state:
        raise Refusal("not-found")
    await spending.return_lookup(rt, account, lookup.number)
    return found


@contextmanager
def _counted(account: str) -> Iterator[None]:
    """Count a lookup of the account as being checked while the block runs."""
    _in_flight[account] += 1
    try:
        yield
    finally:
        _in_flight[account] -= 1
        if not _in_flight[account]:
            del _in_flight[account]
