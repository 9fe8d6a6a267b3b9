"""Propose an announcement of a changed fact to the people whom it concerns."""

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, Rule, Words
from bot.content.model import ENGLISH, Body
from bot.editorial import drafts
from bot.editorial.refusals import Refusal, Refused
from bot.officers.directory import Officer
from bot.runtime import Runtime
from flows.knowledge.facts import Fact
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES

# Topics of announcements by the first part of a fact's key; other facts are about rules.
TOPICS = {"quota": "support", "support": "support", "registry_preregistration": "registration"}
RULES = "rules"


def audience(fact: Fact) -> Rule:
    """Return who is concerned: citizens of the fact's countries, and those of its programme."""
    programme = fact.key.partition(".")[0]
    return Rule(
        countries=tuple(each for each in ORIGINS if each in fact.countries),
        programmes=tuple(each.key for each in PROGRAMMES if each.key == programme),
    )


def proposed(fact: Fact, body: Body) -> Draft:
    """Return the announcement of a published fact: its sentence and source in each language."""
    source = "".join(f"\n{each}" for each in body.sources[:1])
    return Draft(
        purpose=Purpose.NEWS,
        topic=TOPICS.get(fact.key.partition(".")[0], RULES),
        texts={
            code: Words(f"{text}{source}") for code, text in body.texts.items() if code != ENGLISH
        },
        rule=audience(fact),
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
    return await broadcasts.draft(rt, officer, proposed(drafts.SHIPPED[item], live.body))
