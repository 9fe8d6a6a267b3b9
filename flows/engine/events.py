"""Input of a conversation (events) and its output (says and effects)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.engine.flow import OpenCase, ReadNews, SendPapers, Submit, Subscribe
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
    """The person opened the conversation; `hint` is the platform's language tag."""

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
    """A contact card; `own` is true only if the platform confirms that it is the sender's."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No text: a `photo`, `voice`, `location`, …; `caption` is what was written with it."""

    kind: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that the person sent: a `photo`, a `document` or a `voice` message.

    `ref` is where the channel keeps it for a while; `size` is in bytes, `caption` its text.
    """

    kind: str
    ref: str
    size: int = 0
    caption: str = ""


@dataclass(frozen=True, slots=True)
class UploadChecked:
    """A checked file for question `key`; `refusal` and `hint` are codes of `upload_states`."""

    flow: str
    key: str
    refusal: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UploadStatusChanged:
    """The registry's state of a paper: `sent`, `accepted` or `rejected`."""

    paper: str
    state: str


@dataclass(frozen=True, slots=True)
class UploadRequested:
    """The officer who has the conversation requests an upload."""

    paper: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """The person continues the conversation on another channel."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The person edited an earlier message."""


@dataclass(frozen=True, slots=True)
class Joined:
    """An officer took the conversation over; `waits`: it was given back to the waiting ones."""

    waits: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """An officer returned the conversation to the assistant.

    `where` is empty to continue where it was, or `menu`, or the name of a flow. If the officer read
    nothing, the person is not asked whether it helped.
    """

    where: str = ""
    was_read: bool = True


class Notice(StrEnum):
    """The reason of a message that only says that something waits, without its content."""

    UPDATE = "update"
    ANSWER = "answer"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class UpdateWithheld:
    """A message waits; the person gets a notice without its content."""

    notice: Notice = Notice.ANSWER


@dataclass(frozen=True, slots=True)
class Filled:
    """An officer answered a question of the form for the person."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class PinTried:
    """The result of a `TryPin`: whether it was right, and how many tries are left if not."""

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
    """Policy of a channel on the secure page for private questions."""

    NEVER = "never"
    OFFERED = "offered"
    ALWAYS = "always"


class Kind(StrEnum):
    """The purpose of a button; a channel may show the kinds apart."""

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
    """One message: paragraphs of lines, and buttons.

    `replaces`: it may replace the message whose button was pressed. `protect`: it must not be
    forwarded. `service`: it is sent even while an officer has the case. `private`: its answer
    belongs on the secure page. `ends_contact`: a request for the person's number is over.
    `notice`: it is a notice without content, for which platforms approve a template.
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


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Consent to a purpose, with the text that was shown and its language."""

    purpose: str
    text: Text
    language: str


@dataclass(frozen=True, slots=True)
class TryPin:
    """Check whether this is the person's PIN; the result is a `PinTried` in the same turn."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetPin:
    """Set the PIN to ask for from now on; None removes it."""

    pin: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the registration from the registry."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Words or a `recording` for the case's officer; `urgent` if they speak of danger."""

    words: str
    urgent: bool = False
    recording: str = ""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A text was not understood: counted by language and step, and nothing of it is kept."""

    language: str
    step: str


@dataclass(frozen=True, slots=True)
class SuggestPhrase:
    """A sentence that the person gives to teach the recogniser; stored without the person."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Rated:
    """The person's rating of the officer's help: `yes`, `partly` or `no`."""

    rating: str


@dataclass(frozen=True, slots=True)
class CancelCase:
    """Cancel the case: the person no longer waits for an officer."""


@dataclass(frozen=True, slots=True)
class DeleteInput:
    """Delete the person's last message from the chat."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """The question that a file would answer now, and the kind of paper it asks for."""

    flow: str
    key: str
    paper: str


@dataclass(frozen=True, slots=True)
class TakeFile:
    """Fetch a file that was sent for a question, sanitize it and store it."""

    awaited: Awaited
    ref: str
    size: int


@dataclass(frozen=True, slots=True)
class UploadReceived:
    """The upload that the officer requested is stored; the officer acts next."""

    paper: str


@dataclass(frozen=True, slots=True)
class PrintList:
    """Create a temporary printable list; the link goes into the message's button of kind LINK.

    `ready` are the keys of the papers that are ticked, `entries` those of a stored list.
    """

    flow: str
    answers: Mapping[str, str | None]
    ready: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remind:
    """Send one reminder without details in `days` days; 0 cancels it."""

    days: int


@dataclass(frozen=True, slots=True)
class QuickExit:
    """Clear the chat as far as the channel can."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Stop all messages that the person did not ask for."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase the person."""


@dataclass(frozen=True, slots=True)
class Export:
    """Show the person the data that is stored about them."""


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
