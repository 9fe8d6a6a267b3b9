"""Texts about uploads: reasons for rejecting a file, hints on quality, and states."""

from collections.abc import Mapping
from enum import StrEnum

from flows.engine.text import Text, _

MAX_MEGABYTES = 10
MAX_PAGES = 10


class Refusal(StrEnum):
    """Reasons why a file is rejected."""

    EMPTY = "empty"
    BROKEN = "broken"
    UNKNOWN_TYPE = "unknown_type"
    HEIC = "heic"
    ENCRYPTED = "encrypted"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    TOOK_TOO_LONG = "took_too_long"
    INTERRUPTED = "interrupted"
    UNAVAILABLE = "unavailable"
    DUPLICATE = "duplicate"
    DAILY_LIMIT = "daily_limit"


class Hint(StrEnum):
    """Quality problem of an accepted page; the person decides whether to send a better one."""

    DARK = "dark"
    BLURRED = "blurred"
    BLANK = "blank"
    SMALL = "small"


class State(StrEnum):
    """State of an upload."""

    FETCHING = "fetching"
    CHECKING = "checking"
    READY = "ready"
    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"
    GONE = "gone"


REFUSALS: Mapping[Refusal, Text] = {
    Refusal.EMPTY: _("The file is empty. Please send it again."),
    Refusal.BROKEN: _("The file is damaged. Please take the photo again and send it."),
    Refusal.UNKNOWN_TYPE: _(
        "This file cannot be accepted. Please send a photo (JPG, PNG) or a PDF."
    ),
    Refusal.HEIC: _(
        "This photo is in a form that only some phones can open (HEIC). Please open the photo, take"
        " a screenshot of it, and send the screenshot."
    ),
    Refusal.ENCRYPTED: _(
        "The file is locked with a password. Please send it without the password."
    ),
    Refusal.TOO_LARGE: _(
        "The file is too large: the limit is {most} MB. A photo of the paper is enough.",
        most=MAX_MEGABYTES,
    ),
    Refusal.TOO_MANY_PAGES: _(
        "The file has too many pages: the limit is {most} at a time. Please send it in parts.",
        most=MAX_PAGES,
    ),
    Refusal.TOO_MANY_PIXELS: _(
        "The picture is too big. Please take it again with the ordinary setting of the camera. A"
        " long screenshot can be sent in several parts."
    ),
    Refusal.TOO_SMALL: _(
        "The picture is too small to be read. Please take the photo again, closer to the paper."
    ),
    Refusal.TOOK_TOO_LONG: _(
        "The file could not be opened in time. Please send a photo of the paper instead."
    ),
    Refusal.INTERRUPTED: _("The file did not arrive completely. Please send it again."),
    Refusal.UNAVAILABLE: _(
        "We cannot accept files at the moment. Please try again later or ask an officer."
    ),
    Refusal.DUPLICATE: _("You have sent this file already; once is enough."),
    Refusal.DAILY_LIMIT: _(
        "You have sent many files today. Please go on tomorrow or ask an officer."
    ),
}

HINTS: Mapping[Hint, Text] = {
    Hint.DARK: _("The photo is dark. Please take it again by a window, in daylight."),
    Hint.BLURRED: _("The photo is blurred. Hold the phone still until the letters are sharp."),
    Hint.BLANK: _("Nothing can be seen on the photo. Is this the right side of the paper?"),
    Hint.SMALL: _("The picture is small; the letters may be hard to read. Take it from closer."),
}
