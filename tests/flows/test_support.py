"""The flow about the state's support shows each amount with its conditions, and only in its year.

The amounts are multiples of the monthly calculation index (MCI).
"""

import re
from dataclasses import replace
from datetime import date

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from flows import support as flow
from flows.engine.edition import Edition
from flows.engine.language_protocol import Refusal
from flows.engine.refusals import REFUSALS
from flows.engine.text import Text
from flows.knowledge import quota
from flows.knowledge.facts import Fact, fact_texts
from flows.knowledge.regions import REGIONS
from flows.knowledge.support import MCI, PLACES, amounts
from flows.replies import understanding
from flows.support import AREAS, result_texts
from tests.flows.answers import NEXT_YEAR, TODAY, parts
from tests.flows.chat import LANGUAGES, WORDS, Chat

REAL = understanding(EngineRecognizer.load())


def result_sentences(today: date = TODAY, **answers: str) -> list[Text]:
    situation = {"area": "undecided", "people": "1", "rent": "yes", **answers}
    return [part for text in result_texts(situation, today) for part in parts(text)]


def test_support_amounts_match_the_sources() -> None:
    assert MCI == {2025: 3932, 2026: 4325}
    one = amounts(1)
    assert (one.relocation, one.rent_least, one.rent_most) == (302_750, 64_875, 129_750)
    assert one.certificate == 7_028_125
    assert amounts(1, 2025).relocation == 275_240
    assert amounts(6).relocation == 6 * 302_750


def test_support_facts_state_the_multiples_of_the_calculation_index() -> None:
    values = dict(quota.RELOCATION.text.values) | dict(quota.RENT.text.values)
    assert values == {"mci": 70, "least": 15, "most": 30, "months": 12}
    assert dict(quota.HOME.text.values) == {"mci": 1625}
    assert dict(quota.PLACES.text.values)["places"] == sum(PLACES[2026].values()) == 2281
    assert dict(quota.LAST_YEAR.text.values)["places"] == sum(PLACES[2025].values()) == 2309
    assert dict(quota.PLACES.text.values)["regions"] == len(PLACES[2026])


def test_support_flow_offers_every_region_exactly_once() -> None:
    chosen = [key for keys in AREAS.values() for key in keys]
    assert sorted(chosen) == sorted(region.key for region in REGIONS)
    assert {key for year in PLACES.values() for key in year} <= set(chosen)


def test_support_region_shows_its_number_of_quota_places() -> None:
    (sentence,) = [text for text in result_sentences(area="west", region_west="atyrau")
               if text.msgid == flow.HAS_PLACES.msgid]  # fmt: skip
    assert dict(sentence.values)["places"] == 125


def test_support_region_without_quota_places_shows_the_chart() -> None:
    texts = result_sentences(area="south", region_south="almaty")
    assert any(text.msgid == flow.HAS_NONE.msgid for text in texts)
    assert any(text.msgid == flow.CHART.msgid for text in texts), "where there are places"


@pytest.mark.parametrize("language", LANGUAGES)
def test_support_chart_shows_a_figure_for_each_bar(language: str) -> None:
    chart = WORDS.render(flow.chart(), language)
    for places in PLACES[2026].values():
        assert re.search(rf"▇+\D*{places}", chart)


def test_support_amounts_come_with_conditions_and_obligations() -> None:
    texts = result_sentences()
    for fact in (quota.SHARE, quota.WHO_GETS, quota.DUTY, quota.REPAY):
        assert fact.text in texts
    assert flow.NOT_FOR_ALL in texts
    assert any(text.msgid == flow.ONLY_IF.msgid for text in texts)


def test_support_omits_rent_without_a_rented_home() -> None:
    rent = [text.msgid == flow.SUM_RENT.msgid for text in result_sentences(rent="no")]
    assert not any(rent)


