"""The recognizer: likely intents of a message and of its parts, and danger."""

from collections.abc import Sequence
from functools import cache, cached_property

from bot.i18n import crisis_words
from bot.understanding import politeness, skeleton, stay_days
from bot.understanding.model import (
    Model,
    chances,
    highest_chance,
    highest_danger,
    lowest_none,
    of_kind,
)
from bot.understanding.recognition import BLANK, Candidate, Part, Recognition
from bot.understanding.skeleton import Skeleton
from flows.knowledge.intents import Kind

MAX_ALTERNATIVES = 5
# The sentences of a message are also recognized one by one, since in a long message the danger of
# one sentence is outweighed by the other sentences.
MAX_SENTENCES = 12
MIN_SENTENCE = 2
# A clause is a part of a message that may ask a question of its own.
MAX_CLAUSES = 8
# A sentence alone is recognized less reliably than its message, so it counts as danger only above
# SENTENCE_DANGER: with a lower value, false alarms rose (decision 0042). The message then gets at
# least SENTENCE_COUNTS as its probability of danger. 0.5 could replace the reply by safety advice.
SENTENCE_DANGER, SENTENCE_COUNTS = 0.8, 0.49
# People also write a danger and a question in one sentence, where the question outweighs it.
# Therefore the runs of a few words in a sentence, and the clauses in Chinese, are searched too. A
# run with at least WINDOW_DANGER counts as a sentence, one with at least WINDOW_CLEAR as a message
# about danger. With these values, 314 instead of 271 of 360 such messages get safety advice, and
# 0.2 % more of the harmless messages.
WINDOW_WORDS, WINDOW_DANGER, WINDOW_CLEAR = 3, 0.95, 0.98
MIN_SEARCHED_WORDS, MAX_WINDOWS = 5, 48
# Minimum probability of danger for a message that contains a phrase of `crisis_words`.
LEXICON_DANGER = 0.5
# A message is noise (without sense) if a smaller share of its n-grams is known from training. This
# is true for 90 % of noise, and for 0.5 % of phrases left out of the training.
MIN_FAMILIARITY = 0.4
MAX_SHORT = 3
# Minimum probability of being out of scope for an aside: a sentence that only tells something about
# the person and asks nothing.
MIN_ASIDE = 0.6
# Minimum gain in mean log-probability per letter for assuming another keyboard layout.
LAYOUT_MARGIN = 1.0
# A text with at least this mean log-probability per letter is not tried in other keyboard layouts,
# to save time. Among 9,600 test messages and phrases, 5 % are below it. No text in a wrong layout
# was above -3.3.
READS_WELL = -3.0


class Recognizer:
    """Recognizes the intents of messages; one object per process."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.danger = of_kind(model.classes, Kind.DANGER)
        self.none = of_kind(model.classes, Kind.NONE)

    @classmethod
    @cache
    def load(cls) -> "Recognizer":
        """Return the recognizer with the packaged model, loaded once per process."""
        return cls(Model.load())

    @property
    def cross_validation(self) -> dict[str, list[float | None]]:
        """Return the accuracy from the cross-validation, which training stored in the model."""
        return self.model.cross_validation

    def message(self, text: str) -> "Message":
        """Return a message object, which computes danger and meaning on demand."""
        return Message(self, text)

    def recognize(self, text: str) -> Recognition:
        """Return the likely meanings of a message in any language; never raises an error."""
        return self.message(text).recognize()


class Found:
    """The model's output for a text (log-odds and n-grams); computes probabilities at first use."""

    def __init__(self, model: Model, words: Sequence[str], danger: slice) -> None:
        self.odds, self.pieces = model.read(words)
        self._danger = danger

    @property
    def classes(self) -> list[float]:
        """Return the probability of each intent, in the order of the model's classes."""
        return self._chances[0]

    @property
    def danger(self) -> float:
        """Return the probability that the text speaks of danger."""
        return self._chances[1]

    def may_reach_danger(self, least: float) -> bool:
        """Return False if the probability of danger is below `least`; costs less than `danger`."""
        return highest_danger(self.odds, self._danger) >= least

    @cached_property
    def _chances(self) -> tuple[list[float], float]:
        return chances(self.odds, self._danger)


