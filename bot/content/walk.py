"""Render all content that people can get on a day, in every language and script, to find faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.content.live import snapshot
from bot.content.model import ENGLISH, Body, Kind
from bot.i18n import Languages
from flows.checklist import checklist
from flows.engine.edition import Edition
from flows.engine.text import Text
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import fact_texts
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from flows.missions import missions
from flows.replies import REPLIES

# Citizenships whose answers differ most from one another, and an unknown citizenship ('').
CITIZENSHIPS = ("", "CN", "UZ", "MN", "TR", "RU")


@dataclass(frozen=True, slots=True)
class Walked:
    """The number of distinct sentences rendered, and a description of each fault."""

    sentences: int
    faults: tuple[str, ...]


def walk(languages: Languages, day: date) -> Walked:
    """Render every answer, fact, checklist and contact of a day in every written form.

    A written form is a language in one script. Return the faults that rendering finds.
    """
    texts: dict[Text, str] = {}
    for place, text in _all_texts(day):
        texts.setdefault(text, place)
    faults = [fault for text, place in texts.items() for fault in _faults(languages, place, text)]
    return Walked(len(texts), tuple(faults))


def replace_facts(languages: Languages, day: date) -> date:
    """Return an edition in which every fact is replaced by a published copy with the same texts.

    An edition is a `date` that also carries published content. Rendering the returned edition runs
    the code for published content, on texts whose correct output is known.
    """
    return snapshot(languages, 1, _bodies(languages, day)).on(day)


def _bodies(languages: Languages, day: date) -> Mapping[str, Body]:
    codes = (ENGLISH, *(code for code, _own in languages.languages()))
    return {
        f"{Kind.FACT}:{fact.key}": Body(
            texts={code: languages.render(fact.text, code) for code in codes},
            sources=fact.sources,
            as_of=day,
            checked=day,
            until=day + timedelta(days=30),
        )
        for fact in FACTS
    }


def _all_texts(day: date) -> Iterator[tuple[str, Text]]:
    for fact in FACTS:
        yield from ((f"fact {fact.key}", text) for text in fact_texts([fact], day))
    published = day.replies if isinstance(day, Edition) else {}
    for intent, reply in {**REPLIES, **published}.items():
        for citizenship in CITIZENSHIPS:
            texts = (*reply.opening(day, citizenship), *reply.more(day, citizenship))
            yield from ((f"answer {intent}", text) for text in texts)
    for programme in PROGRAMMES:
        for country in ORIGINS:
            result = checklist({"programme": programme.key, "citizenship": country}, day)
            texts = (*result.before, *result.after, *(r for p in result.papers for r in p.remarks))
            yield from ((f"list {programme.key} {country}", text) for text in texts)
    for country in ORIGINS:
        yield from ((f"contacts {country}", text) for text in missions(country, day))


def _faults(languages: Languages, place: str, text: Text) -> Iterator[str]:
    for code, _own in languages.languages():
        words = languages.render(text, code)
        if not words.strip():
            yield f"{place}: nothing is said in {code}"
        elif "{" in words or "}" in words:
            yield f"{place}: a place is not filled in: {code}"
