"""Events and effects of joining a chat to the conversation of another one, by a one-time code."""

import re
from dataclasses import dataclass, field

_CODE = re.compile(r"\s*KOSH[-\s]?([2-9A-Z]{4})[-\s]?([2-9A-Z]{4})\s*", re.ASCII | re.IGNORECASE)


def read_code(text: str) -> str:
    """Return the code that a text consists of, or "" for any other text."""
    found = _CODE.fullmatch(text)
    return f"KOSH-{found[1]}-{found[2]}".upper() if found else ""


@dataclass(frozen=True, slots=True)
class IssueJoinCode:
    """Create a one-time code; the result is a `JoinCodeIssued`."""


@dataclass(frozen=True, slots=True)
class JoinCodeIssued:
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfferJoin:
    """Check a code that was typed in a chat; the result is a `JoinOffered`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinOffered:
    """The result of an `OfferJoin`; `has_data`: something is stored about this chat's person."""

    is_valid: bool
    has_data: bool = False


@dataclass(frozen=True, slots=True)
class RequestJoin:
    """Ask in the chat that issued the code; the result is a `JoinAwaited`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinAwaited:
    """The other chat was asked and shows the same `sign`, which is "" if the code has ended."""

    sign: str = ""


@dataclass(frozen=True, slots=True)
class JoinRequested:
    """A chat of another channel asks to be joined to this conversation."""

    channel: str
    sign: str


@dataclass(frozen=True, slots=True)
class AnswerJoin:
    """The answer to a `JoinRequested`."""

    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class FinishJoin:
    """Join this chat if the other one has confirmed; the result is a `JoinFinished`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinFinished:
    """The result of a `FinishJoin`: both channels, or none if it is not confirmed."""

    here: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class ChooseUpdates:
    """Send updates to this channel from now on."""

    channel: str


@dataclass(frozen=True, slots=True)
class Unjoin:
    """Find out whether this chat can be un-joined; the result is a `ChatUnjoined`."""


@dataclass(frozen=True, slots=True)
class ChatUnjoined:
    """This channel, and the one on which everything goes on: "" if this chat is the only one."""

    here: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class LeaveConversation:
    """Take this chat away from the person: it no longer opens their conversation."""

    here: str


type JoinEffect = (
    IssueJoinCode
    | OfferJoin
    | RequestJoin
    | AnswerJoin
    | FinishJoin
    | ChooseUpdates
    | Unjoin
    | LeaveConversation
)
type JoinEvent = (
    JoinCodeIssued | JoinOffered | JoinAwaited | JoinRequested | JoinFinished | ChatUnjoined
)
