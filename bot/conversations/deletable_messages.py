"""Notes on chat messages that have no outbox row, so that they can be deleted on demand."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# Messages noted per person, and the time for which platforms allow their deletion.
MAX_KEPT = 100
DELETABLE = timedelta(hours=48)


def noted(channel: str, at: datetime, message_id: str) -> str:
    """Return the note of a message: channel, Unix time in seconds, and platform id."""
    return f"{channel} {at.timestamp():.0f} {message_id}"


def deletable(notes: Iterable[str], now: datetime) -> dict[str, list[str]]:
    """Return the ids of the messages that can still be deleted, by channel."""
    found: dict[str, list[str]] = {}
    for channel, at, message_id in (each.split(" ", 2) for each in notes):
        if int(at) > (now - DELETABLE).timestamp():
            found.setdefault(channel, []).append(message_id)
    return found
