"""What is done with a recognition: answer, offer or ask; and how loudly danger is heard.

The thresholds are set on cross-validation alone (docs/decisions/0042-intent-recognizer.md).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.understanding.model import Candidate, Recognition
from flows.knowledge.intents import BY_ID, Kind

# In cross-validation 5 % of what is in scope is then answered wrongly as if sure.
SURE = 0.82
# A fifth less is answered out of scope, for a hundredth of what is answered straight.
SURE_NONE_MASS = 0.05
# Below, the right intent is among the three best in fewer than half of the lines: 3 % of all.
UNSURE = 0.20
# In cross-validation 98 % of danger is heard; a false alarm costs a sentence, a miss a person.
DANGER_CARD = 0.03
# From here danger is likelier than not.
DANGER_FIRST = 0.50
MAX_OPTIONS = 3


class Certainty(StrEnum):
    """Whether an intent is answered straight, offered among others, or not at all."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class DangerLevel(IntEnum):
    """What a line calls for: nothing, a safety card above the reply, or safety alone and first."""

    NONE = 0
    CARD = 1
    FIRST = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a line; `options` are the intents to answer (one) or to offer (up to three).

    With `danger` at `FIRST`, `danger_intent` is answered before and instead of anything else.
    """

    certainty: Certainty
    options: tuple[Candidate, ...]
    danger: DangerLevel
    danger_intent: str


def decide(found: Recognition) -> Decision:
    """Return what to do with a recognition."""
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
    """Return how loudly danger is heard at this probability."""
    if mass >= DANGER_FIRST:
        return DangerLevel.FIRST
    return DangerLevel.CARD if mass >= DANGER_CARD else DangerLevel.NONE


def _certainty(found: Recognition) -> Certainty:
    kind = BY_ID[found.intent].kind
    if found.blank or (kind is not Kind.NONE and found.confidence < UNSURE):
        return Certainty.UNKNOWN
    if kind is Kind.NONE:
        # That nothing here answers a line is never said as if sure of another intent.
        return Certainty.SURE if found.confidence >= SURE else Certainty.UNSURE
    if found.confidence >= SURE and found.none_mass <= SURE_NONE_MASS:
        return Certainty.SURE
    return Certainty.UNSURE


def _offered(each: Candidate) -> bool:
    return BY_ID[each.intent].kind is not Kind.NONE
