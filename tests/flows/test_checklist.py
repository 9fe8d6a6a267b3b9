"""The checklist of documents for every combination of a person's answers.

`checklists.txt` contains the list of each procedure for 12 countries and statelessness, four places
of residence and five kinds of family, written as keys, for comparison with the laws. After a change
run `KOSH_UPDATE=1 uv run pytest tests/flows/test_checklist.py` and review the difference.
"""

import os
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from flows import checklist as flow
from flows import checklist_confirmation as confirmation
from flows.checklist import Checklist, checklist
from flows.checklist_sources import sources
from flows.eligibility import CITIZEN_ALREADY
from flows.engine.blocks import Source
from flows.engine.text import Text
from flows.knowledge import (
    cards,
    catalogue,
    documents,
    entry,
    laws,
    living,
    permits,
    pilot_2026,
    quota,
    requirements,
    settling,
)
from flows.knowledge.facts import COLLECTED, Dated, Fact, fact_texts
from flows.knowledge.intents.cautions import KEEP, NO_PROOF
from flows.knowledge.origins import SAFETY_FIRST, Confirmation, Origin, origin
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.sources import OPENED_ON, PAGES
from tests.flows.answers import (
    NEXT_YEAR,
    ORIGINS,
    PLACES,
    TODAY,
    Situation,
    all_results,
    all_sentences,
    parts,
    sentences,
)
from tests.flows.chat import WORDS, Chat

GOLDEN = Path(__file__).parent / "checklists.txt"
FAMILIES = ("alone", "spouse", "children", "both", "relatives")
FACTS = {fact.text: fact.key for fact in catalogue.FACTS}
DOCUMENTS = (*documents.DOCUMENTS, *permits.PERMIT_DOCUMENTS)

# The short name of each sentence about a document or a list in the golden file checklists.txt.
REMARKS = {
    documents.HOME: "from-home",
    flow.LATE: "not-back",
    flow.UNSAFE: "no-risk",
    flow.TRANSLATED: "translated",
    confirmation.LATE_CONFIRMED: "confirmed:ask-if-missing",
    confirmation.SEE_BELOW: "confirmed:see-below",
    confirmation.SEE_FIRST: "confirmed:see-first",
    requirements.PASSPORT_DAYS.text: "valid-180-days",
    SAFETY_FIRST: "SAFETY-FIRST",
    flow.URGENT: "urgent",
    KEEP: "KEEP-CITIZENSHIP",
    flow.NO_CHILD_PAPER: "no-child-paper",
    flow.SPOUSE: "spouse",
    confirmation.NO_TRAVEL: "NO-TRAVEL",
    confirmation.NO_RISK: "NO-RISK",
    flow.ASK: "ask",
    **{text: f"confirmed:{how}" for how, text in confirmation.CONFIRMED.items()},
    **{fact.ended: f"{fact.key}-ended" for fact in (pilot_2026.PHASE, quota.PLACES) if fact.ended},
}


def situation(programme: str, origin: str, place: str, family: str, **more: str) -> Situation:
    return {
        "programme": programme,
        "citizenship": origin,
        "location": place,
        "family": family,
        "ethnicity_papers": "yes",
        "child_papers": "yes",
    } | more


def document_keys(document_list: Checklist) -> list[str]:
    return [paper.document.key.removeprefix("documents.") for paper in document_list.papers]


def tokens(document_list: Checklist) -> list[str]:
    """Return the keys of a checklist's introductory lines, documents and closing lines, in order.

    The keys of a document's remarks follow the document's key after "+".
    """
    papers = []
    for paper in document_list.papers:
        remarks = [REMARKS[text] for text in paper.remarks if text in REMARKS]
        papers.append("+".join([paper.document.key.removeprefix("documents."), *remarks]))
    return [
        *map(document_name, document_list.before),
        "|",
        *papers,
        "|",
        *map(document_name, document_list.after),
    ]


def render_lists(programme: str, origin: str, place: str) -> str:
    """Return the text of a checklist: the longest one, and how those of smaller families differ.

    The longest list is for a couple with children. For each other kind of family, a line names the
    documents that are missing.
    """
    tokens_by_family = {
        family: tokens(checklist(situation(programme, origin, place, family), TODAY))
        for family in FAMILIES
    }
    maximum = tokens_by_family["both"]
    lines = [textwrap.fill(" ".join(maximum), 100, break_on_hyphens=False)]
    for family, family_tokens in tokens_by_family.items():
        assert [token for token in maximum if token in family_tokens] == family_tokens, (
            "the order is the same"
        )
        lines += (
            [f"  {family}: without {missing}"]
            if (
                missing := " ".join(
                    token.partition("+")[0] for token in maximum if token not in family_tokens
                )
            )
            else []
        )
    return "\n".join(lines)


