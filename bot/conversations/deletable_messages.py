"""Notes of chat messages without an outbox row, so that a quick exit can delete them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# Maximum notes per person, and the time within which platforms let a bot delete a message.
MAX_KEPT = 100
DELETABLE = timedelta(hours=48)


def noted(channel: str, at: datetime, message_id: str) -> str:
    """Return the note of a message: its channel, its Unix time in seconds, and its platform id."""
    return f"{channel} {at.timestamp():.0f} {message_id}"


def deletable(notes: Iterable[str], now: datetime) -> dict[str, list[str]]:
    """Return by channel the ids of the noted messages that platforms still let the bot delete."""
    found: dict[str, list[str]] = {}
    for channel, at, message_id in (each.split(" ", 2) for each in notes):
        if int(at) > (now - DELETABLE).timestamp():
            found.setdefault(channel, []).append(message_id)
    return found
