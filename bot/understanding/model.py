"""The model of the recogniser: compact, linear, evaluated with numpy."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from operator import add
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.understanding import features
from bot.understanding.skeleton import IS_HAN
from flows.knowledge.intents import BY_ID, Kind

FILE = Path(__file__).parent / "model.npz"
# Raise when skeleton, features or file layout change: a model of another version is refused.
VERSION = 5
# Shorter lines say nothing about the keyboard.
MIN_EASE = 5
# Measured on held-back fifths of the danger phrases: 31 of 9,162 have no word that begins with the
# same five letters as a word which is as common in danger as elsewhere, and none of 540 test lines.
# With four letters 29 had none, and a tenth more harmless lines had one.
DANGER_START = 5

UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile)

type Scores = NDArray[np.float32]


class ModelError(Exception):
    """The model file is missing, damaged or of another version."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of one linear classifier for all languages.

    `rows` maps each hash bucket to a row of `weights`, or to -1. A row has a weight for each class,
    then one for danger of any kind, in 8 bits; `scales` has the factor of each row. `pairs` holds
    the log-probability that a letter follows another. `familiar` has a bit for each piece of a word
    that is in several phrases. `danger_starts` are the first letters of words that are as common
    in phrases of danger as in others; Chinese words are not among them. `cross_validation` are
    figures of `bot.understanding.evaluation`.
    """

    classes: tuple[str, ...]
    rows: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]
    pairs: NDArray[np.float32]
    familiar: NDArray[np.uint8]
    danger_starts: frozenset[str]
    digest: str
    cross_validation: dict[str, list[float | None]] = field(default_factory=dict)
    # For each bucket: its row, its weight (IDF), and the weight times the row's scale, or 0 without
    # a row. Side by side, since each place in memory costs a wait.
    _table: NDArray[np.int32] = field(init=False)
    _familiar: memoryview = field(init=False)
    # For a line's few dozen letters, Python's dictionary is quicker than numpy's indexes.
    _letter_pairs: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        factors = np.where(self.rows >= 0, self.scales[self.rows], np.float32(0)) * self.idf
        columns = (self.rows, self.idf.view(np.int32), factors.view(np.int32))
        object.__setattr__(self, "_table", np.stack(columns, axis=1))
        object.__setattr__(self, "_familiar", memoryview(self.familiar))
        object.__setattr__(self, "_letter_pairs", _LetterPairs(self.pairs))

    def ease(self, words: Sequence[str]) -> float:
        """Return the mean log-probability of each letter of a line after the one before it."""
        line = f" {' '.join(words)} "
        if len(line) < MIN_EASE:
            return -math.inf
        return sum(map(self._letter_pairs.__getitem__, map(add, line, line[1:]))) / (len(line) - 1)

    def has_danger_word(self, words: Sequence[str]) -> bool:
        """Return True if a word begins like one in a phrase of danger, or is Chinese."""
        starts = {word[:DANGER_START] for word in words}
        return not starts.isdisjoint(self.danger_starts) or any(map(IS_HAN.match, words))

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
        classes, starts = tuple(meta.pop("classes")), frozenset(meta.pop("danger_starts"))
        return cls(classes=classes, danger_starts=starts, **meta, **widened)

    def save(self, path: Path = FILE) -> None:
        """Write the model; equal models give equal bytes."""
        meta = {
            "version": VERSION,
            "classes": self.classes,
            "danger_starts": sorted(self.danger_starts),
            "digest": self.digest,
            "cross_validation": self.cross_validation,
        }
        arrays: dict[str, Any] = {
            "meta": np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
            "rows": self.rows,
            "idf": self.idf.astype(np.float16),
            "weights": self.weights,
            "scales": self.scales,
            "bias": self.bias,
            "pairs": self.pairs.astype(np.float16),
            "familiar": self.familiar,
        }
        with path.open("wb") as file:
            np.savez(file, **arrays)

    def read(self, words: Sequence[str]) -> tuple[list[float], list[int]]:
        """Return the log-odds of each class, then of danger, and the pieces of a line."""
        found = features.extract(words)
        taken = self._table.take(found.buckets, axis=0)
        rows, numbers = taken[:, 0], taken.view(np.float32)
        values = np.array(found.values, np.float32)
        weighted = values * numbers[:, 1]
        norm = np.float32(math.sqrt(weighted @ weighted) or 1)
        factors: Scores = values * numbers[:, 2] / norm
        odds: Scores = factors @ self.weights.take(rows, axis=0, mode="wrap") + self.bias
        return odds.tolist(), found.pieces

    def familiarity(self, pieces: Sequence[int]) -> float:
        """Return the share of a line's pieces that are in phrases; 0 for no pieces."""
        known = sum(self._familiar[piece >> 3] >> (piece & 7) & 1 for piece in pieces)
        return known / max(len(pieces), 1)


