"""Circuit breaker: blocks calls to a failing registry for a while, then admits one trial call."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.registry.errors import InProgress, Refused, RegistryError, Unavailable


class Breaker:
    """Circuit breaker of a process: opens for `rest` seconds after `limit` consecutive failures."""

    def __init__(
        self,
        *,
        limit: int = 5,
        rest: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._rest, self._clock = limit, rest, clock
        self._failures = 0
        self._until = 0.0
        self._trying = False

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Guard a call to the registry; raise `Unavailable` while the breaker is open.

        The error's code is E_REGISTRY_CIRCUIT_OPEN. `Refused` and `InProgress` reset the count of
        failures, because they show that the registry responds. A cancelled call does not change the
        count.
        """
        trial = self._admit()
        try:
            yield
        except (Refused, InProgress):
            self._failures = 0
            raise
        except RegistryError:
            self._count_failure()
            raise
        else:
            self._failures = 0
        finally:
            self._trying = self._trying and not trial

    def _admit(self) -> bool:
        if self._failures < self._limit:
            return False
        wait = self._until - self._clock()
        if wait > 0 or self._trying:
            raise Unavailable(
                "E_REGISTRY_CIRCUIT_OPEN",
                "the registry failed repeatedly",
                retry_after=max(wait, 1.0),
            )
        self._trying = True
        return True

    def _count_failure(self) -> None:
        self._failures += 1
        if self._failures >= self._limit:
            self._until = self._clock() + self._rest
