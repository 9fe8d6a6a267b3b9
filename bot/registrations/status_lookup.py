"""Lookup of a registration by number and PIN, for a person who writes from a new phone.

Every failure runs the same steps, so that neither the reply nor its duration shows if a number
exists. Wrong attempts are limited per chat, per registration number, and per person until the PIN
is entered correctly.
"""

from uuid import UUID

from sqlalchemy import bindparam, select

from bot.budgets.spending import draw_lookup, return_lookup
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_one, statement
from bot.people import identities, pin
from bot.runtime import Runtime
from bot.security import password_hashing
from flows.engine.registration import LookUpStatus, StatusLookedUp

MAX_FAILED = 20
_NO_PERSON = UUID(int=0)
_FIND = statement(
    select(
        t.Registration.state,
        t.Person.id,
        t.Person.key,
        t.Person.key_version,
        t.Person.pin,
        t.Person.failed_lookups,
    )
    .join(t.Person, t.Person.id == t.Registration.person_id)
    .where(t.Registration.number == bindparam("receipt"))
    .with_for_update(key_share=True, of=t.Person)
)


async def look_up(
    rt: Runtime, transaction: Transaction, chat: str, lookup: LookUpStatus
) -> StatusLookedUp:
    """Return the state of the registration if number and PIN match and an attempt is left.

    `chat` identifies the chat. The counter of attempts stores only its keyed hash.
    """
    granted = await draw_lookup(rt, chat, lookup.number)
    found = await compare(rt, transaction, lookup, granted=granted)
    if found.state:
        await return_lookup(rt, chat, lookup.number)
    return found


async def compare(
    rt: Runtime, transaction: Transaction, lookup: LookUpStatus, *, granted: bool
) -> StatusLookedUp:
    """Return the state of the registration if number and PIN match, else the empty state.

    If `granted` is False, no attempt is left: the same steps are run, so that it takes as long, but
    the state is empty.
    """
    row = await fetch_one(transaction, _FIND, receipt=lookup.number)
    state, person_id, failed, stored = "", _NO_PERSON, 0, None
    if row is not None:
        state, person_id, key, version, sealed, failed = row
        person = identities.open_person(rt, person_id, key, version)
        stored = person.key.unseal(sealed, "people", "pin", "").decode() if sealed else None
    right = await password_hashing.verify_password(stored, lookup.pin)
    right = right and granted and failed < MAX_FAILED
    if granted:
        failed = 0 if right else min(failed + 1, MAX_FAILED)
    await pin.count_lookups(transaction, person_id, failed)
    return StatusLookedUp(state if right else "")
