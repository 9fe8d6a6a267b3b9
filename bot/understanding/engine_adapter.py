"""Adapter of the recognizer to the engine: levels of confidence instead of probabilities."""

from bot.understanding import entities, sharing
from bot.understanding.decision import Certainty, DangerLevel, Decision, decide
from bot.understanding.recognizer import Recognizer
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
    DangerLevel.FIRST: Danger.CLEAR,
}


class EngineRecognizer:
    """Implements `flows.engine.recognition.Recognizer` with the model in the package."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    @classmethod
    def load(cls) -> "EngineRecognizer":
        """Return the recognizer with the model in the package, loaded once per process."""
        return cls(Recognizer.load())

    def recognize(self, text: str, language: str) -> Recognition:
        """Return the likely meanings of a text; raise nothing."""
        found = self._recognizer.recognize(text, language or None)
        decision = decide(found)
        confidence, intents = _asked(decision)
        danger = DANGER[decision.danger]
        return Recognition(
            confidence=confidence,
            intents=intents,
            danger=danger,
            danger_intent=decision.danger_intent if danger is not Danger.NONE else "",
            may_leave=sharing.may_leave(text, found, decision),
        )

    def has_danger_word(self, text: str) -> bool:
        """Return False if `recognize` finds no danger in the text, which this shows sooner."""
        return self._recognizer.has_danger_word(text)

    def entities(self, text: str) -> dict[str, str]:
        """Return the values that a text names; raise nothing."""
        return {name: str(each) for name, each in entities.extract(text).as_dict().items()}


def _asked(decision: Decision) -> tuple[Confidence, tuple[str, ...]]:
    intents = tuple(each.intent for each in decision.options)
    if any(BY_ID[each].kind is Kind.NONE for each in intents):
        return Confidence.UNKNOWN, ()
    if decision.certainty is not Certainty.UNKNOWN and not intents:
        return Confidence.UNKNOWN, ()
    return CONFIDENCE[decision.certainty], intents
