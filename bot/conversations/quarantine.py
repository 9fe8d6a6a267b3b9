"""Store updates that could not be read or processed."""

from bot.conversations import store as conversation_store
from bot.db.connection import Transaction
from bot.runtime import Runtime


async def quarantine(
    rt: Runtime, transaction: Transaction, channel: str, external_id: str, reason: str, size: int
) -> int:
    """Keep that something could not be processed, never what it said; how often it was."""
    cursor = await transaction.execute(
        "INSERT INTO quarantine (channel, key, reason, size) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (channel, key) DO UPDATE SET attempts = quarantine.attempts + 1"
        " RETURNING attempts",
        (channel, conversation_store.update_keys(rt, channel, external_id)[0], reason, size),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
