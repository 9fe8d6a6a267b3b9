"""Phrases that editors taught: a message with the same words gets the phrase's intent.

An intent is the question that a message asks. The recognition model includes these phrases only
after its next training. Danger (such as violence) is always recognised by the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.understanding.engine_adapter import EngineReading, EngineRecognizer
from flows.engine.recognition import Confidence, Danger, Recognition

# Minimum words of a taught phrase; a shorter phrase would also match names and places.
MIN_WORDS = 2

type Words = tuple[str, ...]


def words_of(recognizer: EngineRecognizer, phrase: str) -> Words:
    """Return the words of a phrase for comparison: normalised, sorted, without repetitions."""
    return _comparable_words(recognizer.read(phrase, ""))


def _comparable_words(reading: EngineReading) -> Words:
    bare = {word.strip("?") for word in reading.words}
    return tuple(sorted(bare - {""}))


@dataclass(frozen=True, slots=True)
class TaughtReading:
    """The recognition of a message whose words equal those of a taught phrase."""

    inner: EngineReading
    intent: str

    @property
    def danger(self) -> Danger:
        """Return the danger that the model recognised in the message."""
        return self.inner.danger

    @property
    def is_certain_danger(self) -> bool:
        """Return True if the model recognised danger with the certainty that a few words need."""
        return self.inner.is_certain_danger

    @property
    def is_sure(self) -> bool:
        """Return True: a message with the words of a taught phrase needs no confirmation."""
        return True

    @property
    def recognition(self) -> Recognition:
        """Return the phrase's intent, with the danger that the model recognised in the message."""
        found = self.inner.recognition
        return replace(found, confidence=Confidence.SURE, intents=(self.intent,), may_leave=False)


class TaughtRecognizer:
    """A recogniser that compares a message with taught phrases, and otherwise uses the model."""

    def __init__(
        self, recognizer: EngineRecognizer, phrases: Callable[[], Mapping[str, str]]
    ) -> None:
        self._recognizer = recognizer
        self._phrases = phrases
        self._folded: Mapping[Words, str] = {}
        self._of: Mapping[str, str] = {}

    def read(self, text: str, language: str) -> EngineReading | TaughtReading:
        """Return the intent and the danger recognised in a message; never raises an error."""
        reading = self._recognizer.read(text, language)
        phrases = self._phrases()
        if not phrases:
            return reading
        if phrases is not self._of:
            self._of = phrases
            self._folded = {
                words_of(self._recognizer, phrase): intent for phrase, intent in phrases.items()
            }
        intent = self._folded.get(_comparable_words(reading))
        return TaughtReading(reading, intent) if intent else reading

    def entities(self, text: str) -> dict[str, str]:
        """Return the values that a message mentions, such as a country; never raises an error."""
        return self._recognizer.entities(text)
