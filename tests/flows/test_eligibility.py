"""The flow "What fits me?": reasons, steps and costs of each procedure, no refusals or scores."""

import re
from datetime import date

import pytest

from flows import eligibility as flow
from flows.eligibility import ELIGIBILITY, result_texts, ways
from flows.engine.blocks import Caution, More
from flows.engine.text import Text
from flows.knowledge import cards, documents, entry, kandas, living, pilot_2026, quota, settling
from flows.knowledge.facts import fact_texts
from flows.knowledge.intents.answer import facts_of
from flows.knowledge.intents.cautions import KEEP, LEFT, NO_LONGER_STAY, NO_PROOF, WITHOUT_VISA
from flows.knowledge.origins import SAFETY_FIRST
from flows.knowledge.requirements import CHINA_FIRST, STATELESS_TOO
from tests.flows.answers import (
    NEXT_YEAR,
    TODAY,
    Situation,
    all_results,
    all_sentences,
    parts,
    sentences,
    situations,
)
from tests.flows.chat import WORDS, Chat

MOVES: Situation = {
    "purpose": "move",
    "ethnic_kazakh": "yes",
    "ethnicity_papers": "yes",
    "citizenship": "UZ",
    "former_citizen": "no",
    "trouble": "none",
    "location": "unsaid",
}


def result_sentences(today: date = TODAY, /, **others: str) -> list[Text]:
    return [part for text in result_texts({**MOVES, **others}, today) for part in parts(text)]


def programme_keys(**others: str) -> list[str]:
    return [way.key for way in ways({**MOVES, **others}, TODAY)]


def test_eligibility_programmes_match_the_purpose_and_the_ethnicity() -> None:
    assert programme_keys() == ["kandas_status", "prp"]
    assert programme_keys(ethnic_kazakh="no") == ["prp"]
    assert programme_keys(ethnic_kazakh="unsure") == ["kandas_status", "prp"]
    assert programme_keys(former_citizen="unsure") == ["prp"]
    assert programme_keys(purpose="work") == ["ata_zholy"]
    assert programme_keys(purpose="study") == ["study"]
    assert programme_keys(purpose="information") == ["kandas_status"]


@pytest.mark.parametrize("why", [flow.WHY_STATUS, flow.WHY_CARD, flow.WHY_STUDY])
def test_eligibility_reason_claims_no_ethnicity_of_an_unsure_person(why: Text) -> None:
    claims = {"ru": "Вы этнический", "uz": "qozoq ekaning", "zh_Hans": "您是哈萨克族"}
    found = {code for code, claim in claims.items() if claim in WORDS.render(why, code)}
    assert found == set(), "a person who is not sure gets the same reason"


def test_eligibility_says_why_a_programme_fits_and_what_it_costs() -> None:
    for answers in situations(ELIGIBILITY):
        for way in ways(answers, TODAY):
            assert way.why.msgid
    assert flow.COSTS in result_sentences()
    assert kandas.FEE.text in result_sentences()
    assert flow.PROMISED in result_sentences()


def test_eligibility_steps_are_in_order_and_without_a_deadline() -> None:
    way = ways({**MOVES, "location": "kazakhstan"}, TODAY)[0]
    assert way.steps[0] == flow.GET_IIN
    pilots = (pilot_2026.TEST, pilot_2026.QUESTIONNAIRE, pilot_2026.CHECK, pilot_2026.INTERVIEW)
    assert way.steps[1:5] == fact_texts(pilots, TODAY), "each with the day on which it was so"
    (decision,) = fact_texts([kandas.DECISION], TODAY)
    assert way.steps.index(flow.APPLY) < way.steps.index(decision)
    assert flow.HOW_LONG in way.remarks


@pytest.mark.parametrize("place", ["origin", "elsewhere", "unsaid"])
def test_eligibility_sends_no_one_abroad_to_kazakhstan_for_the_iin(place: str) -> None:
    first, *later = ways({**MOVES, "location": place}, TODAY)[0].steps
    assert first == flow.ASK_FIRST
    (iin,) = (step for step in later if flow.GET_IIN in parts(step))
    assert documents.NO_JOURNEY in parts(iin)


