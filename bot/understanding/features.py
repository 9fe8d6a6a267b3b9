"""Features of skeletons: hashed character n-grams, words and pairs of words.

numpy hashes all n-grams of a message and its parts at once: the number of numpy calls does not
depend on the text.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bot.understanding.skeleton import IS_HAN, Skeleton, consonants

PLACE_BITS = 17
BUCKETS = 1 << PLACE_BITS

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


class Ngrams(NamedTuple):
    """Kinds of n-grams: consecutive lengths, their weights, and what their hashes begin with."""

    lengths: Places
    weights: NDArray[np.float64]
    starts: Hashes

    @classmethod
    def of(cls, weights: Mapping[int, float], seed: int) -> Self:
        """Return the kinds with these weights by length; other seeds give other hashes."""
        starts = [(length + seed) * int(FACTOR) ** length % (1 << 64) for length in weights]
        numbers = np.array(list(weights)), np.array(list(weights.values()))
        return cls(*numbers, np.array(starts, np.uint64))


LETTER_NGRAMS = Ngrams.of({2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0}, seed=0)
# Chinese has no spaces: one character carries as much meaning as a short word.
HAN_NGRAMS = Ngrams.of({1: 1.0, 2: 1.0, 3: 0.5}, seed=50)


class Rows(NamedTuple):
    """Features of several lines: row `n` is the slice from `starts[n]` to `starts[n + 1]`.

    `pieces` are numbers of familiar or unfamiliar pieces, each of the line `piece_owners`.
    """

    starts: Places
    buckets: Buckets
    values: Values
    pieces: Places
    piece_owners: Places


class Part(NamedTuple):
    """Features of several kinds: for each its line, hash, weight, and whether it is a piece."""

    owners: Places
    hashes: Hashes
    weights: NDArray[np.float64]
    are_pieces: NDArray[np.bool_]


def extract(lines: Sequence[Skeleton]) -> Rows:
    """Return the hash buckets of each line, ascending, each with its value before weighting."""
    owners, hashes, weights, are_pieces = map(np.concatenate, zip(*_parts(lines), strict=True))
    hashes = _mixed(hashes)
    places = (owners << PLACE_BITS) | (hashes & MASK).view(np.int64)
    order = places.argsort(kind="stable")
    places = places[order]
    # Calls of numpy's Python functions (diff, unique, tile) would cost more than their work.
    differs = np.ones(len(places) + 1, np.bool_)
    np.not_equal(places[1:], places[:-1], out=differs[1:-1])
    edges = differs.nonzero()[0]
    firsts, counts = edges[:-1], edges[1:] - edges[:-1]
    # Repetitions count by their logarithm: otherwise one stretched word would outweigh the rest.
    mean = np.add.reduceat(weights[order], firsts) / counts if len(firsts) else weights
    found = places[firsts]
    return Rows(
        starts=found.searchsorted(np.arange(len(lines) + 1) << PLACE_BITS),
        buckets=found & int(MASK),
        values=(mean * (1 + np.log(counts))).astype(np.float32),
        # Other bits than those of the bucket.
        pieces=((hashes[are_pieces] >> FAMILIAR_SHIFT) & FAMILIAR_MASK).view(np.int64),
        piece_owners=owners[are_pieces],
    )


def _parts(lines: Sequence[Skeleton]) -> Iterator[Part]:
    han = [[word for word in line.words if IS_HAN.match(word)] for line in lines]
    letters = [[word for word in line.words if not IS_HAN.match(word)] for line in lines]
    if any(han):
        yield _ngrams(han, HAN_NGRAMS, FAMILIAR_HAN, inside_words=False)
    if any(letters):
        yield _ngrams(letters, LETTER_NGRAMS, FAMILIAR_LETTERS, inside_words=True)
    yield _strings([list(_words(words)) for words in letters])


def _words(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield f"w{word}"
        if len(word) > MIN_CONSONANTS:
            yield f"c{consonants(word)}"
    for one, other in pairwise(words):
        yield f"b{one} {other}"


def _ngrams(
    lines: Sequence[Sequence[str]], kinds: Ngrams, piece: int, *, inside_words: bool
) -> Part:
    """Return the n-grams of all lengths, one row of a matrix for each length."""
    padded = [f" {' '.join(words)} " if words else "" for words in lines]
    codes = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32)
    spread = np.zeros(len(codes) + kinds.lengths[-1], np.uint64)
    np.multiply(codes, SPREAD, out=spread[: len(codes)])
    hashed = np.empty((kinds.lengths[-1], len(codes)), np.uint64)
    hashed[0] = spread[: len(codes)]
    for row in range(1, len(hashed)):
        # One character more than in the row before.
        np.multiply(hashed[row - 1], FACTOR, out=hashed[row])
        hashed[row] += spread[row : row + len(codes)]
    longest = _longest(padded, codes if inside_words else None)
    rows, places = (longest >= kinds.lengths[:, np.newaxis]).nonzero()
    return Part(
        _owners(padded)[places],
        hashed[rows + (kinds.lengths[0] - 1), places] + kinds.starts[rows],
        kinds.weights[rows],
        (kinds.lengths == piece)[rows],
    )


def _longest(padded: Sequence[str], codes: NDArray[np.uint32] | None) -> Places:
    """Return the length of the longest n-gram from each character; inside a word if given codes.

    An n-gram stays inside its line, and inside a word with the spaces around it.
    """
    ends = np.array(list(accumulate(len(line) for line in padded if line))) - 1
    places = np.arange(ends[-1] + 1)
    if codes is None:
        return ends[ends.searchsorted(places)] - places + 1
    spaces = (codes == SPACE).nonzero()[0]
    after = spaces.searchsorted(places[:-1], "right")
    longest = np.ones(len(places), np.int64)
    longest[:-1] += spaces[after] - places[:-1]
    longest[ends] = 1
    return longest


def _strings(lines: Sequence[Sequence[str]]) -> Part:
    hashes = [zlib.crc32(string.encode()) for strings in lines for string in strings]
    hashed = np.array(hashes, np.uint64) * SPREAD
    return Part(_owners(lines), hashed, np.ones(len(hashes)), np.zeros(len(hashes), np.bool_))


def _owners(lines: Sequence[Sequence[str]]) -> Places:
    """Return the number of its line for each item of each line."""
    return np.arange(len(lines)).repeat([len(line) for line in lines])


def _mixed(hashed: Hashes) -> Hashes:
    hashed = (hashed ^ (hashed >> HIGH)) * FINAL
    mixed: Hashes = hashed ^ (hashed >> HALF)
    return mixed
