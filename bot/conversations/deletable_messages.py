"""Notes of chat messages without an outbox row, such as the person's own messages.

The bot needs the notes to delete these messages when the person clears the chat (quick exit).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

# Maximum notes per person, and the time within which platforms let a bot delete a message.
MAX_KEPT = 100
DELETABLE = timedelta(hours=48)


def format_note(channel: str, at: datetime, message_id: str) -> str:
    """Return a note of a message: channel, Unix time in seconds, platform id; space-separated."""
    return f"{channel} {at.timestamp():.0f} {message_id}"


def deletable(notes: Iterable[str], now: datetime) -> dict[str, list[str]]:
    """Return the ids of the noted messages that platforms still let the bot delete, by channel."""
    found: dict[str, list[str]] = {}
    for channel, at, message_id in (each.split(" ", 2) for each in notes):
        if int(at) > (now - DELETABLE).timestamp():
            found.setdefault(channel, []).append(message_id)
    return found
