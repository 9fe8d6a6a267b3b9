"""Decides the reaction to a message: answer, offer topics, ask again; safety advice in danger.

The thresholds were set by cross-validation only (docs/decisions/0042-intent-recognizer.md).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.understanding.recognition import Candidate, Part, Recognition
from bot.understanding.recognizer import Message
from flows.knowledge.intents import BY_ID, Kind

# Minimum probability of an intent for a sure answer. With this value, 3.7 % of the messages in
# scope get a wrong answer instead of a choice of topics (in cross-validation). With 0.84, it would
# be 3.9 %, more than before the phrases of 30 November (3.8 %).
SURE = 0.85
# Maximum probability that a message is out of scope, for a sure answer. The limit prevents 20 % of
# the answers to messages out of scope, but also 1 % of the answers to messages in scope.
SURE_NONE_MASS = 0.05
# Minimum probability of the likeliest intent for offering topics. In fewer than half of the
# messages below this minimum, the right intent is among the best three. 3 % of messages are below.
UNSURE = 0.20
# Minimum probability of an intent for offering it as a topic. Held-out lines once got 890 offers of
# less likely topics, and only 9 of the offers were right. A message that is probably out of scope,
# with no topic above this minimum, is taken for out of scope: 31 of 31 such lines were.
MIN_OFFERED = 0.05
# Minimum probability of an intent for a sure answer to a part of a message. It is higher than SURE,
# because a part alone is less certain than the whole message. With 0.82, 1 question in 33 got a
# needless second answer; with 0.9, 1 in 57.
SURE_PART = 0.90
# Minimum probability of the intent of a second part of a message: from this value on, its topic is
# offered as a button below the answer. One needless button does little harm, so the value is low.
LIKELY_PART = 0.50
# Minimum probability of a question in a message about danger: from this value on, its topic is
# offered as a button below the safety answer. The value is low, because one needless button does
# little harm, and the safety answer may be a false alarm.
BESIDE_DANGER = 0.10
# Minimum probability of an intent for a sure answer to a message of a few letters. With 0.82, three
# random letters got a sure answer in 2 % of cases; with this minimum, in under 1 %.
SURE_SHORT = 0.99
# For a sure answer, minimum share of a message's n-grams that training phrases contain. 90 % of
# messages without sense are below this share, and 1 % of phrases left out of the training.
SURE_FAMILIARITY = 0.6
# Minimum probability of danger for a safety card. With this value, cross-validation finds 95 to 97
# % of messages about danger in each language, many of which were written to be hard; 7 % of
# harmless messages get the card too. After a false alarm, the person reads one needless sentence; a
# missed danger may cost far more.
DANGER_CARD = 0.09
# Minimum probability of danger for the safety answer, which replaces the reply. From this value on,
# danger is more likely than not.
DANGER_FIRST = 0.50
# Minimum probability of danger for the safety answer to a few words at a question of a form. At
# DANGER_FIRST, 61 of 629 plain answers to these questions (10 %) got the safety answer, and at this
# value 17. Eight of 104 test lines about danger with at most 3 words are between the two values.
# Those get a card.
DANGER_SHORT = 0.85
# The safety answer is given even if the likeliest intent is of one of these kinds.
BEFORE_ANSWER = frozenset((Kind.DANGER, Kind.NONE))
# If a question or small talk is likelier than all kinds of danger together by at least this lead,
# the reply is sent with a safety card above it. In cross-validation, 127 messages reached this
# lead, and 39 of them were about danger; with a lead of 0, it would be 63 of 179.
QUESTION_LEAD = 0.10
MAX_OPTIONS = 3
MAX_QUESTIONS = 2
# A message may ask two questions. Intents of these kinds do not count as one of the two.
NOT_ASKED = frozenset((Kind.NONE, Kind.TALK, Kind.DANGER))


class Certainty(StrEnum):
    """How certain the meaning of a message is: answer it, offer topics to choose, or ask again."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class DangerLevel(IntEnum):
    """The reaction to danger: none, a safety card above the reply, or the safety answer alone.

    With `URGENT_CARD`, the reply has a card, and a case opened from the message is urgent.
    """

    NONE = 0
    CARD = 1
    URGENT_CARD = 2
    FIRST = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """The reaction to a message: intents to answer or to offer, and the safety advice to give.

    If `certainty` is sure, `options` are the intents to answer: one, or two for two questions. If
    it is unsure, `options` are up to three intents to offer. `also` is an intent to offer below the
    answer, or "". With `danger` at `FIRST`, only `danger_intent` is answered, and `also` is offered
    below it.
    """

    certainty: Certainty
    options: tuple[Candidate, ...]
    danger: DangerLevel
    danger_intent: str
    also: str = ""


def decide(found: Recognition) -> Decision:
    """Return the reaction to a recognized message."""
    danger = danger_level(found.danger, found.intent, found.question_lead)
    if found.has_crisis_phrase:
        danger = DangerLevel.FIRST
    also = _asked_in_danger(found) if danger is DangerLevel.FIRST else ""
    questions = _questions(found)
    if len(questions) == MAX_QUESTIONS:
        return Decision(Certainty.SURE, questions, danger, found.danger_intent, also)
    certainty = _certainty(found)
    if certainty is Certainty.SURE:
        options: tuple[Candidate, ...] = (found.ranked[0],)
        also = also or _asked_too(found)
    elif certainty is Certainty.UNSURE:
        options = _offered(found)
    else:
        options = ()
    return Decision(certainty, options, danger, found.danger_intent, also)


