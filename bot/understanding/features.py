"""Features of a skeleton: hashed character n-grams, words and pairs of words.

numpy hashes all n-grams of one length at once, so that a message of 1,000 characters takes at most
2 ms.
"""

import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.understanding.skeleton import IS_HAN, Skeleton, consonants

BUCKETS = 1 << 17

# (length, weight). Chinese has no spaces: one character carries as much meaning as a short word.
LETTER_NGRAMS = ((2, 1.0), (3, 1.0), (4, 1.0), (5, 1.0))
HAN_NGRAMS = ((1, 1.0), (2, 1.0), (3, 0.5))
MIN_CONSONANTS = 3

type Hashes = NDArray[np.uint64]
type Buckets = NDArray[np.int32]
type Values = NDArray[np.float32]

FACTOR, SPREAD = np.uint64(1000003), np.uint64(0x9E3779B97F4A7C15)
FINAL, HIGH, HALF = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29), np.uint64(32)
SPACE = ord(" ")
MASK = np.uint64(BUCKETS - 1)


def extract(skeleton: Skeleton) -> tuple[Buckets, Values]:
    """Return the hash buckets of a line, ascending, each with its value before weighting."""
    parts = list(_parts(skeleton))
    if not parts:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    hashes = np.concatenate([hashed for hashed, _weight in parts])
    weights = np.concatenate([np.full(len(hashed), weight) for hashed, weight in parts])
    buckets, inverse, counts = np.unique(hashes & MASK, return_inverse=True, return_counts=True)
    # Repetitions count by their logarithm: otherwise one stretched word would outweigh the rest.
    mean = np.bincount(inverse, weights, minlength=len(buckets)) / counts
    return buckets.astype(np.int32), (mean * (1 + np.log(counts))).astype(np.float32)


def _parts(skeleton: Skeleton) -> Iterator[tuple[Hashes, float]]:
    han = [word for word in skeleton.words if IS_HAN.match(word)]
    letters = [word for word in skeleton.words if not IS_HAN.match(word)]
    if han:
        yield from _ngrams(f" {' '.join(han)} ", HAN_NGRAMS, inside_words=False, seed=50)
    if letters:
        yield from _ngrams(f" {' '.join(letters)} ", LETTER_NGRAMS, inside_words=True, seed=0)
        yield _strings(_words(letters)), 1.0


def _words(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield f"w{word}"
        if len(word) > MIN_CONSONANTS:
            yield f"c{consonants(word)}"
    for one, other in pairwise(words):
        yield f"b{one} {other}"


def _ngrams(
    line: str, lengths: Sequence[tuple[int, float]], *, inside_words: bool, seed: int
) -> Iterator[tuple[Hashes, float]]:
    codes = np.frombuffer(line.encode("utf-32-le"), np.uint32).astype(np.uint64)
    for length, weight in lengths:
        count = len(codes) - length + 1
        if count < 1:
            continue
        hashed = np.full(count, length + seed, np.uint64)
        for place in range(length):
            hashed = hashed * FACTOR + codes[place : place + count] * SPREAD
        if inside_words:
            hashed = hashed[~_spans_words(codes == SPACE, length, count)]
        yield _mixed(hashed), weight


def _spans_words(spaces: NDArray[np.bool_], length: int, count: int) -> NDArray[np.bool_]:
    """Return a mask of the n-grams that contain a space other than at their ends."""
    within = np.zeros(count, np.bool_)
    for place in range(1, length - 1):
        within |= spaces[place : place + count]
    return within


def _strings(strings: Iterator[str]) -> Hashes:
    hashes = [zlib.crc32(string.encode()) for string in strings]
    return _mixed(np.array(hashes, np.uint64) * SPREAD)


def _mixed(hashed: Hashes) -> Hashes:
    hashed = (hashed ^ (hashed >> HIGH)) * FINAL
    mixed: Hashes = hashed ^ (hashed >> HALF)
    return mixed
