"""Reasons why content is not saved or not approved."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Reason why content is not saved or not approved."""

    EMPTY = "empty"
    LANGUAGE = "language"
    ENGLISH = "english"
    SOURCE = "source"
    DATES = "dates"
    FUTURE = "future"
    EXPIRED = "expired"
    UNCHECKED = "unchecked"
    PLACEHOLDER = "placeholder"
    MARKUP = "markup"
    LINK = "link"
    PHONE = "phone"
    TOO_LONG = "too_long"
    WORDING = "wording"
    NUMBERS = "numbers"
    TERM = "term"
    SCRIPT = "script"
    PROMISE = "promise"
    OWN = "own"
    CHANGED = "changed"
    STATE = "state"
    PART = "part"
    WARNING = "warning"
    FLOW = "flow"
    PHRASE = "phrase"
    TAKEN = "taken"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Blocker:
    """A fault that prevents saving or approving content.

    `language` is the language or script of the faulty text. `detail` is the faulty value or part of
    the text.
    """

    why: Refusal
    language: str = ""
    detail: str = ""


class Refused(Exception):
    """The content was not saved or approved, and nothing was changed; `why` is the reason."""

    code = "E_CONTENT_REFUSED"

    def __init__(self, why: Refusal, detail: str = "") -> None:
        super().__init__(f"{self.code}: {why.value}")
        self.why = why
        self.detail = detail
