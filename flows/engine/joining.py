"""Events and effects for joining a second chat to a person's conversation by a one-time code."""

import re
from dataclasses import dataclass, field

_CODE = re.compile(r"\s*KOSH[-\s]?([2-9A-Z]{4})[-\s]?([2-9A-Z]{4})\s*", re.ASCII | re.IGNORECASE)


def read_code(text: str) -> str:
    """Return the one-time join code if the whole text is one, else ""."""
    found = _CODE.fullmatch(text)
    return f"KOSH-{found[1]}-{found[2]}".upper() if found else ""


@dataclass(frozen=True, slots=True)
class IssueJoinCode:
    """Create a one-time code for joining a second chat; the result is a `JoinCodeIssued`."""


@dataclass(frozen=True, slots=True)
class JoinCodeIssued:
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfferJoin:
    """Check a join code that was typed in this chat; the result is a `JoinOffered`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinOffered:
    """The result of an `OfferJoin`: whether the code is valid.

    With `has_data`, this chat cannot be joined because data is already stored for it.
    """

    is_valid: bool
    has_data: bool = False


@dataclass(frozen=True, slots=True)
class RequestJoin:
    """Ask for a confirmation in the chat that issued `code`; the result is a `JoinAwaited`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinAwaited:
    """The chat that issued the code was asked for a confirmation.

    Both chats show the same `sign`, so that the person recognizes the request. `sign` is "" if the
    code is invalid.
    """

    sign: str = ""


@dataclass(frozen=True, slots=True)
class JoinRequested:
    """A chat in another channel asks to be joined to this chat's conversation."""

    channel: str
    sign: str


@dataclass(frozen=True, slots=True)
class AnswerJoin:
    """Store whether the person agreed to continue this conversation in a second chat."""

    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class FinishJoin:
    """Join this chat if the chat that issued `code` confirmed; the result is a `JoinFinished`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinFinished:
    """The result of a `FinishJoin`: both channels, each "" if the join is not confirmed yet."""

    here: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class ChooseUpdates:
    """Send updates, such as news about the registration, to this channel from now on."""

    channel: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Check if this chat can be detached from its conversation; returns a `ChatDisconnected`."""


@dataclass(frozen=True, slots=True)
class ChatDisconnected:
    """The result of a `Disconnect`: this channel, and the channel that keeps the conversation.

    `other` is "" if this chat is the person's only one.
    """

    here: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class LeaveConversation:
    """Detach this chat, so that it no longer opens the person's conversation."""

    here: str


@dataclass(frozen=True, slots=True)
class DisconnectOther:
    """Check if this chat may end the chat on another channel; returns an `OtherDisconnected`."""

    channel: str


@dataclass(frozen=True, slots=True)
class OtherDisconnected:
    """The result of a `DisconnectOther`.

    `is_allowed` is False if the other chat did not join by a code of this chat.
    """

    channel: str
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class EndChat:
    """Detach the chat on another channel, so that it no longer opens the person's conversation."""

    channel: str


type JoinEffect = (
    IssueJoinCode
    | OfferJoin
    | RequestJoin
    | AnswerJoin
    | FinishJoin
    | ChooseUpdates
    | Disconnect
    | LeaveConversation
    | DisconnectOther
    | EndChat
)
type JoinEvent = (
    JoinCodeIssued
    | JoinOffered
    | JoinAwaited
    | JoinRequested
    | JoinFinished
    | ChatDisconnected
    | OtherDisconnected
)
