"""Header Retry-After of a response (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_to_wait(header: str, *, most: float) -> float | None:
    """Return the wait in seconds, from 0 to `most`.

    Return None if the header is neither a number of seconds nor a date.
    """
    if header.isascii() and header.isdigit():
        wait = float(header[:9])
    else:
        try:
            wait = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, 0.0), most)
