"""The state of a conversation that is stored between two turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.engine.events import Effect, Say
from flows.engine.flow import Answer, Form
from flows.engine.message_limits import MessageLimit
from flows.engine.referrals import Referral
from flows.engine.registration import RegistrationStatus

# Revision of an answer that was suggested before its question was asked. The answer becomes valid
# when the question is asked and the person confirms the answer.
UNASKED = 0


def waits(answer: Answer) -> bool:
    """Return True if the answer was suggested before its question was asked, and is unconfirmed."""
    return answer.rev == UNASKED


@dataclass(frozen=True, slots=True)
class Shown:
    """An option of a question as it was shown: its key, and the words on its button."""

    key: str
    words: str


@dataclass(frozen=True)
class Asked:
    """The last question as it was shown. Input is checked against it, and not against the form.

    `suggests` holds the keys of the buttons that were offered with the question, separated by
    spaces; "yes" chooses the only topic.
    """

    flow: str
    key: str
    rev: int
    nonce: int
    language: str
    options: tuple[Shown, ...] = ()
    page: int = 0
    tries: int = 0
    suggests: str = ""

    @property
    def is_screen(self) -> bool:
        """Return True if the engine asks on a screen of its own, and not a question of a flow."""
        return self.key.startswith("~")


@dataclass(frozen=True)
class MadeList:
    """A checklist that a flow made: answers that may be stored, ticked entries, reminder day.

    `entries` are the keys of the entries that fit the answers, also of those that were not valid
    when the checklist was made. `watched`: the person wants to be notified of changed rules.
    """

    flow: str
    answers: Mapping[str, str | None]
    ticked: tuple[str, ...] = ()
    remind: date | None = None
    entries: tuple[str, ...] = ()
    watched: bool = False


@dataclass(frozen=True)
class Heard:
    """The recognized meaning of the person's question, for answering it in another language.

    The words of the question are not stored. `danger` is the danger intent, "" if the kind of
    danger is unknown; None if the question does not speak of danger.
    """

    intents: tuple[str, ...]
    sure: bool
    entities: Mapping[str, str] = field(default_factory=dict)
    danger: str | None = None


@dataclass(frozen=True)
class Voice:
    """A voice message that may be transcribed; it is kept until the person does anything else.

    `key` identifies the voice message in its buttons. `ref` is the channel's reference to it, until
    the person decides on the consent. `text` is the transcription, until the person confirms or
    rejects it.
    """

    key: str
    ref: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Conversation:
    """Everything that is stored about a conversation between two turns.

    `papers` holds the state of each kind of paper. `pending_uploads` counts files that are being
    checked, `verdicts` holds the results of those already checked. `requested_upload` is the paper
    that an officer requested. `draft_list` is a checklist that was just made, `saved_list` one that
    is stored with consent. `after_pin` is the screen that opens once the PIN is right.
    `suspended_flow` is the flow to return to after the handoff (the flow for talking to an
    officer). `topics` are the subscribed topics. `not_understood` counts consecutive texts that
    were not understood. `is_masked`: the chat was closed and cleared, so private answers are hidden
    until the PIN or the secure page confirms the person. `has_left`: the person's last action was
    to close the chat or to stop messages. `update_waits`: a message waits until the person opens
    it. `model_operator` runs the external model to which the person consented: "" is a refusal,
    None means not asked yet. `looked_up` is the number of a registration whose PIN is asked for; ""
    while its number is asked for, None if no lookup is open. `join_code` is a code of another chat
    that was typed here. `invitation` is the code of another system's link that opened the handoff.
    `limit` is a limit on messages to officers. `household_code` is a family member's code that
    awaits consent; "" while it is asked for, None otherwise. `referral` is a referral that was
    opened, until the registration is sent. `hint_way` (`email` or `sms`) is how notices of
    news are sent. `hint_step` is the screen that asks for the address of notices or confirms it.
    `visit_home` is the channel to return to if the last turn was on the secure page, else "".
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
    visit_home: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """The result of processing one event: the new state, the messages and the effects."""

    conversation: Conversation
    says: tuple[Say, ...]
    effects: tuple[Effect, ...]
