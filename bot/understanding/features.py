"""Features of skeletons: hashed character n-grams, words and pairs of words.

numpy hashes all n-grams of one length at once, whether of one line or of a message and its parts.
The number of numpy calls does not depend on the text.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.understanding.skeleton import IS_HAN, Skeleton, consonants

PLACE_BITS = 17
BUCKETS = 1 << PLACE_BITS

# (length, weight). Chinese has no spaces: one character carries as much meaning as a short word.
LETTER_NGRAMS = ((2, 1.0), (3, 1.0), (4, 1.0), (5, 1.0))
HAN_NGRAMS = ((1, 1.0), (2, 1.0), (3, 0.5))
MIN_CONSONANTS = 3
# By these a line that consists of known pieces differs from noise: four letters of a word with its
# edges, or one Chinese character.
FAMILIAR_LETTERS, FAMILIAR_HAN = 4, 1
FAMILIAR_BITS, FAMILIAR_SHIFT = 21, np.uint64(40)

type Places = NDArray[np.int64]
type Hashes = NDArray[np.uint64]
type Buckets = NDArray[np.int32]
type Values = NDArray[np.float32]

FACTOR, SPREAD = np.uint64(1000003), np.uint64(0x9E3779B97F4A7C15)
FINAL, HIGH, HALF = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29), np.uint64(32)
SPACE = ord(" ")
MASK = np.uint64(BUCKETS - 1)
FAMILIAR_MASK = np.uint64((1 << FAMILIAR_BITS) - 1)
NO_PIECES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of several lines: row `n` is the slice from `starts[n]` to `starts[n + 1]`.

    `pieces` are numbers of familiar or unfamiliar pieces, each of the line `piece_owners`.
    """

    starts: Places
    buckets: Buckets
    values: Values
    pieces: Places
    piece_owners: Places


class Part(NamedTuple):
    """Features of one kind: the numbers of their lines, hashes and weight."""

    owners: Places
    hashes: Hashes
    weight: float
    are_pieces: bool


def extract(lines: Sequence[Skeleton]) -> Rows:
    """Return the hash buckets of each line, ascending, each with its value before weighting."""
    parts = list(_parts(lines))
    owners = np.concatenate([part.owners for part in parts])
    hashes = np.concatenate([part.hashes for part in parts])
    weights = np.concatenate([np.full(len(part.hashes), part.weight) for part in parts])
    pieces = [part for part in parts if part.are_pieces]
    places = (owners << PLACE_BITS) | (hashes & MASK).astype(np.int64)
    found, inverse, counts = np.unique(places, return_inverse=True, return_counts=True)
    # Repetitions count by their logarithm: otherwise one stretched word would outweigh the rest.
    mean = np.bincount(inverse, weights, minlength=len(found)) / counts
    return Rows(
        starts=np.searchsorted(found, np.arange(len(lines) + 1) << PLACE_BITS),
        buckets=(found & int(MASK)).astype(np.int32),
        values=(mean * (1 + np.log(counts))).astype(np.float32),
        pieces=np.concatenate([NO_PIECES, *(_piece_numbers(part.hashes) for part in pieces)]),
        piece_owners=np.concatenate([NO_PIECES, *(part.owners for part in pieces)]),
    )


def _parts(lines: Sequence[Skeleton]) -> Iterator[Part]:
    han = [[word for word in line.words if IS_HAN.match(word)] for line in lines]
    letters = [[word for word in line.words if not IS_HAN.match(word)] for line in lines]
    yield from _ngrams(han, HAN_NGRAMS, inside_words=False, seed=50, piece=FAMILIAR_HAN)
    yield from _ngrams(letters, LETTER_NGRAMS, inside_words=True, seed=0, piece=FAMILIAR_LETTERS)
    yield _strings([list(_words(words)) for words in letters])


def _words(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield f"w{word}"
        if len(word) > MIN_CONSONANTS:
            yield f"c{consonants(word)}"
    for one, other in pairwise(words):
        yield f"b{one} {other}"


def _ngrams(
    lines: Sequence[Sequence[str]],
    lengths: Sequence[tuple[int, float]],
    *,
    inside_words: bool,
    seed: int,
    piece: int,
) -> Iterator[Part]:
    padded = [f" {' '.join(words)} " if words else "" for words in lines]
    owners = _owners(padded)
    codes = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32).astype(np.uint64)
    for length, weight in lengths:
        count = len(codes) - length + 1
        if count < 1:
            continue
        hashed = np.full(count, length + seed, np.uint64)
        for place in range(length):
            hashed = hashed * FACTOR + codes[place : place + count] * SPREAD
        kept = owners[:count] == owners[length - 1 :]
        if inside_words:
            kept &= ~_spans_words(codes == SPACE, length, count)
        yield Part(owners[:count][kept], _mixed(hashed[kept]), weight, length == piece)


def _spans_words(spaces: NDArray[np.bool_], length: int, count: int) -> NDArray[np.bool_]:
    """Return a mask of the n-grams that contain a space other than at their ends."""
    within = np.zeros(count, np.bool_)
    for place in range(1, length - 1):
        within |= spaces[place : place + count]
    return within


def _strings(lines: Sequence[Sequence[str]]) -> Part:
    hashes = [zlib.crc32(string.encode()) for strings in lines for string in strings]
    return Part(_owners(lines), _mixed(np.array(hashes, np.uint64) * SPREAD), 1.0, False)


def _piece_numbers(hashes: Hashes) -> Places:
    # Other bits than those of the bucket.
    return ((hashes >> FAMILIAR_SHIFT) & FAMILIAR_MASK).astype(np.int64)


def _owners(lines: Sequence[Sequence[str]]) -> Places:
    """Return the number of its line for each item of each line."""
    return np.repeat(np.arange(len(lines)), [len(line) for line in lines])


def _mixed(hashed: Hashes) -> Hashes:
    hashed = (hashed ^ (hashed >> HIGH)) * FINAL
    mixed: Hashes = hashed ^ (hashed >> HALF)
    return mixed
