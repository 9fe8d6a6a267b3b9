"""Features of normalized texts: hashed character n-grams, words and pairs of words.

The hashes are computed in Python and not in numpy. A text has only about a hundred features, and in
a server the code of numpy's functions is seldom in the processor's caches when a message arrives
(docs/decisions/0042-intent-recognizer.md).
"""

import math
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import compress, repeat
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.understanding.skeleton import IS_HAN, consonants

BUCKETS = 1 << 17
MASK = BUCKETS - 1

MIN_CONSONANTS = 3
# Maximum length of n-grams. The minimum is 2 in words and 1 in Chinese, where one character means
# as much as a short word and no spaces separate words. Chinese trigrams count half.
MAX_LENGTH, MAX_HAN_LENGTH = 5, 3
# Length of the n-grams called pieces. A text is noise if too few of its pieces are in the training
# phrases.
PIECE = 4
FAMILIAR_BITS, FAMILIAR_SHIFT = 21, 11
# N-grams are hashed as 16-bit units of UTF-16; a rare character has two units.
ENCODING, WIDTH = "utf-16-le", 2
SPACE = " ".encode(ENCODING)

WORD, BARE, PAIR = map(crc32, (b"w", b"c", b"b"))

type Numbers = NDArray[np.int64]


class Features(NamedTuple):
    """Features of a text: distinct hash buckets, and each bucket's value before IDF weighting.

    `pieces` are hashed n-grams, from which `model` computes the share that is known from training.
    """

    buckets: list[int]
    values: list[float]
    pieces: list[int]


def extract(words: Sequence[str]) -> Features:
    """Return the features of a text, which is given as its normalized words (see `skeleton`)."""
    han = [word for word in words if IS_HAN.match(word)]
    letters = [word for word in words if not IS_HAN.match(word)] if han else words
    pieces, hashes, halves = _han(han) if han else ([], [], [])
    if letters:
        _single, *found = _hashes_in_words(letters)
        pieces += found[PIECE - 2]
        for each in found:
            hashes += each
        hashes += _words(letters)
    counts = Counter([each & MASK for each in hashes])
    values = list(map(REPEATED.__getitem__, counts.values()))
    if halves:
        values = _halve(counts, values, [each & MASK for each in halves])
    return Features(list(counts), values, [each >> FAMILIAR_SHIFT for each in pieces])


def _han(words: Sequence[str]) -> tuple[list[int], list[int], list[int]]:
    """Return three lists of hashes of the n-grams of Chinese text.

    These are the single characters, all n-grams, and the n-grams that count half. An n-gram may
    span two words.
    """
    pieces, pairs, triples = _hashes(_units(f" {' '.join(words)} "), MAX_HAN_LENGTH)
    return list(pieces), [*pieces, *pairs, *triples], triples


def _hashes_in_words(words: Sequence[str]) -> list[list[int]]:
    """Return the hashes of the n-grams within words, by length from 1; a word's edges are spaces.

    The whole line is hashed in one pass, which costs less than one call per word. The n-grams that
    span two words are deleted afterwards.
    """
    units = _units(f" {' '.join(words)} ")
    found = _hashes(units, MAX_LENGTH)
    spaces = [at for at, unit in enumerate(units) if unit is SPACE][-2:0:-1]
    for length, same in enumerate(found[2:], 3):
        end = len(same)
        for space in spaces:
            # An n-gram of this length that starts between `start` and the space spans two words.
            start = max(space - length + 2, 0)
            del same[start : min(space, end)]
            end = start
    return found


def _units(text: str) -> list[bytes]:
    return list(map(UNITS.__getitem__, memoryview(text.encode(ENCODING)).cast("H")))


def _hashes(units: Sequence[bytes], longest: int) -> list[list[int]]:
    """Return the hashes of all n-grams of a text, for each length from 1 to `longest`."""
    found = [list(map(crc32, units))]
    for length in range(1, longest):
        # A CRC-32 can be continued, so that the hash of an n-gram is computed from the hash of the
        # n-gram that is one unit shorter.
        found.append(list(map(crc32, units[length:], found[-1])))
    return found


def _halve(counts: Counter[int], values: Sequence[float], halves: Sequence[int]) -> list[float]:
    """Return each hash bucket's value; n-grams that are listed in `halves` count only half."""
    many = Counter(halves)
    return [
        value * (1 - many[bucket] / count / 2) if bucket in many else value
        for (bucket, count), value in zip(counts.items(), values, strict=True)
    ]


def _words(words: Sequence[str]) -> list[int]:
    """Return the hashes of words, of longer words without vowels, and of pairs of words.

    A different prefix for each of the three kinds keeps their hashes apart.
    """
    whole = [each.encode() for each in words]
    bare = consonants("\n".join(words)).encode().split(b"\n")
    longer = compress(bare, [len(each) > MIN_CONSONANTS for each in words])
    second = [b" " + each for each in whole[1:]]
    pairs = map(crc32, second, map(crc32, whole, repeat(PAIR)))
    return [*map(crc32, whole, repeat(WORD)), *map(crc32, longer, repeat(BARE)), *pairs]


class _Values(dict[int, float]):
    """Maps the number of occurrences of a feature to its value, which grows logarithmically.

    If it grew linearly, one word with a repeated letter would outweigh the rest of the text.
    """

    def __missing__(self, count: int) -> float:
        return 1 + math.log(count)


class _Units(dict[int, bytes]):
    """Maps a 16-bit code unit to its bytes, cached except for rare letters."""

    def __missing__(self, unit: int) -> bytes:
        return unit.to_bytes(WIDTH, sys.byteorder)


REPEATED = _Values()
REPEATED |= {count: REPEATED[count] for count in range(1, 64)}
UNITS = _Units()
USUAL = memoryview(" абвгдежзиклмнопрстуфхчш0123456789?!".encode(ENCODING)).cast("H")
UNITS |= {unit: UNITS[unit] for unit in USUAL} | {ord(" "): SPACE}
