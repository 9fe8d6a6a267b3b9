"""Actions of officers on cases (a case is a person's request to officers).

Each action is one transaction with the console's database role. It locks the person, then the case,
checks the idempotency key and the officer's permission, changes the case, and appends an audit
entry. Messages to the person are sent after the commit.
"""

from bot.desk.actions import (
    DOCUMENTS,
    OTHER,
    ToMission,
    ToOfficer,
    ToTopic,
    ask_document,
    claim,
    fill,
    lift_pin,
    may_receive,
    note,
    release,
    release_papers,
    resolve,
    snooze,
    take_next,
    take_over,
    transfer,
)
from bot.desk.answering import SAME_LANGUAGE, header_lines, reply
from bot.desk.transaction import ActionResult, Refusal, Refused

__all__ = [
    "DOCUMENTS",
    "OTHER",
    "SAME_LANGUAGE",
    "ActionResult",
    "Refusal",
    "Refused",
    "ToMission",
    "ToOfficer",
    "ToTopic",
    "ask_document",
    "claim",
    "fill",
    "header_lines",
    "lift_pin",
    "may_receive",
    "note",
    "release",
    "release_papers",
    "reply",
    "resolve",
    "snooze",
    "take_next",
    "take_over",
    "transfer",
]
