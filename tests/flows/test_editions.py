"""A turn shows content that editors published if its date is an edition (a date with content).

With a plain date, the turn shows the content of the release.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest
from msgspec.structs import replace as replace_body

from bot.content import Body
from bot.content.live import Snapshot, snapshot
from bot.content.model import WRITTEN
from bot.i18n import Languages
from bot.understanding.engine_adapter import EngineRecognizer
from flows import FLOWS, eligibility, support
from flows.checklist import LISTING, Checklist, checklist
from flows.checklist_confirmation import CONFIRMED, LATE_CONFIRMED, NO_TRAVEL, SEE_BELOW
from flows.engine.conversation import step
from flows.engine.edition import Edition
from flows.engine.events import Event, Said, Started
from flows.engine.state import Conversation
from flows.engine.text import Text
from flows.knowledge import documents, laws, permits, pilot_2026, quota, requirements
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import Fact, fact_texts
from flows.knowledge.origins import Confirmation
from flows.knowledge.programmes import LEFT_OUT, PROGRAMMES, TEST_FIRST
from flows.knowledge.where_to_get import APPLYING
from flows.missions import ADDRESSES, IN_COUNTRY, missions
from flows.replies import understanding
from tests.flows import answers
from tests.flows.chat import Chat

TODAY, APRIL = date(2026, 11, 28), date(2027, 4, 1)
LANGUAGES = Languages()
LINE = {"en": "The rule is new since 2027.", "kk": "Ереже 2027 жылдан жаңа.",
        "ru": "Правило новое с 2027 года.", "zh_Hans": "规定自2027年起更新。",
        "uz": "Qoida 2027 yildan yangi."}  # fmt: skip
BODY = Body(texts=LINE, as_of=TODAY, checked=TODAY, until=TODAY + timedelta(days=30))
UNDERSTANDING = understanding(EngineRecognizer.load())


def published(**items: Body) -> date:
    """Return an edition of today with these items; the argument `fact_KEY` publishes `fact:KEY`."""
    bodies = {name.replace("_", ":", 1): body for name, body in items.items()}
    return snapshot(LANGUAGES, 1, bodies).on(TODAY)


@pytest.fixture(scope="module")
def everything() -> date:
    """Return an edition of today in which every fact has the text LINE."""
    return snapshot(LANGUAGES, 1, {f"fact:{fact.key}": BODY for fact in FACTS}).on(TODAY)


def last_reply(day: date, *typed: str) -> str:
    conversation, shown = Conversation(), []
    events: tuple[Event, ...] = (Started(), *map(Said, typed))
    for event in events:
        turn = step(FLOWS, LANGUAGES, conversation, event, day, understanding=UNDERSTANDING)
        conversation = turn.conversation
        msgspec.json.encode(conversation)
        shown = [
            LANGUAGES.render(text, conversation.language or "ru")
            for say in turn.says for paragraph in say.paragraphs for text in paragraph
        ]  # fmt: skip
    return " ".join(shown)


def test_content_snapshot_without_publications_returns_the_plain_date() -> None:
    assert Snapshot().on(TODAY) is TODAY


def test_date_with_published_content_equals_and_hashes_as_a_plain_date() -> None:
    day = published(notice_border=BODY)
    assert isinstance(day, Edition)
    assert day == TODAY
    assert hash(day) == hash(TODAY)
    assert day + timedelta(days=1) == TODAY + timedelta(days=1)


def test_every_published_fact_is_rendered_in_every_written_form(everything: date) -> None:
    for fact in FACTS:
        for code, _own in LANGUAGES.languages():
            (line,) = fact_texts([fact], everything)
            assert "2027" in LANGUAGES.render(line, code), (fact.key, code)


def test_support_keeps_its_chart_when_its_facts_are_published_unchanged() -> None:
    facts = (quota.PLACES, *support.AMOUNT_FACTS)
    bodies = {
        f"fact:{fact.key}": replace_body(
            BODY,
            texts={code: LANGUAGES.render(fact.text, code) for code in WRITTEN},
            as_of=fact.as_of,
            until=fact.until,
        )
        for fact in facts
    }
    day = snapshot(LANGUAGES, 1, bodies).on(TODAY)
    assert all(fact.on(day).published for fact in facts)
    texts = [*support.result_texts({"area": "undecided"}, day)]
    assert texts == [*support.result_texts({"area": "undecided"}, TODAY)]
    assert support.chart() in texts


def test_answers_and_checklists_render_with_all_facts_replaced(everything: date) -> None:
    texts = [
        text
        for reply in UNDERSTANDING.replies.values()
        for citizenship in ("", "TR")
        for spoken in (reply.opening, reply.more)
        for text in spoken(everything, citizenship)
    ]
    for programme in PROGRAMMES:
        for country in ("CN", "UZ", "TR"):
            document_list = checklist(
                {"programme": programme.key, "citizenship": country}, everything
            )
            texts += [
                *document_list.before,
                *document_list.after,
                *(r for p in document_list.papers for r in p.remarks),
            ]
    for code, _own in LANGUAGES.languages():
        for text in texts:
            assert "{" not in LANGUAGES.render(text, code)
    assert sum("2027" in LANGUAGES.render(text, "ru") for text in texts) > 100


def test_published_notice_is_shown_above_replies_until_its_end() -> None:
    day = published(notice_border=BODY)
    for typed in (("Русский", "/menu"), ("Русский", "Что такое статус кандаса?")):
        assert last_reply(day, *typed).startswith(LINE["ru"]), last_reply(day, *typed)
        assert LINE["ru"] not in last_reply(TODAY, *typed)
    late = snapshot(LANGUAGES, 1, {"notice:border": BODY}).on(TODAY + timedelta(days=31))
    assert LINE["ru"] not in last_reply(late, "Русский", "/menu")


EXTENDED: Mapping[str, answers.Situation] = {
    "eligibility": {
        "purpose": "move", "ethnic_kazakh": "yes", "ethnicity_papers": "yes", "citizenship": "UZ",
        "former_citizen": "no", "trouble": "none", "location": "origin",
    },
    "checklist": {"programme": "kandas_status", "citizenship": "UZ", "location": "origin"},
    "support": {"area": "undecided", "people": "4", "rent": "yes"},
    "interview": {"wish": "stages"},
}  # fmt: skip


@pytest.mark.parametrize("day", [date(2026, 12, 20), date(2027, 1, 20)], ids=str)
@pytest.mark.parametrize("flow", EXTENDED)
def test_flow_announces_no_end_of_a_fact_whose_last_day_editors_postponed(
    flow: str, day: date
) -> None:
    body = replace_body(BODY, as_of=date(2026, 12, 3), checked=date(2026, 12, 3),
                        until=date(2027, 12, 31))  # fmt: skip
    extended = (pilot_2026.PHASE, quota.PLACES)
    today = snapshot(LANGUAGES, 1, {f"fact:{fact.key}": body for fact in extended}).on(day)
    result = answers.FLOWS[flow][1](EXTENDED[flow], today)
    said = {part for text in result for part in answers.parts(text)}
    for fact in extended:
        assert fact.ends
        assert fact.ended
        assert not {fact.ends.msgid, fact.ended.msgid} & {part.msgid for part in said}
    if day.year == 2027:
        assert any("2027" in LANGUAGES.render(part, "ru") for part in said)


@pytest.mark.parametrize("flow", EXTENDED)
def test_flow_states_the_end_of_a_fact_after_a_postponed_last_day(flow: str) -> None:
    body = replace_body(BODY, until=date(2027, 3, 31))
    extended = {f"fact:{fact.key}": body for fact in (pilot_2026.PHASE, quota.PLACES)}
    result = answers.FLOWS[flow][1](EXTENDED[flow], snapshot(LANGUAGES, 1, extended).on(APRIL))
    said = {part.msgid for text in result for part in answers.parts(text)}
    fact = quota.PLACES if flow == "support" else pilot_2026.PHASE
    assert fact.ended
    assert fact.ended.msgid in said


def test_checklist_names_the_place_that_editors_published() -> None:
    situation = EXTENDED["checklist"]
    assert APPLYING.text in remarks_of(checklist(situation, TODAY))
    found = remarks_of(checklist(situation, published(**{f"fact_{APPLYING.key}": BODY})))
    assert APPLYING.text not in found
    assert any("2027" in LANGUAGES.render(text, "ru") for text in found)
    over = replace_body(BODY, until=TODAY - timedelta(days=1))
    assert APPLYING.text not in remarks_of(
        checklist(situation, published(**{f"fact_{APPLYING.key}": over}))
    )
    test = documents.KAZTEST.fact.key
    assert documents.TESTS in remarks_of(checklist(situation, TODAY))
    assert documents.TESTS not in remarks_of(
        checklist(situation, published(**{f"fact_{test}": BODY}))
    )


def remarks_of(found: Checklist) -> set[Text]:
    return {remark for paper in found.papers for remark in paper.remarks}


@pytest.mark.parametrize("place", answers.PLACES)
@pytest.mark.parametrize("law", [laws.RU, laws.TR], ids=lambda law: law.key)
def test_checklist_says_only_the_published_law_on_the_apostille(law: Fact, place: str) -> None:
    (country,) = law.countries
    situation = {"programme": "prp", "citizenship": country, "location": place}
    found = checklist(situation, published(**{f"fact_{law.key}": BODY}))
    remarks = {remark for paper in found.papers for remark in paper.remarks}
    assert not remarks & {CONFIRMED[Confirmation.TREATY], CONFIRMED[Confirmation.APOSTILLE]}
    told = any("2027" in LANGUAGES.render(text, "ru") for text in found.after)
    assert told == (SEE_BELOW in remarks or place == "unsaid")
    assert told or LATE_CONFIRMED in remarks
    assert (NO_TRAVEL in found.after) == (place in ("kazakhstan", "elsewhere"))


@pytest.mark.parametrize("silent", [False, True])
def test_permit_checklist_says_only_the_published_validity_of_a_passport(silent: bool) -> None:
    body = replace_body(BODY, silent=silent)
    today = published(**{f"fact_{requirements.PASSPORT_DAYS.key}": body})
    made = checklist({"programme": "prp", "citizenship": "UZ", "location": "origin"}, today)
    (passport,) = (each for each in made.papers if each.document is documents.IDENTITY)
    remarks = [LANGUAGES.render(each, "en") for each in passport.remarks]
    assert not [each for each in remarks if "180 days" in each]
    assert (LINE["en"] in remarks) is not silent


def test_eligibility_begins_with_the_published_fact_on_the_iin() -> None:
    today = published(**{f"fact_{documents.IIN.fact.key}": BODY})
    inside = {**EXTENDED["eligibility"], "location": "kazakhstan"}
    (status, *_others) = eligibility.ways(inside, today)
    assert LINE["en"] in LANGUAGES.render(status.steps[0], "en")
    assert eligibility.GET_IIN not in status.steps


SILENT = replace_body(BODY, silent=True)


def test_checklist_says_that_a_withdrawn_paper_is_left_out() -> None:
    situation = {"programme": "prp", "citizenship": "UZ", "location": "origin"}
    day = published(**{f"fact_{permits.NO_RECORD.fact.key}": SILENT})
    made = checklist(situation, day)
    assert permits.NO_RECORD not in [paper.document for paper in made.papers]
    assert LEFT_OUT in made.before
    assert LEFT_OUT in LISTING.warnings(situation, day, LISTING.keys(situation))
    assert LEFT_OUT in LISTING.warnings(situation, day, ())
    assert LEFT_OUT not in checklist({**situation, "programme": "visa_c10"}, day).before
    assert LEFT_OUT not in checklist(situation, TODAY).before


@pytest.mark.parametrize("day", [date(2026, 11, 28), date(2026, 12, 20)], ids=str)
def test_checklist_says_that_a_withdrawn_test_is_left_out_before_its_end(day: date) -> None:
    body = replace_body(SILENT, as_of=day, checked=day)
    content = snapshot(LANGUAGES, 1, {f"fact:{documents.KAZTEST.fact.key}": body})
    assert LEFT_OUT in checklist({"programme": "prp"}, content.on(day)).before


def test_checklist_names_one_reason_why_the_papers_of_the_pilot_are_gone() -> None:
    before = checklist({"programme": "kandas_status"}, date(2027, 1, 1)).before
    assert pilot_2026.PHASE.ended in before
    assert LEFT_OUT not in before


def test_checklist_that_lost_a_part_of_its_papers_says_so() -> None:
    situation = {"programme": "prp", "citizenship": "UZ", "family": "both"}
    wanted = {*LISTING.keys(situation)} - {need.document.key for need in TEST_FIRST}
    seen = set()
    for number in range(400):
        made = checklist(situation, date(2027, 1, 1) + timedelta(days=number))
        listed = {paper.document.key for paper in made.papers}
        assert (LEFT_OUT in made.before) == (set() < listed < wanted)
        seen.add(LEFT_OUT in made.before)
    assert seen == {False, True}


def test_quota_list_has_papers_again_when_editors_publish_the_next_quota() -> None:
    answers = {"programme": "regional_quota", "citizenship": "MN", "family": "both"}
    day = date(2027, 1, 20)
    body = replace_body(BODY, as_of=day, checked=day, since=date(2027, 1, 10),
                        until=date(2027, 12, 31))  # fmt: skip
    content = snapshot(LANGUAGES, 1, {f"fact:{permits.QUOTA_APPLICATION.fact.key}": body})
    assert checklist(answers, day).papers == ()
    assert checklist(answers, content.on(date(2027, 1, 5))).papers == ()
    papers = [paper.document for paper in checklist(answers, content.on(day)).papers]
    assert papers[0] is permits.QUOTA_APPLICATION


def test_published_mission_card_shows_address_and_telephone() -> None:
    card = Body(
        texts=LINE, as_of=TODAY, checked=TODAY, until=TODAY, address="Ankara, Test 1",
        telephone="+90 312 000 00 00",
    )  # fmt: skip
    lines = [
        LANGUAGES.render(each, "ru") for each in missions("TR", published(card_tr_ankara=card))
    ]
    assert "Ankara, Test 1" in " ".join(lines)
    assert "+90 312 000 00 00" in " ".join(lines)
    assert "Ankara, Test 1" not in " ".join(
        LANGUAGES.render(each, "ru") for each in missions("DE", published(card_tr_ankara=card))
    )


def test_published_mission_card_does_not_hide_the_other_missions() -> None:
    card = replace_body(BODY, address="Tashkent, Test 1")
    head, shown, others = missions("UZ", published(card_uz_tashkent=card))
    assert head.msgid == IN_COUNTRY.msgid
    assert "Tashkent, Test 1" in LANGUAGES.render(shown, "ru")
    assert ADDRESSES in answers.parts(others)
    assert "Самарканд" in LANGUAGES.render(others, "ru")
    assert "Ташкент" not in LANGUAGES.render(others, "ru")


def test_missions_end_with_the_cards_when_each_mission_has_one() -> None:
    head, shown = missions("MN", published(card_mn_ulaanbaatar=BODY))
    assert head.msgid == IN_COUNTRY.msgid
    assert LINE["ru"] in LANGUAGES.render(shown, "ru")


def test_mission_card_is_shown_only_from_its_first_to_its_last_day() -> None:
    card = replace_body(
        BODY, address="Ankara, Test 1", since=TODAY + timedelta(days=1),
        until=TODAY + timedelta(days=2),
    )  # fmt: skip
    published_cards = snapshot(LANGUAGES, 1, {"card:tr_ankara": card})
    shown = []
    for days in range(4):
        texts = list(missions("TR", published_cards.on(TODAY + timedelta(days=days))))
        shown.append(any("Ankara, Test 1" in LANGUAGES.render(each, "ru") for each in texts))
        assert shown[-1] or ADDRESSES in texts, "the names of the missions"
    assert shown == [False, True, True, False]


def test_published_answer_to_an_intent_replaces_the_shipped_answer() -> None:
    intent, question = "permit.visa", "Нужна ли мне виза в Казахстан?"
    body = replace_body(BODY, opening=("tr.stay",), more=("uz.stay",), flow="eligibility")
    assert "Турции" not in last_reply(TODAY, "Русский", question)
    day = published(**{f"answer_{intent}": body})
    assert "Турции" in last_reply(day, "Русский", question)
    assert "Узбекистана" not in last_reply(day, "Русский", question)
    lost = published(**{f"answer_{intent}": replace_body(body, opening=("no.longer",))})
    assert last_reply(lost, "Русский", question) == last_reply(TODAY, "Русский", question)


def test_checklist_reminder_day_is_stored_as_a_plain_date(everything: date) -> None:
    taps = ("kandas_status", "UZ", "both", "yes", "yes", "origin", "keep", "yes", "remind")
    chat = replace(Chat.start("ru", "checklist"), today=everything).presses(*taps)
    assert chat.conversation.saved_list is not None
    assert type(chat.conversation.saved_list.remind) is date
    msgspec.json.encode(chat.conversation)
