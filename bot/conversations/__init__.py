"""Processes turns of conversations: an event, the state it changes, and the bot's answer."""
