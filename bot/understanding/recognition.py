"""The meanings that the recognizer finds in a message; they contain no word of the message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An intent and its probability."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Part:
    """The likeliest intent of a part of a message.

    `asks`: the part ends with a question mark. The other fields have the meaning that they have in
    `Recognition`.
    """

    intent: str
    confidence: float
    none_mass: float
    familiarity: float
    is_short: bool
    asks: bool
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Recognition:
    """The likely meanings of a message; contains none of its words.

    `confidence` is the probability of `intent`. `alternatives` are the next likeliest intents.
    `danger` is the probability that the message, or one of its sentences, speaks of danger;
    `danger_intent` is the likeliest kind of danger. `none_mass` is the probability that the message
    is out of scope. `familiarity` is the share of its pieces (see `features`) that phrases contain:
    low for noise. `parts` are the clauses, if there are several. `is_short` messages have at most
    `recognizer.MAX_SHORT` letters, `blank` messages no word. `has_crisis_phrase`: the message
    contains a phrase of `crisis_words`. `question_lead` is the amount by which `intent` is likelier
    than all kinds of danger together. `is_ambiguous`: the words suit another intent too, so that
    none is sure.
    """

    intent: str
    confidence: float
    alternatives: tuple[Candidate, ...]
    danger: float
    danger_intent: str
    none_mass: float
    familiarity: float
    is_short: bool
    blank: bool
    wrong_layout: bool
    parts: tuple[Part, ...] = ()
    has_crisis_phrase: bool = False
    question_lead: float = 0.0
    is_ambiguous: bool = False

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Return the likeliest intent, then the alternatives."""
        return (Candidate(self.intent, self.confidence), *self.alternatives)


BLANK = Recognition(
    intent="none.noise",
    confidence=0.0,
    alternatives=(),
    danger=0.0,
    danger_intent="",
    none_mass=1.0,
    familiarity=0.0,
    is_short=True,
    blank=True,
    wrong_layout=False,
)
