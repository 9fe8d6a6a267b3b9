"""The model of the recogniser: compact, linear, evaluated with numpy."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.understanding import features
from bot.understanding.features import Rows
from bot.understanding.skeleton import Skeleton
from flows.knowledge.intents import BY_ID, Kind

FILE = Path(__file__).parent / "model.npz"
# Raise when skeleton, features or file layout change: a model of another version is refused.
VERSION = 2

UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile)

type Scores = NDArray[np.float32]


class ModelError(Exception):
    """The model file is missing, damaged or of another version."""


class Readings(NamedTuple):
    """Log-odds of each class, then of danger, one row per line; and familiarity of each line."""

    odds: Scores
    familiarity: Scores


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of one linear classifier for all languages.

    `rows` maps each hash bucket to a row of `weights`, or to -1. A row has a weight for each class,
    then one for danger of any kind, in 8 bits; `scales` has the factor of each row. `pairs` holds
    the log-probability that a letter follows another. `familiar` has a bit for each piece of a word
    that is in several phrases. `cross_validation` are figures of `bot.understanding.evaluation`.
    """

    classes: tuple[str, ...]
    rows: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]
    pairs: NDArray[np.float32]
    familiar: NDArray[np.uint8]
    digest: str
    cross_validation: dict[str, list[float | None]] = field(default_factory=dict)

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

    def read(self, lines: Sequence[Skeleton]) -> Readings:
        """Return the readings of lines, in one pass."""
        found = features.extract(lines)
        weighted = found.values * self.idf[found.buckets]
        rows = self.rows[found.buckets]
        odds = np.empty((len(lines), len(self.bias)), np.float32)
        odds[:] = self.bias
        for number, (start, end) in enumerate(pairwise(found.starts)):
            own, places = weighted[start:end], rows[start:end]
            norm = float(np.sqrt(own @ own)) or 1.0
            known = places >= 0
            factors = own[known] / norm * self.scales[places[known]]
            odds[number] += factors @ self.weights[places[known]].astype(np.float32)
        return Readings(odds, self._familiarity(found, len(lines)))

    def _familiarity(self, found: Rows, lines: int) -> Scores:
        """Return the share of each line's pieces that are in phrases; 0 for no pieces."""
        bits = (self.familiar[found.pieces >> 3] >> (found.pieces & 7).astype(np.uint8)) & 1
        known = np.bincount(found.piece_owners, bits, minlength=lines)
        every = np.bincount(found.piece_owners, minlength=lines)
        return (known / np.maximum(every, 1)).astype(np.float32)


def calibrated(odds: Scores, danger: NDArray[np.int64]) -> tuple[Scores, Scores]:
    """Return the probabilities of the classes and of danger, for one line or for each row."""
    found = softmax(odds[..., :-1])
    summed = np.add.reduce(found[..., danger], -1)
    summed = np.minimum(np.maximum(summed, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
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


class _LetterCodes(dict[int, int]):
    """Codes of Cyrillic letters and of the space between words, for `str.translate`."""

    def __missing__(self, _letter: int) -> int:
        return LETTERS + 1


def letter_codes(words: Sequence[str]) -> NDArray[np.uint8]:
    """Return a code for each letter: 0 between words, 33 for any that is not Cyrillic."""
    codes = f" {' '.join(words)} ".translate(LETTER_CODES)
    return np.frombuffer(codes.encode("latin-1"), np.uint8)


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
LETTER_CODES = _LetterCodes({ord(" "): 0} | {FIRST_LETTER + at: at + 1 for at in range(LETTERS)})
MIN_PROBABILITY = np.float32(1e-6)
