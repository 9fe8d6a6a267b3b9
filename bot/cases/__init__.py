"""Cases: people's requests that the officers of a mission handle.

A mission is an embassy, a consulate or a migration office. Either the bot or an officer owns a
conversation. Each change of owner raises the conversation's ownership version, which makes unsent
messages of the previous owner invalid. A case's `version` counts changes of owner and officers'
decisions but no messages, so that an open page stays valid during a dialogue. Deadlines are in the
working time of the case's mission.
"""

from bot.cases.intake import (
    Opened,
    add_note,
    add_words,
    cancel,
    country,
    note_mission,
    note_upload,
    open_case,
    rate,
    relay,
)
from bot.cases.model import (
    Case,
    CaseConflict,
    conflict,
    find,
    lock_case,
    median,
    next_for,
    open_of,
)
from bot.cases.states import HIDDEN_TOPICS, State
from bot.cases.transitions import (
    change_topic,
    claim,
    close_unread,
    escalate,
    hand_to,
    mark,
    move,
    record_reply,
    redirect,
    release,
    reopen,
    resolve,
    set_call_back,
    set_clock,
    snooze,
    take_over,
    wake,
)

__all__ = [
    "HIDDEN_TOPICS",
    "Case",
    "CaseConflict",
    "Opened",
    "State",
    "add_note",
    "add_words",
    "cancel",
    "change_topic",
    "claim",
    "close_unread",
    "conflict",
    "country",
    "escalate",
    "find",
    "hand_to",
    "lock_case",
    "mark",
    "median",
    "move",
    "next_for",
    "note_mission",
    "note_upload",
    "open_case",
    "open_of",
    "rate",
    "record_reply",
    "redirect",
    "relay",
    "release",
    "reopen",
    "resolve",
    "set_call_back",
    "set_clock",
    "snooze",
    "take_over",
    "wake",
]