def test_eligibility_omits_the_steps_of_the_2026_pilot_from_2027() -> None:
    way = ways(MOVES, NEXT_YEAR)[0]
    assert flow.APPLY in way.steps
    assert pilot_2026.PHASE.ended in result_sentences(NEXT_YEAR)
    assert pilot_2026.TEST.text not in [part for step in way.steps for part in parts(step)]


@pytest.mark.no_cover
@pytest.mark.requirement("S-52")
def test_eligibility_never_says_that_a_person_cannot_apply() -> None:
    words = re.compile(r"not eligible|cannot apply|do not qualify|not for you|score", re.IGNORECASE)
    assert [text for text in all_sentences("eligibility", TODAY) if words.search(text.msgid)] == []
    for answers, paragraphs in all_results("eligibility", TODAY):
        if answers["citizenship"] != "KZ" and not ways(answers, TODAY):
            assert flow.NO_WAY in sentences(paragraphs)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"trouble": "money"}, flow.PERSON_FIRST),
        ({"former_citizen": "yes"}, flow.FORMER),
        ({"ethnic_kazakh": "no"}, flow.NOT_KAZAKH),
        ({"ethnic_kazakh": "unsure"}, flow.MAY_BE_KAZAKH),
        ({"ethnicity_papers": "no"}, NO_PROOF),
        ({"citizenship": "KZ"}, flow.CITIZEN_ALREADY),
        ({"citizenship": "AF"}, SAFETY_FIRST),
    ],
)
def test_eligibility_mentions_an_officer_first_in_special_cases(
    others: dict[str, str], expected: Text
) -> None:
    texts = result_sentences(TODAY, **others)
    way = [at for at, text in enumerate(texts) if text.msgid == flow.WAY.msgid]
    assert not way or texts.index(expected) < way[0]
    assert expected not in result_sentences()


def test_eligibility_mentions_the_support_quota_only_for_a_move_in_2026() -> None:
    assert quota.SHARE.text in result_sentences()
    assert KEEP in result_sentences()
    assert quota.SHARE.text not in result_sentences(purpose="study")
    assert quota.SHARE.text not in result_sentences(NEXT_YEAR)


def test_eligibility_mentions_registration_when_purpose_is_information() -> None:
    assert flow.MAY_REGISTER in result_sentences(purpose="information")
    assert flow.MAY_REGISTER not in result_sentences(purpose="information", ethnic_kazakh="no")


def test_eligibility_for_chinese_citizens_states_the_visa_free_stay() -> None:
    assert cards.CHINA_STAY_ENDS.text in result_sentences(citizenship="CN", location="kazakhstan")
    assert cards.CHINA_STAY.text in result_sentences(citizenship="CN", location="origin")
    assert cards.CHINA_STAY_ENDS.text not in result_sentences(citizenship="CN", location="origin")


def test_eligibility_first_states_when_a_permitted_stay_ends() -> None:
    texts = result_sentences(citizenship="CN", location="kazakhstan")
    assert cards.CHINA_STAY_ENDS.text in texts[:2]
    assert texts.index(cards.CHINA_STAY_ENDS.text) < texts.index(flow.NO_DECISION)


@pytest.mark.parametrize(
    ("citizenship", "stay"),
    [
        ("UZ", entry.UZ_STAY.text),
        ("MN", entry.MN_STAY.text),
        ("DE", entry.DE_STAY.text),
        ("IR", entry.IR_STAY.text),
        ("TM", entry.STAY_OPEN),
        ("AF", entry.STAY_OPEN),
        ("TJ", entry.TJ_STAY.text),
    ],
)
def test_eligibility_for_people_in_kazakhstan_states_the_permitted_stay(
    citizenship: str, stay: Text
) -> None:
    texts = result_sentences(citizenship=citizenship, location="kazakhstan")
    assert stay in texts
    assert (entry.REGISTER.text in texts) == (citizenship in ("UZ", "MN", "DE", "TJ"))


