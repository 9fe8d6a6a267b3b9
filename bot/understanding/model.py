"""The recogniser: a compact linear model that numpy evaluates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.i18n import crisis_words
from bot.understanding import features, skeleton
from bot.understanding.skeleton import Skeleton
from flows.knowledge.intents import BY_ID, Kind

FILE = Path(__file__).parent / "model.npz"
# Raise when skeleton, features or file layout change: a model of another version is refused.
VERSION = 1
MAX_ALTERNATIVES = 5
# Sentences of a long message are also judged one by one, since danger in one may drown in the rest.
MAX_SENTENCES = 12
MIN_SENTENCE = 3
# A sentence alone is less certain than its message. At a lower minimum than the first figure it
# caused false alarms (decision 0042). It raises the message only to the second figure, since 0.5
# would suppress the rest of the reply.
SENTENCE_DANGER, SENTENCE_COUNTS = 0.8, 0.49

UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile)

type Scores = NDArray[np.float32]


class ModelError(Exception):
    """The model file is missing, damaged or of another version."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An intent and its probability."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """The likely meanings of a line, without any of its words.

    `alternatives` are the next likeliest intents. `danger` is the probability that the line, or one
    of its sentences, speaks of danger; `danger_intent` is the likeliest kind of danger. `none_mass`
    is the probability that the line is out of scope. `blank` lines contain no word.
    """

    intent: str
    confidence: float
    alternatives: tuple[Candidate, ...]
    danger: float
    danger_intent: str
    none_mass: float
    blank: bool
    wrong_layout: bool

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Return the best intent, then the alternatives."""
        return (Candidate(self.intent, self.confidence), *self.alternatives)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of one linear classifier for all languages.

    `rows` maps each hash bucket to a row of `weights`, or to -1. A row has a weight for each class,
    then one for danger of any kind, in 8 bits; `scales` has the factor of each row. `pairs` holds
    the log-probability that a letter follows another.
    """

    classes: tuple[str, ...]
    rows: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]
    pairs: NDArray[np.float32]
    digest: str

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Load a model. Raises `ModelError` with the next step if it cannot be used."""
        try:
            # Opened here, because numpy does not close a file that it cannot read.
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            meta = json.loads(arrays.pop("meta").tobytes())
        except UNREADABLE as error:
            raise ModelError(f"{path}: {error}. Run ./kosh understanding train.") from error
        if meta.pop("version", None) != VERSION:
            raise ModelError(f"{path} is of another version. Run ./kosh understanding train.")
        widened: dict[str, Any] = _widened(arrays)
        return cls(classes=tuple(meta.pop("classes")), **meta, **widened)

    def save(self, path: Path = FILE) -> None:
        """Write the model; equal models give equal bytes."""
        meta = {
            "version": VERSION,
            "classes": self.classes,
            "digest": self.digest,
        }
        arrays: dict[str, Any] = {
            "meta": np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
            "rows": self.rows,
            "idf": self.idf.astype(np.float16),
            "weights": self.weights,
            "scales": self.scales,
            "bias": self.bias,
            "pairs": self.pairs.astype(np.float16),
        }
        with path.open("wb") as file:
            np.savez(file, **arrays)

    def odds(self, line: Skeleton) -> Scores:
        """Return the log-odds of each class, then of danger of any kind."""
        buckets, values = features.extract(line)
        weighted = values * self.idf[buckets]
        norm = float(np.sqrt(weighted @ weighted)) or 1.0
        rows = self.rows[buckets]
        known = rows >= 0
        factors = weighted[known] / norm * self.scales[rows[known]]
        found: Scores = factors @ self.weights[rows[known]].astype(np.float32) + self.bias
        return found


class Recognizer:
    """Recognises the intents of a line; created once per process."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._danger = of_kind(model.classes, Kind.DANGER)
        self._none = of_kind(model.classes, Kind.NONE)

    @classmethod
    @cache
    def load(cls) -> "Recognizer":
        """Return the recogniser with the model in the package, loaded once per process."""
        return cls(Model.load())

    def recognize(self, text: str, language: str | None = None) -> Recognition:
        """Return the likely meanings of a line; raise nothing.

        `language` is the conversation's language. It has no effect yet: one model serves all
        languages.
        """
        line, wrong_layout = self._line(text)
        if not line.words:
            return BLANK
        found, danger = calibrated(self._model.odds(line), self._danger)
        order = np.argsort(-found, kind="stable")[: MAX_ALTERNATIVES + 1]
        best, *others = (Candidate(self._model.classes[at], float(found[at])) for at in order)
        mass, kinds = self._most_danger(text, float(danger), found[self._danger])
        if crisis_words.danger(skeleton.shortened(text)):
            mass = max(mass, LEXICON_DANGER)
        return Recognition(
            intent=best.intent,
            confidence=best.confidence,
            alternatives=tuple(others),
            danger=mass,
            danger_intent=self._model.classes[self._danger[int(np.argmax(kinds))]],
            none_mass=float(found[self._none].sum()),
            blank=False,
            wrong_layout=wrong_layout,
        )

    def _line(self, text: str) -> tuple[Skeleton, bool]:
        """Return the skeleton as typed or, if the keyboard layout was wrong, as meant."""
        line = skeleton.fold(text)
        best, wrong = self._ease(line) + LAYOUT_MARGIN, False
        for other in skeleton.layouts(text):
            if (ease := self._ease(other)) > best:
                line, best, wrong = other, ease, True
        return line, wrong

    def _ease(self, line: Skeleton) -> float:
        """Return the mean log-probability of each letter after the one before it."""
        codes = letter_codes(line.words)
        if len(codes) < MIN_LAYOUT:
            return -np.inf
        return float(self._model.pairs[codes[:-1], codes[1:]].mean())

    def _most_danger(self, text: str, most: float, kinds: Scores) -> tuple[float, Scores]:
        """Return the danger of the line, or of its most dangerous sentence."""
        surest = SENTENCE_DANGER
        for sentence in skeleton.sentences(text, MAX_SENTENCES):
            line = skeleton.fold(sentence)
            if line.length < MIN_SENTENCE:
                continue
            found, danger = calibrated(self._model.odds(line), self._danger)
            if danger > surest and most < SENTENCE_COUNTS:
                surest, kinds = float(danger), found[self._danger]
        if surest > SENTENCE_DANGER:
            most = max(most, SENTENCE_COUNTS)
        return most, kinds


