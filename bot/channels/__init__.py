"""What a channel is: where messages come from and go to."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import msgspec

from flows.engine.events import Event


class Press(msgspec.Struct, frozen=True, array_like=True):
    """A button as it is shown: what it sends back, its words, and what it is for."""

    payload: str
    label: str
    kind: str


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message in the person's language, before a channel gives it its own shape."""

    paragraphs: tuple[str, ...]
    buttons: tuple[Press, ...] = ()
    language: str = ""
    progress: tuple[int, int] | None = None
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """Something a person did. `external_id` is the platform's own, for deduplication."""

    channel: str
    external_id: str
    handle: str
    address: str
    event: Event
    message_id: str = ""
    press_id: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person stopped the bot on this channel, or let it in again."""

    channel: str
    handle: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Intruder:
    """A group or channel that the bot was brought into, and leaves."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic, and nothing to do: an update kind of no interest, another bot."""

    channel: str


type Arrival = Inbound | Blocked | Intruder | Ignored


@dataclass(frozen=True, slots=True)
class Act:
    """One call to the platform.

    `external_id` is the message to edit or, with commas, the messages to delete. `row` is the
    outbox's own id, empty where nothing was promised and there is no row.
    """

    kind: Literal["send", "edit", "delete", "leave"]
    address: str
    message: Message | None = None
    external_id: str = ""
    row: str = ""


class Unreadable(Exception):
    """An authentic body that cannot be read; goes to quarantine, never to a retry loop.

    Codes: E_EMPTY, E_JSON, E_SHAPE, E_DEPTH, E_NUMBER, E_DUPKEY, E_ENCODING.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SendError(Exception):
    """The platform did not take a message; `retry` says whether later may help."""

    code: ClassVar[str] = "E_SEND"
    retry: ClassVar[bool] = False
    delay: float | None = None


class Throttled(SendError):
    """The platform asks us to wait `delay` seconds."""

    code = "E_SEND_THROTTLED"
    retry = True

    def __init__(self, delay: float) -> None:
        super().__init__(self.code)
        self.delay = delay


class Unreachable(SendError):
    """No trustworthy answer: the message may or may not have arrived."""

    code = "E_SEND_UNREACHABLE"
    retry = True


class Refused(SendError):
    """The platform will never take this message."""

    code = "E_SEND_REFUSED"


class NotAllowed(SendError):
    """The person blocked the bot or is gone."""

    code = "E_SEND_BLOCKED"


class CannotEdit(SendError):
    """The message can no longer be changed or found; sending anew may be right."""

    code = "E_SEND_EDIT"


class Channel(Protocol):
    """One way to talk to people; `bot.channels.telegram` is the model."""

    name: str
    edits: bool
    deletes: bool

    def parse(self, body: bytes) -> tuple[Arrival, ...]:
        """Read the platform's bytes; Unreadable when they cannot be read."""
        ...

    async def send(self, act: Act) -> str:
        """Make one call; the platform's message id, or a SendError."""
        ...