def test_eligibility_for_iranians_in_kazakhstan_begins_with_the_stay_limit() -> None:
    assert entry.IR_STAY_ENDS.text in result_sentences(citizenship="IR", location="kazakhstan")[:2]


@pytest.mark.parametrize("citizenship", ["UZ", "CN", "MN", "RU", "IR"])
def test_eligibility_citizenship_warning_precedes_the_programmes(citizenship: str) -> None:
    texts = result_sentences(citizenship=citizenship)
    assert texts.index(KEEP) < texts.index(flow.NO_DECISION)


def test_eligibility_asks_no_stateless_person_to_keep_a_citizenship() -> None:
    assert KEEP not in result_sentences(citizenship="stateless")


@pytest.mark.parametrize("purpose", ["move", "study", "information"])
def test_eligibility_names_legal_help_only_to_stateless_people(purpose: str) -> None:
    help_facts = {living.LEGAL_HELP.text, living.LEGAL_BUREAU.text}
    assert help_facts <= set(result_sentences(purpose=purpose, citizenship="stateless"))
    assert not help_facts & set(result_sentences(purpose=purpose))


def test_eligibility_after_giving_up_citizenship_names_legal_help() -> None:
    chat = Chat.start("ru", "eligibility").presses("move", "yes", "yes", "UZ", "no", "gave_up")
    chat.presses("origin")
    for fact in (STATELESS_TOO, living.LEGAL_HELP, living.LEGAL_BUREAU):
        assert chat.shows(fact.text), fact.key
    assert not chat.shows(KEEP), "the warning is too late"


def test_eligibility_speaks_of_dual_citizenship_only_to_citizens() -> None:
    for citizenship in ("UZ", "stateless"):
        shown = result_sentences(citizenship=citizenship)
        assert (settling.NO_DUAL.text in shown) == (citizenship != "stateless")
        assert (STATELESS_TOO.text in shown) == (citizenship == "stateless")


@pytest.mark.parametrize("purpose", ["move", "study", "work", "business", "information"])
@pytest.mark.parametrize("place", ["origin", "kazakhstan", "elsewhere", "unsaid"])
def test_eligibility_for_chinese_citizens_starts_with_the_apostille_advice(
    purpose: str, place: str
) -> None:
    texts = result_sentences(citizenship="CN", purpose=purpose, location=place)
    before = texts[: texts.index(flow.NO_DECISION)]
    assert (CHINA_FIRST.text in before) == (place in ("origin", "unsaid"))
    assert (LEFT in before) == (place in ("kazakhstan", "elsewhere"))


def test_eligibility_result_names_the_first_step_before_cost_and_time() -> None:
    texts = result_sentences()
    way = next(at for at, text in enumerate(texts) if text.msgid == flow.WAY.msgid)
    order = [flow.ASK_FIRST, kandas.FEE.text, flow.COSTS, flow.HOW_LONG, flow.STEPS]
    places = [texts.index(text, way) for text in order]
    assert places == sorted(places)


def test_eligibility_shows_one_programme_and_the_others_in_expandable_text() -> None:
    texts = list(result_texts(MOVES, TODAY))
    shown = [part for text in texts if not isinstance(text, More) for part in parts(text)]
    for text in (flow.ASK_FIRST, kandas.FEE.text, flow.COSTS, flow.HOW_LONG):
        assert text in shown
    first, second = ways(MOVES, TODAY)
    assert first.name in shown
    assert second.name not in shown
    folded = [part for text in texts if isinstance(text, More) for part in parts(text)]
    assert {second.name, second.why, flow.STEPS, pilot_2026.TEST.text} <= set(folded)
    assert {fact.text for fact in facts_of(second.facts)} <= set(folded)


@pytest.mark.parametrize("today", [TODAY, NEXT_YEAR], ids=str)
def test_eligibility_expandable_texts_are_last_before_the_officer_advice(today: date) -> None:
    for answers in situations(ELIGIBILITY):
        *texts, last = result_texts(answers, today)
        shown = [text for text in texts if not isinstance(text, More)]
        assert texts[: len(shown)] == shown
        assert last == flow.ASK