def calibrated(odds: Scores, danger: NDArray[np.int64]) -> tuple[Scores, Scores]:
    """Return the probabilities of the classes and of danger, for one line or for each row."""
    found = softmax(odds[..., :-1])
    summed = np.clip(found[..., danger].sum(-1), MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    # Mean of two estimates, as log-odds: the sum over the danger intents, and a classifier of
    # danger as a whole.
    middle = (np.log(summed / (1 - summed)) + odds[..., -1]) / 2
    chance: Scores = (1 / (1 + np.exp(-middle))).astype(np.float32)
    return found, chance


def softmax(scores: Scores) -> Scores:
    """Return the softmax: positive numbers that add up to 1."""
    powers: Scores = np.exp(scores - scores.max(-1, keepdims=True))
    found: Scores = powers / powers.sum(-1, keepdims=True)
    return found


def letter_codes(words: Sequence[str]) -> NDArray[np.int64]:
    """Return a code for each letter: 0 between words, 33 for any that is not Cyrillic."""
    codes = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le"), np.uint32).astype(np.int64)
    letters = np.clip(codes - FIRST_LETTER, -1, LETTERS) + 1
    letters[letters == 0] = LETTERS + 1
    letters[codes == ord(" ")] = 0
    return letters


def of_kind(classes: Sequence[str], kind: Kind) -> NDArray[np.int64]:
    """Return the indexes of the classes of a kind."""
    return np.array([at for at, name in enumerate(classes) if BY_ID[name].kind is kind])


def _widened(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays with 16-bit floats as 32-bit ones, with which numpy calculates faster."""
    return {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in arrays.items()
    }


FIRST_LETTER, LETTERS = ord("а"), 32
CODES = LETTERS + 2
MIN_LAYOUT = 5
# Minimum gain in mean log-probability per letter to assume the other keyboard layout.
LAYOUT_MARGIN = 1.0
MIN_PROBABILITY = np.float32(1e-6)
# Minimum probability of danger for a line that contains a phrase of `crisis_words`.
LEXICON_DANGER = 0.5
BLANK = Recognition("none.noise", 0.0, (), 0.0, "", 1.0, blank=True, wrong_layout=False)
