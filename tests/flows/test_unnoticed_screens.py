"""Tests of screens, each for a mutation that no other test detects (docs/decisions/0035)."""

from dataclasses import replace

import pytest

from flows import FLOWS
from flows.checklist import CHECKLIST
from flows.eligibility import APPLY, ELIGIBILITY, SUPPORT, ways
from flows.engine import (
    household_screens,
    join_screens,
    limit_screens,
    lookup_screens,
    pin_screens,
    registration_history,
    safety,
    screens,
    voice_messages,
)
from flows.engine.blocks import Receipt
from flows.engine.conditions import not_
from flows.engine.edition import Edition
from flows.engine.effects import OpenCase, Submit
from flows.engine.events import (
    Attached,
    ConsentGiven,
    DeleteInput,
    Filled,
    Joined,
    NotUnderstood,
    Page,
    Pressed,
    PrintList,
    Resolved,
    Started,
    UploadRequested,
)
from flows.engine.exhaustive_walk import walk
from flows.engine.household import HouseholdAnswered
from flows.engine.identity_numbers import zone_number
from flows.engine.joining import JoinRequested
from flows.engine.message_limits import LimitDecided, LimitSet
from flows.engine.options import Option
from flows.engine.questions import Day, MultiChoice
from flows.engine.registration import Acknowledged, StatusLookedUp
from flows.engine.replies import Reply
from flows.engine.text import Country, Text, _, button, id_of, published, sentence_id, verbatim
from flows.faq import TOPIC
from flows.missions import IN_COUNTRY, missions
from flows.officer import OFFICER
from flows.papers import ETHNICITY
from flows.preregistration import programme
from flows.replies import understanding
from tests.flows.chat import TODAY, Chat, chat_at
from tests.flows.recognizer import FakeRecognizer, sure
from tests.flows.trial import MANY_PETS, PETS, REVIEW, WORDS_OF_ONES_OWN, flow


def _registered_chat() -> Chat:
    return chat_at("review").presses("submit")


def _chat_after_lookup(state: str) -> Chat:
    return Chat.start().says("/status").presses("number").takes(StatusLookedUp(state))


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("accepted", registration_history.STATES["accepted"]),
        ("sending", lookup_screens.ON_ITS_WAY),
        ("withdrawing", lookup_screens.IN_WITHDRAWAL),
        ("duplicate", registration_history.STATES["received"]),
    ],
)
def test_status_lookup_shows_the_state_without_the_registration_number(
    state: str, shown: Text
) -> None:
    chat = _chat_after_lookup(state)
    assert chat.shows(lookup_screens.FOUND, state=shown)
    lines = [line for say in chat.last_messages for part in say.paragraphs for line in part]
    assert [line.number for line in lines if isinstance(line, Receipt)] == [""]


def test_join_request_shows_the_channel_and_the_emoji_of_the_other_chat() -> None:
    chat = _registered_chat().takes(JoinRequested("whatsapp", "🐪"))
    channel = join_screens.CHANNELS["whatsapp"]
    assert chat.shows(join_screens.REQUEST, channel=channel, sign="🐪")


def test_words_typed_instead_of_a_new_pin_are_not_deleted() -> None:
    chat = _registered_chat().answers("pin").says("later")
    assert chat.shows(pin_screens.NOT_A_PIN)
    assert DeleteInput() not in chat.last_effects


def test_message_of_a_blocked_person_is_refused_and_not_relayed() -> None:
    chat = Chat.start().takes(LimitSet("insults", TODAY, 0))
    chat.conversation = replace(chat.conversation, with_officer=True)
    assert chat.says("Testova asks").shows(limit_screens.NOT_PASSED_ON)


def test_officer_request_of_a_blocked_person_does_not_suspend_the_form() -> None:
    chat = chat_at("surname").takes(LimitSet("insults", TODAY, 0)).presses("back").says("person")
    assert (chat.conversation.flow, chat.conversation.suspended_flow) == ("preregistration", "")


def test_refused_family_request_is_not_shown_after_a_new_request() -> None:
    chat = (
        _registered_chat().takes(Acknowledged("accepted", "KS-2026-TEST-TEST")).presses("!status")
    )
    chat.presses("household", "invite", "yes").takes(HouseholdAnswered("invite", "refused"))
    assert chat.presses("!status").shows(household_screens.REFUSED["refused"])
    chat.presses("household", "invite", "yes").says("/status")
    assert not chat.shows(household_screens.REFUSED["refused"])


