"""Every sentence of the information flows follows the rules on permitted content."""

import re
from collections.abc import Mapping
from datetime import date

import pytest

from flows import FLOWS, officer
from flows.engine import screens
from flows.engine.blocks import caution
from flows.engine.events import PrintList
from flows.engine.flow import Notice
from flows.engine.questions import Question
from flows.engine.text import Text, verbatim
from flows.engine.turn import MAX_AT_ONCE
from flows.knowledge import (
    catalogue,
    documents,
    laws,
    missions,
    offices,
    permits,
    topics,
)
from flows.knowledge.intents.answers import ANSWERS
from flows.knowledge.intents.cautions import KEEP
from flows.knowledge.origins import KNOWN, SAFETY_FIRST
from flows.knowledge.pilot_2026 import BESIDE_THE_STAGES, PILOT
from flows.knowledge.quota import QUOTA
from flows.knowledge.safety import SAFETY_FACTS
from tests.flows.answers import FLOWS as ASKING
from tests.flows.answers import NEXT_YEAR, TODAY, all_results, all_sentences, sentences
from tests.flows.chat import LANGUAGES, WORDS, Chat

FACTS = {fact.text: fact for fact in catalogue.FACTS}


def english(text: Text) -> str:
    return WORDS.render(text, "en")


# Facts: only verified ones, and only between their first and last day


@pytest.mark.no_cover
@pytest.mark.parametrize("today", (TODAY, NEXT_YEAR, date(2027, 11, 25), date(2030, 1, 1)))
@pytest.mark.parametrize("name", ASKING)
def test_flow_shows_facts_only_between_first_and_last_day(name: str, today: date) -> None:
    facts = [FACTS[text] for text in all_sentences(name, today) if text in FACTS]
    assert [fact.key for fact in facts if not fact.current(today)] == []


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ASKING)
def test_flow_omits_the_2026_pilot_and_quota_from_2027(name: str) -> None:
    expired = {fact.text for fact in (*PILOT, *BESIDE_THE_STAGES, *QUOTA)}
    texts = all_sentences(name, NEXT_YEAR)
    assert not expired & texts
    # Skip the sentences which state that a fact expired: only they may mention the pilot.
    over = {fact.ended.msgid for fact in catalogue.FACTS if fact.ended}
    joined = " ".join(text.msgid for text in texts if text.msgid not in over).lower()
    assert "pilot" not in joined
    assert "{sum} tenge" not in joined
    assert "2026" not in " ".join(str(v) for text in texts for _n, v in text.values
                                  if isinstance(v, str | int))  # fmt: skip


@pytest.mark.no_cover
def test_flow_never_shows_a_withheld_statement() -> None:
    rendered = " ".join(english(text) for name in ASKING for text in all_sentences(name, TODAY))
    for note in catalogue.WITHHELD:
        assert note.words not in rendered


@pytest.mark.no_cover
def test_facts_are_all_used_in_a_flow_or_answer() -> None:
    texts = {text for name in ASKING for text in all_sentences(name, TODAY)}
    texts |= {fact.text for fact in SAFETY_FACTS}
    texts |= {fact.text for answer in ANSWERS for fact in answer.facts}
    assert [fact.key for fact in catalogue.FACTS if fact.text not in texts] == []


# Sentences that must never appear

FORBIDDEN: Mapping[str, str] = {
    "a DNA test": r"\bDNA\b|genetic",
    "a number of points": r"\b400\b|\bpoints?\b(?! here)",
    "a pass mark": r"\b(?:30|70)\s?%",
    "a term of review": (
        r"(?<!again within 5 )working days?|\b(?:29|35|45) (?:calendar )?days|90 calendar"
    ),
    "how many tries": r"three attempts|60 questions",
    "the wrong portal": r"migration\.gov\.kz",
    "that somebody qualifies": r"you (?:qualify|are eligible|will (?:get|receive) the)",
    "a guarantee": r"guaranteed? (?!free medical)",
    "a message that is watched": r"WeChat|WhatsApp|VPN",
    "politics": r"Atajurt|Xinjiang|camps?\b|protest",
    "the old word": r"oralman|repatriate|resettler",
    "a number that was not found": r"\b1411\b|7172|8 800|14,?693",
    "a paper that nobody asks for": r"hukou|household register|departure|power of attorney",
    "an address": r"Street|Sanlitun|\bRoad\b",
    "that there are no exceptions": r"no exceptions?|without exception",
    "the rest of the certificate": r"the rest (?:is|will be) paid",
    "a scan": r"send (?:us )?(?:a )?(?:scan|photo|copy)",
}  # fmt: skip


