"""Store of encrypted values in this process's memory, used while Valkey rejects writes."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_MAX_KEPT: Final = 2_000


class LocalStore[Blob]:
    """At most `limit` values with expiry; a new one evicts the least recently stored.

    Other processes cannot read them. Callers encrypt data that identifies a person.
    """

    def __init__(self, limit: int = _MAX_KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Blob]] = OrderedDict()

    def put(self, key: str, blob: Blob, ttl_s: int) -> None:
        """Store a blob for `ttl_s` seconds."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock() + ttl_s, blob)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def get(self, key: str) -> Blob | None:
        """Return a blob; None if it is missing or has expired."""
        until, blob = self._entries.get(key, (0.0, None))
        if until <= self._clock():
            self._entries.pop(key, None)
            return None
        return blob

    def pop(self, key: str) -> Blob | None:
        """Return a blob and delete it; None if it is missing or has expired."""
        blob = self.get(key)
        self._entries.pop(key, None)
        return blob
