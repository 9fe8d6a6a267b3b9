"""Processes turns of conversations: one event, the changed state and the answer of the bot."""
