"""A fact has a source, a date and a last day, after which it is not shown."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import assembled
from flows.about import ABOUT
from flows.engine.effects import Submit
from flows.engine.text import Text
from flows.knowledge import catalogue
from flows.knowledge.facts import (
    COLLECTED,
    REVIEW_MONTHS,
    REVIEW_WEEKS,
    About,
    Dated,
    Fact,
    Withheld,
    fact_texts,
    months_after,
)
from flows.knowledge.kandas import CHANNELS
from flows.knowledge.missions import MISSIONS
from flows.knowledge.pilot_2026 import BESIDE_THE_STAGES, PHASE, PILOT
from flows.knowledge.quota import DUTIES, QUOTA
from flows.knowledge.registry import NO_PROMISE
from flows.knowledge.sources import FIRST_WORDS, PAGES, read_on, seen
from tests.flows.chat import LANGUAGES, WORDS

FACTS, WITHHELD = catalogue.FACTS, catalogue.WITHHELD
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def text_values(sentence: Text) -> dict[str, object]:
    return dict(sentence.values)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.key)
def test_fact_has_a_source_and_its_dates_are_in_order(fact: Fact) -> None:
    assert fact.sources
    assert all(source.startswith(("https://", "http://")) for source in fact.sources)
    assert fact.as_of <= fact.checked <= fact.until
    assert fact.since <= fact.until
    assert fact.until <= months_after(fact.checked, 2 * REVIEW_MONTHS[fact.about])


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.key)
def test_fact_is_rendered_with_its_date_from_first_to_last_day(fact: Fact) -> None:
    sentence, *rest = fact_texts([fact], fact.until)
    assert tuple(rest) == ((fact.ends,) if fact.ends else ())
    values = text_values(sentence)
    assert values.pop("fact") == fact.text
    assert values in ({"date": fact.as_of}, {"year": fact.as_of.year})
    over = fact_texts([fact], fact.until + timedelta(days=1))
    assert over == ((fact.ended,) if fact.ended else ())
    assert fact.since == date.min or fact_texts([fact], fact.since - timedelta(days=1)) == ()


@pytest.mark.parametrize("dated", Dated)
def test_fact_states_that_only_an_excerpt_of_its_source_was_read(dated: Dated) -> None:
    page = next(iter(PAGES))
    fact = Fact(key="a.b", text=NO_PROMISE, sources=("https://a.kz/b",), as_of=COLLECTED)
    (excerpt,) = fact_texts([replace(fact, dated=dated)], COLLECTED)
    assert "we saw only an excerpt" in WORDS.render(excerpt, "en")
    assert "отрывок" in WORDS.render(excerpt, "ru")
    for read in (replace(fact, sources=(page,)), replace(fact, published=True)):
        (sentence,) = fact_texts([replace(read, dated=dated)], COLLECTED)
        assert "excerpt" not in WORDS.render(sentence, "en")


def test_facts_without_an_opened_source_all_mention_the_excerpt() -> None:
    facts = [fact for fact in FACTS if not fact.opened]
    assert facts
    for fact in facts:
        (sentence, *_rest) = fact_texts([fact], fact.until)
        assert "only an excerpt" in sentence.msgid, fact.key


def test_fact_date_is_no_more_precise_than_its_source() -> None:
    fact = Fact(key="a.b", text=NO_PROMISE, sources=("https://a.kz",), as_of=date(2024, 1, 1))
    by_year = fact_texts([replace(fact, dated=Dated.YEAR)], COLLECTED)
    assert "2024" in WORDS.render(by_year[0], "ru")
    assert "января" not in WORDS.render(by_year[0], "ru")
    read = fact_texts([replace(fact, dated=Dated.READ, as_of=COLLECTED)], COLLECTED)
    assert "без даты" in WORDS.render(read[0], "ru")
    assert "отрывок" in WORDS.render(read[0], "ru")


@pytest.mark.parametrize(
    ("about", "review", "last"),
    (
        (About.FEE, date(2027, 2, 24), date(2027, 5, 24)),
        (About.RIGHTS, date(2027, 3, 24), date(2027, 7, 24)),
        (About.PAPERS, date(2027, 4, 24), date(2027, 9, 24)),
        (About.CONTACT, date(2027, 2, 24), date(2027, 5, 24)),
        (About.VISA, date(2027, 2, 24), date(2027, 5, 24)),
        (About.LAW, date(2027, 5, 24), date(2027, 11, 24)),
        (About.HISTORY, date(2027, 11, 24), date(2028, 11, 24)),
    ),
)
def test_review_date_and_last_day_of_a_fact_depend_on_its_kind(
    about: About, review: date, last: date
) -> None:
    fact = Fact(key="a.b", text=NO_PROMISE, sources=("https://a.kz/b",), as_of=COLLECTED)
    early = review - replace(fact, about=about).review
    assert timedelta(0) <= early < timedelta(weeks=REVIEW_WEEKS)
    assert early % timedelta(weeks=1) == timedelta(0)
    assert replace(fact, about=about, until=date.max).until == last
    assert replace(fact, about=about, until=COLLECTED).until == COLLECTED


@pytest.mark.parametrize(
    ("day", "months", "later"),
    (
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ),
)
def test_months_after_a_date_end_on_the_last_day_of_a_shorter_month(
    day: date, months: int, later: date
) -> None:
    assert months_after(day, months) == later


@pytest.mark.parametrize(
    ("today", "count"),
    (
        (date(2026, 11, 30), 1),
        (date(2026, 12, 1), 2),
        (date(2026, 12, 31), 2),
        (date(2027, 1, 1), 1),
        (date(2028, 1, 1), 1),
    ),
)
def test_facts_ending_with_the_year_are_announced_from_1_december(today: date, count: int) -> None:
    texts = fact_texts([PHASE], today)
    assert len(texts) == count
    assert (PHASE.ends in texts) == (date(2026, 12, 1) <= today <= date(2026, 12, 31))
    assert (PHASE.ended in texts) == (today >= date(2027, 1, 1))


@given(DAYS)
def test_facts_are_rendered_only_between_first_and_last_day(today: date) -> None:
    sentences = [text_values(sentence) for sentence in fact_texts(FACTS, today)]
    texts = {sentence["fact"] for sentence in sentences if "fact" in sentence}
    assert texts == {fact.text for fact in FACTS if fact.since <= today <= fact.until}


@pytest.mark.parametrize("fact", (*PILOT, *BESIDE_THE_STAGES, *QUOTA), ids=lambda fact: fact.key)
def test_facts_of_the_2026_pilot_and_quota_are_not_rendered_from_2027(fact: Fact) -> None:
    assert fact_texts([fact], date(2026, 12, 31))
    assert fact_texts([fact], date(2027, 1, 1)) == ((fact.ended,) if fact.ended else ())


def test_about_flow_shows_the_disclaimer_when_every_fact_has_expired() -> None:
    last = max(fact.until for fact in FACTS)
    texts = ABOUT.outcome(Submit("about", {}, {}), last + timedelta(days=1)).texts
    assert NO_PROMISE in texts
    assert not any("fact" in text_values(text) for text in texts)


# Unique keys, and withheld facts (reviewed notes that people must not see)


def test_fact_keys_are_unique() -> None:
    keys = Counter([*(fact.key for fact in FACTS), *(note.key for note in WITHHELD)])
    assert [key for key, times in keys.items() if times > 1] == []


def test_withheld_fact_has_no_user_visible_text() -> None:
    assert len(WITHHELD) > 60
    for note in WITHHELD:
        assert isinstance(note.words, str)
        assert not any(isinstance(value, Text) for value in vars_of(note))


def vars_of(note: Withheld) -> list[object]:
    return [getattr(note, name) for name in Withheld.__slots__]


# The commands `./kosh facts …`, and the rules for sources and reviews


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(assembled(), ["facts", *words])
    return result.exit_code, result.output


def test_facts_due_command_lists_facts_that_expire_soon_or_have_expired() -> None:
    code, output = run("due", "--today", "2026-11-24", "--days", "60", "--months", "6")
    assert code == 1
    assert "pilot_2026.step_1_test: said for the last time on 2026-12-31" in output
    assert "kandas_status.fee" not in output
    _code, output = run("due", "--today", "2027-01-01", "--days", "1", "--months", "6")
    assert "pilot_2026.step_1_test: silent since 2027-01-01" in output


def test_facts_on_date_command_prints_each_intent_with_its_expired_facts() -> None:
    code, output = run("on", "2027-01-01", "--only", "test.")
    assert code == 0
    assert "test.language: Language test (opens interview)" in output
    assert WORDS.render(PHASE.ended or NO_PROMISE, "en") in output
    assert "silent: pilot_2026.phase, pilot_2026.step_1_test" in output
    assert "kandas.what" not in output


def test_facts_on_date_command_marks_intents_without_a_verified_answer() -> None:
    _code, output = run("on", "2026-11-28", "--lang", "ru", "--only", "kandas.term")
    assert "(no verified answer)" in output
    assert "Мы не можем сказать" in output


def test_facts_on_date_command_prints_each_flow_with_its_ended_facts() -> None:
    _code, output = run("on", "2027-01-01", "--only", "interview stages")
    assert output.splitlines()[0] == "interview stages:"
    assert f"  {WORDS.render(PHASE.ended or NO_PROMISE, 'en')}\n" in output
    _code, output = run("on", "2027-06-01", "--only", "checklist regional_quota")
    assert all(WORDS.render(duty.text, "en") in output for duty in DUTIES)


def test_facts_on_date_command_marks_answers_with_only_expired_facts() -> None:
    _code, output = run("on", "2031-01-01", "--only", "kandas.what")
    assert "LAPSED" in output


def test_facts_sources_command_marks_sources_as_opened_or_excerpt() -> None:
    code, output = run("sources")
    assert code == 0
    for fact in FACTS:
        assert f"{fact.key}: checked {fact.checked}, to be checked again by {fact.review}" in output
        for source in fact.sources:
            day = read_on(source, COLLECTED)
            assert f"  {seen(source):8} {day}  {source}\n" in output
    assert f"{len(FACTS)} facts, {sum(fact.opened for fact in FACTS)} with an opened page" in output


def test_facts_sources_command_prints_json() -> None:
    code, output = run("sources", "--only", "kandas_status.channels", "--json")
    assert code == 0
    (fact,) = json.loads(output)
    assert fact["key"] == "kandas_status.channels"
    assert {"url": CHANNELS.sources[0], "seen": "opened", "read": "2026-11-28"} in fact["sources"]


def _is_exact(source: str) -> bool:
    """Return False for a home page, and for a page of many articles without its first words."""
    is_home = re.fullmatch(r"https?://[^/]+/?(?:[a-z]{2}/?)?", source)
    is_list = re.search(r"/(?:tag/[^/]+|page/\d+)/?$", source)
    return not is_home and (not is_list or source in FIRST_WORDS)


@pytest.mark.parametrize("known", (*FACTS, *WITHHELD), ids=lambda known: known.key)
def test_fact_source_is_an_exact_page(known: Fact | Withheld) -> None:
    assert [source for source in known.sources if not _is_exact(source)] == []


def test_mission_source_is_an_exact_page() -> None:
    assert [each.source for each in MISSIONS if not _is_exact(each.source)] == []


@pytest.mark.parametrize(
    ("source", "exact"),
    (
        ("https://a.kz", False),
        ("https://a.kz/", False),
        ("https://a.kz/en/", False),
        ("https://a.kz/tag/news/", False),
        ("https://a.kz/en/news/1", True),
        ("https://kz.kursiv.media/kk/category/news/page/329", True),
    ),
)
def test_exact_page_check_rejects_home_pages_and_article_lists(source: str, *, exact: bool) -> None:
    assert _is_exact(source) is exact


def test_pages_listed_as_opened_are_all_cited_as_sources() -> None:
    cited = {source for fact in FACTS for source in fact.sources}
    cited |= {source for note in WITHHELD for source in note.sources}
    cited |= {each.source for each in MISSIONS}
    assert set(PAGES) - cited == set()


def test_fact_check_date_is_the_day_its_source_was_last_read() -> None:
    page = next(iter(PAGES))
    fact = Fact(key="a.b", text=NO_PROMISE, sources=("https://a.kz/b",), as_of=COLLECTED)
    assert (fact.checked, fact.opened) == (COLLECTED, False)
    opened = Fact(key="a.b", text=NO_PROMISE, sources=("https://a.kz/b", page), as_of=COLLECTED)
    assert (opened.checked, opened.opened) == (PAGES[page], True)


def test_fact_review_dates_are_spread_over_many_days() -> None:
    reviews = Counter(fact.review for fact in FACTS)
    assert len(reviews) >= 20
    assert max(reviews.values()) < len(FACTS) / 6
    last = Counter(fact.until for fact in FACTS)
    assert max(last.values()) < len(FACTS) / 3


def test_facts_of_one_page_are_reviewed_on_the_same_day() -> None:
    found: dict[tuple[object, ...], set[date]] = {}
    for fact in FACTS:
        days = found.setdefault((fact.sources[0], fact.about, fact.checked), set())
        days.add(fact.review)
    assert [key for key, days in found.items() if len(days) > 1] == []


def test_facts_due_command_prints_json() -> None:
    code, output = run("due", "--today", "2026-11-24", "--json")
    assert code == 1
    assert {
        "key": "pilot_2026.step_1_test",
        "why": "said for the last time on 2026-12-31",
        "until": "2026-12-31",
    } in json.loads(output)


def test_facts_due_command_lists_facts_with_an_overdue_check() -> None:
    _code, output = run("due", "--today", "2027-06-01", "--days", "0", "--months", "6")
    assert "kandas_status.channels: last checked on 2026-11-28" in output
    assert "kandas_status.fee: silent since 2027-05-30" in output
    _code, output = run("due", "--today", "2027-03-01", "--days", "0")
    assert "kandas_status.fee: last checked on 2026-11-29, was to be checked by" in output
    assert run("due", "--today", "2026-11-25", "--days", "0", "--months", "6") == (
        0,
        "Nothing is due.\n",
    )


@pytest.mark.parametrize("words", [("due", "--today", "tomorrow"), ("on", "2027-02-30")])
def test_facts_command_refuses_a_wrong_date_with_its_own_status(words: tuple[str, ...]) -> None:
    """Check for status 2, since status 1 of `facts due` means that facts are due."""
    code, output = run(*words)
    assert code == 2
    assert words[-1] in output


def test_facts_explain_command_shows_a_fact_in_every_language() -> None:
    code, output = run("explain", "kandas_status.validity")
    fact = catalogue.find("kandas_status.validity")
    assert isinstance(fact, Fact)
    assert code == 0
    for language in LANGUAGES:
        assert WORDS.render(fact.text, language) in output
    assert all(source in output for source in fact.sources)
    assert "as of    2023-01-01 (dated by year); checked 2026-11-28" in output


def test_facts_explain_command_states_why_a_fact_is_withheld() -> None:
    code, output = run("explain", "nationality_commission.dna")
    assert code == 0
    assert "not verified; never said, an officer answers" in output
    assert "for editors only" in run("explain", "kandas_status.name_change")[1]


def test_facts_explain_command_suggests_keys_for_an_unknown_key() -> None:
    code, output = run("explain", "kandas_status.nothing")
    assert code == 1
    assert "kandas_status.fee" in output
