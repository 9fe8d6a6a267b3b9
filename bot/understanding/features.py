"""Features of skeletons: hashed character n-grams, words and pairs of words.

numpy hashes all n-grams of a line at once. Its calls cost more than their work, so there are few,
and none of its functions that are written in Python (diff, unique, tile).
"""

import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, filterfalse, pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bot.understanding.skeleton import IS_HAN, consonants

BUCKETS = 1 << 17

MIN_CONSONANTS = 3
# By these a line that consists of known pieces differs from noise: four letters of a word with its
# edges, or one Chinese character.
FAMILIAR_LETTERS, FAMILIAR_HAN = 4, 1
FAMILIAR_BITS, FAMILIAR_SHIFT = 21, np.uint64(40)

type Numbers = NDArray[np.int64]
type Hashes = NDArray[np.uint64]
type Values = NDArray[np.float32]

FACTOR, SPREAD, MODULUS = 1000003, 0x9E3779B97F4A7C15, 1 << 64
FINAL, HIGH, HALF = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29), np.uint64(32)
MASK = np.uint64(BUCKETS - 1)
# Values by the number of repetitions. They count by their logarithm: otherwise one stretched word
# would outweigh the rest. No line is long enough for the last one.
REPEATED = 1 + np.log(np.arange(1, 1 << 14))
FAMILIAR_MASK = np.uint64((1 << FAMILIAR_BITS) - 1)


class Ngrams(NamedTuple):
    """Kinds of n-grams by length, a row each; those of the first row are pieces.

    The hash of an n-gram is the sum of the codes of its characters times `powers`, plus `starts`.
    """

    lengths: NDArray[np.uint8]
    powers: Hashes
    starts: Hashes
    is_last_half: bool

    @classmethod
    def of(cls, lengths: Sequence[int], seed: int, *, is_last_half: bool = False) -> Self:
        """Return the kinds of these lengths; other seeds give other hashes.

        With `is_last_half`, those of the last length count half.
        """
        width = range(max(lengths))
        powers = [
            [SPREAD * FACTOR ** (length - 1 - at) % MODULUS if at < length else 0 for at in width]
            for length in lengths
        ]
        starts = [(length + seed) * FACTOR**length % MODULUS for length in lengths]
        return cls(
            np.array(lengths, np.uint8)[:, np.newaxis],
            np.array(powers, np.uint64),
            np.array(starts, np.uint64)[:, np.newaxis],
            is_last_half,
        )


LETTER_NGRAMS = Ngrams.of((FAMILIAR_LETTERS, 2, 3, 5), seed=0)
# Chinese has no spaces: one character carries as much meaning as a short word.
HAN_NGRAMS = Ngrams.of((FAMILIAR_HAN, 2, 3), seed=50, is_last_half=True)


class Features(NamedTuple):
    """Features of a line: hash buckets, ascending, each with its value before weighting.

    `pieces` are numbers of familiar or unfamiliar pieces.
    """

    buckets: Numbers
    values: Values
    pieces: list[int]


class Part(NamedTuple):
    """Hashes of features; the first ones are pieces, and the last ones count half."""

    hashes: Hashes
    pieces: int = 0
    halves: int = 0


def extract(words: Sequence[str]) -> Features:
    """Return the features of a line: words of a skeleton."""
    han = tuple(filter(IS_HAN.match, words))
    parts = tuple(_parts(words, han))
    hashes = _mixed(np.concatenate([part.hashes for part in parts]))
    places = (hashes & MASK).view(np.int64)
    order = places.argsort(kind="stable")
    places = places[order]
    differs = np.ones(len(places) + 1, np.bool_)
    np.not_equal(places[1:], places[:-1], out=differs[1:-1])
    edges = differs.nonzero()[0]
    firsts, counts = edges[:-1], edges[1:] - edges[:-1]
    values = REPEATED.take(counts - 1, mode="clip")
    if han:
        weights = np.concatenate([_weights(part) for part in parts])
        values *= np.add.reduceat(weights[order], firsts) / counts
    starts = accumulate((len(part.hashes) for part in parts), initial=0)
    # Other bits than those of the bucket.
    numbers = (hashes >> FAMILIAR_SHIFT) & FAMILIAR_MASK
    pieces = [
        piece
        for start, part in zip(starts, parts, strict=False)
        for piece in numbers[start : start + part.pieces].tolist()
    ]
    return Features(places[firsts], values.astype(np.float32), pieces)


def _weights(part: Part) -> NDArray[np.float64]:
    found = np.ones(len(part.hashes))
    found[len(found) - part.halves :] = 0.5
    return found


def _parts(words: Sequence[str], han: Sequence[str]) -> Iterator[Part]:
    if han:
        words = tuple(filterfalse(IS_HAN.match, words))
        yield _ngrams(han, HAN_NGRAMS, _to_line_end(han))
    if words:
        yield _ngrams(words, LETTER_NGRAMS, _to_word_end(words))
    strings = list(map(str.encode, _strings(words)))
    hashes = np.array(list(map(zlib.crc32, strings)), np.uint64) * np.uint64(SPREAD)
    yield Part(hashes)


def _strings(words: Sequence[str]) -> Iterator[str]:
    bare = consonants("\n".join(words)).split("\n")
    for word, letters in zip(words, bare, strict=False):
        yield f"w{word}"
        if len(word) > MIN_CONSONANTS:
            yield f"c{letters}"
    for one, other in pairwise(words):
        yield f"b{one} {other}"


def _ngrams(words: Sequence[str], kinds: Ngrams, longest: bytes) -> Part:
    """Return the n-grams of all lengths; `longest` is the length of the longest from each place."""
    width = kinds.powers.shape[1]
    codes = f" {' '.join(words)} {width * ' '}".encode("utf-32-le")
    numbers = np.frombuffer(codes, np.uint32).astype(np.uint64)
    # Column `n` has the characters from `n` on.
    windows = np.ndarray((width, len(longest)), np.uint64, numbers, 0, (8, 8))
    exist = np.frombuffer(longest, np.uint8) >= kinds.lengths
    hashes = (kinds.powers @ windows + kinds.starts)[exist]
    halves = int(np.count_nonzero(exist[-1])) if kinds.is_last_half else 0
    return Part(hashes, int(np.count_nonzero(exist[0])), halves)


def _to_line_end(words: Sequence[str]) -> bytes:
    """Return for each character of a line, with a space at each end, how many follow; at most 3.

    The character itself counts.
    """
    size = 1 + len(words) + sum(map(len, words))
    return b"\3" * (size - 2) + b"\2\1"


def _to_word_end(words: Sequence[str]) -> bytes:
    """Return the same within words and the spaces around them; at most 5."""
    ends = (b"\5" * (len(word) - 2) + b"\4\3\2"[-len(word) - 1 :] for word in words)
    return b"".join(ends) + b"\1"


def _mixed(hashed: Hashes) -> Hashes:
    hashed = (hashed ^ (hashed >> HIGH)) * FINAL
    mixed: Hashes = hashed ^ (hashed >> HALF)
    return mixed