@pytest.mark.no_cover
@pytest.mark.parametrize("danger", FORBIDDEN)
def test_flow_texts_contain_no_forbidden_statement(danger: str) -> None:
    texts = {english(text) for name in ASKING for text in all_sentences(name, TODAY)}
    wrong = [text for text in texts if re.search(FORBIDDEN[danger], text, re.IGNORECASE)]
    assert wrong == []


GENES = re.compile(r"ДНК|DNK|基因|DNA", re.IGNORECASE)


@pytest.mark.no_cover
@pytest.mark.parametrize("language", LANGUAGES)
def test_flow_mentions_no_genetic_test_in_any_language(language: str) -> None:
    for name in ASKING:
        for text in all_sentences(name, TODAY):
            assert not GENES.search(WORDS.render(text, language))


@pytest.mark.no_cover
def test_flow_mentions_renouncing_citizenship_only_as_a_warning() -> None:
    named = re.compile(r"gi(?:ve|ving|ven) up|gave up", re.IGNORECASE)
    for name in ASKING:
        for text in all_sentences(name, TODAY):
            if named.search(text.msgid) and text != permits.RENUNCIATION.name:
                assert re.search(r"Do not give up|were left without any", text.msgid), text.msgid


@pytest.mark.no_cover
def test_flow_mentions_return_only_as_a_warning() -> None:
    named = re.compile(r"go(?:ne|ing)? back|travel back|return to", re.IGNORECASE)
    for name in ASKING:
        for text in all_sentences(name, TODAY):
            if named.search(text.msgid):
                against = re.search(r"[Dd]o not (?:go|travel)|Never go|had to ask", text.msgid)
                assert against, text.msgid


@pytest.mark.no_cover
def test_checklist_renunciation_document_comes_with_its_warning() -> None:
    for _answers, paragraphs in all_results("checklist", TODAY):
        texts = sentences(paragraphs)
        if permits.RENUNCIATION.name in texts:
            assert texts.index(caution(KEEP)) <= 3
            assert permits.RENUNCIATION.fact.text in texts


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ("eligibility", "checklist"))
def test_safety_notice_is_among_the_first_texts_for_dangerous_countries(name: str) -> None:
    dangerous = {each.code for each in KNOWN if each.dangerous}
    assert dangerous == {"CN", "IR", "AF"}
    for answers, paragraphs in all_results(name, TODAY):
        abroad = answers.get("location") != "kazakhstan"
        if answers.get("citizenship") in dangerous and (abroad or name == "checklist"):
            texts = sentences(paragraphs)
            assert SAFETY_FIRST in texts
            assert texts.index(SAFETY_FIRST) <= 3


@pytest.mark.no_cover
def test_checklist_lists_no_home_country_documents_for_people_outside_it() -> None:
    home = {documents.HOME, laws.CN.text, laws.MN.text, laws.TR.text, laws.IR.text, laws.AF.text,
            permits.APOSTILLE.name, permits.LEGALISATION.name}  # fmt: skip
    for answers, paragraphs in all_results("checklist", TODAY):
        if answers.get("location") in ("kazakhstan", "elsewhere"):
            assert not home & {*sentences(paragraphs)}, answers


@pytest.mark.no_cover
def test_checklist_requires_no_home_document_from_iran_or_afghanistan() -> None:
    for answers, paragraphs in all_results("checklist", TODAY):
        if answers.get("citizenship") in ("IR", "AF"):
            assert documents.HOME not in sentences(paragraphs)


@pytest.mark.no_cover
@pytest.mark.requirement("S-52")
def test_information_flow_results_all_end_with_advice_to_ask_an_officer() -> None:
    for name in ASKING:
        ends = {paragraphs[-1][0].msgid for _answers, paragraphs in all_results(name, TODAY)}
        assert [end for end in ends if not re.search(r"[Aa] person can", end)] == []


