"""Decides on a recognition: answer, offer topics or ask again; and how to react to danger.

The thresholds are set on cross-validation alone (docs/decisions/0042-intent-recognizer.md).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.understanding.model import Candidate, Recognition
from flows.knowledge.intents import BY_ID, Kind

# With this minimum, 5 % of the lines in scope get a wrong answer without a question
# (cross-validation).
SURE = 0.82
# With this maximum, 20 % fewer lines out of scope get an answer, and 1 % fewer lines in scope.
SURE_NONE_MASS = 0.05
# Below this, the right intent is among the best three in fewer than half of the lines. These are 3
# % of all lines.
UNSURE = 0.20
# With this minimum, 98 % of dangerous lines are found (cross-validation). A false alarm costs one
# sentence; a missed one may harm a person.
DANGER_CARD = 0.03
# From here on, danger is more likely than not.
DANGER_FIRST = 0.50
MAX_OPTIONS = 3


class Certainty(StrEnum):
    """How an intent is handled: answered, offered among others, or neither."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class DangerLevel(IntEnum):
    """Reaction to danger: none, a safety card above the reply, or the safety answer alone."""

    NONE = 0
    CARD = 1
    FIRST = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """Reaction to a line; `options` are the one intent to answer, or up to three to offer.

    With `danger` at `FIRST`, `danger_intent` is answered instead of anything else.
    """

    certainty: Certainty
    options: tuple[Candidate, ...]
    danger: DangerLevel
    danger_intent: str


def decide(found: Recognition) -> Decision:
    """Return the reaction to a recognition."""
    danger = danger_level(found.danger)
    certainty = _certainty(found)
    if certainty is Certainty.SURE:
        options: tuple[Candidate, ...] = (found.ranked[0],)
    elif certainty is Certainty.UNSURE:
        options = tuple(each for each in found.ranked if _offered(each))[:MAX_OPTIONS]
    else:
        options = ()
    return Decision(certainty, options, danger, found.danger_intent)


def danger_level(mass: float) -> DangerLevel:
    """Return the reaction to this probability of danger."""
    if mass >= DANGER_FIRST:
        return DangerLevel.FIRST
    return DangerLevel.CARD if mass >= DANGER_CARD else DangerLevel.NONE


def _certainty(found: Recognition) -> Certainty:
    kind = BY_ID[found.intent].kind
    if found.blank or (kind is not Kind.NONE and found.confidence < UNSURE):
        return Certainty.UNKNOWN
    if kind is Kind.NONE:
        # A line that is out of scope never gets the answer to another intent.
        return Certainty.SURE if found.confidence >= SURE else Certainty.UNSURE
    if found.confidence >= SURE and found.none_mass <= SURE_NONE_MASS:
        return Certainty.SURE
    return Certainty.UNSURE


def _offered(each: Candidate) -> bool:
    return BY_ID[each.intent].kind is not Kind.NONE
