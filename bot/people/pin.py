"""A person's PIN: set, verified and removed, with a limit on failed attempts."""

from uuid import UUID

from sqlalchemy import Integer, bindparam, case, select, update

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_one, statement
from bot.people.identities import Person
from bot.security import password_hashing
from flows.engine.events import PinTried

PIN_TRIES = 5


_SET = statement(
    update(t.Person)
    .where(t.Person.id == bindparam("person"))
    .values(pin=bindparam("sealed"), failed_pin_attempts=0, failed_lookups=0)
)
_READ = statement(
    select(t.Person.pin, t.Person.failed_pin_attempts)
    .where(t.Person.id == bindparam("person"))
    .with_for_update(key_share=True)
)
_MISSES = bindparam("misses", type_=Integer())
_COUNT = statement(
    update(t.Person)
    .where(t.Person.id == bindparam("person"))
    .values(
        failed_pin_attempts=_MISSES,
        failed_lookups=case((_MISSES == 0, 0), else_=t.Person.failed_lookups),
    )
)
_COUNT_LOOKUPS = statement(
    update(t.Person)
    .where(t.Person.id == bindparam("person"))
    .values(failed_lookups=bindparam("failed"))
)


async def set_pin(transaction: Transaction, person: Person, pin: str | None) -> None:
    """Store a hash of the PIN; None removes the PIN."""
    sealed = None
    if pin is not None:
        sealed = person.key.seal(
            (await password_hashing.hash_password(pin)).encode(), "people", "pin", ""
        )
    await execute(transaction, _SET, person=person.id, sealed=sealed)


async def try_pin(transaction: Transaction, person: Person, pin: str) -> PinTried:
    """Verify the PIN. After five failures the PIN is locked until an officer removes it."""
    sealed, misses = await fetch_one(transaction, _READ, person=person.id) or (None, 0)
    plain = person.key.unseal(sealed, "people", "pin", "").decode() if sealed else None
    right = await password_hashing.verify_password(plain, pin) and misses < PIN_TRIES
    misses = 0 if right else misses + 1
    await execute(transaction, _COUNT, person=person.id, misses=min(misses, PIN_TRIES))
    return PinTried(right, max(0, PIN_TRIES - misses))


async def count_lookups(transaction: Transaction, person_id: UUID, failed: int) -> None:
    """Store how many attempts to look up the person's registration from other chats have failed."""
    await execute(transaction, _COUNT_LOOKUPS, person=person_id, failed=failed)
