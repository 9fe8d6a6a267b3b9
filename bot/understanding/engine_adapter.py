"""Adapts the recognizer to the flow engine, which uses levels of confidence, not probabilities."""

from functools import cached_property

from bot.i18n import ages, question_words, small_talk, writing_helpers
from bot.understanding import declining, entities, introductions, sharing
from bot.understanding.decision import (
    Certainty,
    DangerLevel,
    Decision,
    danger_without_lexicon,
    decide,
    is_certain_danger,
    may_be_sure,
)
from bot.understanding.recognizer import Message, Recognizer
from flows.engine.recognition import Confidence, Danger, Recognition
from flows.knowledge.intents import BY_ID, Kind

CONFIDENCE = {
    Certainty.SURE: Confidence.SURE,
    Certainty.UNSURE: Confidence.UNSURE,
    Certainty.UNKNOWN: Confidence.UNKNOWN,
}
DANGER = {
    DangerLevel.NONE: Danger.NONE,
    DangerLevel.CARD: Danger.SUSPECTED,
    DangerLevel.URGENT_CARD: Danger.LIKELY,
    DangerLevel.FIRST: Danger.CLEAR,
}
# Longer messages are not read as an age or as words about a helper, to save time.
MAX_AGE_LETTERS = 40
MAX_HELPER_LETTERS = 100
NOT_UNDERSTOOD = Recognition(Confidence.UNKNOWN)
INTRODUCTION = Recognition(Confidence.UNKNOWN, is_introduction=True)
GREETING = Recognition(Confidence.SURE, intents=("talk.hello",))


class EngineReading:
    """A message, recognized on demand; implements `flows.engine.recognition.Reading`."""

    def __init__(self, message: Message) -> None:
        self._message = message

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words of the message in the coarse spelling of the module `skeleton`."""
        return self._message.words

    @cached_property
    def _asks_nothing(self) -> bool:
        """Return True for a refusal, an age, an origin, or "a relative writes for me".

        In such a message the model wrongly suspects danger.
        """
        return self._has_declined or self._has_helper or self._is_age or self._is_origin

    @cached_property
    def _has_declined(self) -> bool:
        text = self._message.text
        return small_talk.has_declined(text) or declining.declines(self._message.words)

    @cached_property
    def _has_helper(self) -> bool:
        text = self._message.text
        return len(text) <= MAX_HELPER_LETTERS and writing_helpers.has_helper(text)

    @cached_property
    def _is_age(self) -> bool:
        text = self._message.text
        if len(text) > MAX_AGE_LETTERS or question_words.asks(text):
            return False
        return any(ages.read_age(text, is_own=own) is not None for own in (True, False))

    @cached_property
    def _is_greeting(self) -> bool:
        return small_talk.is_greeting(self._message.text)

    @cached_property
    def _is_origin(self) -> bool:
        return introductions.says_only_where(self._message.text)

    @cached_property
    def danger(self) -> Danger:
        """Return the danger that the model finds; the flow engine searches for `crisis_words`."""
        if self._asks_nothing:
            return Danger.NONE
        return DANGER[danger_without_lexicon(self._message)]

    @property
    def is_certain_danger(self) -> bool:
        """Return True if the model alone finds danger with the certainty that a few words need."""
        return not self._asks_nothing and is_certain_danger(self._message)

    @property
    def is_sure(self) -> bool:
        """Return True if the message's meaning is certain enough for an answer."""
        may_be = self._is_greeting or may_be_sure(self._message)
        return may_be and self.recognition.confidence is Confidence.SURE

    @cached_property
    def recognition(self) -> Recognition:
        """Return the likely intents of the message, with the level of confidence and of danger."""
        if self._has_declined or self._has_helper:
            return NOT_UNDERSTOOD
        if self._is_origin:
            return INTRODUCTION
        if self._is_greeting:
            return GREETING
        found = self._message.recognize()
        decision = decide(found)
        is_unknown = decision.certainty is Certainty.UNKNOWN
        if self._is_age and (is_unknown or decision.danger is not DangerLevel.NONE):
            return INTRODUCTION
        confidence, intents = _confidence_and_intents(decision)
        danger = DANGER[decision.danger]
        return Recognition(
            confidence=confidence,
            intents=intents,
            danger=danger,
            danger_intent=decision.danger_intent if danger is not Danger.NONE else "",
            also=decision.also,
            may_leave=sharing.may_leave(self._message.text, found, decision),
        )


class EngineRecognizer:
    """Implements `flows.engine.recognition.Recognizer` with the packaged model."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    @classmethod
    def load(cls) -> "EngineRecognizer":
        """Return the recognizer with the packaged model, which is loaded once per process."""
        return cls(Recognizer.load())

    def read(self, text: str, _language: str) -> EngineReading:
        """Return a text's `Reading`, which is computed on demand; never raises an error."""
        return EngineReading(self._recognizer.message(text))

    def entities(self, text: str) -> dict[str, str]:
        """Return the values that a text mentions, by name; never raises an error."""
        return {name: str(each) for name, each in entities.extract(text).as_dict().items()}


def _confidence_and_intents(decision: Decision) -> tuple[Confidence, tuple[str, ...]]:
    intents = tuple(each.intent for each in decision.options)
    if any(BY_ID[each].kind is Kind.NONE for each in intents):
        return Confidence.UNKNOWN, ()
    if decision.certainty is not Certainty.UNKNOWN and not intents:
        return Confidence.UNKNOWN, ()
    return CONFIDENCE[decision.certainty], intents
