"""What comes into a conversation (events) and what goes out of it (says and effects)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.engine.flow import OpenCase, ReadNews, SendPapers, Submit, Subscribe
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
    """A contact card; `own` only when the platform vouches that it is the sender's."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is no text: `photo`, `voice`, `location`, `sticker`, …

    `caption` is what was written with it.
    """

    kind: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that the person sent: a `photo` or a `document`.

    `ref` is where the channel keeps it for a while; `size` in bytes where the platform tells it.
    `caption` is what was written with it.
    """

    kind: str
    ref: str
    size: int = 0
    caption: str = ""


@dataclass(frozen=True, slots=True)
class UploadChecked:
    """A file was looked at: `refusal` and `hint` are codes of `papers`, both empty when it is good.

    `flow` and `key` are those of the question it was sent for.
    """

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
    """The officer who has the conversation asks for a paper."""

    paper: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """The person came to another channel to go on there."""


@dataclass(frozen=True, slots=True)
class Edited:
    """An earlier message was changed by its writer."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The registry answered about this person's registration."""

    state: str
    number: str


@dataclass(frozen=True, slots=True)
class Joined:
    """An officer took the conversation over."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The officer gave the conversation back: it goes on where it was, at `menu`, or in a flow."""

    where: str = ""


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
    """An officer took away the PIN of a person who had lost it."""


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
    | Filled
    | PinTried
    | PinLifted
)


class Page(StrEnum):
    """Whether a channel sends a person to the secure page for what is private."""

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
    """One message: paragraphs of lines, and what can be pressed.

    `replaces` means that it may take the place of the message whose button was pressed;
    `protect` that it must not be forwarded; `service` that it goes also while an officer
    holds the case; `private` that the answer is one for the secure page.
    """

    paragraphs: tuple[tuple[Text, ...], ...]
    buttons: tuple[Button, ...] = ()
    language: str = ""
    progress: tuple[int, int] | None = None
    replaces: bool = False
    protect: bool = False
    service: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Agreement to a purpose, with the text that was shown and the language it was shown in."""

    purpose: str
    text: Text
    language: str


@dataclass(frozen=True, slots=True)
class TryPin:
    """See whether this is the person's PIN; the answer is a `PinTried` in the same turn."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetPin:
    """Ask for this PIN from now on; for none any more where it is None."""

    pin: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the registration back out of the registry."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Words for the officer who holds the case; `urgent` if they speak of danger."""

    words: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A text was not understood: counted by language and step, and nothing of it is kept."""

    language: str
    step: str


@dataclass(frozen=True, slots=True)
class Rated:
    """The person's rating of the officer's help: `yes`, `partly` or `no`."""

    rating: str


@dataclass(frozen=True, slots=True)
class CancelCase:
    """The person no longer waits for an officer."""


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
    """Fetch a file that was sent for a question, make it safe and keep it."""

    awaited: Awaited
    ref: str
    size: int


@dataclass(frozen=True, slots=True)
class UploadReceived:
    """The paper that the officer asked for is kept: it is the officer's turn."""

    paper: str


@dataclass(frozen=True, slots=True)
class PrintList:
    """Lend the list as a sheet for a while; the address goes to the say's button of kind LINK.

    `ready` are the keys of papers that are ticked.
    """

    flow: str
    answers: Mapping[str, str | None]
    ready: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remind:
    """Write once in so many days that there is something to look at; 0: do not write."""

    days: int


@dataclass(frozen=True, slots=True)
class QuickExit:
    """Clear the chat as far as the channel can."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Never write to this person first."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase the person."""


@dataclass(frozen=True, slots=True)
class Export:
    """Tell the person what is kept about them."""


type Effect = (
    Submit
    | OpenCase
    | ConsentGiven
    | Withdraw
    | Relay
    | NotUnderstood
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
)
