"""Input of the engine (events) and its output: messages (`Say`) and effects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.engine.effects import OpenCase, ReadNews, SendPapers, Submit, Subscribe
from flows.engine.hints import HintEffect, HintEvent
from flows.engine.household import HouseholdEvent
from flows.engine.invitations import LinkEffect, LinkEvent
from flows.engine.joining import JoinEffect, JoinEvent
from flows.engine.message_limits import AppealLimit, LimitEvent
from flows.engine.model_events import ModelEffect, ModelEvent
from flows.engine.registration import Acknowledged, RegistryEffect, StatusLookedUp
from flows.engine.text import Label, Text


@dataclass(frozen=True, slots=True)
class Started:
    """The person opened the chat; `word` is the link's start parameter, `hint` a language tag."""

    word: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    payload: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The person sent a contact card; `own`: the platform confirms that it is the person's own."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The person sent a `photo`, `voice`, `location`, …; only its `caption` can be read."""

    kind: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that the person sent: a `photo`, a `document` or a `voice` message.

    The channel can fetch the file by `ref` for some time; `size` is in bytes.
    """

    kind: str
    ref: str
    size: int = 0
    caption: str = ""


@dataclass(frozen=True, slots=True)
class UploadChecked:
    """A file for question `key` was checked; `refusal` and `hint` are codes of `upload_states`."""

    flow: str
    key: str
    refusal: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UploadStatusChanged:
    """An uploaded paper's state at the registry is now `sent`, `accepted` or `rejected`."""

    paper: str
    state: str


@dataclass(frozen=True, slots=True)
class UploadRequested:
    """The officer of the conversation asks the person to upload a paper."""

    paper: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """The person continues the conversation in another channel."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The person edited an earlier message."""


@dataclass(frozen=True, slots=True)
class Joined:
    """An officer took the conversation over, or (`waits`) it went back to the officers' queue."""

    waits: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """An officer returned the conversation to the assistant.

    `where` is a flow's name or `menu`, "" to continue at the interrupted question. Without
    `was_read`, no officer read the messages, and the person is not asked for a rating.
    """

    where: str = ""
    was_read: bool = True


class Notice(StrEnum):
    """The reason for sending a notice, which announces another message without its content."""

    UPDATE = "update"
    ANSWER = "answer"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class UpdateWithheld:
    """A message is withheld until the person opens it; a notice announces it without content."""

    notice: Notice = Notice.ANSWER


@dataclass(frozen=True, slots=True)
class Filled:
    """An officer entered an answer to the question `key` of the form on behalf of the person."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class PinTried:
    """The result of a `TryPin`: whether the PIN was `right`; if not, the attempts `left`."""

    right: bool
    left: int = 0


@dataclass(frozen=True, slots=True)
class PinLifted:
    """An officer removed the PIN of a person who had lost it."""


type Event = (
    Started
    | Said
    | Pressed
    | Shared
    | Unreadable
    | Attached
    | UploadChecked
    | UploadStatusChanged
    | UploadRequested
    | Resumed
    | Edited
    | Acknowledged
    | Joined
    | Resolved
    | UpdateWithheld
    | Filled
    | PinTried
    | PinLifted
    | ModelEvent
    | StatusLookedUp
    | JoinEvent
    | LimitEvent
    | HouseholdEvent
    | LinkEvent
    | HintEvent
)


class Page(StrEnum):
    """A channel's policy: whether the secure web page, not the chat, asks private questions."""

    NEVER = "never"
    OFFERED = "offered"
    ALWAYS = "always"


class Kind(StrEnum):
    """The purpose of a button; a channel may display buttons of each kind differently."""

    OPTION = "option"
    CONTROL = "control"
    EXIT = "exit"
    CONTACT = "contact"
    PAGE = "page"
    FILE = "file"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Button:
    payload: str
    label: Label
    kind: Kind = Kind.OPTION


@dataclass(frozen=True, slots=True)
class Say:
    """One message: paragraphs, each a tuple of sentences, and buttons.

    `replaces`: the message may replace the one whose button was pressed. `protect`: do not forward
    it. `service`: it is sent even while an officer has the case. `private`: it, or its answer,
    belongs on the secure page. `ends_contact`: the phone number is no longer asked for. `notice`:
    it announces another message, with an approved template. `by_position`: a typed number chooses.
    """

    paragraphs: tuple[tuple[Text, ...], ...]
    buttons: tuple[Button, ...] = ()
    language: str = ""
    progress: tuple[int, int] | None = None
    replaces: bool = False
    protect: bool = False
    service: bool = False
    private: bool = False
    ends_contact: bool = False
    notice: Notice | None = None
    by_position: bool = True


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Record a consent and its purpose, with the text that was shown and this text's language."""

    purpose: str
    text: Text
    language: str


@dataclass(frozen=True, slots=True)
class TryPin:
    """Compare `pin` with the person's PIN; the result is a `PinTried` in the same turn."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetPin:
    """Set the PIN that protects the person's data from now on; None removes it."""

    pin: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the person's registration from the registry."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Pass a text or a `recording` to the case's officer; `urgent`: the text is about danger."""

    words: str
    urgent: bool = False
    recording: str = ""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Count, by language and step, that a text was not understood; the text is not stored."""

    language: str
    step: str


@dataclass(frozen=True, slots=True)
class SuggestPhrase:
    """Store a sentence that the person donated to train the recognizer, without personal data."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Rated:
    """Store the person's rating of the officer's help: `yes`, `partly` or `no`."""

    rating: str


@dataclass(frozen=True, slots=True)
class CancelCase:
    """Cancel the person's case, because the person no longer waits for an officer."""


@dataclass(frozen=True, slots=True)
class DeleteInput:
    """Delete the person's last message from the chat."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """The upload question that a file sent now would answer, and the kind of paper it asks for."""

    flow: str
    key: str
    paper: str


@dataclass(frozen=True, slots=True)
class TakeFile:
    """Fetch a file that the person sent for a question, sanitize it and store it."""

    awaited: Awaited
    ref: str
    size: int


@dataclass(frozen=True, slots=True)
class UploadReceived:
    """Note in the case that the paper which the officer requested is stored, and can be read."""

    paper: str


@dataclass(frozen=True, slots=True)
class PrintList:
    """Make a printable checklist; its temporary link is put into the message's button of kind LINK.

    `ready` are the keys of the ticked papers. `entries` are the document keys of a stored
    checklist.
    """

    flow: str
    answers: Mapping[str, str | None]
    ready: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remind:
    """Schedule one checklist reminder, without content, in `days` days; 0 cancels it."""

    days: int


@dataclass(frozen=True, slots=True)
class QuickExit:
    """Delete the messages that the chat shows, as far as the channel can."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Stop sending messages that the person did not request, such as announcements."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase all data that is stored about the person."""


@dataclass(frozen=True, slots=True)
class Export:
    """Send the person a copy of the data that is stored about them."""


type Effect = (
    Submit
    | OpenCase
    | ConsentGiven
    | Withdraw
    | RegistryEffect
    | JoinEffect
    | LinkEffect
    | HintEffect
    | ModelEffect
    | Relay
    | NotUnderstood
    | SuggestPhrase
    | Rated
    | CancelCase
    | DeleteInput
    | TakeFile
    | UploadReceived
    | SendPapers
    | Subscribe
    | ReadNews
    | PrintList
    | Remind
    | QuickExit
    | Stopped
    | Forget
    | Export
    | TryPin
    | SetPin
    | AppealLimit
)
