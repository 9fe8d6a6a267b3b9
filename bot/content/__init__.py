"""Content published by editors, which replaces shipped content in all processes at once."""

from bot.content.live import LiveContent
from bot.content.model import Body, Kind

__all__ = ["Body", "Kind", "LiveContent"]
