"""Published content lies over the shipped content; every process serves the same version."""

from bot.content.live import LiveContent
from bot.content.model import Body, Kind

__all__ = ["Body", "Kind", "LiveContent"]
