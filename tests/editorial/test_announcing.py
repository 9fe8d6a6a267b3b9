"""The topic of the announcement that Kosh proposes for a published fact."""

from datetime import date

import pytest

from bot.content import Body
from bot.editorial.announcing import RULES, TOPICS, announcement_of
from flows.knowledge import documents, quota, settling, topics
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import Fact

TODAY = date(2026, 11, 30)
BODY = Body(texts={"ru": "Новое правило."}, as_of=TODAY, checked=TODAY, until=TODAY)


@pytest.mark.parametrize(
    "fact", [*quota.QUOTA, *quota.DUTIES, settling.ADAPTATION], ids=lambda fact: fact.key
)
def test_announcement_of_quota_and_money_has_the_topic_of_support(fact: Fact) -> None:
    assert announcement_of(fact, BODY).topic == "support"


def test_announcement_of_another_fact_has_the_topic_of_rules() -> None:
    assert announcement_of(documents.IIN.fact, BODY).topic == RULES


def test_announcement_topics_are_keyed_by_prefixes_of_facts() -> None:
    assert TOPICS.keys() <= {fact.key.partition(".")[0] for fact in FACTS}
    assert {RULES, *TOPICS.values()} <= {each.key for each in topics.TOPICS}
