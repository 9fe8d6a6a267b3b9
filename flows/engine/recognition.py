"""Interface of the recogniser that the engine needs; `bot.understanding` implements it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

# Values that a message may name, as keys of `Recognizer.entities`; each is only a suggestion.
COUNTRY_OF_ORIGIN, COUNTRY_OF_RESIDENCE = "country_of_origin", "country_of_residence"
REGION, CHILDREN, FAMILY_SIZE = "region", "children", "family_size"


class Confidence(StrEnum):
    """Confidence of a recognition; the recogniser sets the thresholds."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class Danger(StrEnum):
    """Degree to which a message suggests danger to a person.

    `SUSPECTED` puts one sentence above the usual reply. `CLEAR` is answered with safety information
    only.
    """

    NONE = "none"
    SUSPECTED = "suspected"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Recognition:
    """The meaning of a message, without any of its words.

    `intents` are ids. With `SURE`: those to answer, at most two, one for each question in the
    message. With `UNSURE`: up to three to offer, likeliest first. Otherwise the likeliest one, or
    none. `may_leave`: an external model may read the message, if the person agreed.
    """

    confidence: Confidence
    intents: tuple[str, ...] = ()
    danger: Danger = Danger.NONE
    danger_intent: str = ""
    may_leave: bool = False


class Reading(Protocol):
    """The meaning of a text; each part is calculated when it is first used."""

    @property
    def danger(self) -> Danger:
        """The same as `recognition.danger` at a lower cost, if `Words.danger` finds no phrase."""
        ...

    @property
    def is_sure(self) -> bool:
        """Whether `recognition.confidence` is `SURE`, at a lower cost if it is not."""
        ...

    @property
    def recognition(self) -> Recognition:
        """The possible meanings of the text."""
        ...


class Recognizer(Protocol):
    """Recogniser of a message's meaning; pure: the same text always gives the same results."""

    def read(self, text: str, language: str) -> Reading:
        """Return the meaning of a text; raise nothing, also when its parts are used.

        `language` is "" before one is chosen.
        """
        ...

    def entities(self, text: str) -> Mapping[str, str]:
        """Return the values that a text names; raise nothing.

        Countries are ISO 3166-1 alpha-2 codes, regions keys of `flows.knowledge.regions`, numbers
        digits.
        """
        ...
