"""Checksums (CRC-32) of all n-grams of a text, calculated at once.

A checksum is linear: it is the XOR of what each byte contributes at its place. So one table, one
gather and one XOR replace a call for each n-gram (decision 0042).
"""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

# N-grams consist of units of this encoding; rare characters have two units of two bytes.
ENCODING, WIDTH = "utf-16-le", 2

type Hashes = NDArray[np.uint32]


class Checksums:
    """Checksums of the n-grams of a few lengths, in ascending order."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths, self._longest = len(lengths), max(lengths)
        self._padding = bytes(WIDTH * self._longest)
        places = [(length, place) for length in lengths for place in range(self._longest)]
        bytes_of_unit = (range(256), range(0, 1 << 16, 256))
        self._low, self._high = (
            np.array([[_contribution(unit, *each) for unit in units] for each in places], np.uint32)
            for units in bytes_of_unit
        )
        # Each checksum has that of zeros too.
        zeros = [crc32(bytes(WIDTH * length)) for length in lengths]
        self._low[:: self._longest] ^= np.array(zeros, np.uint32)[:, np.newaxis]

    def of(self, text: str) -> Hashes:
        """Return the checksums for each length and each place where an n-gram may begin.

        Those of n-grams that would end after the text are meaningless.
        """
        units = np.frombuffer(text.encode(ENCODING) + self._padding, np.uint8)
        many = len(units) // WIDTH
        found = self._low.take(units[::WIDTH], axis=1)
        found ^= self._high.take(units[1::WIDTH], axis=1)
        # A diagonal of `found` has what the units of one n-gram contribute at their places.
        row = many * found.itemsize
        shape = (self._lengths, self._longest, many - self._longest)
        steps = (self._longest * row, row + found.itemsize, found.itemsize)
        hashes: Hashes = np.bitwise_xor.reduce(
            np.ndarray(shape, np.uint32, found, strides=steps), axis=1
        )
        return hashes


def _contribution(unit: int, length: int, place: int) -> int:
    """Return what a unit contributes at a place of an n-gram; beyond its end, nothing."""
    if place >= length:
        return 0
    after = bytes(WIDTH * (length - place - 1))
    whole = crc32(bytes(WIDTH * place) + unit.to_bytes(WIDTH, "little") + after)
    return whole ^ crc32(bytes(WIDTH * length))
