"""Record of the consents that people gave and withdrew, as proof of what they agreed to."""

from collections.abc import Collection
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ARRAY, Float, Text, any_, bindparam, exists, func, insert, select

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_value, statement
from bot.people.identities import Person

_RECORD = statement(
    insert(t.Consent).values(
        person_id=bindparam("person"),
        purpose=bindparam("for_purpose"),
        given=bindparam("is_given"),
        text_sha256=bindparam("hash"),
        language=bindparam("in_language"),
        channel=bindparam("on_channel"),
    )
)

# Tolerated difference between the clocks of a platform and of the database.
CLOCK_SECONDS = 60
_IS_GIVEN_AFTER = statement(
    select(
        exists().where(
            t.Consent.person_id == bindparam("person"),
            any_(bindparam("purposes", type_=ARRAY(Text))) == t.Consent.purpose,
            t.Consent.given,
            t.Consent.created_at > func.to_timestamp(bindparam("at", type_=Float())),
        )
    )
)


async def record_consent(
    transaction: Transaction,
    person: Person,
    purpose: str,
    text: str,
    language: str,
    channel: str,
    *,
    given: bool = True,
) -> None:
    """Store that a person gave or withdrew a consent, with the hash of the text that they read.

    `purpose` is what the person's data may be used for, such as registration.
    """
    await execute(
        transaction,
        _RECORD,
        person=person.id,
        for_purpose=purpose,
        is_given=given,
        hash=sha256(text.encode()).digest(),
        in_language=language,
        on_channel=channel,
    )


async def is_given_after(
    transaction: Transaction, person_id: UUID, purposes: Collection[str], at: int
) -> bool:
    """Return True if a person consented to one of the purposes after a platform's time `at`.

    `at` is in Unix seconds. A consent within CLOCK_SECONDS after `at` counts as earlier.
    """
    found = await fetch_value(
        transaction,
        _IS_GIVEN_AFTER,
        person=person_id,
        purposes=list(purposes),
        at=at + CLOCK_SECONDS,
    )
    return bool(found)