def test_request_to_print_a_checklist_contains_its_flow_and_answers() -> None:
    chat = Chat.start("ru", "checklist").presses("kandas_status", "CN", "alone", "yes", "origin")
    (sheet,) = chat.effects_of(PrintList)
    assert (sheet.flow, sheet.answers["citizenship"]) == ("checklist", "CN")


def test_upload_check_results_count_the_readable_files() -> None:
    (line,) = screens.verdicts(("ok", "ok"))
    assert line.values == (("count", 2),)


def test_machine_readable_zone_number_omits_filler_characters() -> None:
    assert zone_number("P<XXX\nX12345<<<0XXX") == "X12345"


def test_flow_walk_tries_the_minimum_of_a_number_question() -> None:
    few = replace(MANY_PETS, name="few", when=PETS.is_("no"), minimum=1, maximum=3)
    result = walk(flow(PETS, few, replace(WORDS_OF_ONES_OWN, when=few.is_("2")), REVIEW))
    assert ("few", "review") in result.moves


def test_small_talk_reply_can_depend_on_the_citizenship() -> None:
    greeting = Reply(intent="talk.hello", opening=lambda _day, country: (verbatim(country),))
    known = understanding(FakeRecognizer({"Salem": sure("talk.hello")}))
    chat = chat_at("location")
    chat.understanding = replace(known, replies={"talk.hello": greeting})
    assert chat.says("Salem").text.startswith("CN\n")


def test_country_name_of_three_words_is_taken_as_the_answer() -> None:
    name = "Соединённые Штаты Америки"
    chat = chat_at("residence_country")
    chat.understanding = understanding(FakeRecognizer({name: sure("kandas.term")}))
    assert chat.says(name).stored_answers()["residence_country"] == "US"


def test_message_limit_appeal_screen_has_a_back_button() -> None:
    chat = Chat.start().takes(LimitSet("insults", TODAY, 0)).presses("appeal")
    assert chat.last_messages[0].buttons[0].label == button("Back")


def test_safety_answer_in_a_form_has_the_menu_button() -> None:
    chat = chat_at("surname").says("мне угрожают")
    assert chat.shows(safety.READ_ALONE)
    assert chat.presses("!menu").question_key == screens.MENU


@pytest.mark.parametrize("taps", [("keep",), ("keep", "yes", "watch")])
def test_checklist_consent_records_the_language_in_which_it_was_shown(taps: tuple[str]) -> None:
    chat = Chat.start("ru", "checklist").presses("kandas_status", "UZ", "both", "yes", "yes")
    chat.presses("origin", *taps)
    chat.conversation = replace(chat.conversation, language="kk")
    assert chat.takes(Pressed(f"{chat.nonce}:yes")).effects_of(ConsentGiven)[-1].language == "ru"


def test_document_request_of_an_officer_is_marked_private() -> None:
    chat = Chat.start().takes(Joined()).takes(UploadRequested("ethnicity"))
    assert chat.shows(screens.PAPER_WANTED)
    assert chat.last_messages[-1].private


def test_heading_of_published_mission_contacts_names_the_country() -> None:
    contacts = verbatim("Kaztest")
    today: Edition[object, object] = Edition.of(TODAY, {}, {"CN": {"cn_beijing": contacts}}, (), {})
    head, card, *_others = missions("CN", today)
    assert (head.msgid, dict(head.values)) == (IN_COUNTRY.msgid, {"country": Country("CN")})
    assert card == contacts


def test_published_text_without_english_has_the_id_of_an_empty_sentence() -> None:
    assert id_of(published({"ru": "Testova"})) == sentence_id("", "")


@pytest.mark.parametrize("pin", ["1232", "2468"])
def test_pin_with_unequal_or_large_digit_steps_is_not_easy_to_guess(pin: str) -> None:
    assert not pin_screens.is_easy(pin)


def test_wording_report_is_offered_when_a_reply_has_no_similar_intents() -> None:
    reply = Reply(intent="kandas.term", label=button("Phone"))
    known = understanding(FakeRecognizer({}))
    chat = Chat.start(understanding=replace(known, replies={"kandas.term": reply}))
    assert "?wording.kandas.term" in chat.takes(Pressed("?else.kandas.term")).keys


