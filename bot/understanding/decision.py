"""Decides on a recognition: answer, offer topics or ask again; and how to react to danger.

The thresholds are set on cross-validation alone (docs/decisions/0042-intent-recognizer.md).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.understanding.recognizer import Candidate, Message, Part, Recognition
from flows.knowledge.intents import BY_ID, Kind

# With this minimum, 4.5 % of the lines in scope get a wrong answer without a question
# (cross-validation).
SURE = 0.84
# With this maximum, 20 % fewer lines out of scope get an answer, and 1 % fewer lines in scope.
SURE_NONE_MASS = 0.05
# Below this, the right intent is among the best three in fewer than half of the lines. These are 3
# % of all lines.
UNSURE = 0.20
# A part is less certain than its message. With 0.82, 1 question in 33 got a second answer, with 0.9
# 1 in 57.
SURE_PART = 0.90
# With 0.82, 2 in 100 lines of three random letters are sure of an intent; here fewer than 1.
SURE_SHORT = 0.99
# Nine of ten lines of noise are less familiar, and 1 in 100 held-back phrases.
SURE_FAMILIARITY = 0.6
# With this minimum, cross-validation finds 92 to 95 % of the danger in each language, in lines that
# were often written to be hard, and 6 % of harmless lines get the card. A false alarm costs a
# sentence; a missed one may harm a person.
DANGER_CARD = 0.11
# From here on, danger is more likely than not.
DANGER_FIRST = 0.50
MAX_OPTIONS = 3
MAX_QUESTIONS = 2
# Kinds that do not count as one of two questions in a message.
NOT_ASKED = frozenset((Kind.NONE, Kind.TALK, Kind.DANGER))


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
    """Reaction to a message.

    `options` are the intents to answer, two for two questions, or up to three to offer.

    With `danger` at `FIRST`, `danger_intent` is answered instead of anything else.
    """

    certainty: Certainty
    options: tuple[Candidate, ...]
    danger: DangerLevel
    danger_intent: str


def decide(found: Recognition) -> Decision:
    """Return the reaction to a recognition."""
    danger = danger_level(found.danger)
    questions = _questions(found)
    if len(questions) == MAX_QUESTIONS:
        return Decision(Certainty.SURE, questions, danger, found.danger_intent)
    certainty = _certainty(found)
    if certainty is Certainty.SURE:
        options: tuple[Candidate, ...] = (found.ranked[0],)
    elif certainty is Certainty.UNSURE:
        options = tuple(each for each in found.ranked if _offered(each))[:MAX_OPTIONS]
    else:
        options = ()
    return Decision(certainty, options, danger, found.danger_intent)


def may_be_sure(message: Message) -> bool:
    """Return False if `decide` will not be sure of a message, which costs less than its meaning.

    Most answers to a form's questions ask nothing, which shows after one of their clauses.
    """
    if message.is_blank:
        return False
    if message.may_reach(SURE) and _is_sure(message.whole):
        return True
    left = len(message.clauses)
    for clause in sorted(message.clauses, key=lambda each: len(each.words)):
        is_sure = message.may_reach(SURE_PART, clause) and _is_sure_part(message.part(clause))
        left -= not is_sure
        if left < MAX_QUESTIONS:
            break
    return left >= MAX_QUESTIONS


def danger_without_lexicon(message: Message) -> DangerLevel:
    """Return the reaction of `decide` to danger, but not to phrases of `crisis_words`."""
    if not message.may_reach_danger(DANGER_CARD):
        return DangerLevel.NONE
    level = danger_level(message.danger_by_model[0])
    return DangerLevel.NONE if level and message.is_noise else level


def danger_level(mass: float) -> DangerLevel:
    """Return the reaction to this probability of danger."""
    if mass >= DANGER_FIRST:
        return DangerLevel.FIRST
    return DangerLevel.CARD if mass >= DANGER_CARD else DangerLevel.NONE


def _questions(found: Recognition) -> tuple[Candidate, ...]:
    """Return the first intents of which parts are sure by themselves.

    A part that is not a question by itself may mislead: it must be likely in the whole message. The
    parts must include the intent of which the whole message is sure.
    """
    likely = {each.intent for each in found.ranked}
    sure: dict[str, Candidate] = {}
    for part in found.parts:
        if _is_sure_part(part) and (part.asks or part.intent in likely):
            sure.setdefault(part.intent, Candidate(part.intent, part.confidence))
    if _is_sure(found) and found.intent not in sure:
        return ()
    return tuple(sure.values())[:MAX_QUESTIONS]


def _is_sure_part(part: Part) -> bool:
    is_asked = BY_ID[part.intent].kind not in NOT_ASKED
    return is_asked and part.confidence >= SURE_PART and _is_sure(part)


def _is_sure(found: Recognition | Part) -> bool:
    least = SURE_SHORT if found.is_short else SURE
    is_familiar = found.familiarity >= SURE_FAMILIARITY
    return is_familiar and found.confidence >= least and found.none_mass <= SURE_NONE_MASS


def _certainty(found: Recognition) -> Certainty:
    kind = BY_ID[found.intent].kind
    if found.blank or (kind is not Kind.NONE and found.confidence < UNSURE):
        return Certainty.UNKNOWN
    if kind is Kind.NONE:
        # A line that is out of scope never gets the answer to another intent.
        return Certainty.SURE if found.confidence >= SURE else Certainty.UNSURE
    return Certainty.SURE if _is_sure(found) else Certainty.UNSURE


def _offered(each: Candidate) -> bool:
    return BY_ID[each.intent].kind is not Kind.NONE