def chances(odds: Sequence[float], danger: slice) -> tuple[list[float], float]:
    """Return the probabilities of the classes and of danger for one line.

    Python is quicker than numpy with a few dozen numbers.
    """
    *classes, whole = odds
    most = max(classes)
    powers = [math.exp(each - most) for each in classes]
    total = sum(powers)
    found = [each / total for each in powers]
    return found, _chance(sum(found[danger]), whole)


def highest_chance(odds: Sequence[float]) -> float:
    """Return at least the probability of the likeliest class, at a fifth of the cost.

    It would be this one if only the two likeliest classes were possible.
    """
    classes = list(odds[:-1])
    first = max(classes)
    classes.remove(first)
    return 1 / (1 + math.exp(max(classes) - first))


def highest_danger(odds: list[float], danger: slice) -> float:
    """Return at least the probability of danger that `chances` returns, at a fifth of the cost.

    Each kind of danger counts as the likeliest of them, and all other classes as their likeliest.
    """
    dangers = odds[danger]
    others = max(odds[: danger.start] + odds[danger.stop : -1])
    summed = max(dangers) + math.log(len(dangers)) - others
    return 1 / (1 + math.exp(-(max(summed, MIN_ODDS) + odds[-1]) / 2))


def calibrated(odds: Scores, danger: slice) -> tuple[Scores, list[float]]:
    """Return the probabilities of the classes and of danger for each row, as `chances` does."""
    found = softmax(odds[:, :-1])
    summed = np.add.reduce(found[:, danger], 1).tolist()
    return found, list(map(_chance, summed, odds[:, -1].tolist()))


def _chance(summed: float, whole: float) -> float:
    """Return the mean of two estimates of danger as log-odds, as a probability.

    They are the sum over the danger intents, and a classifier of danger as a whole.
    """
    summed = min(max(summed, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
    return 1 / (1 + math.exp(-(math.log(summed / (1 - summed)) + whole) / 2))


def softmax(scores: Scores) -> Scores:
    """Return the softmax of each row: positive numbers that add up to 1."""
    powers: Scores = np.exp(scores - np.maximum.reduce(scores, 1, keepdims=True))
    powers /= np.add.reduce(powers, 1, keepdims=True)
    return powers


class _LetterPairs(dict[str, float]):
    """The log-probability of the second of two letters after the first one."""

    def __init__(self, by_code: Scores) -> None:
        self._by_code: list[list[float]] = by_code.tolist()
        super().__init__({pair: self[pair] for pair in map("".join, product(KNOWN, KNOWN))})

    def __missing__(self, pair: str) -> float:
        # Not stored: others are letters that people typed, of any script.
        one, other = pair[0], pair[1]
        return self._by_code[LETTER_CODES[ord(one)]][LETTER_CODES[ord(other)]]


class _LetterCodes(dict[int, int]):
    """Codes of Cyrillic letters and of the space between words, for `str.translate`."""

    def __missing__(self, _letter: int) -> int:
        return LETTERS + 1


def letter_codes(words: Sequence[str]) -> NDArray[np.uint8]:
    """Return a code for each letter: 0 between words, 33 for any that is not Cyrillic."""
    codes = f" {' '.join(words)} ".translate(LETTER_CODES)
    return np.frombuffer(codes.encode("latin-1"), np.uint8)


def of_kind(classes: Sequence[str], kind: Kind) -> slice:
    """Return the places of the classes of a kind, which follow one another in their order."""
    places = [at for at, name in enumerate(classes) if BY_ID[name].kind is kind]
    return slice(places[0], places[-1] + 1)


def _widened(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays with 16-bit floats as 32-bit ones, with which numpy calculates faster."""
    return {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in arrays.items()
    }


FIRST_LETTER, LETTERS = ord("а"), 32
CODES = LETTERS + 2
LETTER_CODES = _LetterCodes({ord(" "): 0} | {FIRST_LETTER + at: at + 1 for at in range(LETTERS)})
KNOWN = tuple(map(chr, LETTER_CODES))
MIN_PROBABILITY = 1e-6
MIN_ODDS = math.log(MIN_PROBABILITY / (1 - MIN_PROBABILITY))
