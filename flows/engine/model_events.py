"""Events and effects for four features of the chat.

The features are the external language model, voice messages, reports of wording, and notifications
about changed rules of a checklist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.engine.text import Text


@dataclass(frozen=True, slots=True)
class IntentChosen:
    """The external language model chose an intent for a message.

    `nonce` identifies the screen with the ordinary reply to this message.
    """

    intent: str
    nonce: int


@dataclass(frozen=True, slots=True)
class ChooseIntent:
    """Ask the external model for the intent of a text; the result, if any, is an `IntentChosen`.

    `nonce` identifies the screen with the ordinary reply to this text. The text is not stored.
    """

    text: str = field(repr=False)
    nonce: int


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Transcribe the recording `key`, which the channel can fetch by `ref`.

    The result is a `Transcribed`. Neither the recording nor its text is stored before the person
    sees the text.
    """

    key: str
    ref: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The text of the recording `key`; "" if the transcription produced none."""

    key: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """Record that the person withdrew a consent, with its purpose and the confirming text."""

    purpose: str
    text: Text
    language: str


@dataclass(frozen=True, slots=True)
class ReportWording:
    """Count a person's report that a sentence sounds wrong in a language, without personal data.

    `sentence` is the id of the sentence.
    """

    language: str
    sentence: str


@dataclass(frozen=True, slots=True)
class WatchList:
    """Notify the person when a rule of the stored checklist changes; empty `traits` stop this."""

    traits: Mapping[str, str]


type ModelEvent = IntentChosen | Transcribed
type ModelEffect = ChooseIntent | Transcribe | ConsentWithdrawn | ReportWording | WatchList
