"""Journal of all traffic between Kosh and the platform, in order, for checks by tests."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import msgspec

from tests.emulators.telegram.waiting import Signal

from .errors import OUR_FAULT
from .wire import Outcome, Params


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call of Kosh. `method` is messages, read, media, upload, download or delete.

    `status` is 0 if the call was not executed. `code` is Meta's error code, `sent` the wamid of the
    created message, `late` the code with which that message fails later. `scripted` is true if a
    fault caused the result. The journal does not record whether the response arrived.
    """

    method: str
    params: Params
    at: float
    status: int
    answer: msgspec.Raw
    code: int = 0
    sent: str = ""
    late: int = 0
    scripted: bool = False
    kind: str = "call"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Creation of an event. `what` is the message's wamid, or `wamid status` for a status."""

    event: int
    what: str
    value: Params
    at: float
    kind: str = "event"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a webhook body with the events of these ids.

    `status` is the HTTP status of Kosh's response, 0 if no response arrived. `attempt` is -1 for
    events that expired after seven days.
    """

    events: tuple[int, ...]
    attempt: int
    status: int
    at: float
    kind: str = "delivery"

    @property
    def acknowledged(self) -> bool:
        """Return True if Kosh answered this delivery with 2xx."""
        return 200 <= self.status <= 299


Entry = Call | Arrival | Delivery


@dataclass(slots=True)
class Journal:
    """The list of all entries, which are also written as JSON lines to the file `path`, if any."""

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
        """Add an entry; append it to the file, if any, with a single system call."""
        self.entries.append(entry)
        self.counts[counted(entry)] += 1
        if self._file is not None:
            self._file.write(msgspec.json.encode(entry) + b"\n")
        self.written.fire()

    def call(
        self, method: str, params: Params, outcome: Outcome | None, scripted: bool = False
    ) -> None:
        """Add a call; `outcome` is None if it was not executed."""
        if outcome is None:
            outcome = Outcome(0, b"null")
        answer, now = msgspec.Raw(outcome.body), time.time()
        code, late = outcome.code, outcome.late
        self.write(
            Call(method, params, now, outcome.status, answer, code, outcome.message, late, scripted)
        )

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the calls of a method, or all calls, in the order of their responses."""
        found = (entry for entry in self.entries if isinstance(entry, Call))
        return [call for call in found if method in (None, call.method)]

    def sent(self, to: str | None = None) -> list[Params]:
        """Return Kosh's messages (to a phone or user id) that WhatsApp accepted, in order."""
        return [
            call.params
            for call in self.calls("messages")
            if call.sent and to in (None, call.params.get("to"), call.params.get("recipient"))
        ]

    def refused(self, code: int) -> list[Call]:
        """Return the messages rejected with a code, immediately or later by their status."""
        return [call for call in self.calls("messages") if code in (call.code, call.late)]

    def mistakes(self) -> list[Call]:
        """Return the calls rejected for their content, except those rejected by a test's fault."""
        return [call for call in self.calls() if call.code in OUR_FAULT and not call.scripted]

    def deliveries(self, event: int | None = None) -> list[Delivery]:
        """Return the delivery attempts of all events, or of the event with this id, in order."""
        found = (entry for entry in self.entries if isinstance(entry, Delivery))
        return [one for one in found if event is None or event in one.events]

    def arrivals(self) -> list[Arrival]:
        """Return all created events."""
        return [entry for entry in self.entries if isinstance(entry, Arrival)]

    def acknowledged(self) -> set[int]:
        """Return the ids of the events that Kosh answered with 2xx."""
        return {event for one in self.deliveries() if one.acknowledged for event in one.events}

    def holding(self, words: str) -> list[Entry]:
        """Return the entries that contain this text anywhere, to find leaked personal data."""
        needle = msgspec.json.encode(words)[1:-1]
        return [entry for entry in self.entries if needle in msgspec.json.encode(entry)]

    def lines(self, since: int) -> Iterator[bytes]:
        """Yield the entries from index `since` on, as JSON lines."""
        return (msgspec.json.encode(entry) for entry in self.entries[since:])


def counted(entry: Entry) -> str:
    """Return the name under which `Journal.counts` counts an entry."""
    match entry:
        case Call():
            return f"{entry.method} {entry.code or entry.status}"
        case Arrival():
            return "event"
        case Delivery():
            return "expired" if entry.attempt < 0 else f"delivery {entry.status}"