def document_name(text: Text) -> str:
    if isinstance(text, Source):
        return "sources"
    inside = (FACTS.get(part) or REMARKS.get(part) for part in parts(text))
    return next(name for name in inside if name)


def golden_lines() -> Iterator[str]:
    """Yield each distinct checklist below a line with its procedure, citizenships and places."""
    for programme in PROGRAMMES:
        found: dict[str, list[str]] = {}
        for code, place in product(ORIGINS, PLACES):
            found.setdefault(render_lists(programme.key, code, place), []).append(f"{code}/{place}")
        for text, where in found.items():
            yield textwrap.fill(f"== {programme.key}: {' '.join(where)}", 100)
            yield text + "\n"


def test_checklists_match_the_golden_file() -> None:
    now = "\n".join(golden_lines())
    if os.environ.get("KOSH_UPDATE"):
        GOLDEN.write_text(now, encoding="utf-8")
    assert GOLDEN.read_text("utf-8") == now, "read the difference; see this module"


@pytest.mark.no_cover
def test_checklists_use_every_document_and_legalisation_law() -> None:
    texts = all_sentences("checklist", TODAY)
    assert [each.key for each in DOCUMENTS if each.name not in texts] == []
    law = {each.law.text for each in flow_origins() if each.law}
    assert law <= texts
    assert {each.text for each in laws.LAWS if each.key.endswith(".legalisation")} == law


def flow_origins() -> list[Origin]:
    return [origin(code) for code in ORIGINS]


# The dates of the sources that a checklist shows


def _facts_of(*dates: date | int | None, opened: bool = True) -> list[Fact]:
    page = next(page for page, day in PAGES.items() if day == OPENED_ON)
    fact = Fact(key="a.b", text=flow.ASK, sources=(page,), as_of=COLLECTED)
    if not opened:
        fact = replace(fact, sources=("https://a.kz/b",), checked=COLLECTED)
    found: list[Fact] = []
    for day in dates:
        match day:
            case None:
                found.append(replace(fact, dated=Dated.READ))
            case int():
                found.append(replace(fact, dated=Dated.YEAR, as_of=date(day, 1, 1)))
            case _:
                found.append(replace(fact, as_of=day))
    return found


OCTOBER, JANUARY = date(2025, 10, 26), date(2026, 1, 8)


@pytest.mark.parametrize(
    ("facts", "sentences"),
    [
        (
            _facts_of(OCTOBER, JANUARY),
            "Dates of the sources of this list: 26 October 2025 – 8 January 2026.",
        ),
        (_facts_of(OCTOBER, OCTOBER), "Date of the sources of this list: 26 October 2025."),
        (_facts_of(2024, OCTOBER), "Dates of the sources of this list: 2024 – 26 October 2025."),
        (
            _facts_of(2024, date(2024, 1, 1), OCTOBER),
            "Dates of the sources of this list: 2024 – 26 October 2025.",
        ),
        (
            _facts_of(OCTOBER, None),
            "Date of the sources of this list: 26 October 2025. Some sources have no date.",
        ),
        (_facts_of(None, None), "The sources of this list have no date."),
    ],
)
def test_checklist_shows_the_range_and_precision_of_its_source_dates(
    facts: list[Fact], sentences: str
) -> None:
    read = "We read stored copies on 28 November 2026, some only in part."
    assert WORDS.render(sources(facts), "en") == f"{sentences} {read}"


def test_checklist_shows_the_period_in_which_sources_were_read() -> None:
    facts = [*_facts_of(OCTOBER), *_facts_of(OCTOBER, opened=False)]
    rendered = WORDS.render(sources(facts), "en")
    assert rendered.endswith(
        "We read stored copies from 24 November 2026 to 28 November 2026, some only in part."
    )


def test_checklist_dates_include_the_sources_of_its_rules() -> None:
    document_list = checklist(situation("kandas_status", "UZ", "origin", "alone"), TODAY)
    assert "3 December 2021" in WORDS.render(document_list.after[0], "en")
    shown = WORDS.render(document_list.after[-1], "en")
    assert "Dates of the sources of this list: 3 December 2021 – " in shown


# Answers on which the documents of a checklist depend


