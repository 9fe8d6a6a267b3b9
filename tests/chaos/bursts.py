"""Updates that a person sent within a moment: one answer may serve several of them.

The product answers equal answers once, and drops an answer that waits if a further line follows
(`bot/conversations/bursts.py`). From outside both look like an update without an answer of its own.
A word to an officer between two equal answers extends the moment.
"""

from collections.abc import Iterable
from itertools import pairwise

SECONDS = 1.0
"""The value of KOSH_BURST_SECONDS in the processes."""
LATE_SECONDS = 1.0
"""How much later than its turn an update may be acknowledged, as the platform sees it."""


def count_close(accepted: Iterable[tuple[float, bool]]) -> int:
    """Return how many updates need no answer of their own, by the times of their acceptance.

    They were accepted shortly after another update of the same person. An update that is marked
    True is a word to an officer: it is passed on, so it needs an answer in no case.
    """
    return sum(
        later - earlier <= SECONDS + LATE_SECONDS
        for (earlier, _), (later, is_word) in pairwise(sorted(accepted))
        if not is_word
    )
