"""The recogniser: the possible intents of a message and of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from bot.i18n import crisis_words
from bot.understanding import politeness, skeleton
from bot.understanding.model import Model, chances, highest_chance, highest_danger, of_kind
from bot.understanding.skeleton import Skeleton
from flows.knowledge.intents import Kind

MAX_ALTERNATIVES = 5
# Sentences of a long message are also judged one by one, since danger in one may drown in the rest.
MAX_SENTENCES = 12
MIN_SENTENCE = 2
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
# A sentence that is rather on another topic says something about the person, and asks nothing.
MIN_ASIDE = 0.6
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
    blank: bool
    wrong_layout: bool
    parts: tuple[Part, ...] = ()

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Return the best intent, then the alternatives."""
        return (Candidate(self.intent, self.confidence), *self.alternatives)


class Recognizer:
    """Recognises the intents of messages; created once per process."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.danger = of_kind(model.classes, Kind.DANGER)
        self.none = of_kind(model.classes, Kind.NONE)

    @classmethod
    @cache
    def load(cls) -> "Recognizer":
        """Return the recogniser with the model in the package, loaded once per process."""
        return cls(Model.load())

    @property
    def cross_validation(self) -> dict[str, list[float | None]]:
        """Return the figures that training stored with the model."""
        return self.model.cross_validation

    def message(self, text: str) -> "Message":
        """Return a message, whose danger and meaning may be asked for one by one."""
        return Message(self, text)

    def recognize(self, text: str) -> Recognition:
        """Return the likely meanings of a message in any language; raise nothing."""
        return self.message(text).recognize()


class Found:
    """The log-odds of a line and its pieces; probabilities are calculated when first used."""

    def __init__(self, model: Model, words: Sequence[str], danger: slice) -> None:
        self.odds, self.pieces = model.read(words)
        self._danger = danger

    @property
    def classes(self) -> list[float]:
        """The probability of each class."""
        return self._chances[0]

    @property
    def danger(self) -> float:
        """The probability of danger."""
        return self._chances[1]

    def may_reach_danger(self, least: float) -> bool:
        """Return False if the probability of danger is lower."""
        return highest_danger(self.odds, self._danger) >= least

    @cached_property
    def _chances(self) -> tuple[list[float], float]:
        return chances(self.odds, self._danger)


class Message:
    """A message, folded once; its danger and its meaning are calculated when first used."""

    def __init__(self, recognizer: Recognizer, text: str) -> None:
        self.text = text
        self._recognizer = recognizer
        self._model = recognizer.model
        line, self._wrong_layout = _meant(text, recognizer.model)
        self._line = politeness.core(line)
        self._read: dict[tuple[str, ...], Found] = {}

    @property
    def is_blank(self) -> bool:
        """Return whether the message has no word."""
        return not self._line.words

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the message, folded, without courtesies."""
        return self._line.words

    @cached_property
    def danger(self) -> tuple[float, int]:
        """The probability of danger, and the number of the sentence that decides it, from 1.

        0 is the whole message.
        """
        mass, surest = self.danger_by_model
        if crisis_words.danger(skeleton.shortened(self.text)):
            return max(mass, LEXICON_DANGER), surest
        return (0.0 if mass and self.is_noise else mass), surest

    @cached_property
    def danger_by_model(self) -> tuple[float, int]:
        """The same before phrases of `crisis_words` and noise are considered.

        Most answers to the questions of a form, such as names and trades, have no word of danger,
        which shows at a tenth of the cost.
        """
        if not self._model.has_danger_word(self._line.words):
            return 0.0, 0
        return _most_danger([self._found(line).danger for line in self._lines])

    def may_reach_danger(self, least: float) -> bool:
        """Return False if `danger_by_model` is lower, which costs less."""
        return self._model.has_danger_word(self._line.words) and any(
            self._found(line).may_reach_danger(least) for line in self._lines
        )

    @property
    def is_noise(self) -> bool:
        """Return whether the phrases know few pieces of the message."""
        return self._familiarity(self._line) < MIN_FAMILIARITY

    def recognize(self) -> Recognition:
        """Return the likely meanings."""
        if self.is_blank:
            return BLANK
        danger, surest = self.danger
        best, *next_best = self._ranked(self._found(self._asking).classes)
        classes, dangers = self._model.classes, self._recognizer.danger
        deciding = self._found(self._lines[surest]).classes[dangers]
        whole = self.whole
        return Recognition(
            intent=best.intent,
            confidence=best.confidence,
            alternatives=tuple(next_best),
            danger=danger,
            danger_intent=classes[dangers][_highest(deciding)],
            none_mass=whole.none_mass,
            familiarity=whole.familiarity,
            is_short=whole.is_short,
            blank=False,
            wrong_layout=self._wrong_layout,
            parts=tuple(map(self.part, self.clauses)),
        )

    @cached_property
    def whole(self) -> Part:
        """The reading of the message without asides, as if it were a part."""
        return self.part(self._asking)

    @cached_property
    def clauses(self) -> Sequence[Skeleton]:
        """The clauses, if there are several."""
        return () if self._wrong_layout else skeleton.clauses(self._asking, MAX_CLAUSES)

    def may_reach(self, least: float, line: Skeleton | None = None) -> bool:
        """Return False if no intent of a clause, or of the whole message, has this probability."""
        return highest_chance(self._found(line or self._asking).odds) >= least

    def part(self, line: Skeleton) -> Part:
        """Return the reading of a clause."""
        found = self._found(line)
        best = _highest(found.classes)
        return Part(
            intent=self._model.classes[best],
            confidence=found.classes[best],
            none_mass=sum(found.classes[self._recognizer.none]),
            familiarity=self._familiarity(line),
            is_short=line.letters <= MAX_SHORT,
            asks=line.asks,
        )

    @cached_property
    def _asking(self) -> Skeleton:
        """The line without sentences on other topics beside it, such as “I live in Tashkent.”."""
        sentences = self._sentences
        aside = {
            sentence.words
            for sentence in sentences
            if sum(self._found(sentence).classes[self._recognizer.none]) > MIN_ASIDE
        }
        if len(aside) in (0, len({sentence.words for sentence in sentences})):
            return self._line
        return skeleton.without(self._line, aside)

    @property
    def _lines(self) -> tuple[Skeleton, ...]:
        """The whole message, then its sentences if there are several."""
        return self._line, *self._sentences

    @cached_property
    def _sentences(self) -> Sequence[Skeleton]:
        """The sentences, if there are several; none of a wrong layout, whose marks are letters."""
        return () if self._wrong_layout else _sentences(self._line)

    def _ranked(self, found: list[float]) -> list[Candidate]:
        order = sorted(range(len(found)), key=found.__getitem__, reverse=True)
        classes = self._model.classes
        return [Candidate(classes[at], found[at]) for at in order[: MAX_ALTERNATIVES + 1]]

    def _familiarity(self, line: Skeleton) -> float:
        """Return the familiarity of a part; a line without a word has none."""
        return self._model.familiarity(self._found(line).pieces) if line.words else 0.0

    def _found(self, line: Skeleton) -> Found:
        """Return the probabilities and the pieces of a part; equal parts are read once."""
        read = self._read.get(line.words)
        if read is None:
            read = Found(self._model, line.words, self._recognizer.danger)
            self._read[line.words] = read
        return read


def _meant(text: str, model: Model) -> tuple[Skeleton, bool]:
    """Return the skeleton as typed or, if the keyboard layout was wrong, as meant."""
    line, wrong = skeleton.fold(text), False
    ease = model.ease(line.words)
    if ease >= READS_WELL:
        return line, wrong
    best = ease + LAYOUT_MARGIN
    for other in skeleton.layouts(text):
        if (ease := model.ease(other.words)) > best:
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
    blank=True,
    wrong_layout=False,
)
