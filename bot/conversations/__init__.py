"""Processes turns of conversations: an event, the change of state it causes, the bot's messages."""