def test_faq_question_in_own_words_is_shown_unchanged() -> None:
    assert TOPIC.show("Testova") == Text("{words}", (("words", "Testova"),))


@pytest.mark.parametrize("is_lifted", [True, False])
def test_message_limit_appeal_decision_has_the_menu_button(is_lifted: bool) -> None:
    chat = Chat.start().takes(LimitSet("insults", TODAY, 0)).takes(LimitDecided(is_lifted))
    assert chat.last_messages[0].buttons[0].label == button("Menu")


def test_secure_page_link_names_the_document_that_an_officer_requested() -> None:
    chat = replace(Chat.start().takes(Joined()), page=Page.ALWAYS)
    chat.takes(UploadRequested("ethnicity"))
    assert chat.shows(screens.ON_PAGE, label=ETHNICITY.label)


def test_danger_before_a_language_choice_closes_the_language_question() -> None:
    chat = Chat(understanding=understanding(FakeRecognizer({}))).takes(Started())
    assert chat.question_key == screens.LANGUAGE
    chat.says("мне угрожают")
    assert chat.shows(safety.READ_ALONE)
    assert (chat.conversation.language, chat.question_key) == ("ru", "")


@pytest.mark.parametrize(
    ("value", "is_day"), [("2026-11-24", True), ("20261124", False), ("2026-11-31", False)]
)
def test_day_question_accepts_only_a_complete_iso_date(value: str, is_day: bool) -> None:
    question = Day(name="day", label=button("Phone"), text=_("How many?"))
    assert question.accepts(value) == is_day


def test_case_without_a_chosen_topic_gets_the_topic_general() -> None:
    (case,) = OFFICER.outcome(Submit("officer", {}, {}), TODAY).effects
    assert isinstance(case, OpenCase)
    assert case.topic == "general"


def test_language_question_suspends_no_flow() -> None:
    chat = Chat(understanding=understanding(FakeRecognizer({}))).says("1")
    assert chat.question_key == screens.LANGUAGE
    assert chat.conversation.suspended_flow == ""


def test_typed_no_answers_the_open_screen_while_an_officer_has_a_case() -> None:
    typed, pressed = (
        Chat.start().presses("officer", "general", "yes").says("Testova asks", "/menu")
        for _way in range(2)
    )
    assert typed.question_key == screens.LEAVE
    typed.says("нет")
    pressed.presses("no")
    assert (typed.question_key, typed.text) == (pressed.question_key, pressed.text)
    assert typed.conversation.with_officer


def test_eligibility_mentions_support_only_to_ethnic_kazakhs() -> None:
    texts = {
        kazakh: ELIGIBILITY.outcome(
            Submit("eligibility", {"purpose": "move", "ethnic_kazakh": kazakh}, {}), TODAY
        ).texts
        for kazakh in ("yes", "no")
    }
    assert SUPPORT in texts["yes"]
    assert SUPPORT not in texts["no"]


def test_eligibility_residence_permit_steps_end_with_the_application() -> None:
    found = {way.key: way for way in ways({"purpose": "move", "ethnic_kazakh": "no"}, TODAY)}
    assert found["prp"].steps[-1] == APPLY


def test_menu_offers_data_deletion_to_a_person_with_stored_data() -> None:
    chat = chat_at("surname").says("/menu").presses(">")
    labels = [each.label for say in chat.last_messages for each in say.buttons]
    assert button("Delete my data") in labels


def test_start_command_ends_the_suspended_flow() -> None:
    chat = chat_at("surname").says("/person")
    assert chat.conversation.suspended_flow == "preregistration"
    assert chat.says("/start").conversation.suspended_flow == ""


def test_reply_to_a_typed_text_is_a_new_message() -> None:
    assert not Chat.start().says("/help").last_messages[-1].replaces


@pytest.mark.parametrize("purpose", ["work", "study", None])
def test_programme_for_other_purposes_is_the_ata_zholy_card(purpose: str | None) -> None:
    assert programme({"purpose": purpose}) == "ata_zholy"


def test_pin_screen_has_a_menu_button() -> None:
    chat = _registered_chat().answers("pin").says("204611", "/status")
    assert chat.question_key == pin_screens.PIN
    assert button("Menu") in [each.label for say in chat.last_messages for each in say.buttons]


def test_review_edit_button_is_outdated_when_no_question_is_open() -> None:
    chat = chat_at("review")
    chat.conversation = replace(chat.conversation, asked=None)
    assert chat.takes(Pressed(f"{screens.CHANGE}surname")).shows(screens.OLD_BUTTON)


