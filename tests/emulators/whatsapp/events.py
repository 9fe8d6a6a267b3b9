"""Events that wait for delivery to Kosh, and the webhook bodies that contain them."""

import random
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tests.emulators.telegram.waiting import Signal

from .journal import Arrival, Delivery, Journal
from .wire import Params, written

WEEK = 7 * 24 * 3600
Layout = Literal["entries", "changes", "lists"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event for Kosh's webhook, for example a person's message or a message's status.

    `value` is its content, `field` the webhook field to which Kosh subscribes. Events of one
    `queue` are delivered in order. `expires` is in Unix seconds.
    """

    id: int
    queue: str
    field: str
    value: Params
    expires: float


@dataclass(slots=True)
class DeliveryOptions:
    """Delivery faults of events.

    At most `batch` events share a webhook body, arranged by `layout` as several `entries`, several
    `changes` of one entry, or `lists` of one change. Each event is sent `copies` times, each time
    in another body; if `together` is set, these bodies are sent concurrently. With `shuffled`,
    events arrive in random order. With `held`, no events are sent. With `resplit`, the events of a
    failed batch are retried one by one. With `nulls`, absent optional fields are null, in responses
    too.
    """

    batch: int = 1
    layout: Layout = "lists"
    copies: int = 1
    together: bool = False
    shuffled: bool = False
    held: bool = False
    resplit: bool = False
    nulls: bool = False


class Events:
    """The events that Kosh has not accepted yet, in order of occurrence."""

    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self.pending: OrderedDict[int, Event] = OrderedDict()
        self.delivery_options = DeliveryOptions()
        self.random = random.Random(7)
        self.settled = Signal()
        self.listener: Callable[[Event], None] | None = None
        self._journal = journal
        self.clock = clock
        self._next_id = 1

    def add(self, queue: str, value: Params, field: str = "messages", what: str = "") -> Event:
        """Create an event, which expires after seven days, and offer it for delivery.

        `what` names the event in the journal.
        """
        event = Event(self._next_id, queue, field, value, self.clock() + WEEK)
        self._next_id += 1
        self.pending[event.id] = event
        self._journal.write(Arrival(event.id, what, value, self.clock()))
        if self.listener is not None:
            self.listener(event)
        return event

    def done(self, events: Iterable[Event]) -> None:
        """Remove events that were accepted."""
        for event in events:
            self.pending.pop(event.id, None)
        self.settled.fire()

    def expire(self, events: tuple[Event, ...]) -> None:
        """Remove events that expired before Kosh accepted them, and record the expiry."""
        ids = tuple(event.id for event in events)
        self._journal.write(Delivery(ids, -1, 0, self.clock()))
        self.done(events)


def body_of(account: str, events: Iterable[Event], layout: Layout) -> bytes:
    """Return a webhook body of the business account with these events."""
    changes = [{"value": event.value, "field": event.field} for event in events]
    entries = [{"id": account, "changes": changes}]
    match layout:
        case "entries":
            entries = [{"id": account, "changes": [change]} for change in changes]
        case "lists":
            entries = [{"id": account, "changes": merged(changes)}]
        case "changes":
            pass
    return written({"object": "whatsapp_business_account", "entry": entries})


def merged(changes: list[Params]) -> list[Params]:
    """Merge the changes of the same field into one, with all their lists joined."""
    kinds: dict[tuple[str, ...], Params] = {}
    for change in changes:
        value = change["value"]
        lists = {name: list(part) for name, part in value.items() if isinstance(part, list)}
        kind = (change["field"], *sorted(lists.keys() - {"contacts"}))
        if not lists:
            kind = (*kind, str(len(kinds)))
        if (found := kinds.get(kind)) is None:
            kinds[kind] = change | {"value": value | lists}
            continue
        for name, part in lists.items():
            known = found["value"].setdefault(name, [])
            known += [one for one in part if name != "contacts" or one not in known]
    return list(kinds.values())