def test_eligibility_makes_entry_rules_expandable_only_for_people_abroad() -> None:
    def shown(**others: str) -> list[Text]:
        texts = result_texts({**MOVES, **others}, TODAY)
        return [part for text in texts if not isinstance(text, More) for part in parts(text)]

    assert entry.UZ_STAY.text not in shown()
    assert entry.UZ_STAY.text in result_sentences()
    assert entry.UZ_STAY.text in shown(location="kazakhstan")
    assert result_sentences(TODAY, location="kazakhstan").count(entry.UZ_STAY.text) == 1
    for ends in (cards.CHINA_STAY_ENDS, CHINA_FIRST):
        texts = result_texts({**MOVES, "citizenship": "CN"}, TODAY)
        boxes = [part for text in texts if isinstance(text, Caution) for part in parts(text)]
        assert ends.text in boxes


@pytest.mark.parametrize("purpose", ["work", "study"])
def test_eligibility_programme_without_steps_shows_its_first_fact(purpose: str) -> None:
    texts = list(result_texts({**MOVES, "purpose": purpose}, TODAY))
    (way,) = ways({**MOVES, "purpose": purpose}, TODAY)
    shown = [part for text in texts if not isinstance(text, More) for part in parts(text)]
    assert way.facts[0].text in shown
    assert not {fact.text for fact in facts_of(way.facts[1:])} & {*shown}


@pytest.mark.parametrize("former", ["no", "yes"])
def test_eligibility_for_iranian_citizens_names_no_agreement_on_entry(former: str) -> None:
    both = {settling.ANY_VISA.text, settling.IR_ANY_VISA.text}
    for citizenship, visa in (("IR", settling.IR_ANY_VISA), ("UZ", settling.ANY_VISA)):
        texts = result_sentences(citizenship=citizenship, former_citizen=former)
        assert both & {*texts} == {visa.text}


@pytest.mark.parametrize("former", ["no", "yes"])
@pytest.mark.parametrize(
    ("citizenship", "expected"),
    [
        ("UZ", (settling.ANY_VISA.text, WITHOUT_VISA)),
        ("TR", (entry.TR_AGREEMENT.text, settling.ANY_VISA.text, WITHOUT_VISA)),
        ("TM", (entry.AGREEMENT_UNCHECKED, settling.ANY_VISA.text, WITHOUT_VISA)),
        ("IR", (entry.IR_ALONE.text, settling.IR_ANY_VISA.text, NO_LONGER_STAY)),
    ],
)
def test_eligibility_warning_follows_the_rule_on_any_visa(
    citizenship: str, expected: tuple[Text, ...], former: str
) -> None:
    texts = [text.msgid for text in result_sentences(TODAY, citizenship=citizenship,
                                                     former_citizen=former)]  # fmt: skip
    places = [texts.index(each.msgid) for each in expected]
    assert places == sorted(places)


@pytest.mark.parametrize("purpose", ["move", "work"])
def test_eligibility_mentions_the_commission_only_to_people_who_move(purpose: str) -> None:
    texts = result_sentences(TODAY, purpose=purpose, ethnicity_papers="no")
    assert (kandas.ROLE.text in texts) is (purpose == "move")


def test_chinese_eligibility_introduction_refers_to_the_text_below_it() -> None:
    shown = WORDS.render(flow.NO_DECISION, "zh_Hans")
    assert shown.startswith("以下")


def test_eligibility_second_programme_omits_the_steps_of_the_first() -> None:
    first, second = ways(MOVES, TODAY)
    assert first.steps
    assert second.steps == ()
    assert pilot_2026.BEFORE_PERMIT in second.facts


def test_eligibility_without_a_programme_still_offers_an_officer() -> None:
    chat = Chat.start("kk", "eligibility").presses("study", "no", "UZ", "no", "none", "unsaid")
    assert chat.shows(flow.NO_WAY)
    assert "officer" in chat.keys
    assert chat.conversation.forms == {}
