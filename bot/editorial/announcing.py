"""Draft an announcement of a changed fact to the people whom it concerns.

An announcement is a message to many people; a fact is a sentence with its source and last valid
day.
"""

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

# Topic of the announcement, keyed by the part of the fact's key before the dot. All other facts
# have the topic RULES.
TOPICS = {
    "regional_quota": "support",
    "quota_support": "support",
    "adaptation_services": "support",
    "registry_preregistration": "registration",
}
RULES = "rules"


def audience(fact: Fact, day: date) -> Rule:
    """Return the audience rule that selects whom the fact concerns, by citizenship and programme.

    The rule also selects people with a saved checklist that contains the fact.
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
    """Return True if a checklist of the programme contains the fact, for some citizenship.

    A checklist is the list of papers that a person needs. A fact for certain countries counts as
    contained in every checklist of their citizens. If the shipped version of
    the fact has ended on `day`, the checklist of its last day is used.
    """
    if fact.countries:
        return True
    shown_on = min(day, fact.until)
    for country in ORIGINS:
        result = checklist({"programme": programme.key, "citizenship": country}, shown_on)
        papers = (paper.document.fact.key for paper in result.papers)
        if fact.key in papers or fact.text in (*result.before, *result.after):
            return True
    return False


def announcement_of(fact: Fact, body: Body, day: date) -> Draft:
    """Return the draft of an announcement of a published fact.

    The draft has a text for each language except English: the published sentence and its first
    source.
    """
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
    """Create the draft of an announcement of a published fact.

    An editor completes the draft and a second person approves it. Raises Refused unless the item is
    a published fact with a sentence.
    """
    versions = await drafts.history(rt, officer, item)
    live = next((each for each in versions if each.state == drafts.LIVE), None)
    if live is None or live.body.silent or item not in drafts.SHIPPED:
        raise Refused(Refusal.STATE)
    day = live.body.checked
    return await broadcasts.draft(
        rt, officer, announcement_of(drafts.SHIPPED[item], live.body, day)
    )