def test_checklist_includes_papers_of_child_and_spouse() -> None:
    alone = document_keys(checklist(situation("kandas_status", "UZ", "origin", "alone"), TODAY))
    both = document_keys(checklist(situation("kandas_status", "UZ", "origin", "both"), TODAY))
    more = ["birth_certificate_child", "marriage_certificate", "kinship_proof"]
    assert [key for key in both if key not in alone] == more


@pytest.mark.parametrize("place", PLACES)
def test_kandas_checklist_ends_with_the_iin_for_people_abroad(place: str) -> None:
    found = document_keys(checklist(situation("kandas_status", "UZ", place, "both"), TODAY))
    assert found.count("iin") == 1
    # Only offices in Kazakhstan give the number, so people abroad collect their papers first.
    assert found.index("iin") == (0 if place == "kazakhstan" else len(found) - 1)


@pytest.mark.parametrize(
    ("papers", "due"),
    [
        ("yes", ["nationality_proof"]),
        ("no", ["commission_recommendation"]),
        ("unsure", ["nationality_proof", "commission_recommendation"]),
    ],
)
def test_checklist_adds_commission_paper_when_ethnicity_proof_is_missing(
    papers: str, due: list[str]
) -> None:
    answers = situation("kandas_status", "RU", "origin", "alone", ethnicity_papers=papers)
    found = document_keys(checklist(answers, TODAY))
    assert [
        key for key in found if key in ("nationality_proof", "commission_recommendation")
    ] == due


@pytest.mark.parametrize("programme", ["ata_zholy", "visa_c10"])
@pytest.mark.parametrize("papers", ["yes", "no", "unsure"])
def test_checklist_names_the_proof_of_ethnicity_for_everybody(programme: str, papers: str) -> None:
    answers = situation(programme, "UZ", "origin", "alone", ethnicity_papers=papers)
    found = checklist(answers, TODAY)
    assert "nationality_proof" in document_keys(found)
    assert (NO_PROOF in found.before) is (papers != "yes")


def test_checklist_omits_documents_of_the_2026_pilot_from_2027() -> None:
    answers = situation("kandas_status", "CN", "origin", "alone")
    assert "kaztest_certificate" in document_keys(checklist(answers, date(2026, 12, 31)))
    later = checklist(answers, NEXT_YEAR)
    assert not {"kaztest_certificate", "pilot_questionnaire"} & set(document_keys(later))
    assert pilot_2026.PHASE.ended in later.before
    assert "application_kandas" in document_keys(later)


def test_checklist_of_the_quota_programme_is_empty_after_the_quotas_end() -> None:
    later = checklist(situation("regional_quota", "MN", "origin", "both"), NEXT_YEAR)
    assert later.papers == ()
    assert flow.result_texts(later)[0].msgid == flow.NO_LIST.msgid


@pytest.mark.parametrize(
    ("origin", "how"),
    [
        ("TR", Confirmation.APOSTILLE),
        ("UZ", Confirmation.TREATY),
        ("MN", Confirmation.UNKNOWN),
        ("TM", Confirmation.UNKNOWN),
        ("US", Confirmation.UNKNOWN),
        ("stateless", Confirmation.UNKNOWN),
    ],
)
def test_checklist_legalisation_of_a_document_depends_on_the_country(
    origin: str, how: Confirmation
) -> None:
    document_list = checklist(situation("kandas_status", origin, "origin", "children"), TODAY)
    birth = next(paper for paper in document_list.papers if paper.document is documents.BIRTH)
    assert confirmation.CONFIRMED[how] in birth.remarks


@pytest.mark.parametrize("programme", ["kandas_status", "prp", "citizenship_simplified"])
def test_checklist_exempts_only_papers_that_the_country_itself_issued(programme: str) -> None:
    made = checklist(situation(programme, "UZ", "origin", "both"), TODAY)
    (birth,) = (paper for paper in made.papers if paper.document is documents.BIRTH)
    remarks = " ".join(WORDS.render(each, "en") for each in birth.remarks)
    assert "not needed, by convention, if your country issued the paper" in remarks
    assert "If another country did, ask an officer." in remarks


EVERY_LIST = [each.key for each in PROGRAMMES if each.key != "kandas_extension"]


@pytest.mark.parametrize("programme", EVERY_LIST)
def test_checklist_mentions_the_apostille_once_for_residents_of_china(programme: str) -> None:
    document_list = checklist(situation(programme, "CN", "origin", "both"), TODAY)
    msgids = [part.msgid for text in flow.result_texts(document_list) for part in parts(text)]
    assert [text for text in msgids if "postille" in text] == [laws.CN.text.msgid]


