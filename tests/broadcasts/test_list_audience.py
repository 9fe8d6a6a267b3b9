"""Announcements about a changed checklist reach only people who saved it and want messages."""

from datetime import date
from itertools import product

import pytest

from bot import broadcasts
from bot.broadcasts import Rule
from bot.conversations import external_events
from bot.editorial import announcing
from bot.people import subscriptions
from bot.runtime import Runtime
from flows.checklist import checklist
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import COLLECTED
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from flows.list_changes import LIST, LIST_COUNTRY
from tests.flows.answers import parts
from tests.subscribers import (
    Member,
    ScriptedPlatform,
    count_states,
    create_officers,
    create_subscribers,
    new_draft,
    snapshot_all,
    start,
    with_platforms,
)

STATUS, VISA = "kandas_status", "visa_c10"
ALL_PROGRAMMES = tuple(each.key for each in PROGRAMMES)
OTHER_TOPIC = "rules"


async def add_keepers(rt: Runtime, many: int, programme: str, country: str) -> list[Member]:
    """Create people who want announcements about the topic OTHER_TOPIC and about their checklist.

    A checklist has this programme and country.
    """
    found = await create_subscribers(rt, many, topic=OTHER_TOPIC)
    traits = {LIST: programme, LIST_COUNTRY: country}
    async with rt.pool.connection() as transaction:
        for each in found:
            await subscriptions.watch_list(rt, transaction, each.id, traits)
    return found


async def _count(rt: Runtime, **rule: tuple[str, ...]) -> int:
    officers = await create_officers(rt)
    return (await broadcasts.count(rt, officers.editor, new_draft(rule=Rule(**rule)))).total


async def test_audience_counts_saved_checklists_by_programme_and_country(rt: Runtime) -> None:
    await add_keepers(rt, 3, STATUS, "TR")
    await add_keepers(rt, 2, VISA, "TR")
    await add_keepers(rt, 1, STATUS, "UZ")
    await create_subscribers(rt, 1)
    assert await _count(rt) == 1, "without lists, the subscribers of the topic"
    assert await _count(rt, lists=(STATUS,)) == 5
    assert await _count(rt, lists=(STATUS,), countries=("TR",)) == 3
    assert await _count(rt, lists=ALL_PROGRAMMES, countries=("TR",)) == 5
    assert await _count(rt, lists=(VISA,), countries=("UZ",)) == 0


async def test_audience_of_checklist_changes_does_not_depend_on_chosen_topics(rt: Runtime) -> None:
    (keeper,) = await add_keepers(rt, 1, STATUS, "TR")
    async with rt.pool.connection() as transaction:
        await subscriptions.put(
            rt, transaction, keeper.id, (OTHER_TOPIC,), {"country": "UZ"}, discreet=False
        )
        found = await subscriptions.of_person(transaction, keeper.id)
        assert found is not None
        assert found.declared == ("country",), "the traits of a list are none of a subscription"
    assert await _count(rt, lists=(STATUS,)) == 1
    async with rt.pool.connection() as transaction:
        await subscriptions.put(rt, transaction, keeper.id, (), {}, discreet=False)
    assert await _count(rt, lists=(STATUS,)) == 1
    async with rt.pool.connection() as transaction:
        await subscriptions.unsubscribe(transaction, keeper.id)
    assert await _count(rt, lists=(STATUS,)) == 0


async def test_audience_attributes_are_deleted_with_an_expired_checklist(rt: Runtime) -> None:
    (keeper,) = await add_keepers(rt, 1, STATUS, "TR")
    await external_events.forget_unfinished(rt, keeper.id)
    assert await _count(rt, lists=(STATUS,)) == 0