def may_be_sure(message: Message) -> bool:
    """Return False if `decide` cannot be sure of a message; this costs less than `decide`.

    Most messages in a form answer its questions and ask nothing. For most of these, reading one or
    two clauses suffices to return False.
    """
    if message.is_blank:
        return False
    if message.may_reach(SURE, SURE_NONE_MASS) and _is_sure(message.whole):
        return True
    left = len(message.clauses)
    for clause in sorted(message.clauses, key=lambda each: len(each.words)):
        may_be = message.may_reach(SURE_PART, SURE_NONE_MASS, clause)
        left -= not (may_be and _is_sure_part(message.part(clause)))
        if left < MAX_QUESTIONS:
            break
    return left >= MAX_QUESTIONS


def danger_without_lexicon(message: Message) -> DangerLevel:
    """Return the level of danger by the model alone, without the phrases of `crisis_words`.

    The level is NONE for noise (a text with few letter groups that are known from training).
    """
    if not message.may_reach_danger(DANGER_CARD):
        return DangerLevel.NONE
    mass = message.danger_by_model[0]
    if mass < DANGER_CARD or message.is_noise:
        return DangerLevel.NONE
    return danger_level(mass, message.intent_without_links, message.question_lead)


def is_certain_danger(message: Message) -> bool:
    """Return True if the model alone finds danger with the certainty that a few words need."""
    is_clear = danger_without_lexicon(message) is DangerLevel.FIRST
    return is_clear and message.danger_by_model[0] >= DANGER_SHORT


def danger_level(mass: float, intent: str, lead: float) -> DangerLevel:
    """Return the level of danger for `mass`, the probability of danger.

    `intent` is the likeliest intent. `lead` is the amount by which it is likelier than all kinds of
    danger together.
    """
    if mass < DANGER_FIRST:
        return DangerLevel.CARD if mass >= DANGER_CARD else DangerLevel.NONE
    is_question = BY_ID[intent].kind not in BEFORE_ANSWER and lead >= QUESTION_LEAD
    return DangerLevel.URGENT_CARD if is_question else DangerLevel.FIRST


def _questions(found: Recognition) -> tuple[Candidate, ...]:
    """Return up to two questions that a message asks: the sure intents of its parts.

    A part counts if it ends with a question mark, or if its intent is also likely in the whole
    message, because other parts may mislead. Returns nothing if the whole message has a sure intent
    that none of these parts has.
    """
    likely = {each.intent for each in found.ranked}
    sure: dict[str, Candidate] = {}
    for part in found.parts:
        if _is_sure_part(part) and (part.asks or part.intent in likely):
            sure.setdefault(part.intent, Candidate(part.intent, part.confidence))
    if _is_sure(found) and found.intent not in sure:
        return ()
    return tuple(sure.values())[:MAX_QUESTIONS]


def _asked_too(found: Recognition) -> str:
    """Return a second intent, about which a part of the message probably asks; "" if none.

    Also return "" if the message asks nothing, such as thanks.
    """
    if not _is_asked(found):
        return ""
    return _likeliest_part(found)


def _asked_in_danger(found: Recognition) -> str:
    """Return the likeliest question of a message about danger; "" if none is likely enough."""
    for each in found.ranked:
        if BY_ID[each.intent].kind not in NOT_ASKED:
            return each.intent if each.confidence >= BESIDE_DANGER else _likeliest_part(found)
    return _likeliest_part(found)


def _likeliest_part(found: Recognition) -> str:
    """Return the likeliest intent of the parts, except the whole message's intent; "" if none."""
    others = [part for part in found.parts if part.intent != found.intent and _is_likely_part(part)]
    return max(others, key=lambda part: part.confidence).intent if others else ""


def _is_likely_part(part: Part) -> bool:
    is_familiar = part.familiarity >= SURE_FAMILIARITY
    return _is_asked(part) and part.confidence >= LIKELY_PART and is_familiar


def _is_sure_part(part: Part) -> bool:
    return _is_asked(part) and part.confidence >= SURE_PART and _is_sure(part)


def _is_asked(found: Recognition | Part) -> bool:
    return BY_ID[found.intent].kind not in NOT_ASKED


def _is_sure(found: Recognition | Part) -> bool:
    least = SURE_SHORT if found.is_short else SURE
    is_familiar = found.familiarity >= SURE_FAMILIARITY
    is_likely = found.confidence >= least and found.none_mass <= SURE_NONE_MASS
    return is_familiar and is_likely and not found.is_ambiguous


def _certainty(found: Recognition) -> Certainty:
    kind = BY_ID[found.intent].kind
    if found.blank or (kind is not Kind.NONE and found.confidence < UNSURE):
        return Certainty.UNKNOWN
    if kind is Kind.NONE:
        # An out-of-scope message must never get the answer to an in-scope intent that is less
        # likely.
        is_sure = found.confidence >= SURE or not _offered(found)
        return Certainty.SURE if is_sure else Certainty.UNSURE
    return Certainty.SURE if _is_sure(found) else Certainty.UNSURE


def _offered(found: Recognition) -> tuple[Candidate, ...]:
    """Return the topics to offer if no intent is sure: at most MAX_OPTIONS, likeliest first.

    If the words suit another intent too, unlikely topics are offered as well.
    """
    least = 0.0 if found.is_ambiguous else MIN_OFFERED
    likely = (each for each in found.ranked if each.confidence >= least)
    return tuple(each for each in likely if BY_ID[each.intent].kind is not Kind.NONE)[:MAX_OPTIONS]
