"""Updates that the bot has not accepted yet, and long polling for them."""

import random
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from .journal import Arrival, Delivery, Journal
from .schema import SCHEMA
from .waiting import Signal
from .wire import Refusal, strict

# Telegram sends updates of these kinds only if `allowed_updates` lists them.
UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}
DEFAULT = frozenset(SCHEMA.updates) - UNASKED
POLL_MOST_SECONDS = 50
OTHER_POLL = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)


@dataclass(frozen=True, slots=True)
class Update:
    """An update in its wire format. `queue` is its delivery queue; times are Unix seconds."""

    id: int
    queue: int
    body: bytes
    expires: float


@dataclass(slots=True)
class DeliveryOptions:
    """Delivery faults of updates.

    Each update is delivered `copies` times, by webhook concurrently if `together` is set.
    With `shuffled`, updates arrive in random order.
    """

    copies: int = 1
    together: bool = False
    shuffled: bool = False


class Updates:
    """Updates that wait for the bot, in the order of their events; `update_id` increases by one."""

    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self.pending: OrderedDict[int, Update] = OrderedDict()
        self.allowed: frozenset[str] = DEFAULT
        self.arrived = Signal()
        self.settled = Signal()
        self.delivery_options = DeliveryOptions()
        self.random = random.Random(7)
        self.listener: Callable[[Update], None] | None = None
        self._journal = journal
        self._clock = clock
        self.next_id = 100_000_001
        self._poll = 0
        self._why = ""

    def allow(self, kinds: list[str] | None) -> None:
        """Set the kinds of updates to create from now on (the parameter `allowed_updates`).

        None changes nothing; an empty list sets the default kinds.
        """
        if kinds is None:
            return
        if unknown := set(kinds) - set(SCHEMA.updates):
            raise strict(f"unknown allowed_updates: {', '.join(sorted(unknown))}")
        self.allowed = frozenset(kinds) or DEFAULT

    def add(self, kind: str, content: object, queue: int, expires: float) -> None:
        """Create an update and offer it for delivery, unless its kind is not in `allowed`."""
        if kind not in self.allowed:
            return
        body = msgspec.json.encode({"update_id": self.next_id, kind: content})
        update = Update(self.next_id, queue, body, expires)
        self.next_id += 1
        self.pending[update.id] = update
        self._journal.write(Arrival(update.id, msgspec.Raw(body), self._clock()))
        if self.listener is not None:
            self.listener(update)
        self.arrived.fire()

    def done(self, update: Update) -> None:
        """Remove an update that was accepted."""
        self.pending.pop(update.id, None)
        self.settled.fire()

    def expire(self, update: Update) -> None:
        """Remove an update that expired before the bot accepted it, and record the expiry."""
        self._journal.write(Delivery(update.id, -1, 0, self._clock()))
        self.done(update)

    def drop(self) -> None:
        """Remove all undelivered updates."""
        self.pending.clear()
        self.settled.fire()

    def interrupt(self, reason: str) -> None:
        """End a waiting long poll with 409; `reason` is the error's text."""
        self._poll += 1
        self._why = reason
        self.arrived.fire()

    async def poll(self, offset: int, limit: int, seconds: int) -> list[msgspec.Raw]:
        """Handle getUpdates: confirm updates with ids below `offset`, then return later ones.

        Wait up to `seconds` for one. A negative `offset` counts from the end of the queue.
        """
        self.interrupt(OTHER_POLL)
        mine = self._poll
        self._confirm(offset)
        try:
            await self.arrived.until(
                lambda: any(True for _ in self._live()) or self._poll != mine,
                min(seconds, POLL_MOST_SECONDS),
            )
        except TimeoutError:
            return []
        if self._poll != mine:
            raise Refusal(409, f"Conflict: {self._why}")
        return self._batch(limit)

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            ids = list(self.pending)
            offset = ids[max(offset, -len(ids))] if ids else 0
        while self.pending and (first := next(iter(self.pending))) < offset:
            self._journal.write(Delivery(first, 0, 200, self._clock()))
            self.done(self.pending[first])

    def _live(self) -> Iterator[Update]:
        now = self._clock()
        return (update for update in self.pending.values() if update.expires >= now)

    def _batch(self, limit: int) -> list[msgspec.Raw]:
        live = list(islice(self._live(), limit))
        for update in [one for one in islice(self.pending.values(), limit) if one not in live]:
            self.expire(update)
        found = [one for one in live for _ in range(self.delivery_options.copies)]
        if self.delivery_options.shuffled:
            self.random.shuffle(found)
        return [msgspec.Raw(one.body) for one in found]
