"""Answers to intents: verified facts, sentences around them, and a flow to open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from flows.engine.text import Text
from flows.knowledge.facts import Fact, ending, fact_texts


@dataclass(frozen=True, slots=True)
class Together:
    """Sentences that would mislead without each other, so that either all or none are shown.

    All are shown if every fact among `parts` may be shown today. If not, `otherwise` is shown,
    after the `ended` sentences of facts that are over. `countries` are ISO codes of citizenships
    that the sentences concern, in addition to those of the facts.
    """

    parts: tuple[Fact | Text, ...]
    otherwise: Text | None = None
    countries: frozenset[str] = frozenset()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return those of the `parts` that are facts, and not other sentences."""
        return tuple(part for part in self.parts if isinstance(part, Fact))


@dataclass(frozen=True, slots=True)
class Own:
    """Parts of an answer's opening for citizens of the countries that the parts concern.

    For all other people, and for people of unknown citizenship, the parts are at the end of `more`.
    """

    parts: tuple[Fact | Together, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The texts about the end of a fact, which are shown without the fact itself.

    The fact's text `ends` is shown in its last 31 days, and its text `ended` afterwards.
    """

    fact: Fact


type Part = Fact | Text | Together | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one intent.

    `label` names the question as a person would: at most 20 characters in every language, written
    with `button`. The label is the heading of the answer and the button that offers the answer.
    `opening` is shown at once, preferably under 600 characters. `more` is shown after "More about
    this". `urgent` facts precede the opening for citizens of the countries that they concern and
    for people of unknown citizenship. `flow` is the flow that continues the subject; `preset` are
    answers in this flow that the intent implies, "" for a question to ask again. `neighbours` are
    intents that may have been meant instead, likeliest first. `unanswered` marks an intent about
    which no fact is verified: `opening` has only sentences that promise nothing.
    """

    intent: str
    label: Text
    urgent: tuple[Fact, ...] = ()
    opening: tuple[Part | Own, ...] = ()
    more: tuple[Part, ...] = ()
    flow: str | None = None
    preset: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[str, ...] = ()
    unanswered: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return every part of the answer, the urgent ones first."""
        return (*self.urgent, *_flat(self.opening), *self.more)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return every fact of the answer, including those in `Together` parts."""
        return facts_of(self.parts)

    def ordered(self, citizenship: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """Return `opening` and `more` in the order for a citizenship; "" if it is unknown.

        Parts of `more` about the citizenship are moved to the opening. These parts replace parts
        about other countries, which are moved to the end of `more` together with `urgent` facts
        about other countries. An opening that is only about other countries is kept as written.
        """
        urgent = [fact for fact in self.urgent if not citizenship or citizenship in fact.countries]
        opening, more = self._ordered(citizenship)
        others = [fact for fact in self.urgent if fact not in urgent]
        return (*urgent, *opening), (*more, *others)

    def _ordered(self, citizenship: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        own = {part for part in _owned(self.opening) if citizenship in countries_of(part)}
        foreign = [part for part in _owned(self.opening) if part not in own]
        written = [part for part in _flat(self.opening) if part not in foreign]
        raised = [part for part in self.more if citizenship in countries_of(part)]
        if not raised and not any(citizenship in countries_of(part) for part in written):
            kept = [
                part for part in written if not citizenship or not countries_of(part)
            ] or written
            moved = [part for part in written if part not in kept]
            return tuple(kept), (*self.more, *moved, *foreign)
        opening: list[Part] = []
        others: list[Part] = []
        for part in written:
            if countries_of(part) and citizenship not in countries_of(part):
                others.append(part)
                opening += raised
                raised = []
            else:
                opening.append(part)
        more = [part for part in self.more if not countries_of(part)]
        others += [
            part
            for part in self.more
            if countries_of(part) and citizenship not in countries_of(part)
        ]
        return (*opening, *raised), (*more, *others, *foreign)

    def lapsed(self, today: date) -> bool:
        """Return True if the answer has facts and none of them may be shown today."""
        return lapsed(self.parts, today)


def _flat(opening: tuple[Part | Own, ...]) -> tuple[Part, ...]:
    """Return the opening's parts as one list, with those that are only for some citizenships."""
    found: list[Part] = []
    for part in opening:
        found += part.parts if isinstance(part, Own) else (part,)
    return tuple(found)


def _owned(opening: tuple[Part | Own, ...]) -> tuple[Part, ...]:
    """Return the parts of an answer's opening that are only for some citizenships (`Own`)."""
    return tuple(each for part in opening if isinstance(part, Own) for each in part.parts)


def countries_of(part: Part) -> frozenset[str]:
    """Return the ISO codes of the citizenships that this part of an answer concerns.

    Return an empty set if it concerns every citizenship.
    """
    match part:
        case Fact():
            return part.countries
        case Together():
            return part.countries.union(*(fact.countries for fact in part.facts))
        case _:
            return frozenset()


def facts_of(parts: Iterable[Part]) -> tuple[Fact, ...]:
    """Return every fact among the parts of an answer, including those in `Together` parts."""
    found: list[Fact] = []
    for part in parts:
        if isinstance(part, Together):
            found += part.facts
        elif isinstance(part, Fact):
            found.append(part)
    return tuple(found)


def lapsed(parts: Iterable[Part], today: date) -> bool:
    """Return True if an answer's parts contain facts, and none of them may be shown today."""
    facts = facts_of(parts)
    return bool(facts) and not any(fact.current(today) for fact in facts)


def part_texts(parts: Iterable[Part], today: date) -> tuple[Text, ...]:
    """Return the sentences of the parts of an answer, without facts that may not be shown today."""
    lines: list[Text] = []
    for part in parts:
        match part:
            case Fact():
                lines += fact_texts((part,), today)
            case Together():
                lines += _together(part, today)
            case End():
                lines += ending(part.fact, today)
            case Text():
                lines.append(part)
            case _:
                assert_never(part)
    return tuple(dict.fromkeys(lines))


def _together(group: Together, today: date) -> tuple[Text, ...]:
    if all(fact.current(today) for fact in group.facts):
        return part_texts(group.parts, today)
    over = (fact.on(today) for fact in group.facts)
    ended = [fact.ended for fact in over if fact.ended is not None and today > fact.until]
    return (*ended, *([] if group.otherwise is None else [group.otherwise]))
