"""Propose an announcement of a changed fact to the people whom it concerns."""

from datetime import date

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, Rule, Words
from bot.content.model import ENGLISH, Body
from bot.editorial import drafts
from bot.editorial.refusals import Refusal, Refused
from bot.officers.directory import Officer
from bot.runtime import Runtime
from flows.checklist import checklist
from flows.knowledge.facts import Fact
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES, Programme

# Topics of announcements by the first part of a fact's key; other facts are about rules.
TOPICS = {"quota": "support", "support": "support", "registry_preregistration": "registration"}
RULES = "rules"


def audience(fact: Fact, day: date) -> Rule:
    """Return who is concerned: citizens of the fact's countries, and those of its programme.

    People who keep a list that says the fact are added.
    """
    programme = fact.key.partition(".")[0]
    return Rule(
        countries=tuple(each for each in ORIGINS if each in fact.countries),
        programmes=tuple(each.key for each in PROGRAMMES if each.key == programme),
        lists=tuple(
            each.key for each in PROGRAMMES if each.key == programme or _says(each, fact, day)
        ),
    )


def _says(programme: Programme, fact: Fact, day: date) -> bool:
    """Return whether a list of the programme concerns the fact, for any citizenship.

    A fact of one country concerns the lists of its citizens, whatever they are for.
    """
    if fact.countries:
        return True
    for country in ORIGINS:
        made = checklist({"programme": programme.key, "citizenship": country}, day)
        papers = (paper.document.fact.key for paper in made.papers)
        if fact.key in papers or fact.text in (*made.before, *made.after):
            return True
    return False


def proposed(fact: Fact, body: Body, day: date) -> Draft:
    """Return the announcement of a published fact: its sentence and source in each language."""
    source = "".join(f"\n{each}" for each in body.sources[:1])
    return Draft(
        purpose=Purpose.NEWS,
        topic=TOPICS.get(fact.key.partition(".")[0], RULES),
        texts={
            code: Words(f"{text}{source}") for code, text in body.texts.items() if code != ENGLISH
        },
        rule=audience(fact, day),
        why=f"The published fact {fact.key} has changed.",
    )


async def propose(rt: Runtime, officer: Officer, item: str) -> Broadcast:
    """Create the draft of an announcement; an editor completes it, a second person approves it.

    Raises Refused unless the fact is published with a sentence.
    """
    versions = await drafts.history(rt, officer, item)
    live = next((each for each in versions if each.state == drafts.LIVE), None)
    if live is None or live.body.silent or item not in drafts.SHIPPED:
        raise Refused(Refusal.STATE)
    day = live.body.checked
    return await broadcasts.draft(rt, officer, proposed(drafts.SHIPPED[item], live.body, day))
