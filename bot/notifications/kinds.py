"""Kinds of notifications and their texts, which contain no personal data."""

from collections.abc import Mapping
from enum import StrEnum

from flows.engine.text import Text, _


class Kind(StrEnum):
    """Kind of the event of which an officer is notified."""

    NEW_CASE = "new_case"
    NEW_WORDS = "new_words"
    HANDED_OVER = "handed_over"
    ESCALATED = "escalated"
    APPEAL = "appeal"
    NO_SHIFT = "no_shift"
    APPROVAL = "approval"
    HALTED = "halted"
    ENDED = "ended"
    CONTENT_APPROVAL = "content_approval"
    FACTS_7 = "facts_7"
    FACTS_30 = "facts_30"
    FACTS_60 = "facts_60"
    WEBHOOK_OFF = "webhook_off"


class NewerKind(ValueError):
    """A newer version of Kosh added this kind of notification, so this version cannot send it."""

    code = "E_NOTIFICATION_NEWER"

    def __init__(self) -> None:
        super().__init__(self.code)


def known_kind(name: str) -> Kind:
    """Return the kind with this name. Raises NewerKind if there is none."""
    if name not in Kind:
        raise NewerKind
    return Kind(name)


LINES: Mapping[Kind, Text] = {
    Kind.NEW_CASE: _("New cases: {count}"),
    Kind.NEW_WORDS: _("Your cases with new messages: {count}"),
    Kind.HANDED_OVER: _("Cases that a colleague handed over to you: {count}"),
    Kind.ESCALATED: _("Overdue cases: {count}"),
    Kind.APPEAL: _("Appeals against a limit on messages: {count}"),
    Kind.NO_SHIFT: _("Cases are waiting, and no officer is on shift."),
    Kind.APPROVAL: _("Announcements that wait for approval: {count}"),
    Kind.HALTED: _("Announcements stopped after errors: {count}"),
    Kind.ENDED: _("Announcements that ended: {count}"),
    Kind.CONTENT_APPROVAL: _("Changes of content that wait for approval: {count}"),
    Kind.FACTS_7: _("Facts that end within 7 days, or have ended: {count}"),
    Kind.FACTS_30: _("Facts that end within 30 days: {count}"),
    Kind.FACTS_60: _("Facts that end within 60 days: {count}"),
    # Translators: computer systems to which Kosh no longer sends messages; their names follow.
    Kind.WEBHOOK_OFF: _("Other systems that were switched off: {count}"),
}
LABELS: Mapping[Kind, Text] = {
    Kind.NEW_CASE: _("A new case while you are on shift"),
    Kind.NEW_WORDS: _("A new message in your case"),
    Kind.HANDED_OVER: _("A case that a colleague hands over to you"),
    Kind.ESCALATED: _("An overdue case"),
    Kind.APPEAL: _("An appeal against a limit on messages"),
    Kind.NO_SHIFT: _("Cases are waiting, and no officer is on shift"),
    Kind.APPROVAL: _("An announcement waits for approval"),
    Kind.HALTED: _("An announcement was stopped after errors"),
    Kind.ENDED: _("An announcement ended"),
    Kind.CONTENT_APPROVAL: _("A change of content waits for approval"),
    Kind.FACTS_7: _("Once a week: facts that end within 7 days"),
    Kind.FACTS_30: _("Once a week: facts that end within 30 days"),
    Kind.FACTS_60: _("Once a week: facts that end within 60 days"),
    # Translators: administrators choose this: another computer system gets no more messages.
    Kind.WEBHOOK_OFF: _("Another system was switched off"),
}
# Kinds of notification about expiring facts, by the days that remain until the fact expires.
OF_ENDINGS: Mapping[int, Kind] = {7: Kind.FACTS_7, 30: Kind.FACTS_30, 60: Kind.FACTS_60}
OF_CONTENT = frozenset({Kind.CONTENT_APPROVAL, *OF_ENDINGS.values()})
OF_BROADCASTS = frozenset({Kind.APPROVAL, Kind.HALTED, Kind.ENDED})
