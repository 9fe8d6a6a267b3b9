"""Effects of a turn that the host executes, such as a submission to the registry."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Submit:
    """Send the answers to the registry, as they were when the person submitted them."""

    flow: str
    answers: Mapping[str, str | None]
    members: Mapping[str, tuple[Mapping[str, str | None], ...]]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case (request) for an officer; `invitation` is the code of the link to it, or ""."""

    topic: str
    urgent: bool = False
    words: str = ""
    invitation: str = ""


@dataclass(frozen=True, slots=True)
class SendPapers:
    """Release the person's stored uploads for transfer to the registry."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Set the topics to which the person subscribes; without topics the subscription ends."""

    topics: tuple[str, ...] = ()
    # If True, each announcement is sent only as a notice without content.
    discreet: bool = False
    # The person's choices that decide whether the person belongs to an announcement's audience.
    traits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadNews:
    """Send past announcements, before all other messages of the turn."""


type Done = Submit | OpenCase | SendPapers | Subscribe | ReadNews
