"""Kinds of notifications: their texts, which name counts only and never a person or their words."""

from collections.abc import Mapping
from enum import StrEnum

from flows.engine.text import Text, _


class Kind(StrEnum):
    """The reason of a notification."""

    NEW_CASE = "new_case"
    NEW_WORDS = "new_words"
    ESCALATED = "escalated"
    NO_SHIFT = "no_shift"
    APPROVAL = "approval"
    HALTED = "halted"
    ENDED = "ended"


LINES: Mapping[Kind, Text] = {
    Kind.NEW_CASE: _("New cases: {count}"),
    Kind.NEW_WORDS: _("Your cases with new messages: {count}"),
    Kind.ESCALATED: _("Overdue cases: {count}"),
    Kind.NO_SHIFT: _("Cases are waiting, and no officer is on shift."),
    Kind.APPROVAL: _("Announcements that wait for approval: {count}"),
    Kind.HALTED: _("Announcements stopped after errors: {count}"),
    Kind.ENDED: _("Announcements that ended: {count}"),
}
LABELS: Mapping[Kind, Text] = {
    Kind.NEW_CASE: _("A new case while you are on shift"),
    Kind.NEW_WORDS: _("A new message in your case"),
    Kind.ESCALATED: _("An overdue case"),
    Kind.NO_SHIFT: _("Cases are waiting, and no officer is on shift"),
    Kind.APPROVAL: _("An announcement waits for approval"),
    Kind.HALTED: _("An announcement was stopped after errors"),
    Kind.ENDED: _("An announcement ended"),
}
OF_BROADCASTS = frozenset({Kind.APPROVAL, Kind.HALTED, Kind.ENDED})
