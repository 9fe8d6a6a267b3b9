"""The recogniser: the possible intents of a message and of its parts, in one pass of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bot.i18n import crisis_words
from bot.understanding import skeleton
from bot.understanding.model import Model, Scores, calibrated, letter_codes, of_kind
from bot.understanding.skeleton import Skeleton
from flows.knowledge.intents import Kind

MAX_ALTERNATIVES = 5
# Sentences of a long message are also judged one by one, since danger in one may drown in the rest.
MAX_SENTENCES = 12
MIN_SENTENCE = 3
# Parts of a message that may ask a question each.
MAX_CLAUSES = 8
# A sentence alone is less certain than its message. At a lower minimum than the first figure it
# caused false alarms (decision 0042). It raises the message only to the second figure, since 0.5
# would suppress the rest of the reply.
SENTENCE_DANGER, SENTENCE_COUNTS = 0.8, 0.49
# Minimum probability of danger for a message that contains a phrase of `crisis_words`.
LEXICON_DANGER = 0.5
# Nine of ten lines of noise are less familiar, and 1 in 200 held-back phrases.
MIN_FAMILIARITY = 0.4
MAX_SHORT = 3
CHINESE = "zh_Hans"
MIN_LAYOUT = 5
# Minimum gain in mean log-probability per letter to assume the other keyboard layout.
LAYOUT_MARGIN = 1.0
# A line that reads so well as typed is not read in other layouts. A twentieth of 9,600 test lines
# and phrases reads worse, and no line on the wrong keyboard better than -3.3.
READS_WELL = -3.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """An intent and its probability."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Part:
    """The likeliest intent of a part of a message; other figures as in `Recognition`.

    `asks` means that the part ends with a question mark.
    """

    intent: str
    confidence: float
    none_mass: float
    familiarity: float
    is_short: bool
    asks: bool


@dataclass(frozen=True, slots=True)
class Recognition:
    """The likely meanings of a message, without any of its words.

    `alternatives` are the next likeliest intents. `danger` is the probability that the message, or
    one of its sentences, speaks of danger; `danger_intent` is the likeliest kind of danger.
    `none_mass` is the probability that the message is out of scope. `familiarity` is the share of
    its pieces that are in phrases: low for noise. `parts` are the clauses, if there are several.
    `is_short` messages have very few letters, `blank` ones no word.
    """

    intent: str
    confidence: float
    alternatives: tuple[Candidate, ...]
    danger: float
    danger_intent: str
    none_mass: float
    familiarity: float
    is_short: bool
    is_chinese: bool
    blank: bool
    wrong_layout: bool
    parts: tuple[Part, ...] = ()

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Return the best intent, then the alternatives."""
        return (Candidate(self.intent, self.confidence), *self.alternatives)


class Recognizer:
    """Recognises the intents of a message; created once per process."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._danger = of_kind(model.classes, Kind.DANGER)
        self._none = of_kind(model.classes, Kind.NONE)

    @classmethod
    @cache
    def load(cls) -> "Recognizer":
        """Return the recogniser with the model in the package, loaded once per process."""
        return cls(Model.load())

    @property
    def cross_validation(self) -> dict[str, list[float | None]]:
        """Return the figures that training stored with the model."""
        return self._model.cross_validation

    def recognize(self, text: str, language: str | None = None) -> Recognition:
        """Return the likely meanings of a message; raise nothing.

        `language` is the conversation's language. One model serves all languages; Chinese in Latin
        letters is Chinese only by this. The model reads the message and its parts in one pass.
        """
        line, wrong_layout = self._line(text)
        if not line.words:
            return BLANK
        # The marks of a line that was typed on the wrong keyboard are letters.
        sentences = [] if wrong_layout else _sentences(line)
        clauses = [] if wrong_layout else skeleton.clauses(line, MAX_CLAUSES)
        readings = self._model.read([line, *sentences, *clauses])
        found, danger = calibrated(readings.odds, self._danger)
        whole, familiarity, others = found[0], readings.familiarity, 1 + len(sentences)
        mass, kinds = self._most_danger(danger[:others], found[:others, self._danger])
        if familiarity[0] < MIN_FAMILIARITY:
            mass = 0.0
        if crisis_words.danger(skeleton.shortened(text)):
            mass = max(mass, LEXICON_DANGER)
        order = np.argsort(-whole, kind="stable")[: MAX_ALTERNATIVES + 1]
        best, *next_best = (Candidate(self._model.classes[at], float(whole[at])) for at in order)
        return Recognition(
            intent=best.intent,
            confidence=best.confidence,
            alternatives=tuple(next_best),
            danger=mass,
            danger_intent=self._model.classes[self._danger[int(np.argmax(kinds))]],
            none_mass=float(np.add.reduce(whole[self._none])),
            familiarity=float(familiarity[0]),
            is_short=line.letters <= MAX_SHORT,
            is_chinese=line.is_chinese or language == CHINESE,
            blank=False,
            wrong_layout=wrong_layout,
            parts=tuple(map(self._part, clauses, found[others:], familiarity[others:])),
        )

    def _part(self, line: Skeleton, found: Scores, familiarity: float) -> Part:
        best = int(np.argmax(found))
        return Part(
            intent=self._model.classes[best],
            confidence=float(found[best]),
            none_mass=float(np.add.reduce(found[self._none])),
            familiarity=float(familiarity),
            is_short=line.letters <= MAX_SHORT,
            asks=line.asks,
        )

    def _line(self, text: str) -> tuple[Skeleton, bool]:
        """Return the skeleton as typed or, if the keyboard layout was wrong, as meant."""
        line, wrong = skeleton.fold(text), False
        ease = self._ease(line)
        if ease >= READS_WELL:
            return line, wrong
        best = ease + LAYOUT_MARGIN
        for other in skeleton.layouts(text):
            if (ease := self._ease(other)) > best:
                line, best, wrong = other, ease, True
        return line, wrong

    def _ease(self, line: Skeleton) -> float:
        """Return the mean log-probability of each letter after the one before it."""
        codes = letter_codes(line.words)
        if len(codes) < MIN_LAYOUT:
            return -np.inf
        return float(np.add.reduce(self._model.pairs[codes[:-1], codes[1:]])) / (len(codes) - 1)

    def _most_danger(self, danger: Scores, kinds: Scores) -> tuple[float, Scores]:
        """Return the danger of the message, the first row, or of its most dangerous sentence."""
        most, surest = float(danger[0]), int(np.argmax(danger))
        if most >= SENTENCE_COUNTS or surest == 0 or danger[surest] <= SENTENCE_DANGER:
            return most, kinds[0]
        return SENTENCE_COUNTS, kinds[surest]


def _sentences(line: Skeleton) -> Sequence[Skeleton]:
    found = skeleton.sentences(line, MAX_SENTENCES)
    return [sentence for sentence in found if sentence.length >= MIN_SENTENCE]


BLANK = Recognition(
    intent="none.noise",
    confidence=0.0,
    alternatives=(),
    danger=0.0,
    danger_intent="",
    none_mass=1.0,
    familiarity=0.0,
    is_short=True,
    is_chinese=False,
    blank=True,
    wrong_layout=False,
)
