"""Content published by editors, which overlays the shipped content in all processes."""

from bot.content.live import LiveContent
from bot.content.model import Body, Kind

__all__ = ["Body", "Kind", "LiveContent"]