async def test_audience_attributes_of_a_checklist_are_stored_as_keyed_hashes(rt: Runtime) -> None:
    await add_keepers(rt, 1, STATUS, "TR")
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT kind, token FROM audience_attributes")
        stored = {kind: bytes(token) for kind, token in await cursor.fetchall()}
    assert stored.keys() == {LIST, LIST_COUNTRY}
    assert stored[LIST_COUNTRY] in subscriptions.tokens(rt, LIST_COUNTRY, "TR")
    assert stored[LIST_COUNTRY] not in subscriptions.tokens(rt, "country", "TR")


async def test_checklist_broadcast_skips_people_who_opted_out_before_sending(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    stays, stops, _other = (
        *await add_keepers(rt, 2, STATUS, "TR"),
        *await add_keepers(rt, 1, VISA, "TR"),
    )
    found = await start(rt, await create_officers(rt), new_draft(rule=Rule(lists=(STATUS,))))
    await snapshot_all(rt, found)
    async with rt.pool.connection() as transaction:
        await subscriptions.watch_list(rt, transaction, stops.id, {})
    await broadcasts.send_shard(rt, found.id, 0)
    assert post.addresses == [stays.address]
    assert await count_states(rt, found) == {"accepted": 1, "skipped opted_out": 1}


def test_broadcast_about_a_changed_fact_selects_checklists_with_the_fact() -> None:
    rules = {fact.key: announcing.audience(fact) for fact in FACTS}
    assert (rules["tr.stay"].countries, rules["tr.stay"].lists) == (("TR",), ALL_PROGRAMMES)
    assert rules["documents.photo_35x45"].lists == ("prp", VISA)
    assert rules[f"{STATUS}.fee"].lists == (STATUS,)
    assert rules["documents.originals"].lists == (STATUS,)
    assert rules["living.legal_help"].lists == (STATUS, "prp", "citizenship_simplified")
    assert rules["pilot_2026.phase"].lists == (STATUS, "kandas_extension", "prp")
    assert not rules["contacts.ucc_1414"].lists


@pytest.mark.parametrize("programme", ALL_PROGRAMMES)
@pytest.mark.parametrize("country", [*ORIGINS, "DE", "FR", "stateless"])
def test_broadcast_about_a_fact_selects_each_checklist_with_the_fact(
    programme: str, country: str
) -> None:
    answers = {"programme": programme, "citizenship": country, "location": "origin"}
    made = checklist(answers, COLLECTED)
    remarks = (remark for paper in made.papers for remark in paper.remarks)
    for shown in {part for text in (*made.before, *made.after, *remarks) for part in parts(text)}:
        # Several facts may have the same sentence.
        facts = [fact for fact in FACTS if fact.text == shown]
        selected = [programme in announcing.audience(fact).lists for fact in facts]
        assert any(selected) or not facts, shown.msgid


def test_broadcast_about_a_fact_selects_exactly_its_countries() -> None:
    wrong = [each.key for each in FACTS if {*announcing.audience(each).countries} != each.countries]
    assert wrong == []


@pytest.mark.parametrize("programme", ALL_PROGRAMMES)
def test_broadcast_about_a_paper_selects_each_checklist_with_the_paper(programme: str) -> None:
    families, proofs = ("alone", "both"), ("yes", "no")
    for country, family, proof in product(ORIGINS, families, proofs):
        answers = {"programme": programme, "citizenship": country, "location": "origin"}
        answers |= {"family": family, "ethnicity_papers": proof}
        for paper in checklist(answers, COLLECTED).papers:
            assert programme in announcing.audience(paper.document.fact).lists, paper.document.key


@pytest.mark.parametrize("day", [date(2026, 12, 15), date(2027, 1, 15)], ids=str)
def test_broadcast_about_a_fact_that_a_checklist_ends_selects_it(day: date) -> None:
    ending = {text: fact for fact in FACTS for text in (fact.ends, fact.ended) if text}
    for programme, country in product(ALL_PROGRAMMES, ORIGINS):
        made = checklist({"programme": programme, "citizenship": country}, day)
        for fact in filter(None, map(ending.get, made.before)):
            assert programme in announcing.audience(fact).lists, fact.key