@pytest.mark.parametrize("today", (TODAY, NEXT_YEAR), ids=str)
@pytest.mark.parametrize("programme", EVERY_LIST)
def test_checklist_apostille_warning_precedes_the_documents(programme: str, today: date) -> None:
    for place in PLACES:
        document_list = checklist(situation(programme, "CN", place, "alone"), today)
        before = [part for text in document_list.before for part in parts(text)]
        assert (laws.CN.text in before) == (place in ("origin", "unsaid")), place
        assert (confirmation.NO_TRAVEL in before) == (place in ("kazakhstan", "elsewhere")), place
        assert (confirmation.NO_RISK in before) == (place == "unsaid"), place


@pytest.mark.parametrize(
    ("citizenship", "ends"), (("CN", cards.CHINA_STAY_ENDS), ("IR", entry.IR_STAY_ENDS))
)
@pytest.mark.parametrize("programme", ("kandas_status", "prp", "citizenship_simplified"))
def test_checklist_begins_with_the_end_of_stay_for_people_in_kazakhstan(
    programme: str, citizenship: str, ends: Fact
) -> None:
    for place in PLACES:
        document_list = checklist(situation(programme, citizenship, place, "alone"), TODAY)
        before = [part for text in document_list.before[:3] for part in parts(text)]
        assert (ends.text in before) == (place in ("kazakhstan", "unsaid")), place


def test_checklist_states_the_treaty_exemption_wherever_the_person_is() -> None:
    for place in PLACES:
        document_list = checklist(situation("prp", "KG", place, "alone"), TODAY)
        record = next(
            paper for paper in document_list.papers if paper.document is permits.NO_RECORD
        )
        assert confirmation.CONFIRMED[Confirmation.TREATY] in record.remarks


@pytest.mark.parametrize("programme", EVERY_LIST)
def test_checklist_tells_citizens_of_kazakhstan_that_it_is_for_others(programme: str) -> None:
    own = checklist(situation(programme, "KZ", "origin", "alone"), TODAY)
    assert own.before[0] == CITIZEN_ALREADY
    other = checklist(situation(programme, "UZ", "origin", "alone"), TODAY)
    assert CITIZEN_ALREADY not in other.before


def _shows(texts: tuple[Text, ...], fact: Fact) -> bool:
    return set(fact_texts((fact,), TODAY)) <= set(texts)


def test_checklist_asks_no_stateless_person_to_keep_a_citizenship() -> None:
    for citizenship in ORIGINS:
        document_list = checklist(
            situation("citizenship_simplified", citizenship, "kazakhstan", "alone"), TODAY
        )
        has_citizenship = citizenship != "stateless"
        assert (KEEP in document_list.before) == has_citizenship
        documents = [paper.document for paper in document_list.papers]
        assert (permits.RENUNCIATION in documents) == has_citizenship
        for fact in (settling.NO_DUAL, settling.STATELESS):
            assert _shows(document_list.before, fact) == has_citizenship
        for fact in (requirements.STATELESS_TOO, living.LEGAL_HELP, living.LEGAL_BUREAU):
            assert _shows(document_list.before, fact) != has_citizenship


@pytest.mark.parametrize("programme", ["kandas_status", "prp", "citizenship_simplified"])
def test_checklist_names_legal_help_to_stateless_people(programme: str) -> None:
    for citizenship in ("stateless", "UZ"):
        chat = Chat.start("ru", "checklist").presses(programme, citizenship, "alone")
        if programme == "kandas_status":
            chat.presses("yes")
        chat.presses("origin")
        assert chat.shows(flow.USUAL)
        for fact in (requirements.STATELESS_TOO, living.LEGAL_HELP, living.LEGAL_BUREAU):
            assert chat.shows(fact.text) == (citizenship == "stateless"), (citizenship, fact.key)


def test_checklist_warns_of_a_stay_and_a_passport_that_have_ended() -> None:
    chat = Chat.start("ru", "checklist").presses("prp", "UZ", "alone", "kazakhstan")
    assert chat.shows(flow.URGENT)
    assert "уже истёк" in chat.text
    assert "паспорт просрочен" in chat.text


@pytest.mark.parametrize(
    ("programme", "place"),
    [("prp", "origin"), ("kandas_status", "origin"), ("kandas_status", "elsewhere")],
)
def test_checklist_for_iranians_doubts_the_missions_where_it_names_one(
    programme: str, place: str
) -> None:
    for country in ("Иран", "Афганистан"):
        chat = Chat.start("ru", "checklist").presses(programme)
        chat.says(country).presses("alone")
        if programme == "kandas_status":
            chat.presses("yes")
        chat.presses(place)
        doubts = country == "Иран" and place == "origin"
        assert chat.shows(laws.IR_MISSIONS.text) == doubts, country


