"""Processes one turn of a conversation: receive, step, store, deliver."""
