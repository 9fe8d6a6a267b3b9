"""Events and effects of external programs, of reported wording, and of changed lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.engine.text import Text


@dataclass(frozen=True, slots=True)
class IntentChosen:
    """The external model chose an intent for the message that was answered on screen `nonce`."""

    intent: str
    nonce: int


@dataclass(frozen=True, slots=True)
class ChooseIntent:
    """Ask the external model for the intent of a text that was answered on screen `nonce`.

    The result, if any, is an `IntentChosen`. The text is not stored.
    """

    text: str = field(repr=False)
    nonce: int


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Turn a recording into text; the channel can fetch it by `ref`, and `key` identifies it.

    The result is a `Transcribed`. Neither recording nor text is stored before the person sees it.
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
    """Count a sentence (by its id) that sounds wrong in a language, without the person."""

    language: str
    sentence: str


@dataclass(frozen=True, slots=True)
class WatchList:
    """Notify the person when a rule of the stored list changes; without traits, never."""

    traits: Mapping[str, str]


type ModelEvent = IntentChosen | Transcribed
type ModelEffect = ChooseIntent | Transcribe | ConsentWithdrawn | ReportWording | WatchList
