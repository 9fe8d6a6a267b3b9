"""Journal of all traffic between bot and platform, in order, for checks by tests."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import msgspec

from .waiting import Signal
from .wire import Outcome, Params, Upload


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call of the bot.

    `status` is 0 if the call was not executed. `sent` is the id of the message that the call
    created. The journal does not record whether the response arrived.
    """

    method: str
    params: Params
    at: float
    status: int
    answer: msgspec.Raw
    sent: int | None = None
    kind: str = "call"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Entry for the creation of an update."""

    update_id: int
    update: msgspec.Raw
    at: float
    kind: str = "update"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver an update. `status` is the bot's HTTP status, 0 for no response.

    An update confirmed by the offset of getUpdates has status 200 and attempt 0. An expired one has
    status 0 and attempt -1.
    """

    update_id: int
    attempt: int
    status: int
    at: float
    kind: str = "delivery"

    @property
    def acknowledged(self) -> bool:
        """Return True if the bot has accepted the update."""
        return 200 <= self.status <= 299


Entry = Call | Arrival | Delivery


@dataclass(slots=True)
class Journal:
    """All entries in memory, and as JSON lines in the file `path` if there is one."""

    path: Path | None = None
    entries: list[Entry] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    written: Signal = field(default_factory=Signal)
    _file: FileIO | None = None

    def __post_init__(self) -> None:
        if self.path is not None:
            self._file = FileIO(self.path, "a")

    def close(self) -> None:
        """Close the file; the entries in memory stay."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def write(self, entry: Entry) -> None:
        """Add an entry, also to the file, with a single write."""
        self.entries.append(entry)
        self.counts[counted(entry)] += 1
        if self._file is not None:
            self._file.write(msgspec.json.encode(entry) + b"\n")
        self.written.fire()

    def call(
        self, method: str, params: Params, outcome: Outcome | None, sent: int | None = None
    ) -> None:
        """Add a call; `outcome` is None if it was not executed."""
        shown = {k: repr(v) if isinstance(v, Upload) else v for k, v in params.items()}
        status, body = (outcome.status, outcome.body) if outcome else (0, b"null")
        self.write(Call(method, shown, time.time(), status, msgspec.Raw(body), sent))

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the calls of a method, or all calls, in the order of their responses."""
        found = (entry for entry in self.entries if isinstance(entry, Call))
        return [call for call in found if method in (None, call.method)]

    def sent(self, chat_id: int) -> list[Params]:
        """Return the bot's messages to a chat in order, including those whose response was lost."""
        return [
            call.params
            for call in self.calls()
            if call.sent is not None and call.params["chat_id"] == chat_id
        ]

    def deliveries(self, update_id: int | None = None) -> list[Delivery]:
        """Return the attempts to deliver all updates, or one update, in order."""
        found = (entry for entry in self.entries if isinstance(entry, Delivery))
        return [one for one in found if update_id in (None, one.update_id)]

    def updates(self) -> list[int]:
        """Return the ids of all created updates."""
        return [entry.update_id for entry in self.entries if isinstance(entry, Arrival)]

    def acknowledged(self) -> set[int]:
        """Return the updates that the bot answered with 2xx or confirmed by offset."""
        return {one.update_id for one in self.deliveries() if one.acknowledged}

    def mistakes(self) -> list[Call]:
        """Return the calls rejected for a mistake that Telegram itself would ignore."""
        refused = (call for call in self.calls() if call.status == 400)
        return [call for call in refused if b"EMULATOR:" in bytes(call.answer)]

    def lines(self, since: int) -> Iterator[bytes]:
        """Yield the entries from index `since` on, as JSON lines."""
        return (msgspec.json.encode(entry) for entry in self.entries[since:])


def counted(entry: Entry) -> str:
    """Return the name under which `stats` counts an entry."""
    match entry:
        case Call():
            return f"{entry.method} {entry.status}"
        case Arrival():
            return "update"
        case Delivery():
            return "expired" if entry.attempt < 0 else f"delivery {entry.status}"
