"""WhatsApp's limits: message rates of the business number and of a pair (number and one person),
people per day, and marketing messages."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.emulators.telegram.limits import Bucket

from .wire import Refusal

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Limits:
    """Rate limits: each `_rate` in messages per second, each `_burst` in messages.

    Per rolling day, `reach` limits the distinct people to whom Kosh writes outside their 24-hour
    windows, and `marketing` the marketing templates that one person gets from Kosh. The first
    `free` service messages have no price.
    """

    number_rate: float = 80.0
    number_burst: int = 80
    pair_rate: float = 1 / 6
    pair_burst: int = 45
    reach: int = 2000
    marketing: int = 2
    free: int = 1000


class RateLimiter:
    """Rate limiter and price counter of the business number's messages."""

    def __init__(self, limits: Limits | None, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._number = Bucket(limits.number_rate, limits.number_burst, clock()) if limits else None
        self._pairs: dict[int, Bucket] = {}
        self._reached: dict[int, float] = {}
        self._marketing: dict[int, list[float]] = {}
        self.bill: Counter[tuple[str, bool]] = Counter()

    def incoming(self) -> None:
        """Count a person's message against the business number's rate; never reject it."""
        if self._number is not None:
            self._number.wait(self._clock())
            self._number.tokens -= 1

    def message(self, person: int) -> None:
        """Count a message to a person.

        Raise Refusal 130429 above the business number's rate, 131056 above the rate for one person.
        """
        if self.limits is None or self._number is None:
            return
        pair = self._pairs.get(person)
        if pair is None:
            pair = Bucket(self.limits.pair_rate, self.limits.pair_burst, self._clock())
            self._pairs[person] = pair
        for bucket, code in ((self._number, 130429), (pair, 131056)):
            if bucket.wait(self._clock()):
                raise Refusal(code)
        self._number.tokens -= 1
        pair.tokens -= 1

    def reach(self, person: int) -> None:
        """Count a person to whom Kosh writes outside their 24-hour window, for the daily limit.

        Raise Refusal 131048 if `reach` other people were counted within 24 hours.
        """
        now = self._clock()
        fresh = {one: at for one, at in self._reached.items() if at > now - DAY}
        if self.limits and person not in fresh and len(fresh) >= self.limits.reach:
            raise Refusal(131048, "The messaging limit of the business portfolio is reached.")
        self._reached = fresh | {person: now}

    def marketing(self, person: int) -> bool:
        """Count a marketing message; return False if the person has had the maximum in 24 hours."""
        now = self._clock()
        recent = [at for at in self._marketing.get(person, []) if at > now - DAY]
        self._marketing[person] = recent
        if self.limits and len(recent) >= self.limits.marketing:
            return False
        recent.append(now)
        return True

    def price(self, category: str) -> dict[str, object]:
        """Add a message of this billing category to the bill of the business number.

        Return its price in the format of `pricing` in statuses.
        """
        free = self.limits.free if self.limits else 0
        billable = category != "service" or self.bill["service", False] >= free
        self.bill[category, billable] += 1
        kind = "regular" if billable else "free_customer_service"
        return {
            "billable": billable,
            "pricing_model": "PMP",
            "category": category,
            "type": kind,
        }
