"""Hourly counts of web chat events (chats, cases and others) by IP address, kept only in Valkey.

The counts show officers a burst, which is many cases from one address in a short time.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.budgets.table import Spending
from bot.cache import CacheUnavailable
from bot.runtime import Runtime
from flows import lifetimes

# Maximum number of counters per day. Further IP addresses are counted together under OTHERS.
MAX_COUNTERS: Final = 5000
OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class Activity:
    """Number of events of each kind that one IP address caused in one hour.

    `network` is a keyed hash of the address that changes daily.
    """

    hour: datetime
    network: str
    counts: dict[Spending, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return the number of events of all kinds together."""
        return sum(self.counts.values())


async def note_activity(rt: Runtime, network: str, spendings: Sequence[Spending]) -> None:
    """Increment this hour's counters of the IP address; do nothing while Valkey rejects writes."""
    now = datetime.now(UTC)
    with suppress(CacheUnavailable):
        for each in spendings:
            await rt.valkey.tally(
                _day_key(rt, now),
                f"{now:%H}:{each}:{network}",
                f"{now:%H}:{each}:{OTHERS}",
                limit=MAX_COUNTERS,
                ttl_s=lifetimes.NETWORK_HOURS * 3600,
            )


async def recent_activity(rt: Runtime) -> list[Activity]:
    """Return the counts of events since yesterday, by hour and IP address.

    The newest hour is first; within an hour, the address with the most events is first.
    """
    found: dict[tuple[datetime, str], dict[Spending, int]] = defaultdict(dict)
    now = datetime.now(UTC)
    for back in range(lifetimes.NETWORK_HOURS // 24):
        day = now - timedelta(days=back)
        for name, count in (await rt.valkey.tallies(_day_key(rt, day))).items():
            hour, spending, network = name.split(":")
            at = day.replace(hour=int(hour), minute=0, second=0, microsecond=0)
            found[at, network][Spending(spending)] = count
    rows = [Activity(at, network, counts) for (at, network), counts in found.items()]
    return sorted(rows, key=lambda each: (each.hour, each.total), reverse=True)


def _day_key(rt: Runtime, day: datetime) -> str:
    return rt.vault.ask_key("network", "counters", day.date())
