"""The states of a case."""

from enum import StrEnum

from bot.officers import permissions


class State(StrEnum):
    """Where a case is; while there is none, the bot has the conversation."""

    QUEUED = permissions.QUEUED
    CLAIMED = permissions.CLAIMED
    WAITING = permissions.WAITING
    SNOOZED = permissions.SNOOZED
    RESOLVED = permissions.RESOLVED
