"""E-mail addresses and phone numbers for hints: notices that a message waits in the chat.

A person enters an address and confirms it with a code. A hint is scheduled when the assistant or an
officer writes first, and cancelled if the person opens the chat before it is due.
"""

from dataclasses import dataclass
from hmac import compare_digest
from secrets import randbelow
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    NOW,
    Statement,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    minutes_from_now,
    seconds_from_now,
    statement,
)
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.hint_screens import CODE_LENGTH
from flows.engine.hints import ContactChecked
from flows.lifetimes import HINT_CODE_MINUTES, HINT_HOURS

MAX_TRIES = 5
DUE_AT_ONCE = 20
# Minutes from a message to the e-mail or SMS about it (hint). If the chat is open, the person sees
# the message there within this time, and the hint is cancelled.
DELAY_MINUTES = 15

_TABLE = "hint_contacts"
_OF_PERSON = t.HintContact.person_id == bindparam("person")
_CONFIRMED = t.HintContact.confirmed_at.is_not(None)
_LEFT = {
    "way": bindparam("by_way"),
    "address": bindparam("sealed"),
    "code": bindparam("sealed_code"),
    "tries": 0,
    "attempts": 0,
    "code_expires_at": minutes_from_now(HINT_CODE_MINUTES),
    "due_at": NOW,
    "confirmed_at": None,
    "hinted_at": None,
}
_LEAVE = statement(
    insert(t.HintContact)
    .values(person_id=bindparam("person"), **_LEFT)
    .on_conflict_do_update(index_elements=[t.HintContact.person_id], set_=_LEFT)
)
_TRY = statement(
    update(t.HintContact)
    .where(
        _OF_PERSON,
        t.HintContact.confirmed_at.is_(None),
        t.HintContact.code_expires_at > NOW,
        t.HintContact.tries < MAX_TRIES,
    )
    .values(tries=t.HintContact.tries + 1)
    .returning(t.HintContact.way, t.HintContact.code, t.HintContact.tries)
)
_CONFIRM = statement(
    update(t.HintContact)
    .where(_OF_PERSON)
    .values(confirmed_at=NOW, code=None, due_at=None, hinted_at=None)
)
_REMOVE = statement(delete(t.HintContact).where(_OF_PERSON))
_PLAN = statement(
    update(t.HintContact)
    .where(_OF_PERSON, _CONFIRMED, t.HintContact.due_at.is_(None))
    .values(
        attempts=0,
        due_at=func.greatest(
            minutes_from_now(DELAY_MINUTES),
            t.HintContact.hinted_at + func.make_interval(0, 0, 0, 0, HINT_HOURS),
        ),
    )
)
_DROP = statement(
    update(t.HintContact)
    .where(_OF_PERSON, _CONFIRMED, t.HintContact.due_at.is_not(None))
    .values(due_at=None)
)
_CANCEL_ALL = statement(
    update(t.HintContact).where(t.HintContact.due_at.is_not(None)).values(due_at=None)
)
_DUE = (
    select(t.HintContact.person_id)
    .where(t.HintContact.due_at <= NOW, or_(_CONFIRMED, t.HintContact.code_expires_at > NOW))
    .order_by(t.HintContact.due_at)
    .limit(DUE_AT_ONCE)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM: Statement[*tuple[Any, ...]] = statement(
    update(t.HintContact)
    .where(
        t.HintContact.person_id.in_(_DUE),
        t.Person.id == t.HintContact.person_id,
        t.Conversation.person_id == t.HintContact.person_id,
    )
    .values(
        attempts=t.HintContact.attempts + 1,
        # A code is sent at most once: it gets no due time, so it is not sent again if this process
        # ends before the result is known.
        due_at=case((_CONFIRMED, seconds_from_now("lease")), else_=None),
    )
    .returning(
        t.Person.id, t.Person.key, t.Person.key_version, t.Conversation.language,
        t.HintContact.way, t.HintContact.address, t.HintContact.code, t.HintContact.attempts,
    )
)  # fmt: skip
_CLAIMED = (_OF_PERSON, t.HintContact.attempts == bindparam("attempt", type_=Integer()))
_SENT = statement(update(t.HintContact).where(*_CLAIMED).values(due_at=None, hinted_at=NOW))
# A hint that was cancelled during the call has no due time. A claimed code has no due time either,
# but must be retried: its address is not confirmed yet.
_IS_WANTED = or_(t.HintContact.confirmed_at.is_(None), t.HintContact.due_at.is_not(None))
_LATER = statement(
    update(t.HintContact).where(*_CLAIMED, _IS_WANTED).values(due_at=seconds_from_now("delay"))
)
_GIVE_UP = statement(update(t.HintContact).where(*_CLAIMED).values(due_at=None))
_ADDRESS = statement(select(t.HintContact.address).where(_OF_PERSON, _CONFIRMED))


@dataclass(frozen=True, slots=True)
class ClaimedHint:
    """A claimed e-mail or SMS whose address and code are still encrypted, with the person's key."""

    person_id: UUID
    key: bytes
    key_version: int
    language: str
    way: str
    address: bytes
    code: bytes | None
    attempt: int


@dataclass(frozen=True, slots=True)
class DueHint:
    """An e-mail or SMS to send: a hint, or if `code` is set, the code that confirms the address."""

    language: str
    way: str
    address: str
    code: str


async def leave(transaction: Transaction, person: Person, way: str, address: str) -> None:
    """Store an address with a new confirmation code, and replace an earlier address.

    A periodic job sends the code to the address.
    """
    code = f"{randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
    await execute(
        transaction,
        _LEAVE,
        person=person.id,
        by_way=way,
        sealed=person.key.seal(address.encode(), _TABLE, "address", ""),
        sealed_code=person.key.seal(code.encode(), _TABLE, "code", ""),
    )


async def confirm(transaction: Transaction, person: Person, typed: str) -> ContactChecked:
    """Compare the typed code with the one that was sent; if they are equal, confirm the address.

    After MAX_TRIES wrong codes the address is deleted.
    """
    row = await fetch_one(transaction, _TRY, person=person.id)
    if row is None:
        await execute(transaction, _REMOVE, person=person.id)
        return ContactChecked()
    way, code, tries = row
    assert code is not None, "an address that is not confirmed has a code"
    if compare_digest(_decrypt(person, code, "code"), typed):
        await execute(transaction, _CONFIRM, person=person.id)
        return ContactChecked(way)
    if tries >= MAX_TRIES:
        await execute(transaction, _REMOVE, person=person.id)
    return ContactChecked("", MAX_TRIES - tries)


async def remove(transaction: Transaction, person_id: UUID) -> None:
    """Delete the e-mail address or phone number that the person left for hints."""
    await execute(transaction, _REMOVE, person=person_id)


async def plan(transaction: Transaction, person_id: UUID) -> None:
    """Schedule a hint: an e-mail or SMS which says that a message waits in the chat.

    Does nothing if a hint was sent to the person in the last HINT_HOURS hours.
    """
    await execute(transaction, _PLAN, person=person_id)


async def drop(transaction: Transaction, person_id: UUID) -> None:
    """Cancel the scheduled e-mail or SMS, because the person has opened the chat."""
    await execute(transaction, _DROP, person=person_id)


async def after_restore(transaction: Transaction) -> None:
    """Cancel all scheduled e-mails and SMS after a restore, because they were probably sent.

    The restore drops the messages that they announce. Codes for the confirmation of an address are
    cancelled too: they were sent or have expired.
    """
    await execute(transaction, _CANCEL_ALL)


async def address_of(transaction: Transaction, person: Person) -> str:
    """Return the person's confirmed e-mail address or phone number for hints; "" if none."""
    sealed = await fetch_value(transaction, _ADDRESS, person=person.id)
    return _decrypt(person, sealed, "address") if sealed else ""


async def claim(transaction: Transaction, lease: float) -> list[ClaimedHint]:
    """Claim due e-mails and SMS: hints that a message waits, and codes that confirm an address.

    No other process gets them for `lease` seconds. They are decrypted after the commit: otherwise
    one that cannot be decrypted would undo the claim of all.
    """
    return [ClaimedHint(*row) for row in await fetch_all(transaction, _CLAIM, lease=lease)]


def decrypt(rt: Runtime, hint: ClaimedHint) -> DueHint:
    """Return the e-mail or SMS with its address and code. Raises VaultError."""
    person = identities.open_person(rt, hint.person_id, hint.key, hint.key_version)
    address = _decrypt(person, hint.address, "address")
    code = _decrypt(person, hint.code, "code") if hint.code else ""
    return DueHint(hint.language, hint.way, address, code)


async def note_sent(transaction: Transaction, hint: ClaimedHint) -> None:
    """Record that an e-mail or SMS was sent, unless a later attempt has claimed it meanwhile."""
    await execute(transaction, _SENT, person=hint.person_id, attempt=hint.attempt)


async def note_failed(transaction: Transaction, hint: ClaimedHint, delay: float | None) -> None:
    """Retry a failed e-mail or SMS in `delay` seconds; give up if `delay` is None.

    Does nothing if a later attempt has claimed it in the meantime, or if the hint was cancelled.
    """
    values = {"person": hint.person_id, "attempt": hint.attempt}
    if delay is None:
        await execute(transaction, _GIVE_UP, **values)
    else:
        await execute(transaction, _LATER, delay=delay, **values)


def _decrypt(person: Person, sealed: bytes, column: str) -> str:
    return person.key.unseal(sealed, _TABLE, column, "").decode()
