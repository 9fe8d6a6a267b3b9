"""What a channel is: where messages come from and go to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import msgspec

from bot.i18n import bidi
from flows.engine.events import Event, Page


class RenderedButton(msgspec.Struct, frozen=True, array_like=True):
    """A button as it is shown: what it sends back, its words, and what it is for."""

    payload: str
    label: str
    kind: str


class Template(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text that the platform approved before: its name there, and the values of its places.

    `payloads` are what its quick replies send back, in their order.
    """

    name: str
    values: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message in the person's language, before a channel gives it its own shape.

    `template` says the same where a platform takes no free text at the moment.
    """

    paragraphs: tuple[str, ...]
    buttons: tuple[RenderedButton, ...] = ()
    language: str = ""
    progress: tuple[int, int] | None = None
    protect: bool = False
    template: Template | None = None

    @property
    def place(self) -> str:
        """How far somebody has come in a flow, as a line of its own; empty outside of one.

        Without spaces: a right-to-left line would show `5 / 1` for the first of five.
        """
        if self.progress is None:
            return ""
        line = "{}/{}".format(*self.progress)
        return bidi.lined(line) if self.language in bidi.RIGHT_TO_LEFT else line


@dataclass(frozen=True, slots=True)
class Inbound:
    """Something a person did. `external_id` is the platform's own, for deduplication.

    `aliases` are other handles that the platform vouches to be the same person's; `at` is when they
    did it, in seconds since 1970, where the platform counts the time since (0: it does not).
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


@dataclass(frozen=True, slots=True)
class Unparseable:
    """One element of an authentic body that cannot be read; the others count.

    `code` is one of Unreadable's; `size` in bytes.
    """

    channel: str
    external_id: str
    code: str
    size: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person stopped the bot on this channel, or let it in again."""

    channel: str
    handle: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class GroupChat:
    """A group or channel that the bot was brought into, and leaves."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic, and nothing to do: an update kind of no interest, another bot."""

    channel: str


@dataclass(frozen=True, slots=True)
class HandleChanged:
    """The platform says that a person's handle was replaced by another."""

    channel: str
    external_id: str
    handle: str
    to: str
    address: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the platform reports of a message of ours, in any order and more than once.

    `at` is the platform's time in seconds since 1970; `code` is ours, of a failure; `row` is that
    of the act, where the platform hands it back; `price` is the billing category, if any. It is
    about that `part` of a message that took so many `parts`.
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
    Inbound | Unparseable | Blocked | HandleChanged | DeliveryReport | GroupChat | Ignored
)


@dataclass(frozen=True, slots=True)
class ChannelCall:
    """One call to the platform.

    `external_id` is the message to edit or, with commas, the messages to delete. `row` names the
    attempt: the outbox's own id, with the number of a second try or later (`77.2`), or the mark of
    a broadcast; empty where nothing was promised and there is no row. `closed` says that the
    platform takes no free text now, so that only the message's template can go; `paid` that it may
    cost something to go faster than is free. So many of the message's parts as `sent` says are
    there already.
    """

    kind: Literal["send", "edit", "delete", "leave"]
    address: str
    message: Message | None = None
    external_id: str = ""
    row: str = ""
    closed: bool = False
    paid: bool = False
    sent: int = 0


class Unreadable(Exception):
    """An authentic body that cannot be read; goes to quarantine, never to a retry loop.

    Codes: E_EMPTY, E_JSON, E_SHAPE, E_DEPTH, E_NUMBER, E_DUPKEY, E_ENCODING, E_STALE.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SendError(Exception):
    """The platform did not take a message; `retry` says whether later may help.

    `sent` is how many of its parts are there and stay, where none can be taken back.
    """

    code: ClassVar[str] = "E_SEND"
    retry: ClassVar[bool] = False
    delay: float | None = None
    sent: int = 0


class Throttled(SendError):
    """The platform asks us to wait `delay` seconds; `wide` if that holds for everybody's messages.

    Where not, it is this person's messages that came too fast.
    """

    code = "E_SEND_THROTTLED"
    retry = True

    def __init__(self, delay: float, *, wide: bool = False) -> None:
        super().__init__(self.code)
        self.delay = delay
        self.wide = wide


class WindowClosed(SendError):
    """The platform takes no free text now; the message waits for the person or for a template."""

    code = "E_SEND_WINDOW"


class Unreachable(SendError):
    """No trustworthy answer: the message may or may not have arrived."""

    code = "E_SEND_UNREACHABLE"
    retry = True

    def __init__(self, *, certain: bool = False) -> None:
        """`certain`: the message did not go, for no connection was made, or we were turned away."""
        super().__init__(self.code)
        self.certain = certain


class ChannelSuspended(SendError):
    """The platform refuses us, not the message: everything waits until an operator mends it."""

    code = "E_SEND_HELD"
    retry = True


class Refused(SendError):
    """The platform will never take this message."""

    code = "E_SEND_REFUSED"


class DoesNotFit(Refused):
    """It is larger than the channel takes, and nothing is ever cut."""

    code = "E_SEND_SIZE"


class NoTemplate(Refused):
    """The template is missing, paused or of another form than we filled in."""

    code = "E_SEND_TEMPLATE"


class TemporarilyRestricted(SendError):
    """The platform holds announcements to this person back for a day or more."""

    code = "E_SEND_NOT_NOW"


class OptedOut(SendError):
    """The person told the platform that they want no announcements of ours."""

    code = "E_SEND_OPTED_OUT"


class BlockedByUser(SendError):
    """The person blocked the bot or is gone."""

    code = "E_SEND_BLOCKED"


class CannotEdit(SendError):
    """The message can no longer be changed or found; sending anew may be right."""

    code = "E_SEND_EDIT"


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast a platform lets us send, in messages a second; a rate of 0 is no limit of ours.

    `each` is the rate into one chat. `firm` says that `whole` also binds answers; else answers only
    take their share of it, and it is announcements that wait.
    """

    whole: float = 0
    whole_burst: int = 1
    each: float = 0
    each_burst: int = 1
    firm: bool = False


class Channel(Protocol):
    """One way to talk to people; `bot.channels.telegram.client` is the model.

    `edits` and `deletes` say what the platform lets us do with messages that are there. Where it
    bills or throttles by message, `joins` makes one message of what a turn says. `page` says
    whether questions marked sensitive are asked on the secure page. `window` is how many seconds
    after a person's last word free text is taken; 0: always.
    """

    name: str
    edits: bool
    deletes: bool
    joins: bool
    page: Page
    window: int
    rates: Rates

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        """Read the platform's bytes; Unreadable when they cannot be read."""
        ...

    async def send(self, act: ChannelCall) -> str:
        """Make one call; the platform's message id, or a SendError.

        Of a message that takes several, the parts that are there are taken back before it is
        raised, or told in it.
        """
        ...

    async def ping(self) -> None:
        """Ask the platform something harmless, to see whether it answers; a SendError if not."""
        ...

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """The bytes of a file that a person sent, as they come; a SendError when it is gone."""
        ...


def stored_id(channel: Channel, external_id: str) -> str | None:
    """What is kept of a message's ids: nothing, where they serve neither to edit nor to delete.

    Those of WhatsApp hold the recipient's phone number, for anybody to read.
    """
    return external_id if channel.edits or channel.deletes else None
