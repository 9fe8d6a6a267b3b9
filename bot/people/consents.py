"""Store what a person consented to."""

from hashlib import sha256

from bot.db.connection import Transaction
from bot.people.identities import Person


async def record_consent(
    transaction: Transaction, person: Person, purpose: str, text: str, language: str, channel: str
) -> None:
    """Keep that a purpose was agreed to, with the hash of the very text that was shown."""
    await transaction.execute(
        "INSERT INTO consents (person_id, purpose, given, text_sha256, language, channel)"
        " VALUES (%s, %s, true, %s, %s, %s)",
        (person.id, purpose, sha256(text.encode()).digest(), language, channel),
    )
