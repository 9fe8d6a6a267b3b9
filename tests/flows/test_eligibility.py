"""Which way is mine: reasons, steps and costs; never a refusal, never a mark."""

import re
from datetime import date

import pytest

from flows import eligibility as flow
from flows.eligibility import ELIGIBILITY, spoken, ways
from flows.engine.text import Text
from flows.knowledge import cards, kandas, pilot_2026, quota, settling
from flows.knowledge.facts import said
from flows.knowledge.origins import SAFETY_FIRST
from tests.flows.answers import (
    NEXT_YEAR,
    TODAY,
    Situation,
    everything,
    parts,
    sentences,
    situations,
)
from tests.flows.answers import heard as heard_by_all
from tests.flows.chat import Chat

MOVES: Situation = {
    "purpose": "move",
    "ethnic_kazakh": "yes",
    "ethnicity_papers": "yes",
    "citizenship": "UZ",
    "former_citizen": "no",
    "trouble": "none",
    "location": "unsaid",
}


def heard(today: date = TODAY, /, **others: str) -> list[Text]:
    return [part for text in spoken({**MOVES, **others}, today) for part in parts(text)]


def found(**others: str) -> list[str]:
    return [way.key for way in ways({**MOVES, **others}, TODAY)]


def test_the_ways_follow_the_wish_and_who_one_is() -> None:
    assert found() == ["kandas_status", "prp"]
    assert found(ethnic_kazakh="no") == ["prp"]
    assert found(ethnic_kazakh="unsure") == ["kandas_status", "prp"]
    assert found(former_citizen="unsure") == ["prp"]
    assert found(purpose="work") == ["ata_zholy"]
    assert found(purpose="study") == ["study"]
    assert found(purpose="information") == ["kandas_status"]


def test_every_way_has_a_reason_and_costs_nothing_unsaid() -> None:
    for answers in situations(ELIGIBILITY):
        for way in ways(answers, TODAY):
            assert way.why.msgid
    assert flow.COSTS in heard()
    assert kandas.FEE.text in heard()
    assert flow.PROMISED in heard()


def test_the_steps_are_in_order_and_without_a_term() -> None:
    way = ways(MOVES, TODAY)[0]
    assert way.steps[0] == flow.GET_IIN
    pilots = (pilot_2026.TEST, pilot_2026.QUESTIONNAIRE, pilot_2026.CHECK, pilot_2026.INTERVIEW)
    assert way.steps[1:5] == said(pilots, TODAY), "each with the day on which it was so"
    (decision,) = said([kandas.DECISION], TODAY)
    assert way.steps.index(flow.APPLY) < way.steps.index(decision)
    assert flow.HOW_LONG in way.remarks


def test_when_the_pilot_is_over_an_officer_says_what_comes_first() -> None:
    way = ways(MOVES, NEXT_YEAR)[0]
    assert way.steps[1] == flow.ASK_FIRST
    assert pilot_2026.TEST.text not in [part for step in way.steps for part in parts(step)]


@pytest.mark.no_cover
@pytest.mark.requirement("S-52")
def test_nobody_is_refused_and_who_fits_no_way_is_told_of_another() -> None:
    words = re.compile(r"not eligible|cannot apply|do not qualify|not for you|score", re.IGNORECASE)
    assert [text for text in heard_by_all("eligibility", TODAY) if words.search(text.msgid)] == []
    for answers, told in everything("eligibility", TODAY):
        if answers["citizenship"] != "KZ" and not ways(answers, TODAY):
            assert flow.NO_WAY in sentences(told)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"trouble": "money"}, flow.PERSON_FIRST),
        ({"former_citizen": "yes"}, flow.FORMER),
        ({"ethnic_kazakh": "no"}, flow.NOT_KAZAKH),
        ({"ethnic_kazakh": "unsure"}, flow.MAY_BE_KAZAKH),
        ({"ethnicity_papers": "no"}, flow.NO_PROOF),
        ({"citizenship": "KZ"}, flow.CITIZEN_ALREADY),
        ({"citizenship": "AF"}, SAFETY_FIRST),
    ],
)
def test_what_needs_an_officer_is_said_before_any_way(others: dict[str, str], said: Text) -> None:
    told = heard(TODAY, **others)
    way = [at for at, text in enumerate(told) if text.msgid == flow.WAY.msgid]
    assert not way or told.index(said) < way[0]
    assert said not in heard()


def test_money_is_spoken_of_with_how_few_get_it() -> None:
    assert quota.SHARE.text in heard()
    assert settling.NO_DUAL.text in heard()
    assert quota.SHARE.text not in heard(purpose="study")
    assert quota.SHARE.text not in heard(NEXT_YEAR)


def test_who_only_asks_reads_that_they_may_register() -> None:
    assert flow.MAY_REGISTER in heard(purpose="information")
    assert flow.MAY_REGISTER not in heard(purpose="information", ethnic_kazakh="no")


def test_who_came_from_china_without_a_visa_reads_how_long_that_holds() -> None:
    assert cards.CHINA_STAY_ENDS.text in heard(citizenship="CN", location="kazakhstan")
    assert cards.CHINA_STAY.text in heard(citizenship="CN", location="origin")
    assert cards.CHINA_STAY_ENDS.text not in heard(citizenship="CN", location="origin")


def test_an_answer_without_a_way_still_has_a_person_in_the_menu() -> None:
    chat = Chat.begun("kk", "eligibility").presses("study", "no", "UZ", "no", "none", "unsaid")
    assert chat.shows(flow.NO_WAY)
    assert "officer" in chat.keys
    assert chat.conversation.forms == {}
