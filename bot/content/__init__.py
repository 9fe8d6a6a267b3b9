"""Content published by editors, which replaces content shipped with the program."""

from bot.content.live import LiveContent
from bot.content.model import Body, Kind

__all__ = ["Body", "Kind", "LiveContent"]