class Message:
    """A normalized message, whose danger and meaning are computed at first use."""

    def __init__(self, recognizer: Recognizer, text: str) -> None:
        self.text = text
        self._recognizer = recognizer
        self._model = recognizer.model
        line, self._wrong_layout = _meant(text, recognizer.model)
        self._line = politeness.core(line)
        self._read: dict[tuple[str, ...], Found] = {}

    @property
    def is_blank(self) -> bool:
        """Return True if the message has no word."""
        return not self._line.words

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words of the message in their normalized spelling, without courtesies."""
        return self._line.words

    @cached_property
    def danger(self) -> tuple[float, int]:
        """Return the probability of danger, and the number (from 1) of the dangerous sentence.

        The number is 0 if the probability is that of the whole message.
        """
        mass, strongest = self.danger_by_model
        if self._has_crisis_phrase:
            return max(mass, LEXICON_DANGER), strongest
        return (0.0 if mass and self.is_noise else mass), strongest

    @cached_property
    def danger_by_model(self) -> tuple[float, int]:
        """Return the probability and the sentence number of `danger`, according to the model alone.

        Phrases of `crisis_words` are ignored, and noise is not excluded. Most answers to the
        questions of a form, such as names and trades, have no word that is typical of danger. For
        these, the result is 0 at a tenth of the cost.
        """
        if not self._model.has_danger_word(self._line.words):
            return 0.0, 0
        found = _most_danger([self._model_output(line).danger for line in self._lines])
        if found[0] >= LEXICON_DANGER or self._window_danger < WINDOW_DANGER:
            return found
        counts = LEXICON_DANGER if self._is_window_clear else SENTENCE_COUNTS
        return max(found[0], counts), len(self._lines) + self._window_dangers.index(
            self._window_danger
        )

    def may_reach_danger(self, least: float) -> bool:
        """Return False if `danger_by_model` is below `least`; costs less than that property."""
        if not self._model.has_danger_word(self._line.words):
            return False
        return any(self._model_output(line).may_reach_danger(least) for line in self._lines) or any(
            self._model_output(line).may_reach_danger(WINDOW_DANGER) for line in self._windows
        )

    @property
    def is_noise(self) -> bool:
        """Return True if too few pieces (n-grams) of the message occur in the training phrases."""
        return self._familiarity(self._lines[0]) < MIN_FAMILIARITY

    def recognize(self) -> Recognition:
        """Return the likely meanings of the message."""
        if self.is_blank:
            return BLANK
        danger, strongest = self.danger
        # A link or a number must not decide if a question or the safety answer comes first.
        asked = self._without_links if danger >= LEXICON_DANGER else self._question_part
        best, *next_best = self._rank(self._model_output(asked).classes)
        classes, dangers = self._model.classes, self._recognizer.danger
        searched = (*self._lines, *self._windows)
        deciding = self._model_output(searched[strongest]).classes[dangers]
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
            has_crisis_phrase=self._has_crisis_phrase,
            question_lead=self.question_lead,
            is_ambiguous=self._is_ambiguous(best.intent),
        )

    @cached_property
    def whole(self) -> Part:
        """Return the likeliest intent of the message without the sentences that ask nothing."""
        return self.part(self._question_part)

    @property
    def question_lead(self) -> float:
        """Return the amount by which the likeliest intent is likelier than all kinds of danger.

        It is 0 if a run of words alone is clearly about danger.
        """
        if self._is_window_clear:
            return 0.0
        found = self._model_output(self._without_links).classes
        return max(found) - sum(found[self._recognizer.danger])

    @property
    def intent_without_links(self) -> str:
        """Return the likeliest intent without links and numbers, as in the search for danger."""
        return self.part(self._without_links).intent

    @property
    def _without_links(self) -> Skeleton:
        return skeleton.without_links_and_numbers(self._searched._question_part)

    @cached_property
    def clauses(self) -> Sequence[Skeleton]:
        """Return the clauses of the message without asides; empty if there is only one clause."""
        return () if self._wrong_layout else skeleton.clauses(self._question_part, MAX_CLAUSES)

    def may_reach(self, least: float, max_none: float, line: Skeleton | None = None) -> bool:
        """Return False if no intent of the clause (or whole message) can have probability `least`.

        Also return False if the probability of being out of scope must then exceed `max_none`.
        """
        odds = self._model_output(line or self._question_part).odds
        none = lowest_none(odds, self._recognizer.none, least)
        return none <= max_none and highest_chance(odds) >= least

    def part(self, line: Skeleton) -> Part:
        """Return the likeliest intent of a clause of the message."""
        found = self._model_output(line)
        best = _highest(found.classes)
        intent = self._model.classes[best]
        return Part(
            intent=intent,
            confidence=found.classes[best],
            none_mass=sum(found.classes[self._recognizer.none]),
            familiarity=self._familiarity(line),
            is_short=line.letters <= MAX_SHORT,
            asks=line.asks,
            is_ambiguous=self._is_ambiguous(intent),
        )

    def _is_ambiguous(self, intent: str) -> bool:
        return intent == stay_days.STATUS_ENDS and stay_days.is_stay(self.words)

    @cached_property
    def _question_part(self) -> Skeleton:
        """Return the message without asides, that is, without sentences that ask nothing.

        An aside is, for example, “I live in Tashkent.”
        """
        sentences = self._sentences
        aside = {
            sentence.words
            for sentence in sentences
            if sum(self._model_output(sentence).classes[self._recognizer.none]) > MIN_ASIDE
        }
        if len(aside) in (0, len({sentence.words for sentence in sentences})):
            return self._line
        return skeleton.without(self._line, aside)

    @cached_property
    def _has_crisis_phrase(self) -> bool:
        return crisis_words.danger(skeleton.shorten(self.text))

    @cached_property
    def _lines(self) -> tuple[Skeleton, ...]:
        """Return the texts that are searched for danger: the message, and its sentences if several.

        Links and numbers are left out, because the few training phrases with a link or a date are
        out of scope, so that a link or a date would lower the probability of danger.
        """
        lines = (self._searched._line, *self._searched._sentences)
        return tuple(map(skeleton.without_links_and_numbers, lines))

    @cached_property
    def _windows(self) -> tuple[Skeleton, ...]:
        """Return the runs of words with a word typical of danger; they are searched for danger.

        Empty if the message has several sentences, because these are searched one by one, and for
        short messages: "my husband was taken to the army" begins like a message about danger.
        """
        line = self._searched._line
        sentences = self._searched._sentences
        several = sum(not all(map(str.isdecimal, each.words)) for each in sentences) > 1
        is_short = len(line.words) < MIN_SEARCHED_WORDS and not line.is_chinese
        if is_short or several:
            return ()
        runs = skeleton.windows(line, WINDOW_WORDS)
        typical = [run for run in runs if self._model.has_danger_word(run.words)]
        return tuple(typical[:MAX_WINDOWS])

    @cached_property
    def _window_dangers(self) -> list[float]:
        return [self._model_output(line).danger for line in self._windows]

    @property
    def _window_danger(self) -> float:
        return max(self._window_dangers, default=0.0)

    @property
    def _is_window_clear(self) -> bool:
        """Return True if a run of words is clearly about danger."""
        return self._window_danger >= WINDOW_CLEAR

    @cached_property
    def _searched(self) -> "Message":
        """Return the message without links such as "t.me/kanal", unless it has only these."""
        text = skeleton.without_bare_links(self.text)
        is_same = text == skeleton.shorten(self.text)
        kept = self if is_same else Message(self._recognizer, text)
        # Share the results: most sentences have no link, and then need not be read twice.
        kept._read = self._read
        return self if kept.is_blank else kept

    @cached_property
    def _sentences(self) -> Sequence[Skeleton]:
        """Return the sentences of the message; empty if there is only one.

        Also empty for a text in a wrong keyboard layout, in which punctuation marks are letters.
        """
        return () if self._wrong_layout else _sentences(self._line)

    def _rank(self, found: list[float]) -> list[Candidate]:
        order = sorted(range(len(found)), key=found.__getitem__, reverse=True)
        classes = self._model.classes
        return [Candidate(classes[at], found[at]) for at in order[: MAX_ALTERNATIVES + 1]]

    def _familiarity(self, line: Skeleton) -> float:
        """Return the share of a text's n-grams that are known from training; 0 without words."""
        return self._model.familiarity(self._model_output(line).pieces) if line.words else 0.0

    def _model_output(self, line: Skeleton) -> Found:
        """Return the model's output for a part of the message, computed once for equal parts."""
        read = self._read.get(line.words)
        if read is None:
            read = Found(self._model, line.words, self._recognizer.danger)
            self._read[line.words] = read
        return read


def _meant(text: str, model: Model) -> tuple[Skeleton, bool]:
    """Return a text's skeleton (normalized words), and True if its keyboard layout was wrong.

    For a wrong layout, return the skeleton that the text has in the likeliest layout.
    """
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
    """Return the probability of danger in the message, and the index of the decisive text.

    `danger` has the probability of the whole message, then those of its sentences.
    """
    most = max(danger)
    if danger[0] >= SENTENCE_COUNTS or most <= SENTENCE_DANGER:
        return danger[0], 0
    return SENTENCE_COUNTS, danger.index(most)


def _sentences(line: Skeleton) -> Sequence[Skeleton]:
    found = skeleton.sentences(line, MAX_SENTENCES)
    return [sentence for sentence in found if sentence.length >= MIN_SENTENCE]
