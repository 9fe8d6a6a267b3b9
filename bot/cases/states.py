"""States and topics of a case, which is a person's request to officers."""

from enum import StrEnum

from bot.officers import permissions


class State(StrEnum):
    """State of a case, from opening to closing.

    While a person has no open case, the bot leads the conversation.
    """

    QUEUED = permissions.QUEUED
    CLAIMED = permissions.CLAIMED
    WAITING = permissions.WAITING
    SNOOZED = permissions.SNOOZED
    RESOLVED = permissions.RESOLVED


# Topics of cases that Kosh opens about a registration, without a request of the person.
REGISTRY_TOPICS = frozenset(
    {"same_details", "registry_refused", "registry_question", "registry_duplicate"}
)
# Topics of cases about repeated registrations. The person must not notice that officers look at the
# case, because anyone could then test if somebody is registered.
HIDDEN_TOPICS = frozenset({"same_details", "registry_duplicate"})
