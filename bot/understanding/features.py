"""Features of skeletons: hashed character n-grams, words and pairs of words.

Python hashes them, not numpy: a line has about a hundred, and in a server numpy's functions are
seldom in the processor's caches when a message comes (decision 0042).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.understanding.skeleton import IS_HAN, consonants

BUCKETS = 1 << 17
MASK = BUCKETS - 1

MIN_CONSONANTS = 3
# By the n-grams of the first length, a line that consists of known pieces differs from noise.
LETTER_LENGTHS = (4, 2, 3, 5)
# Chinese has no spaces: one character carries as much meaning as a short word.
HAN_LENGTHS = (1, 2)
# These count half.
HAN_HALF = 3
FAMILIAR_BITS, FAMILIAR_SHIFT = 21, 11
# Bytes of a character in the encoding of which n-grams are slices; rarer ones have two units.
ENCODING, WIDTH = "utf-16-le", 2

type Numbers = NDArray[np.int64]


class Features(NamedTuple):
    """Features of a line: different hash buckets, each with its value before weighting.

    `pieces` are numbers of familiar or unfamiliar pieces.
    """

    buckets: list[int]
    values: list[float]
    pieces: list[int]


def extract(words: Sequence[str]) -> Features:
    """Return the features of a line: words of a skeleton."""
    han = [word for word in words if IS_HAN.match(word)]
    letters = [word for word in words if not IS_HAN.match(word)] if han else words
    pieces, hashes, halves = _han(han) if han else ([], [], [])
    for word in letters:
        padded = f" {word} ".encode(ENCODING)
        for length in LETTER_LENGTHS:
            found = _slices(padded, length)
            hashes += found
            if length == LETTER_LENGTHS[0]:
                pieces += found
    hashes += [crc32(each.encode()) for each in _strings(letters)]
    counts = Counter([each & MASK for each in hashes])
    values = [REPEATED[min(count, MAX_REPEATED)] for count in counts.values()]
    if halves:
        values = _halved(counts, values, [each & MASK for each in halves])
    return Features(list(counts), values, [each >> FAMILIAR_SHIFT for each in pieces])


def _han(words: Sequence[str]) -> tuple[list[int], list[int], list[int]]:
    """Return the hashes of single Chinese characters, of all n-grams, and of those of half value.

    N-grams also cross the places between words.
    """
    line = f" {' '.join(words)} ".encode(ENCODING)
    pieces, pairs = (_slices(line, length) for length in HAN_LENGTHS)
    triples = _slices(line, HAN_HALF)
    return list(pieces), [*pieces, *pairs, *triples], triples


def _slices(encoded: bytes, length: int) -> list[int]:
    size = length * WIDTH
    return [crc32(encoded[at : at + size]) for at in range(0, len(encoded) - size + 1, WIDTH)]


def _halved(counts: Counter[int], values: Sequence[float], halves: Sequence[int]) -> list[float]:
    """Return the values, multiplied by the mean weight of their n-grams."""
    many = Counter(halves)
    return [
        value * (1 - many[bucket] / count / 2) if bucket in many else value
        for (bucket, count), value in zip(counts.items(), values, strict=True)
    ]


def _strings(words: Sequence[str]) -> Iterator[str]:
    bare = consonants("\n".join(words)).split("\n")
    for word, letters in zip(words, bare, strict=False):
        yield f"w{word}"
        if len(word) > MIN_CONSONANTS:
            yield f"c{letters}"
    for one, other in pairwise(words):
        yield f"b{one} {other}"


# Values by the number of repetitions. They count by their logarithm: otherwise one stretched word
# would outweigh the rest.
MAX_REPEATED = 1 << 12
REPEATED = (0.0, *(1 + math.log(count) for count in range(1, MAX_REPEATED + 1)))
