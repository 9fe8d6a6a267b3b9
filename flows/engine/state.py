"""What is remembered with a person between two turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.engine.events import Effect, Say
from flows.engine.flow import Answer, Form

# The revision of no question: what was said before it was asked counts only once it is kept there.
UNASKED = 0


def waits(answer: Answer) -> bool:
    """Whether it was said before it was asked, and nobody has agreed yet to have it kept."""
    return answer.rev == UNASKED


@dataclass(frozen=True, slots=True)
class Shown:
    """An option as it was shown: the key, and the words on the button."""

    key: str
    words: str


@dataclass(frozen=True)
class Asked:
    """What was asked last; whatever comes is judged against this, not against the form of today."""

    flow: str
    key: str
    rev: int
    nonce: int
    language: str
    options: tuple[Shown, ...] = ()
    page: int = 0
    tries: int = 0


@dataclass(frozen=True)
class Standing:
    """What is known of the person's registration."""

    state: str
    number: str = ""
    write_first: bool = False


@dataclass(frozen=True)
class MadeList:
    """A list that a flow made: the answers that it may keep, ticked entries, day of a reminder."""

    flow: str
    answers: Mapping[str, str | None]
    ticked: tuple[str, ...] = ()
    remind: date | None = None


@dataclass(frozen=True)
class Conversation:
    """All that is remembered with a person between two turns.

    `papers` says of each kind of paper where it stands; `checking` counts files that are being
    looked at, `verdicts` what was found of those before; `wanted` is a paper an officer asked for.
    `made` is a list that was made just now, `mine` one that the person wants kept. `locked` says
    that a PIN is set, `behind` what waits behind the one that is asked for. `topics` are those of
    which announcements come.
    """

    language: str = ""
    flow: str = ""
    forms: Mapping[str, Form] = field(default_factory=dict)
    asked: Asked | None = None
    nonce: int = 0
    parked: str = ""
    with_officer: bool = False
    kept: bool = False
    quiet: bool = False
    consents: Mapping[str, str] = field(default_factory=dict)
    standing: Standing | None = None
    papers: Mapping[str, str] = field(default_factory=dict)
    checking: int = 0
    verdicts: tuple[str, ...] = ()
    wanted: str = ""
    made: MadeList | None = None
    mine: MadeList | None = None
    locked: bool = False
    behind: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event led to."""

    conversation: Conversation
    says: tuple[Say, ...]
    effects: tuple[Effect, ...]
