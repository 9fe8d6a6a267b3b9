"""Channel interface: messages, incoming updates, calls and errors that all platforms share."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from bot.channels.messages import FileRef, Mark, Message, RenderedButton, Template
from flows.engine.events import Event, Page

__all__ = [
    "Blocked",
    "BlockedByUser",
    "BroadcastsStopped",
    "CannotEdit",
    "Channel",
    "ChannelCall",
    "ChannelSuspended",
    "DeliveryReport",
    "DoesNotFit",
    "FileRef",
    "GroupChat",
    "HandleChanged",
    "Ignored",
    "Inbound",
    "IncomingUpdate",
    "Mark",
    "Message",
    "NoTemplate",
    "OptedOut",
    "Rates",
    "Refused",
    "RenderedButton",
    "SendError",
    "Template",
    "TemporarilyRestricted",
    "Throttled",
    "UnknownRefusal",
    "Unparseable",
    "Unreachable",
    "Unreadable",
    "WindowClosed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inbound:
    """An action of a person.

    `external_id` is the platform's id of the update, used for deduplication. `aliases` are further
    handles that the platform confirms for the same person. `at` is the time of the action in Unix
    seconds; 0 where the platform has no reply window. `consent_handle` replaces handle and address
    of an anonymous person who consents. `permits` are the budgets that were drawn for this event;
    None on channels without budgets. `network` is the keyed hash of the address it came from.
    `pressed_on` is the message whose button was pressed, if the press is a message of its own.
    `earlier` are the messages with the lines before the last one of a text.
    """

    channel: str
    external_id: str
    handle: str
    address: str
    event: Event
    message_id: str = ""
    press_id: str = ""
    aliases: tuple[str, ...] = ()
    at: int = 0
    consent_handle: str = ""
    permits: frozenset[str] | None = None
    network: bytes = b""
    pressed_on: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unparseable:
    """An unreadable element of an authentic body; the other elements are still processed.

    `code` is a code of `Unreadable`; `size` is in bytes.
    """

    channel: str
    external_id: str
    code: str
    size: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person blocked the bot on this channel, or unblocked it."""

    channel: str
    handle: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class BroadcastsStopped:
    """The platform reported that a person wants no more broadcasts of the bot."""

    channel: str
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupChat:
    """A group or channel that the bot was added to; the bot leaves it."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic update that needs no action: an unused kind, or sent by another bot."""

    channel: str


@dataclass(frozen=True, slots=True)
class HandleChanged:
    """A platform's report that a person's `handle` was replaced by `to`."""

    channel: str
    external_id: str
    handle: str
    to: str
    address: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A platform's report on a message that the bot sent.

    Reports may arrive repeatedly and in any order. `at` is the platform's time in Unix seconds.
    `code` is the bot's own code of a failure. `row` is the `ChannelCall.row` of the call, if the
    platform returns it. `price` is the billing category, if any. The report covers part `part` of
    `parts`.
    """

    channel: str
    external_id: str
    state: Literal["sent", "delivered", "read", "failed"]
    at: int
    code: str = ""
    row: str = ""
    price: str = ""
    part: int = 1
    parts: int = 1


type IncomingUpdate = (
    Inbound
    | Unparseable
    | Blocked
    | BroadcastsStopped
    | HandleChanged
    | DeliveryReport
    | GroupChat
    | Ignored
)


@dataclass(frozen=True, slots=True)
class ChannelCall:
    """One call to the platform.

    `external_id` is the message to edit or, comma-separated, the messages to delete. `row`
    identifies the attempt: the outbox id, or the mark of a broadcast. From the second attempt on,
    the outbox id carries the attempt's number (`77.2`). `row` is empty for a call without an outbox
    row. `closed`: the platform accepts no free text now, so only the message's template can be
    sent. `paid`: sending faster than the free rate may cost money. `sent` is the number of the
    message's parts that were delivered already. `contents` are those of the message's file.
    """

    kind: Literal["send", "edit", "delete", "leave"]
    address: str
    message: Message | None = None
    external_id: str = ""
    row: str = ""
    closed: bool = False
    paid: bool = False
    sent: int = 0
    contents: bytes = b""


class Unreadable(Exception):
    """An authentic body that cannot be read; it is quarantined and never retried.

    Codes: E_EMPTY, E_JSON, E_SHAPE, E_DEPTH, E_NUMBER, E_DUPKEY, E_ENCODING, E_STALE.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SendError(Exception):
    """The platform did not accept a message; `retry` is True if a later attempt may succeed.

    `sent` of a message's `parts` were delivered; `external_ids` are the ids of those that this call
    sent, where the platform can delete them.
    """

    code: ClassVar[str] = "E_SEND"
    retry: ClassVar[bool] = False
    delay: float | None = None
    sent: int = 0
    parts: int = 1
    external_ids: tuple[str, ...] = ()


