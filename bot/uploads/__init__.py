"""Papers: taken from people (`taking`), sent to the registry once (`sending`)."""

from bot.papers.workshop import Refused
from bot.uploads.sending import (
    SEND_TASK,
    Moved,
    Parcel,
    call,
    claim,
    due,
    postpone,
    refuse,
    release,
    settle,
)
from bot.uploads.taking import (
    FETCH_TASK,
    Checked,
    Kept,
    Listed,
    begin,
    fetch,
    keep,
    listing,
    look,
    receive,
    unfetched,
)

__all__ = [
    "FETCH_TASK",
    "SEND_TASK",
    "Checked",
    "Kept",
    "Listed",
    "Moved",
    "Parcel",
    "Refused",
    "begin",
    "call",
    "claim",
    "due",
    "fetch",
    "keep",
    "listing",
    "look",
    "postpone",
    "receive",
    "refuse",
    "release",
    "settle",
    "unfetched",
]
