"""The stored state of a conversation, between two turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.engine.events import Effect, Say
from flows.engine.flow import Answer, Form
from flows.engine.message_limits import MessageLimit
from flows.engine.referrals import Referral
from flows.engine.registration import RegistrationStatus

# Revision of an answer given before its question was asked. It counts only after the person
# confirms it there.
UNASKED = 0


def waits(answer: Answer) -> bool:
    """Return whether the answer was given before its question was asked and awaits confirmation."""
    return answer.rev == UNASKED


@dataclass(frozen=True, slots=True)
class Shown:
    """An option as it was shown: its key, and the words on its button."""

    key: str
    words: str


@dataclass(frozen=True)
class Asked:
    """The last question. Input is checked against it, not against the current form."""

    flow: str
    key: str
    rev: int
    nonce: int
    language: str
    options: tuple[Shown, ...] = ()
    page: int = 0
    tries: int = 0


@dataclass(frozen=True)
class MadeList:
    """A list that a flow made: answers that may be stored, ticked entries, day of a reminder.

    `entries` are the keys of its entries as they were read; empty in lists of an older version.
    `watched`: the person wants messages about changed rules.
    """

    flow: str
    answers: Mapping[str, str | None]
    ticked: tuple[str, ...] = ()
    remind: date | None = None
    entries: tuple[str, ...] = ()
    watched: bool = False


@dataclass(frozen=True)
class Heard:
    """The recognised meaning of a question, to answer it again after a change of language.

    It contains none of the words. `danger` is the kind of danger that it speaks of, None if it
    speaks of none.
    """

    intents: tuple[str, ...]
    sure: bool
    entities: Mapping[str, str] = field(default_factory=dict)
    danger: str | None = None


@dataclass(frozen=True)
class Voice:
    """A voice message that may be turned into text, until the person does anything else.

    `key` is in its buttons. `ref` is where the channel keeps it, until the person decides. `text`
    is what was recognised, until the person says whether it is right.
    """

    key: str
    ref: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Conversation:
    """All that is stored about a conversation between two turns.

    `papers` holds the state of each kind of paper. `pending_uploads` counts files that are being
    checked, `verdicts` holds the results of those checked before. `requested_upload` is the paper
    that an officer asked for. `draft_list` is a list that was just made, `saved_list` one that the
    person keeps. `after_pin` is the screen that opens once the PIN is right. `suspended_flow` is
    the flow to return to after the handoff. `topics` are those that the person subscribes to.
    `not_understood` counts consecutive texts that were not understood. `is_masked`: the chat was
    closed and cleared, so names are hidden until the PIN or the secure page shows who is there.
    `has_left`: the last thing that the person did was to close the chat or to stop messages.
    `update_waits`: an officer's message waits until the person opens it. `model_operator` is who
    may get questions for an external model: "" is a refusal, None means not asked yet.
    `looked_up` is the number of a registration whose PIN is asked for, "" before the number, None
    if the person looks none up. `join_code` is a code of another chat that was typed here.
    `invitation` is the code of another system's link that opened the handoff.
    `limit` is a limit on messages to officers.
    `household_code` is a family member's code that awaits consent, "" before it, None if none is
    asked for.
    `referral` is an invitation that was opened, until the registration is sent.
    `hint_way` is how hints outside of the chat are sent, `hint_step` the screen on which an address
    for them is asked for or confirmed.
    """

    language: str = ""
    flow: str = ""
    forms: Mapping[str, Form] = field(default_factory=dict)
    asked: Asked | None = None
    nonce: int = 0
    suspended_flow: str = ""
    with_officer: bool = False
    is_persistent: bool = False
    muted: bool = False
    consents: Mapping[str, str] = field(default_factory=dict)
    registration: RegistrationStatus | None = None
    papers: Mapping[str, str] = field(default_factory=dict)
    pending_uploads: int = 0
    verdicts: tuple[str, ...] = ()
    requested_upload: str = ""
    draft_list: MadeList | None = None
    saved_list: MadeList | None = None
    has_pin: bool = False
    after_pin: str = ""
    topics: tuple[str, ...] = ()
    heard: Heard | None = None
    not_understood: int = 0
    is_masked: bool = False
    has_left: bool = False
    update_waits: bool = False
    model_operator: str | None = None
    looked_up: str | None = None
    join_code: str = ""
    invitation: str = ""
    limit: MessageLimit | None = None
    voice: Voice | None = None
    household_code: str | None = None
    referral: Referral | None = None
    hint_way: str = ""
    hint_step: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """The result of one event."""

    conversation: Conversation
    says: tuple[Say, ...]
    effects: tuple[Effect, ...]