def test_safety_answer_does_not_depend_on_the_citizenship() -> None:
    known = understanding(FakeRecognizer({}))
    chat = chat_at("surname")
    chat.understanding = replace(
        known, safety={"": lambda _day, country: (verbatim(f"<{country}>"),)}
    )
    assert "<>" in chat.says("мне угрожают").text


def test_typed_no_to_a_transcription_gets_exactly_one_reply() -> None:
    known = understanding(FakeRecognizer({}), transcriber="Example Speech Ltd")
    chat = Chat.start(understanding=known).takes(Attached("voice", "voice-1", 1000)).says("нет")
    assert chat.shows(voice_messages.REFUSED)
    assert len(chat.last_messages) == 1
    assert not chat.effects_of(NotUnderstood)


def test_checklist_without_entries_is_not_offered_for_storing() -> None:
    listing = CHECKLIST.listing
    assert listing is not None
    empty = replace(CHECKLIST, listing=replace(listing, entries=lambda *_given: ()))
    chat = Chat(flows={**FLOWS, "checklist": empty}).takes(Started()).presses("ru", "checklist")
    chat.presses("kandas_status", "CN", "alone", "yes", "origin")
    assert chat.conversation.draft_list is None
    assert not chat.effects_of(PrintList)


def test_flow_walk_tries_the_first_and_all_options_of_a_multiple_choice() -> None:
    among = tuple(Option(key, button("Phone")) for key in ("one", "two", "three"))
    several = MultiChoice(name="many", label=button("Phone"), text=_("Which?"), among=among)
    without = replace(PETS, when=not_(several.is_("one", "one,two,three")))
    result = walk(flow(several, without, REVIEW))
    assert result.unreached == ("pets",)


def test_message_limit_is_suspended_by_words_of_danger_in_any_topic() -> None:
    chat = Chat.start().presses("officer", "general", "yes").says("Testova asks")
    chat.takes(LimitSet("insults", TODAY, 1)).presses("back", "yes").says("person")
    chat.answers("general").says("мне угрожают")
    assert chat.conversation.limit is not None
    assert chat.conversation.limit.in_danger


def test_document_request_ends_when_the_case_is_resolved() -> None:
    chat = Chat.start().takes(Joined()).takes(UploadRequested("ethnicity")).takes(Resolved())
    assert chat.conversation.requested_upload == ""


def test_first_pin_is_chosen_on_the_mandatory_secure_page() -> None:
    chat = replace(_registered_chat(), page=Page.ALWAYS).answers("pin")
    assert chat.conversation.after_pin == pin_screens.NEW


def test_printed_checklist_has_the_entries_of_the_saved_checklist() -> None:
    chat = Chat.start("ru", "checklist").presses("kandas_status", "CN", "alone", "yes", "origin")
    chat.presses("keep", "yes", "print")
    assert chat.conversation.saved_list is not None
    assert chat.effects_of(PrintList)[-1].entries == chat.conversation.saved_list.entries != ()


def test_family_consent_records_the_language_in_which_it_was_shown() -> None:
    chat = _registered_chat().takes(Acknowledged("accepted", "KS-2026-TEST-TEST"))
    chat.presses("!status", "household", "invite")
    chat.conversation = replace(chat.conversation, language="kk")
    assert chat.takes(Pressed(f"{chat.nonce}:yes")).effects_of(ConsentGiven)[-1].language == "ru"


def test_officer_can_fill_in_an_answer_that_depends_on_other_answers() -> None:
    chat = chat_at("residence_region").takes(Joined()).takes(Filled("residence_region", "Beijing"))
    assert chat.takes(Resolved()).question_key == "education"


def test_unclear_text_after_an_appeal_repeats_the_form_question() -> None:
    chat = chat_at("surname").takes(LimitSet("insults", TODAY, 0)).presses("appeal")
    chat.understanding = understanding(FakeRecognizer({}))
    assert chat.says("Testova was not rude").question_key == ""
    assert chat.says("один два три").question_key == "surname"


def test_unclear_first_text_after_a_start_link_opens_its_flow() -> None:
    chat = Chat(understanding=understanding(FakeRecognizer({}))).takes(Started("preregistration"))
    assert chat.says("я хотел бы узнать один два три").question_key == "applying"
