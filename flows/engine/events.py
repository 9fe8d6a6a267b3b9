"""What comes into a conversation (events) and what goes out of it (says and effects)."""

from dataclasses import dataclass
from enum import StrEnum

from flows.engine.flow import OpenCase, Submit
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
    """Something that is no text: `photo`, `voice`, `location`, `sticker`, …"""

    kind: str


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
    """The officer gave the conversation back."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An officer answered a question of the form for the person."""

    key: str
    value: str


type Event = (
    Started
    | Said
    | Pressed
    | Shared
    | Unreadable
    | Edited
    | Acknowledged
    | Joined
    | Resolved
    | Filled
)


class Kind(StrEnum):
    """What a button is for; a channel may show the kinds apart."""

    OPTION = "option"
    CONTROL = "control"
    EXIT = "exit"
    CONTACT = "contact"


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
    holds the case.
    """

    paragraphs: tuple[tuple[Text, ...], ...]
    buttons: tuple[Button, ...] = ()
    language: str = ""
    progress: tuple[int, int] | None = None
    replaces: bool = False
    protect: bool = False
    service: bool = False


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Agreement to a purpose, with the text that was shown and the language it was shown in."""

    purpose: str
    text: Text
    language: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the registration back out of the registry."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Words for the officer who holds the case."""

    words: str


@dataclass(frozen=True, slots=True)
class CancelCase:
    """The person no longer waits for an officer."""


@dataclass(frozen=True, slots=True)
class DeleteInput:
    """What was just sent must not stay in the chat."""


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
    | CancelCase
    | DeleteInput
    | QuickExit
    | Stopped
    | Forget
    | Export
)
