"""The turn: receive, step, store, deliver."""
