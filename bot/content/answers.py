"""Answers to intents as editors arrange them: which parts, in which order, and which flow.

An intent is the question that a message asks. An answer consists of parts, each with a name: facts,
sentences, or groups of them. Editors can arrange the shipped parts of an answer and add any fact.
Sentences that mislead if one is missing form one part, urgent facts always come first, and warnings
stay in the opening.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from typing import assert_never

from bot.content.model import Body
from flows import FLOWS
from flows.engine.blocks import Caution
from flows.engine.text import Text
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import Fact
from flows.knowledge.intents.answer import Answer, End, Own, Part, Together, facts_of, part_texts
from flows.knowledge.intents.answers import ANSWERS, BY_INTENT
from flows.knowledge.intents.cautions import KEEP
from flows.knowledge.requirements import CN_LOSS, UZ_RELEASE
from flows.knowledge.settling import NO_DUAL

BY_KEY: Mapping[str, Fact] = {fact.key: fact for fact in FACTS}
type Opened = Part | Own

# The flows that an answer may offer: only those in the menu.
OFFERED = tuple(flow.name for flow in FLOWS.values() if not flow.follows)

# Facts that mislead without the warning KEEP: people gave up their citizenship too early.
NEED_KEEP = frozenset(fact.key for fact in (NO_DUAL, CN_LOSS, UZ_RELEASE))


def token(part: Opened) -> str:
    """Return the name of an answer's part: its fact's key, or a prefix and a hash of its text."""
    match part:
        case Fact():
            return part.key
        case End():
            return f"end-{part.fact.key}"
        case Text():
            return f"text-{_short(part.msgid)}"
        case Own():
            return f"own-{_short(' '.join(map(token, part.parts)))}"
        case Together():
            return f"group-{_short(' '.join(map(token, part.parts)))}"
        case _:
            assert_never(part)


def _short(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:8]


@cache
def shipped_parts(intent: str) -> Mapping[str, Opened]:
    """Return the parts of an intent's shipped answer, in order, keyed by their names."""
    answer = BY_INTENT[intent]
    return {token(part): part for part in (*answer.opening, *answer.more)}


@cache
def grouped() -> frozenset[str]:
    """Return the keys of facts that form groups, of which an answer contains all facts or none."""
    groups = (part for answer in ANSWERS for part in answer.parts if isinstance(part, Together))
    return frozenset(fact.key for group in groups for fact in group.facts)


def find(intent: str, name: str) -> Opened | None:
    """Return the part `name` of the intent's answer; None if the answer may not contain this part.

    An answer may contain the parts that it has in the source code, and the facts of `addable`.
    """
    fact = BY_KEY.get(name) if name in addable(intent) else None
    return shipped_parts(intent).get(name, fact)


@cache
def addable(intent: str) -> frozenset[str]:
    """Return the keys of facts that an editor may add to the intent's answer.

    Facts of a group are only shown together. Facts about giving up a citizenship are only shown in
    answers that open with the warning KEEP.
    """
    misleading = frozenset() if token(KEEP) in warnings(intent) else NEED_KEEP
    return frozenset(BY_KEY) - grouped() - misleading


@cache
def warnings(intent: str) -> frozenset[str]:
    """Return the names of warnings in the opening of the intent's shipped answer."""
    return frozenset(token(part) for part in BY_INTENT[intent].opening if _is_warning(part))


def _is_warning(part: Opened) -> bool:
    """Return True if the part is or begins with a warning; for `Own`, if one of its parts is."""
    match part:
        case Together():
            return _is_warning(part.parts[0])
        case Own():
            return any(map(_is_warning, part.parts))
        case _:
            return isinstance(part, Caution)


def missing(intent: str, body: Body) -> frozenset[str]:
    """Return the names of warnings that the opening of an editor's `body` lacks."""
    return warnings(intent) - {*body.opening}


def sentences(part: Opened, day: date) -> tuple[Text, ...]:
    """Return the sentences that a part of an answer shows on a day.

    Return () if all facts of the part are invalid on that day.
    """
    return part_texts(part.parts if isinstance(part, Own) else [part], day)


def facts_in(part: Opened) -> tuple[Fact, ...]:
    """Return the facts that a part of an answer contains.

    For a part of the class `End`, which states a fact's last day, return this fact.
    """
    match part:
        case End():
            return (part.fact,)
        case Own():
            return facts_of(part.parts)
        case _:
            return facts_of([part])


def unknown(intent: str, body: Body) -> Iterator[str]:
    """Yield the names of parts in an editor's `body` that the intent's answer must not contain.

    Repeated names are also yielded. A part for some citizenships (`Own`) may only be in `opening`.
    People with another citizenship get this part at the end of `more` automatically.
    """
    names = set[str]()
    for name in (*body.opening, *body.more):
        part = find(intent, name)
        if name in names or part is None or (isinstance(part, Own) and name in body.more):
            yield name
        names.add(name)


def arrange(intent: str, body: Body) -> Answer | None:
    """Return the answer as an editor arranged it.

    Return None if the opening is empty or lacks a warning, or if this version of Kosh lacks one of
    the answer's parts.
    """
    opening = [find(intent, name) for name in body.opening]
    more = [find(intent, name) for name in body.more]
    if not opening or any(unknown(intent, body)) or missing(intent, body):
        return None
    shipped = BY_INTENT[intent]
    is_same_flow = body.flow == (shipped.flow or "")
    arranged = replace(
        shipped,
        opening=tuple(part for part in opening if part is not None),
        more=tuple(part for part in more if part is not None and not isinstance(part, Own)),
        flow=body.flow or None,
        preset=shipped.preset if is_same_flow else (),
    )
    return replace(arranged, unanswered=shipped.unanswered and not arranged.facts)
