"""Draft an announcement of a changed fact to the people whom it concerns.

An announcement is a message to many people; a fact is a sentence with its source and last valid
day.
"""

from hashlib import sha256

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, Rule, Words
from bot.content.model import ENGLISH, Body, fact_of
from bot.db.statements import database_time
from bot.editorial import drafts
from bot.editorial.refusals import Refusal, Refused
from bot.officers.directory import Officer
from bot.runtime import Runtime
from flows.knowledge import laws
from flows.knowledge.facts import Fact
from flows.knowledge.programmes import PROGRAMMES, Programme, ending_facts

# Topic of the announcement, keyed by the part of the fact's key before the dot. All other facts
# have the topic RULES.
TOPICS = {
    "regional_quota": "support",
    "quota_support": "support",
    "adaptation_services": "support",
    "registry_preregistration": "registration",
}
RULES = "rules"


def audience(fact: Fact) -> Rule:
    """Return the audience rule that selects whom the fact concerns, by citizenship and programme.

    The rule also selects people with a saved checklist that may contain the fact.
    """
    programme = fact.key.partition(".")[0]
    return Rule(
        # Every country of the fact: a rule without a country selects the lists of all countries.
        countries=tuple(sorted(fact.countries)),
        programmes=tuple(each.key for each in PROGRAMMES if each.key == programme),
        lists=tuple(each.key for each in PROGRAMMES if each.key == programme or _lists(each, fact)),
    )


def _lists(programme: Programme, fact: Fact) -> bool:
    """Return True if a checklist (list of papers) of the programme may contain the fact.

    If a fact applies only to some countries, assume that every checklist of their citizens contains
    it. Ignore the day, because editors may publish a fact again after its last day. Ignore the
    person's situation, because a stored checklist keeps papers that only some people need.
    """
    documents = (fact for need in programme.needs for fact in need.document.facts)
    others = (
        # These two facts are for citizens of all countries without facts of their own.
        *((laws.OTHER,) if programme.confirmed else ()),
        *((laws.OTHER_ENTRY,) if programme.key == "visa_c10" else ()),
        *programme.facts,
        *programme.warnings,
        *programme.stateless,
        *ending_facts(programme),
    )
    return bool(fact.countries) or fact.key in {each.key for each in (*documents, *others)}


def announcement_of(fact: Fact, body: Body) -> Draft:
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
        rule=audience(fact),
        why=f"The published fact {fact.key} has changed.",
    )


async def propose(rt: Runtime, officer: Officer, item: str, key: str) -> Broadcast:
    """Create the draft of an announcement of a published fact, once per `key`.

    An editor completes the draft and a second person approves it. Raises Refused unless the item is
    a published fact with a sentence that people still read.
    """
    versions = await drafts.history(rt, officer, item)
    live = next((each for each in versions if each.state == drafts.LIVE), None)
    if live is None or live.body.silent or item not in drafts.SHIPPED:
        raise Refused(Refusal.STATE)
    async with rt.pool.connection() as transaction:
        today = (await database_time(transaction)).date()
    if (until := fact_of(rt.languages, drafts.SHIPPED[item], live.body).until) < today:
        raise Refused(Refusal.EXPIRED, until.isoformat())
    draft = announcement_of(drafts.SHIPPED[item], live.body)
    once = sha256(key.encode() + draft.content_hash)
    return await broadcasts.draft_once(rt, officer, draft, once.hexdigest(), once.digest())