def test_support_flow_shows_no_amount_after_the_quota_year() -> None:
    texts = result_sentences(today=NEXT_YEAR, area="west", region_west="atyrau", people="5")
    assert quota.PLACES.ended in texts
    assert not any("tenge" in text.msgid for text in texts)


@pytest.mark.parametrize("today", [date(2026, 12, 20), date(2027, 1, 20)], ids=str)
def test_support_omits_shipped_figures_after_editors_published_a_new_quota(today: date) -> None:
    published = replace(quota.PLACES, text=Text("The quota of 2027."), until=date(2027, 12, 31),
                        ends=None, ended=None, published=True)  # fmt: skip
    edition: Edition[Fact, object] = Edition.of(today, {quota.PLACES.key: published}, {}, (), {})
    for region in ("almaty", "atyrau"):
        texts = result_sentences(edition, area="west", region_west=region)
        assert published.text in texts
        shipped = (flow.HAS_PLACES, flow.HAS_NONE, flow.CHART, flow.SUM_RELOCATION)
        assert not {text.msgid for text in shipped} & {text.msgid for text in texts}


@pytest.mark.parametrize("today", [TODAY, date(2026, 12, 20)], ids=str)
def test_support_dates_the_quota_without_a_chosen_region(today: date) -> None:
    shown = tuple(result_texts({"area": "undecided", "people": "4"}, today))
    dated = fact_texts((quota.PLACES,), today)
    assert shown[: len(dated)] == dated
    assert "30 December 2025" in WORDS.render(shown[0], "en")


def test_support_shows_no_sum_after_editors_published_an_amount() -> None:
    today = date(2026, 12, 20)
    published = replace(quota.MCI_2026, text=Text("The index of 2027."), published=True)
    edition: Edition[Fact, object] = Edition.of(today, {quota.MCI_2026.key: published}, {}, (), {})
    texts = result_sentences(edition, area="west", region_west="atyrau")
    assert published.text in texts
    assert {flow.HAS_PLACES.msgid} <= {text.msgid for text in texts}
    assert flow.SUM_RELOCATION.msgid not in {text.msgid for text in texts}


def test_support_family_amount_is_shown_with_thousands_separators() -> None:
    chat = Chat.start("ru", "support").presses("north_east", "pavlodar").says("5")
    chat.presses("unsure")
    assert "1\N{NO-BREAK SPACE}513\N{NO-BREAK SPACE}750" in chat.text
    assert "977" in chat.text


@pytest.mark.parametrize(
    ("language", "apart"),
    [
        ("kk", "\N{NO-BREAK SPACE}"),
        ("uz_Cyrl", "\N{NO-BREAK SPACE}"),
        ("kk_Arab", ","),
        ("zh_Hans", ","),
    ],
)
def test_support_thousands_separator_follows_the_language(language: str, apart: str) -> None:
    chat = Chat.start(language, "support").presses("north_east", "pavlodar").says("5")
    chat.presses("unsure")
    for figure in ("1 513 750", "7 028 125", "4 325", "16 805"):
        assert figure.replace(" ", apart) in chat.text
    assert "2026" in chat.text


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "5 человек"),
        ("kk", "5 адам"),
        ("kk", "бес адам"),
        ("ru", "нас пятеро"),
        ("uz", "besh odam"),
        ("kk_Arab", "5 ادام"),
        ("uz", "5 kishi"),
        ("uz_Cyrl", "5 одам"),
        ("zh_Hans", "一家五口"),
    ],
)
def test_support_accepts_a_number_with_a_word_for_people(language: str, typed: str) -> None:
    chat = Chat.start(language, "support", understanding=REAL).presses("undecided").says(typed)
    assert chat.conversation.flow == "support"
    assert chat.stored_answers("support")["people"] == "5"


def test_support_refuses_a_number_of_people_that_is_too_large() -> None:
    chat = Chat.start("ru", "support", understanding=REAL).presses("undecided").says("21 человек")
    assert chat.name == "people"
    assert chat.shows(REFUSALS[Refusal.TOO_LARGE], most=20)
