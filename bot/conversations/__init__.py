"""Processes turns: a turn is an event, with the change of state and the messages that it causes."""
