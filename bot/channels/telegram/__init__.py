"""The Telegram channel: aiogram, with JSON requests over the process's own connections."""

# Must be the first import: an earlier import of aiogram would build all of its models.
from bot.channels.telegram import deferred_models as deferred_models
