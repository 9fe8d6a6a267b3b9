"""Demo page with a Telegram-like phone, a WhatsApp-like phone and a link to the web chat."""

from .server import serving

__all__ = ["serving"]
