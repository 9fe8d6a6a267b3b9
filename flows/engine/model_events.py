"""Events and effects of the external model, and of other work that follows the commit."""

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


type ModelEffect = ChooseIntent | ConsentWithdrawn | ReportWording
