"""Verify a person's PIN and count failed attempts."""

from bot.db.connection import Transaction
from bot.people.identities import Person
from bot.security import password_hashing
from flows.engine.events import PinTried

PIN_TRIES = 5


async def set_pin(transaction: Transaction, person: Person, pin: str | None) -> None:
    """Ask for this PIN from now on, or for none."""
    sealed = None
    if pin is not None:
        sealed = person.key.seal(
            (await password_hashing.hash_password(pin)).encode(), "people", "pin", ""
        )
    await transaction.execute(
        "UPDATE people SET pin = %s, pin_misses = 0 WHERE id = %s", (sealed, person.id)
    )


async def try_pin(transaction: Transaction, person: Person, pin: str) -> PinTried:
    """Whether it is the person's PIN; after five misses none is, until an officer lifts it."""
    cursor = await transaction.execute(
        "SELECT pin, pin_misses FROM people WHERE id = %s FOR NO KEY UPDATE", (person.id,)
    )
    row = await cursor.fetchone()
    sealed, misses = row if row is not None else (None, 0)
    plain = person.key.unseal(bytes(sealed), "people", "pin", "").decode() if sealed else None
    right = await password_hashing.verify_password(plain, pin) and misses < PIN_TRIES
    misses = 0 if right else misses + 1
    await transaction.execute(
        "UPDATE people SET pin_misses = %s WHERE id = %s", (min(misses, PIN_TRIES), person.id)
    )
    return PinTried(right, max(0, PIN_TRIES - misses))
