"""Messages that stand in a chat and have no row: what is kept of each, to take it out on demand."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# Of so many messages of one person it is kept; for so long platforms let us delete them.
MAX_KEPT = 100
DELETABLE = timedelta(hours=48)


def noted(channel: str, at: datetime, message_id: str) -> str:
    """The note of a message: its channel, the second, its id there."""
    return f"{channel} {at.timestamp():.0f} {message_id}"


def deletable(notes: Iterable[str], now: datetime) -> dict[str, list[str]]:
    """Ids of the messages that may still be deleted, by channel."""
    found: dict[str, list[str]] = {}
    for channel, at, message_id in (each.split(" ", 2) for each in notes):
        if int(at) > (now - DELETABLE).timestamp():
            found.setdefault(channel, []).append(message_id)
    return found