class Throttled(SendError):
    """The platform's rate limit: wait `delay` seconds.

    With `wide` the limit applies to all messages, otherwise to messages to this person.
    """

    code = "E_SEND_THROTTLED"
    retry = True

    def __init__(self, delay: float, *, wide: bool = False) -> None:
        super().__init__(self.code)
        self.delay = delay
        self.wide = wide


class WindowClosed(SendError):
    """The reply window is closed: no free text now.

    The message waits until the person writes, or is sent as a template.
    """

    code = "E_SEND_WINDOW"


class Unreachable(SendError):
    """No reliable answer: the message may or may not have arrived."""

    code = "E_SEND_UNREACHABLE"
    retry = True

    def __init__(self, *, certain: bool = False) -> None:
        """Set `certain` if the message was surely not sent: no connection, or a refused request."""
        super().__init__(self.code)
        self.certain = certain


class ChannelSuspended(SendError):
    """The platform refuses the bot, not the message.

    All messages wait until an operator fixes the cause.
    """

    code = "E_SEND_HELD"
    retry = True


class Refused(SendError):
    """The platform will never take this message."""

    code = "E_SEND_REFUSED"


class UnknownRefusal(SendError):
    """The platform refuses for a reason that is not known here; the bot may be at fault.

    It is tried again, for as long as the platform refuses all else too.
    """

    code = "E_SEND_UNKNOWN"
    retry = True


class DoesNotFit(Refused):
    """The message exceeds the channel's limits; messages are never truncated."""

    code = "E_SEND_SIZE"


class NoTemplate(Refused):
    """The template is missing, paused, or does not match the parameters sent."""

    code = "E_SEND_TEMPLATE"


class TemporarilyRestricted(SendError):
    """The platform defers broadcasts to this person for a day or more."""

    code = "E_SEND_NOT_NOW"


class OptedOut(SendError):
    """The person opted out of the bot's broadcasts at the platform."""

    code = "E_SEND_OPTED_OUT"


class BlockedByUser(SendError):
    """The person blocked the bot, or the account no longer exists."""

    code = "E_SEND_BLOCKED"


class CannotEdit(SendError):
    """The message can no longer be edited or found; a new message may be right instead."""

    code = "E_SEND_EDIT"


@dataclass(frozen=True, slots=True)
class Rates:
    """Send rates of a platform in messages per second; 0 means no limit by the bot.

    `whole` is the rate of the bot, `each` per chat. With `firm`, `whole` also limits answers.
    Without it, answers only use up their share and broadcasts wait.
    """

    whole: float = 0
    whole_burst: int = 1
    each: float = 0
    each_burst: int = 1
    firm: bool = False


class Channel(Protocol):
    """One way to talk to people; `bot.channels.telegram.client` is the reference implementation.

    `edits` and `deletes`: sent messages can be edited and deleted. `joins`: the messages of a turn
    are sent as one, since the platform bills or throttles each. `page`: sensitive questions are
    asked on the secure page. `window`: seconds to send free text after a person's message, 0 is
    always. `notifies`: phones show messages outside the chat. `protects`: it can forbid forwarding.
    `gathers`: lines of one second are answered together.
    """

    name: str
    edits: bool
    deletes: bool
    joins: bool
    page: Page
    window: int
    notifies: bool
    protects: bool
    gathers: bool
    rates: Rates

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        """Parse the platform's bytes. Raises Unreadable."""
        ...

    async def send(self, act: ChannelCall) -> str:
        """Make one call and return the platform's message id. Raises SendError.

        Delivered parts of a message that fails stay; `ChannelCall.sent` skips them.
        """
        ...

    async def ping(self) -> None:
        """Make a harmless call to check that the platform answers. Raises SendError."""
        ...

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that a person sent. Raises SendError if it is gone."""
        ...
