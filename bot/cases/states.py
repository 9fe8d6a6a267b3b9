"""The states of a case."""

from enum import StrEnum

from bot.officers import permissions


class State(StrEnum):
    """The state of a case; without an open case, the bot leads the conversation."""

    QUEUED = permissions.QUEUED
    CLAIMED = permissions.CLAIMED
    WAITING = permissions.WAITING
    SNOOZED = permissions.SNOOZED
    RESOLVED = permissions.RESOLVED
