"""The recognizer's model: a compact linear classifier of messages, evaluated with numpy.

Its classes are the intents. An intent's kind is, for example, danger or none (out of scope).
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
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
# Increment this when skeletons, features or the file layout change, so that `load` rejects old
# files.
VERSION = 7
# Shorter texts (counted with a space at each end) have too few letters to detect a wrong keyboard
# layout.
MIN_EASE = 5
# Number of first letters by which words of danger are looked up (`danger_starts`). In
# cross-validation, 31 of 9,162 danger phrases had no such word, but each of 540 test messages about
# danger had one. With four letters, only 29 phrases had no such word, but 10 % more harmless
# messages had one and cost a full recognition. `danger_starts` also has whole words, for words such
# as “спасите” that begin like a harmless word (“спасибо”).
DANGER_START = 5

# Number of likeliest intents from which `highest_chance` computes its upper bound.
NEAREST = 4

UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile)

type Scores = NDArray[np.float32]


class ModelError(Exception):
    """The model file is missing, damaged or of another version."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of one linear classifier for all languages.

    `rows` maps each hash bucket to its row of `weights`, or to -1. A row has an 8-bit weight for
    each intent and one for danger of any kind; multiplied by the row's factor in `scales`, they are
    log-odds. `pairs` holds the log-probability that one letter follows another. `familiar` is a bit
    set of the pieces (see `features`) that several phrases contain. `danger_starts` are words, and
    first letters of words, that are at least as common in danger phrases as in others, without
    Chinese. `digest` is the hash of the phrases. `cross_validation` has the figures of
    `evaluation`.
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
    # For each bucket: its row, its IDF, and IDF times scale (0 without a row). These are one table
    # and not three arrays, so that a lookup costs one cache miss.
    _table: NDArray[np.int32] = field(init=False)
    _familiar: memoryview = field(init=False)
    # A dict, because a text has only a few dozen letter pairs, for which indexing in numpy is
    # slower.
    _letter_pairs: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        factors = np.where(self.rows >= 0, self.scales[self.rows], np.float32(0)) * self.idf
        columns = (self.rows, self.idf.view(np.int32), factors.view(np.int32))
        object.__setattr__(self, "_table", np.stack(columns, axis=1))
        object.__setattr__(self, "_familiar", memoryview(self.familiar))
        object.__setattr__(self, "_letter_pairs", _LetterPairs(self.pairs))

    def ease(self, words: Sequence[str]) -> float:
        """Return the mean log-probability that a letter of the text follows the letter before it.

        The mean is low for text typed in a wrong keyboard layout. Returns -inf for a text that is
        too short.
        """
        line = f" {' '.join(words)} "
        if len(line) < MIN_EASE:
            return -math.inf
        return sum(map(self._letter_pairs.__getitem__, map(add, line, line[1:]))) / (len(line) - 1)

    def has_danger_word(self, words: Sequence[str]) -> bool:
        """Return True if any word is or begins like one typical of danger, or if any is Chinese."""
        return not starts(words).isdisjoint(self.danger_starts) or any(map(IS_HAN.match, words))

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Return the model from a file.

        Raises `ModelError` if it is missing, damaged or outdated.
        """
        try:
            # Opened here, because numpy does not close a file that it cannot read.
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            meta = json.loads(arrays.pop("meta").tobytes())
        except UNREADABLE as error:
            raise ModelError(f"{path}: {error}. Run ./kosh understanding train.") from error
        if meta.pop("version", None) != VERSION:
            raise ModelError(f"{path} is of another version. Run ./kosh understanding train.")
        widened: dict[str, Any] = _widen(arrays)
        classes, danger = tuple(meta.pop("classes")), frozenset(meta.pop("danger_starts"))
        return cls(classes=classes, danger_starts=danger, **meta, **widened)

    def save(self, path: Path = FILE) -> None:
        """Write the model to a file; equal models give equal bytes."""
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
        """Return a text's log-odds (of each intent, then of danger) and its pieces (n-grams)."""
        found = features.extract(words)
        packed = self._table.take(found.buckets, axis=0)
        rows, numbers = packed[:, 0], packed.view(np.float32)
        values = np.array(found.values, np.float32)
        weighted = values * numbers[:, 1]
        norm = np.float32(math.sqrt(weighted @ weighted) or 1)
        factors: Scores = values * numbers[:, 2] / norm
        odds: Scores = factors @ self.weights.take(rows, axis=0, mode="wrap") + self.bias
        return odds.tolist(), found.pieces

    def familiarity(self, pieces: Sequence[int]) -> float:
        """Return the share of pieces that several training phrases contain; 0 without pieces."""
        known = sum(self._familiar[piece >> 3] >> (piece & 7) & 1 for piece in pieces)
        return known / max(len(pieces), 1)


