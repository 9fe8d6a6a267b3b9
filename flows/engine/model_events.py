"""Events and effects of external programs, of wording, and of announcements about a list."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.engine.text import Text


@dataclass(frozen=True, slots=True)
class IntentChosen:
    """The external model chose an intent for the message that the screen `nonce` answered."""

    intent: str
    nonce: int


@dataclass(frozen=True, slots=True)
class ChooseIntent:
    """Ask the external model for the intent of a text; `nonce` is of the screen that answered it.

    The result may come as an `IntentChosen`. The text is stored nowhere.
    """

    text: str = field(repr=False)
    nonce: int


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Turn a recording into text; `ref` is where the channel keeps it, `key` names it.

    The result comes as a `Transcribed`. Neither is stored before the person sees the text.
    """

    key: str
    ref: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The text of the recording `key`; empty if there is none."""

    key: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """Withdrawal of the consent to a purpose, with the text that confirmed it."""

    purpose: str
    text: Text
    language: str


@dataclass(frozen=True, slots=True)
class ReportWording:
    """A sentence, by its id, that sounds wrong in a language; counted without the person."""

    language: str
    sentence: str


@dataclass(frozen=True, slots=True)
class WatchList:
    """Write to the person first when a rule of the kept list changes; without traits, never."""

    traits: Mapping[str, str]


type ModelEvent = IntentChosen | Transcribed
type ModelEffect = ChooseIntent | Transcribe | ConsentWithdrawn | ReportWording | WatchList
