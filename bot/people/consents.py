"""Record of the consents that people gave and withdrew, as proof of what they agreed to."""

from hashlib import sha256

from sqlalchemy import bindparam, insert

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import execute, statement
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
