"""Editors are warned before a fact expires and see the sentence that will replace it."""

from datetime import date, timedelta

from bot.content import Body, endings
from bot.content.live import snapshot
from bot.i18n import Languages
from flows.knowledge import cards, quota

LANGUAGES = Languages()
DECEMBER = date(2026, 12, 2)


def test_expiring_facts_are_listed_with_their_replacement_text() -> None:
    listed = {fact.key for fact in endings.ending(DECEMBER)}
    assert quota.PLACES.key in listed
    assert endings.afterwards(quota.PLACES, DECEMBER) == (quota.PLACES.ended,)
    assert endings.afterwards(quota.LAST_YEAR, DECEMBER) == ()
    assert endings.counts(DECEMBER)["ends"] > 0


def test_expiring_facts_list_omits_a_fact_with_a_later_published_last_day() -> None:
    body = Body(
        texts={"en": "Places in 2027: 9.", "ru": "Мест в 2027 году: 9."},
        as_of=DECEMBER, checked=DECEMBER, until=DECEMBER + timedelta(days=150),
    )  # fmt: skip
    edition = snapshot(LANGUAGES, 1, {f"fact:{quota.PLACES.key}": body}).on(DECEMBER)
    assert quota.PLACES.key not in {fact.key for fact in endings.ending(edition)}
    before, after = endings.counts(DECEMBER), endings.counts(edition)
    assert after["ends"] == before["ends"] - 1


def test_fact_changed_by_editors_keeps_the_safety_text_of_the_source_code() -> None:
    until = DECEMBER + timedelta(days=150)
    body = Body(texts={"en": "30 days."}, as_of=DECEMBER, checked=DECEMBER, until=until)
    keys = (cards.CHINA_STAY_ENDS.key, quota.PLACES.key)
    edition = snapshot(LANGUAGES, 1, {f"fact:{key}": body for key in keys}).on(DECEMBER)
    assert cards.CHINA_STAY_ENDS.on(edition).ended == cards.CHINA_STAY_ENDS.ended
    assert quota.PLACES.on(edition).ended == quota.PLACES.ended
    assert cards.CHINA_STAY_ENDS.on(edition).opened, "editors read the source"


def test_expiring_facts_are_not_counted_more_than_30_days_in_advance() -> None:
    assert endings.counts(date(2026, 11, 28)) == {"ended": 0, "ends": 0, "unchecked": 0}