def test_kandas_checklist_warns_citizens_not_to_give_up_citizenship() -> None:
    for citizenship in ("UZ", "stateless"):
        chat = Chat.start("ru", "checklist").presses("kandas_status", citizenship, "alone")
        chat.presses("yes", "origin")
        assert chat.shows(KEEP) == (citizenship == "UZ"), citizenship


def test_checklist_tells_no_stateless_person_of_their_country() -> None:
    chat = Chat.start("ru", "checklist").presses("prp", "stateless", "alone", "origin")
    assert chat.shows(permits.NO_RECORD.name)
    assert "учреждении Вашей страны" not in chat.text


@pytest.mark.parametrize("programme", ["kandas_status", "ata_zholy", "visa_c10"])
def test_checklist_names_no_country_of_their_own_to_stateless_people(programme: str) -> None:
    made = checklist(situation(programme, "stateless", "kazakhstan", "alone"), TODAY)
    (proof,) = (paper for paper in made.papers if paper.document is documents.ETHNICITY)
    assert "your country" not in " ".join(WORDS.render(each, "en") for each in proof.remarks)


def test_checklist_asks_for_a_renunciation_only_after_a_written_request() -> None:
    written = {"kk": "жазбаша", "ru": "письменно", "uz": "yozma", "zh_Hans": "书面"}
    for language, word in written.items():
        assert word in WORDS.render(permits.RENUNCIATION.fact.text, language), language


def test_checklist_starts_with_officer_advice_when_a_child_lacks_documents() -> None:
    for papers in ("no", "unsure"):
        document_list = checklist(
            situation("prp", "CN", "kazakhstan", "children", child_papers=papers), TODAY
        )
        assert flow.NO_CHILD_PAPER in document_list.before


def test_checklist_contains_only_advice_when_all_facts_have_expired() -> None:
    for answers, paragraphs in all_results("checklist", date(2030, 1, 1)):
        texts = sentences(paragraphs)
        document_list = checklist(answers, date(2030, 1, 1))
        assert document_list.papers == ()
        assert not set(texts) & {documents.HOME, confirmation.CONFIRMED[Confirmation.TREATY]}
        assert flow.ASK in texts


# The checklist flow in a conversation


@pytest.mark.parametrize(
    "taps",
    [
        # The three most frequent countries of citizenship of 2025: Uzbekistan, China, Turkmenistan.
        ("checklist", "kandas_status", "UZ", "both", "yes", "yes", "origin"),
        ("checklist", "kandas_status", "CN", "children", "yes", "yes", "kazakhstan"),
        ("checklist", "kandas_status", "TM", "alone", "yes", "unsaid"),
    ],
)
def test_checklist_takes_at_most_eight_taps_in_common_situations(
    taps: tuple[str, ...],
) -> None:
    chat = Chat.start("uz").presses(*taps)
    assert 1 + len(taps) <= 8, "the language is a tap too"
    assert chat.shows(flow.USUAL)
    assert chat.question_key == "~list"


def test_checklist_accepts_a_typed_country_in_any_language() -> None:
    chat = Chat.start("ru", "checklist").presses("prp").says("Афганистан").presses("alone")
    chat.presses("origin")
    assert chat.shows(SAFETY_FIRST)
    assert chat.shows(permits.LEGALISATION.name)


@pytest.mark.parametrize("citizenship", ("CN", "IR", "AF"))
@pytest.mark.parametrize("place", PLACES)
def test_permit_checklist_shows_home_country_papers_after_the_warning(
    citizenship: str, place: str
) -> None:
    document_list = checklist(
        {"programme": "prp", "citizenship": citizenship, "location": place}, TODAY
    )
    texts = [
        dict(text.values).get("fact", text)
        for text in (*document_list.before, *document_list.after)
    ]
    safety = texts.index(SAFETY_FIRST)
    assert safety < texts.index(pilot_2026.CONSENT.text)
    if citizenship == "CN":
        assert safety < texts.index(requirements.CHINA_TWO_PAPERS.text)


@pytest.mark.parametrize("place", PLACES)
def test_permit_checklist_does_not_refer_people_from_china_to_its_police(place: str) -> None:
    document_list = checklist(situation("prp", "CN", place, "alone"), TODAY)
    record = next(paper for paper in document_list.papers if paper.document is permits.NO_RECORD)
    assert documents.HOME not in record.remarks
    assert {flow.UNSAFE, flow.LATE} & set(record.remarks)
