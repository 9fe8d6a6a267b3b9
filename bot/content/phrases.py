"""Phrases that editors taught: a message with the same words means their intent.

The model knows nothing of them until the next training. Danger is always read by the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.understanding.engine_adapter import EngineReading, EngineRecognizer
from flows.engine.recognition import Confidence, Danger, Recognition

# A phrase of fewer words, or Chinese characters, would be read into names and places.
MIN_WORDS = 2

type Words = tuple[str, ...]


def words_of(recognizer: EngineRecognizer, phrase: str) -> Words:
    """Return the words of a phrase as they are compared: folded, in any order."""
    return _compared(recognizer.read(phrase, ""))


def _compared(reading: EngineReading) -> Words:
    bare = {word.strip("?") for word in reading.words}
    return tuple(sorted(bare - {""}))


@dataclass(frozen=True, slots=True)
class TaughtReading:
    """A message whose words are those of a phrase."""

    inner: EngineReading
    intent: str

    @property
    def danger(self) -> Danger:
        """The danger in the message."""
        return self.inner.danger

    @property
    def is_sure(self) -> bool:
        """Whether the meaning is sure; that of a phrase is."""
        return True

    @property
    def recognition(self) -> Recognition:
        """The intent of the phrase, with the danger that the model reads."""
        found = self.inner.recognition
        return replace(found, confidence=Confidence.SURE, intents=(self.intent,), may_leave=False)


class TaughtRecognizer:
    """The recogniser of the package, after the phrases that editors have published."""

    def __init__(
        self, recognizer: EngineRecognizer, phrases: Callable[[], Mapping[str, str]]
    ) -> None:
        self._recognizer = recognizer
        self._phrases = phrases
        self._folded: Mapping[Words, str] = {}
        self._of: Mapping[str, str] = {}

    def read(self, text: str, language: str) -> EngineReading | TaughtReading:
        """Return the meaning of a text; raise nothing."""
        reading = self._recognizer.read(text, language)
        phrases = self._phrases()
        if not phrases:
            return reading
        if phrases is not self._of:
            self._of = phrases
            self._folded = {
                words_of(self._recognizer, phrase): intent for phrase, intent in phrases.items()
            }
        intent = self._folded.get(_compared(reading))
        return TaughtReading(reading, intent) if intent else reading

    def entities(self, text: str) -> dict[str, str]:
        """Return the values that a text names; raise nothing."""
        return self._recognizer.entities(text)
