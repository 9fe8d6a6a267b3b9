"""The recogniser: the possible intents of a message and of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.i18n import crisis_words
from bot.understanding import skeleton
from bot.understanding.model import Model, calibrated, of_kind
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
        self._dangers = model.classes[self._danger]
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
        letters is Chinese only by this.
        """
        line, wrong_layout = self._line(text)
        if not line.words:
            return BLANK
        # The marks of a line that was typed on the wrong keyboard are letters.
        sentences = [] if wrong_layout else _sentences(line)
        clauses = [] if wrong_layout else skeleton.clauses(line, MAX_CLAUSES)
        read = self._model.read([line, *sentences, *clauses])
        found, danger = calibrated(read.odds, self._danger)
        # A few dozen numbers: Python is quicker with them than numpy.
        rows, others = found.tolist(), 1 + len(sentences)
        whole = rows[0]
        mass, surest = _most_danger(danger[:others])
        if not self._model.has_danger_word(line.words):
            mass = 0.0
        elif crisis_words.danger(skeleton.shortened(text)):
            mass = max(mass, LEXICON_DANGER)
        elif read.familiarity[0] < MIN_FAMILIARITY:
            mass = 0.0
        order = sorted(range(len(whole)), key=whole.__getitem__, reverse=True)
        best, *next_best = (
            Candidate(self._model.classes[at], whole[at]) for at in order[: MAX_ALTERNATIVES + 1]
        )
        return Recognition(
            intent=best.intent,
            confidence=best.confidence,
            alternatives=tuple(next_best),
            danger=mass,
            danger_intent=self._dangers[_highest(rows[surest][self._danger])],
            none_mass=sum(whole[self._none]),
            familiarity=read.familiarity[0],
            is_short=line.letters <= MAX_SHORT,
            is_chinese=line.is_chinese or language == CHINESE,
            blank=False,
            wrong_layout=wrong_layout,
            parts=tuple(map(self._part, clauses, rows[others:], read.familiarity[others:])),
        )

    def has_danger_word(self, text: str) -> bool:
        """Return False if `recognize` finds no danger in the text; a tenth of its cost.

        Most answers to the questions of a form, such as names and trades, have no such word.
        """
        line, _wrong_layout = self._line(text)
        return self._model.has_danger_word(line.words)

    def _part(self, line: Skeleton, found: list[float], familiarity: float) -> Part:
        best = _highest(found)
        return Part(
            intent=self._model.classes[best],
            confidence=found[best],
            none_mass=sum(found[self._none]),
            familiarity=familiarity,
            is_short=line.letters <= MAX_SHORT,
            asks=line.asks,
        )

    def _line(self, text: str) -> tuple[Skeleton, bool]:
        """Return the skeleton as typed or, if the keyboard layout was wrong, as meant."""
        line, wrong = skeleton.fold(text), False
        ease = self._model.ease(line.words)
        if ease >= READS_WELL:
            return line, wrong
        best = ease + LAYOUT_MARGIN
        for other in skeleton.layouts(text):
            if (ease := self._model.ease(other.words)) > best:
                line, best, wrong = other, ease, True
        return line, wrong


def _highest(numbers: list[float]) -> int:
    return numbers.index(max(numbers))


def _most_danger(danger: Sequence[float]) -> tuple[float, int]:
    """Return the danger of the message, which is first, or of its most dangerous sentence.

    Also return its place.
    """
    most = max(danger)
    if danger[0] >= SENTENCE_COUNTS or most <= SENTENCE_DANGER:
        return danger[0], 0
    return SENTENCE_COUNTS, danger.index(most)


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
