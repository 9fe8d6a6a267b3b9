"""Interface of channels (Telegram, WhatsApp, web chat): updates, messages, calls and errors."""

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
    """An action of a person: a message, a press of a button or an edit.

    `external_id` is the platform's id of the update, used for deduplication. `handle` is the
    platform's id of the person. `aliases` are other handles of the same person, confirmed by the
    platform. `at` is the time of the action in Unix seconds; 0 if the platform has no reply window
    (see WindowClosed). `consent_handle` replaces handle and address when an anonymous person
    consents. `drawn_budgets` are the rate limits (`bot.budgets`) already charged for this event;
    None on channels without such limits. `network` is the keyed hash of the IP address.
    `pressed_on` is the id of the message whose button was pressed, if the platform reports a press
    as a message of its own. `earlier` are ids of preceding messages that were merged into this
    event.
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
    drawn_budgets: frozenset[str] | None = None
    network: bytes = b""
    pressed_on: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unparseable:
    """An unreadable element of an authentic webhook body; the other elements are still processed.

    `code` is one of the codes of `Unreadable`; `size` is in bytes.
    """

    channel: str
    external_id: str
    code: str
    size: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person blocked the bot on this channel, or unblocked it if `blocked` is False."""

    channel: str
    handle: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class BroadcastsStopped:
    """The platform reported that a person opted out of the bot's broadcasts.

    `at` is the time of the opt-out in Unix seconds; 0 if the platform did not report it.
    """

    channel: str
    handles: tuple[str, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class GroupChat:
    """A group or channel in which the bot received an update; the bot leaves it."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic update that needs no action, such as an unused kind or a message of a bot."""

    channel: str


@dataclass(frozen=True, slots=True)
class HandleChanged:
    """A platform's report that it changed a person's id from `handle` to `to`.

    `address` is the address for messages from now on; "" if the report names none.
    """

    channel: str
    external_id: str
    handle: str
    to: str
    address: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A platform's report on a message that the bot sent.

    Reports may arrive repeatedly and in any order. `at` is the platform's time in Unix seconds.
    `code` is the `code` of a SendError class if `state` is `failed`. `row` is the `ChannelCall.row`
    of the call, if the platform returns it. `price` is the platform's billing category, or ''. The
    report is about part number `part` of a message that was split into `parts`.
    """

    channel: str
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

    `external_id` is the id of the message to edit or, comma-separated, the ids of the messages to
    delete. `row` identifies the attempt in delivery reports: the outbox id (from the second attempt
    on with the attempt's number, `77.2`), or broadcast, recipient and attempt (`b5.120.1`); empty
    for a call without an outbox row. `closed`: the platform accepts no free text now, so only the
    message's template can be sent. `paid`: Telegram may charge for sending above the free rate.
    `sent` is the number of the message's parts that earlier attempts delivered. `contents` are the
    bytes of the message's file.
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
    """An authentic webhook body that cannot be read; it is quarantined and never retried.

    Codes: E_EMPTY, E_JSON, E_SHAPE, E_DEPTH, E_NUMBER, E_DUPKEY, E_ENCODING, E_STALE.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SendError(Exception):
    """The platform did not accept a message; `retry` is True if a later attempt may succeed.

    `sent` is how many of the message's `parts` were delivered. `external_ids` are the ids of the
    parts that this call delivered, set if the platform can delete them. `delay` is the time to wait
    before a retry, in seconds.
    """

    code: ClassVar[str] = "E_SEND"
    retry: ClassVar[bool] = False
    delay: float | None = None
    sent: int = 0
    parts: int = 1
    external_ids: tuple[str, ...] = ()


class Throttled(SendError):
    """The platform's rate limit was exceeded: wait `delay` seconds.

    If `wide` is True, the limit applies to all messages of the bot, otherwise to this chat only.
    """

    code = "E_SEND_THROTTLED"
    retry = True

    def __init__(self, delay: float, *, wide: bool = False) -> None:
        super().__init__(self.code)
        self.delay = delay
        self.wide = wide


class WindowClosed(SendError):
    """The platform's reply window is closed, so it accepts no free text now.

    A reply window is open for some time after each message of the person. While it is closed, the
    message is sent as a template, or waits until the person writes.
    """

    code = "E_SEND_WINDOW"


class Unreachable(SendError):
    """The platform gave no reliable answer: the message may or may not have arrived.

    If `certain` is True, the message was certainly not sent.
    """

    code = "E_SEND_UNREACHABLE"
    retry = True

    def __init__(self, *, certain: bool = False) -> None:
        """Set `certain` if the message was certainly not sent, for example without a connection."""
        super().__init__(self.code)
        self.certain = certain


class ChannelSuspended(SendError):
    """The platform rejects the bot or its account, not the message.

    All messages of the channel wait until an operator fixes the cause.
    """

    code = "E_SEND_HELD"
    retry = True


class Refused(SendError):
    """The platform rejects this message permanently."""

    code = "E_SEND_REFUSED"


class UnknownRefusal(SendError):
    """The platform rejects the message for an unknown reason; the bot itself may be at fault.

    The bot counts as at fault if no other call of the channel has succeeded for a while. Only then
    the message is retried beyond the usual number of attempts.
    """

    code = "E_SEND_UNKNOWN"
    retry = True


class DoesNotFit(Refused):
    """The message exceeds a size limit of the channel; it is rejected and never truncated."""

    code = "E_SEND_SIZE"


class NoTemplate(Refused):
    """The message's template is missing, paused, or does not match the parameters sent."""

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
    """The message cannot be edited or no longer exists; the caller may send a new one instead."""

    code = "E_SEND_EDIT"


@dataclass(frozen=True, slots=True)
class Rates:
    """Send rates in messages per second, and burst sizes in messages; a rate of 0 means no limit.

    `whole` is the limit of the bot, `each` that of each chat. If `firm` is True, messages of
    conversations and broadcasts both wait for the bot's limit. Otherwise only broadcasts wait:
    messages of conversations are sent at once and use up tokens of the limit.
    """

    whole: float = 0
    whole_burst: int = 1
    each: float = 0
    each_burst: int = 1
    firm: bool = False


class Channel(Protocol):
    """A messaging platform; `bot.channels.telegram.client` is the reference implementation.

    `edits`, `deletes`: sent messages can be edited, deleted. `joins`: the bot's messages for one
    event are merged, because the platform bills or rate-limits each message. `page`: when to ask
    sensitive questions on the secure web page. `window`: seconds after a person's message in which
    free text is accepted; 0 means always. `notifies`: phones show messages outside the chat.
    `protects`: forwarding can be disabled. `gathers`: a person's messages within one second are
    answered together.
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
        """Parse the body of a webhook request. Raises Unreadable."""
        ...

    async def send(self, act: ChannelCall) -> str:
        """Make one call and return the platform's message id. Raises SendError.

        If a part of a message fails, the delivered parts stay in the chat. `ChannelCall.sent` lets
        a retry skip the delivered parts.
        """
        ...

    async def ping(self) -> None:
        """Make a harmless call to check that the platform answers. Raises SendError."""
        ...

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that a person sent. Raises SendError if the file is missing."""
        ...
