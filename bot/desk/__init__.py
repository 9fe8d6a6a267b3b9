"""What officers do: take a case, answer, note, ask, fill in, pass on, let sleep, give back.

Each verb is one transaction of the console's role: the person is locked, then the case; the policy
is asked; the act is done once for its key; the audit is written last. What was said is sent after.
"""

from bot.desk.actions import (
    DOCUMENTS,
    OFFICER_SAYS,
    OTHER,
    ToMission,
    ToOfficer,
    ToTopic,
    ask_document,
    claim,
    fill,
    lift_pin,
    note,
    release,
    release_papers,
    reply,
    resolve,
    snooze,
    take_next,
    take_over,
    transfer,
)
from bot.desk.transaction import ActionResult, Refusal, Refused

__all__ = [
    "DOCUMENTS",
    "OFFICER_SAYS",
    "OTHER",
    "ActionResult",
    "Refusal",
    "Refused",
    "ToMission",
    "ToOfficer",
    "ToTopic",
    "ask_document",
    "claim",
    "fill",
    "lift_pin",
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
