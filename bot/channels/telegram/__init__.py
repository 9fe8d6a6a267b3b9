"""Telegram channel: aiogram's methods, sent as JSON over the process's HTTP connections."""

# Must be the first import: importing aiogram earlier would build all its pydantic models.
from bot.channels.telegram import deferred_models as deferred_models