# Information flows store no answer and ask for nothing that identifies a person


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.requirement("S-21")
def test_information_flow_questions_are_neither_stored_nor_sensitive(name: str) -> None:
    flow = FLOWS[name]
    for item in flow.questions():
        assert not item.persisted, item.name
        assert not item.sensitive, item.name
    assert not flow.registers
    assert not flow.hands_over


@pytest.mark.parametrize("name", ("eligibility", "checklist"))
def test_location_question_is_last_and_never_stored(name: str) -> None:
    items = [item for item in FLOWS[name].items if isinstance(item, Question)]
    assert items[-1].name == "location"
    assert "unsaid" in {option.key for option in items[-1].options}
    chat = finished_chat(name)
    assert name not in chat.conversation.forms
    assert "location" not in str(chat.conversation)
    # Only a page for printing is created, which expires after half an hour and is not stored.
    assert [each for each in chat.effects if not isinstance(each, PrintList)] == []


def finished_chat(name: str) -> Chat:
    """Press the first button of every question until the flow ends; return the chat at the menu.

    Check at each question that no location is stored.
    """
    chat = Chat.start("ru", name)
    for _turn in range(20):
        if chat.question_key == screens.MENU:
            return chat
        assert "location" not in chat.stored_answers(name)
        chat.answers(chat.keys[0] if chat.name != "people" else "4")
    raise AssertionError("the flow does not end")


@pytest.mark.parametrize("name", ASKING)
def test_information_flow_ends_at_the_menu_with_the_officer_option(name: str) -> None:
    chat = finished_chat(name)
    assert officer.OFFICER.name in chat.keys


# Number of buttons, and digits in notices


@pytest.mark.parametrize("name", ASKING)
def test_questions_with_their_control_buttons_fit_a_list_of_ten_rows(name: str) -> None:
    items = FLOWS[name].questions()
    for place, item in enumerate(items):
        controls = (place > 0) + (item.help is not None) + 2
        assert len(item.options) + controls <= 10 or len(item.options) > MAX_AT_ONCE, item.name


def test_interview_notices_contain_no_digits() -> None:
    for item in FLOWS["interview"].questions():
        if isinstance(item, Notice):
            assert not re.search(r"\d", item.text.msgid)


# Addresses and officers of missions


def test_mission_addresses_belong_to_listed_missions_of_the_same_country() -> None:
    known = {each.key: each.country for each in missions.MISSIONS}
    for place in offices.PLACES:
        assert known[place.key] == place.country


def test_mission_candidates_are_staffed_missions_then_the_general_desk() -> None:
    staffed = ["uz_tashkent", "cn_shanghai"]
    assert missions.candidates("CN", staffed) == ("cn_shanghai", missions.GENERAL)
    assert missions.candidates("MN", staffed) == (missions.GENERAL,)


def test_mission_of_a_country_prefers_one_with_officers() -> None:
    assert missions.mission_of("CN", ["cn_shanghai"]) == "cn_shanghai"
    assert missions.mission_of("CN", []) == "cn_beijing"
    assert missions.mission_of("CA", ["cn_shanghai"]) == missions.GENERAL


def test_country_of_a_mission_is_empty_for_the_general_desk() -> None:
    assert missions.country_of("cn_shanghai") == "CN"
    assert missions.country_of(missions.GENERAL) == ""


def test_desk_name_of_an_unknown_mission_is_its_key() -> None:
    assert offices.desk_name("xx_nowhere") == verbatim("xx_nowhere")
    assert offices.desk_name("kg_bishkek") != verbatim("kg_bishkek")
    assert "kg_bishkek" in {place.key for place in offices.places("KG")}


def test_announcement_topic_is_found_by_its_key() -> None:
    assert all(topics.topic(each.key) is each for each in topics.TOPICS)


def test_withheld_statements_are_found_by_their_country() -> None:
    known = catalogue.withheld_about("CN")
    assert "cn.entry" in {each.key for each in known}
    assert all(each.key.startswith("cn.") for each in known)
    assert catalogue.withheld_about("XX") == ()


def test_mission_without_hours_has_the_zone_of_its_place_or_home() -> None:
    assert missions.default_zone("cn_beijing") == "Asia/Shanghai"
    assert missions.default_zone("") == missions.default_zone("unknown") == missions.HOME_ZONE
