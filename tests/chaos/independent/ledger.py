"""Ledger of everything that the harness sent and received, outside of the system under test."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

type Entry = dict[str, Any]


@dataclass
class Ledger:
    """Entries in the order in which they happened, in memory and as JSON lines in a file."""

    path: Path
    entries: list[Entry] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    _file: IO[str] | None = None

    def note(self, kind: str, **fields: Any) -> Entry:
        """Add an entry with the seconds since the start of the run; return it."""
        entry = {"n": len(self.entries), "at": self.seconds(), "kind": kind, **fields}
        self.entries.append(entry)
        if self._file is None:
            self._file = self.path.open("a", encoding="utf-8", buffering=1)
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return entry

    def seconds(self) -> float:
        """Return the seconds since the start of the run."""
        return round(time.monotonic() - self.began, 3)

    def of(self, *kinds: str) -> Iterator[Entry]:
        """Yield the entries of these kinds, in order."""
        return (entry for entry in self.entries if entry["kind"] in kinds)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