def starts(words: Iterable[str]) -> set[str]:
    """Return the words and the first letters of each, by which words of danger are looked up."""
    found = set(words)
    return found.union(word[:DANGER_START] for word in found)


def chances(odds: Sequence[float], danger: slice) -> tuple[list[float], float]:
    """Return the probability of each intent, and the probability of danger, for one text.

    `odds` are the results of `Model.read`; `danger` is the slice of `odds` with the danger intents.
    Plain Python is used, because it is faster than numpy for a few dozen numbers.
    """
    *classes, whole = odds
    most = max(classes)
    exponentials = [math.exp(each - most) for each in classes]
    total = sum(exponentials)
    found = [each / total for each in exponentials]
    return found, _chance(sum(found[danger]), whole)


def highest_chance(odds: Sequence[float]) -> float:
    """Return an upper bound for the probability of the likeliest intent of a text.

    It takes a third of the time that `chances` needs for the probability. Only the NEAREST
    likeliest intents are counted. The bound is exact if all others have the probability zero.
    """
    *others, first = sorted(odds[:-1])[-NEAREST:]
    return 1 / (1 + sum(math.exp(each - first) for each in others))


def lowest_none(odds: list[float], none: slice, least: float) -> float:
    """Return the minimum probability of being out of scope if some intent has probability `least`.

    `none` is the slice of the out-of-scope intents; only the likeliest of them counts.
    """
    return least * math.exp(max(odds[none]) - max(odds[:-1]))


def highest_danger(odds: list[float], danger: slice) -> float:
    """Return an upper bound for the probability of danger, in a fifth of the time of `chances`.

    For the bound, each intent of danger counts as if it were the likeliest of them. Among the
    intents without danger, only the likeliest counts.
    """
    dangers = odds[danger]
    others = max(odds[: danger.start] + odds[danger.stop : -1])
    summed = max(dangers) + math.log(len(dangers)) - others
    return 1 / (1 + math.exp(-(max(summed, MIN_ODDS) + odds[-1]) / 2))


def calibrate(odds: Scores, danger: slice) -> tuple[Scores, list[float]]:
    """Return the same probabilities as `chances`, for each row of the matrix `odds`."""
    found = softmax(odds[:, :-1])
    summed = np.add.reduce(found[:, danger], 1).tolist()
    return found, list(map(_chance, summed, odds[:, -1].tolist()))


def _chance(summed: float, whole: float) -> float:
    """Return the probability of danger from two estimates: the mean of their log-odds.

    `summed` is the sum of the probabilities of all danger intents. `whole` is the log-odds of a
    separate classifier for danger.
    """
    summed = min(max(summed, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
    return 1 / (1 + math.exp(-(math.log(summed / (1 - summed)) + whole) / 2))


def softmax(scores: Scores) -> Scores:
    """Return the softmax of each row: positive numbers that add up to 1."""
    exponentials: Scores = np.exp(scores - np.maximum.reduce(scores, 1, keepdims=True))
    exponentials /= np.add.reduce(exponentials, 1, keepdims=True)
    return exponentials


class _LetterPairs(dict[str, float]):
    """Maps a pair of letters to the log-probability that the second letter follows the first."""

    def __init__(self, by_code: Scores) -> None:
        self._by_code: list[list[float]] = by_code.tolist()
        super().__init__({pair: self[pair] for pair in map("".join, product(KNOWN, KNOWN))})

    def __missing__(self, pair: str) -> float:
        # Do not store a pair with a letter outside of KNOWN, so that the dict does not grow with
        # the texts that people type.
        one, other = pair[0], pair[1]
        return self._by_code[LETTER_CODES[ord(one)]][LETTER_CODES[ord(other)]]


class _LetterCodes(dict[int, int]):
    """Maps letters to codes for `str.translate`, where all non-Cyrillic letters share one code."""

    def __missing__(self, _letter: int) -> int:
        return LETTERS + 1


def letter_codes(words: Sequence[str]) -> NDArray[np.uint8]:
    """Return a code for each letter: 0 for a space, 1 to 32 for Cyrillic letters, 33 for others."""
    codes = f" {' '.join(words)} ".translate(LETTER_CODES)
    return np.frombuffer(codes.encode("latin-1"), np.uint8)


def of_kind(classes: Sequence[str], kind: Kind) -> slice:
    """Return the slice of the sorted list of intents that contains the intents of one kind."""
    places = [at for at, name in enumerate(classes) if BY_ID[name].kind is kind]
    return slice(places[0], places[-1] + 1)


def _widen(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays with 16-bit floats converted to 32 bits, with which numpy is faster."""
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
