"""Detects messages about a stay of some days, which the model confuses with the kandas status.

"My 30 days end tomorrow, can I extend them?" is about a stay without a visa. The kandas status (of
ethnic Kazakhs who move to Kazakhstan) lasts a year: a person who reads the answer about its end may
miss the end of the stay.
"""

from collections.abc import Sequence
from itertools import pairwise

# The intent about the end of the status of kandas, which lasts a year.
STATUS_ENDS = "kandas.extend"
# Words in the spelling of `skeleton`: beginnings of "day", and parts of names of the status.
_DAYS = ("кун", "дне", "дни", "天")
_STATUS = ("канда", "оралман", "статус", "мартеб", "маком", "坎达斯", "身份")
# Words for 30, the number of days for which people may stay without a visa.
_THIRTY = frozenset({"отиз", "тридсат"})
_THIRTY_DAYS = "三十天"


def is_stay(words: Sequence[str]) -> bool:
    """Return True if the words contain a number of days and do not name the status of kandas."""
    if any(part in word for word in words for part in _STATUS):
        return False
    return any(_THIRTY_DAYS in word for word in words) or any(
        (first.isdecimal() or first in _THIRTY) and second.startswith(_DAYS)
        for first, second in pairwise(words)
    )
