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
    """Store a consent to a purpose (such as registration) or its withdrawal, and a text hash."""
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
