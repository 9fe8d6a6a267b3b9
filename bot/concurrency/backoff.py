"""Backoff: how many seconds to wait after a failed attempt."""

import random

_MAX_DOUBLINGS = 10


def backoff(failures: int, *, most: float, first: float = 1.0) -> float:
    """Return the seconds to wait after `failures` failed attempts.

    The wait is `first`, doubled after each failure, but at most `most`.
    """
    return min(most, first * 2.0 ** min(failures, _MAX_DOUBLINGS))


def with_jitter(seconds: float) -> float:
    """Return the seconds varied randomly by up to 30 %.

    So callers that failed at the same time do not retry at the same time.
    """
    return seconds * random.uniform(0.7, 1.3)
