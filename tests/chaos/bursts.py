"""Updates that a person sent within a moment: one answer may serve several of them.

The product answers equal answers once, and drops an answer that waits if a further line follows
(`bot/conversations/bursts.py`). From outside both look like an update without an answer of its own.
"""

from collections.abc import Iterable
from itertools import pairwise

SECONDS = 1.0
"""The value of KOSH_BURST_SECONDS in the processes."""
LATE_SECONDS = 1.0
"""How much later than its turn an update may be acknowledged, as the platform sees it."""


def count_close(accepted: Iterable[float]) -> int:
    """Return how many updates were accepted shortly after another one of the same person."""
    return sum(
        later - earlier <= SECONDS + LATE_SECONDS for earlier, later in pairwise(sorted(accepted))
    )
