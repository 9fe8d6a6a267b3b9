"""The Telegram channel: aiogram's client, over JSON and the process's own connections."""

# First: whatever imports aiogram before it builds all of its models.
from bot.channels.telegram import deferred_models as deferred_models
