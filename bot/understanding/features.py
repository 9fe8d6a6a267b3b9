"""Features of skeletons: hashed character n-grams, words and pairs of words.

In a server the processor's caches seldom hold what is needed when a message comes, so few functions
and few objects count, rather than few operations (decision 0042).
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import compress, repeat
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.understanding.ngrams import ENCODING, WIDTH, Checksums, Hashes
from bot.understanding.skeleton import IS_HAN, consonants

BUCKETS = 1 << 17
MASK = BUCKETS - 1

MIN_CONSONANTS = 3
# Lengths of n-grams in words. Chinese has no spaces, and one character carries as much meaning as a
# short word; the longest n-grams count half there.
LENGTHS, HAN_LENGTHS = (2, 3, 4, 5), (1, 2, 3)
# By pieces of this length, a line that consists of known pieces differs from noise.
PIECE = 4
FAMILIAR_BITS, FAMILIAR_SHIFT = 21, 11

# A skeleton has at most two letters for each of its 1,800 characters, and few have two units.
MAX_UNITS = 1 << 13

WORD, BARE, PAIR = map(crc32, (b"w", b"c", b"b"))

type Numbers = NDArray[np.int64]
type Values = NDArray[np.float32]


class Features(NamedTuple):
    """Features of a line: different hash buckets, each with its value before weighting.

    `hashes` are those of its pieces where `inside` is True.
    """

    buckets: Numbers
    values: Values
    hashes: Hashes
    inside: NDArray[np.bool_]

    @property
    def pieces(self) -> list[int]:
        """Numbers of familiar or unfamiliar pieces."""
        found: list[int] = (self.hashes[self.inside] >> FAMILIAR_SHIFT).tolist()
        return found


def extract(words: Sequence[str]) -> Features:
    """Return the features of a line: words of a skeleton."""
    if any(map(IS_HAN.match, words)):
        return _with_han(words)
    if not words:
        return NO_FEATURES
    ngrams, inside = _in_words(words)
    hashes = np.concatenate((ngrams[inside], np.array([*_words(words), *EDGES])))
    hashes[:-2] &= MASK
    hashes.sort()
    # Equal buckets are neighbours, between a lower and a higher number.
    ends = (hashes[1:] != hashes[:-1]).nonzero()[0]
    values = VALUES.take(ends[1:] - ends[:-1], mode="clip")
    return Features(hashes.take(ends[1:]), values, ngrams[PIECES], inside[PIECES])


def _in_words(words: Sequence[str]) -> tuple[Hashes, NDArray[np.bool_]]:
    """Return the hashes of n-grams for each length and place, and True for those in a word.

    An n-gram in a word may begin or end with the space before or after it.
    """
    found = CHECKSUMS.of(f" {' '.join(words)} ")
    left = b"".join([LEFT[-len(word) - 1 :] for word in words]) + b"\0"
    if len(left) != found.shape[1]:
        units = (len(word.encode(ENCODING)) // WIDTH for word in words)
        left = b"".join([LEFT[-many - 1 :] for many in units]) + b"\0"
    return found, np.frombuffer(left, np.uint8) >= STEPS


def _with_han(words: Sequence[str]) -> Features:
    """Return the features of a line with Chinese words."""
    han = " ".join([word for word in words if IS_HAN.match(word)])
    letters = [word for word in words if not IS_HAN.match(word)]
    # Chinese n-grams also cross the places between words.
    singles, pairs, triples = HAN_CHECKSUMS.of(f" {han} ")
    triples = triples[:-2]
    hashes, pieces = np.concatenate((singles, pairs[:-1], triples)), singles
    if letters:
        ngrams, inside = _in_words(letters)
        pieces = np.concatenate((pieces, ngrams[PIECES][inside[PIECES]]))
        hashes = np.concatenate((hashes, ngrams[inside], np.array(_words(letters), np.uint32)))
    counts = Counter((hashes & MASK).tolist())
    halves = Counter((triples & MASK).tolist())
    values = [
        # The second factor is the mean weight of the n-grams of a bucket.
        REPEATED[count] * (1 - halves.get(bucket, 0) / count / 2)
        for bucket, count in counts.items()
    ]
    buckets = np.array(list(counts), np.int64)
    return Features(buckets, np.array(values, np.float32), pieces, np.ones(len(pieces), np.bool_))


def _words(words: Sequence[str]) -> list[int]:
    """Return the hashes of words, of longer ones without vowels, and of pairs of words.

    A letter before each distinguishes the three kinds.
    """
    whole = [each.encode() for each in words]
    bare = consonants("\n".join(words)).encode().split(b"\n")
    longer = compress(bare, [len(each) > MIN_CONSONANTS for each in words])
    second = [b" " + each for each in whole[1:]]
    pairs = map(crc32, second, map(crc32, whole, repeat(PAIR)))
    return [*map(crc32, whole, repeat(WORD)), *map(crc32, longer, repeat(BARE)), *pairs]


CHECKSUMS, HAN_CHECKSUMS = Checksums(LENGTHS), Checksums(HAN_LENGTHS)
PIECES = LENGTHS.index(PIECE)
# For each place in a word, with the space before it: how many places follow up to the space after
# it, at most as many as matter. An n-gram that begins there needs as many as `STEPS`.
STEPS = np.array([[length - 1] for length in LENGTHS], np.uint8)
LEFT = bytes([max(LENGTHS) - 1]) * MAX_UNITS + bytes(range(max(LENGTHS) - 1, 0, -1))
# Values by number of repetitions. They count by their logarithm: otherwise one stretched word would
# outweigh the rest.
REPEATED = [0.0, *(1 + math.log(count) for count in range(1, MAX_UNITS))]
VALUES = np.array(REPEATED, np.float32)
EDGES = (-1, BUCKETS)
NOTHING = np.zeros(0, np.int64)
NO_FEATURES = Features(
    NOTHING, NOTHING.astype(np.float32), NOTHING.astype(np.uint32), NOTHING.astype(np.bool_)
)
