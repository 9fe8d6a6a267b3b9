"""Anonymous in-memory file (memfd) for files being processed, so that none is written to disk."""

import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Self


class MemoryFile:
    """Bytes in a memfd, outside of the process's heap.

    `sha256` and `size` cover all written bytes.
    """

    def __init__(self) -> None:
        self._file = os.memfd_create("paper", os.MFD_CLOEXEC)
        self._hash = sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the memory; further calls do nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    def write(self, piece: bytes) -> None:
        """Append bytes to the end."""
        left = memoryview(piece)
        while left:
            left = left[os.write(self._file, left) :]
        self._hash.update(piece)
        self.size += len(piece)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the content from the beginning, in pieces of `size` bytes.

        The last piece may be shorter.
        """
        for at in range(0, self.size, size):
            yield os.pread(self._file, size, at)
