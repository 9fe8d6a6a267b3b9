"""Updates that a person sent within a second or two, which may share one answer.

Kosh answers equal inputs once, and drops a waiting answer if the person sends another text message
(`bot/conversations/bursts.py`). In both cases an update appears to have no answer. A message to an
officer between two equal inputs extends the time within which these inputs share an answer.
"""

from collections.abc import Iterable
from itertools import pairwise

SECONDS = 1.0
"""Value of KOSH_DEBOUNCE_SECONDS in the processes: equal inputs within it share an answer."""
LATE_SECONDS = 1.0
"""Maximum seconds from the commit of an update's turn to its acknowledgement."""


def count_close(accepted: Iterable[tuple[float, bool]]) -> int:
    """Return how many updates need no answer of their own: another update came just after them.

    Each item of `accepted` is the time of acceptance in seconds, and True for a message to an
    officer. Messages to an officer are forwarded without an answer, so they are not counted here.
    """
    return sum(
        later - earlier <= SECONDS + LATE_SECONDS
        for (earlier, _), (later, is_word) in pairwise(sorted(accepted))
        if not is_word
    )
