"""Interface to the recognizer of intents that the engine needs.

`bot.understanding` implements it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

# Keys of the values that `Recognizer.entities` may find in a message. The person confirms each
# value before it counts as an answer.
COUNTRY_OF_ORIGIN, COUNTRY_OF_RESIDENCE = "country_of_origin", "country_of_residence"
REGION, FAMILY_SIZE = "region", "family_size"


class Confidence(StrEnum):
    """How certain a recognition is; the recognizer sets the thresholds between the levels."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class Danger(StrEnum):
    """The degree to which a message suggests that a person is in danger.

    With `SUSPECTED` and `LIKELY`, one sentence about danger is put above the usual reply. With
    `CLEAR`, the safety answer replaces the reply. The members are in the order of rising danger.
    """

    NONE = "none"
    SUSPECTED = "suspected"
    LIKELY = "likely"
    CLEAR = "clear"

    @property
    def is_urgent(self) -> bool:
        """Return True if this degree of danger makes a case or a message to an officer urgent."""
        return self in (Danger.LIKELY, Danger.CLEAR)


@dataclass(frozen=True, slots=True)
class Recognition:
    """The recognized meaning of a message; it contains none of the message's words.

    `intents` are ids. If the recognition is `SURE`, they are the one intent to answer, or both
    intents of a message with two questions. If it is `UNSURE`, they are up to three intents to
    offer, likeliest first. If it is `UNKNOWN`, there is at most the likeliest intent. `also` is one
    more intent to offer, or "": with `SURE`, another part of the message may ask about it; if
    danger is `CLEAR`, it is offered below the safety answer. `may_leave`: the message may be sent
    to an external model if the person consented. `is_introduction`: the message only says where the
    person comes from or lives, or how old the person is.
    """

    confidence: Confidence
    intents: tuple[str, ...] = ()
    danger: Danger = Danger.NONE
    danger_intent: str = ""
    also: str = ""
    may_leave: bool = False
    is_introduction: bool = False


class Reading(Protocol):
    """The meaning of a text; each part of the meaning is computed at first use."""

    @property
    def danger(self) -> Danger:
        """Return the degree of danger in the text, as in `recognition.danger`, but computed faster.

        Use it only for a text in which `Words.danger` finds no phrase of danger.
        """
        ...

    @property
    def is_certain_danger(self) -> bool:
        """Return True if `danger` is `CLEAR` with the certainty needed for a text of a few words.

        The danger of such a text depends on single words, which may be plain answers.
        """
        ...

    @property
    def is_sure(self) -> bool:
        """Return True if `recognition.confidence` is `SURE`.

        If it is not `SURE`, this property is faster than `recognition`.
        """
        ...

    @property
    def recognition(self) -> Recognition:
        """Return the possible meanings of the text and its danger, computed at first use."""
        ...


class Recognizer(Protocol):
    """Recognizes the meaning of messages; a pure function: equal texts give equal results."""

    def read(self, text: str, language: str) -> Reading:
        """Return the meaning of a text; neither this call nor the use of its result raises errors.

        `language` is "" before the person has chosen one.
        """
        ...

    def entities(self, text: str) -> Mapping[str, str]:
        """Return the values that a text mentions, by the value's name; never raises an error.

        Countries are ISO 3166-1 alpha-2 codes, regions are keys of `flows.knowledge.regions`,
        numbers are digits.
        """
        ...
