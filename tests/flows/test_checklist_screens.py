"""A checklist in the chat: printed, stored with consent, ticked, followed by reminders, deleted.

An unpersisted flow stores no answers; change alerts report changed rules of a stored checklist.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from flows import checklist, list_changes
from flows.checklist import LISTING
from flows.engine import checklist_screens, screens
from flows.engine.checklist_screens import Screen
from flows.engine.edition import Edition
from flows.engine.events import (
    ConsentGiven,
    Export,
    Forget,
    Kind,
    Pressed,
    PrintList,
    Remind,
    Resolved,
    Started,
    UploadChecked,
    UploadStatusChanged,
)
from flows.engine.model_events import WatchList
from flows.engine.state import Conversation
from flows.engine.text import Text
from flows.knowledge import documents, pilot_2026, quota
from flows.knowledge.documents import APPLICATION, ETHNICITY, IDENTITY, KAZTEST
from flows.knowledge.intents.cautions import KEEP
from flows.knowledge.origins import SAFETY_FIRST
from tests.flows.chat import LANGUAGES, TODAY, Chat

UZBEK = ("kandas_status", "UZ", "both", "yes", "yes", "origin")
CHINESE = ("kandas_status", "CN", "alone", "yes", "origin")


def chat_with_list(language: str = "ru", taps: tuple[str, ...] = UZBEK) -> Chat:
    return Chat.start(language, "checklist").presses(*taps)


def chat_with_saved_list(language: str = "ru", taps: tuple[str, ...] = UZBEK) -> Chat:
    return chat_with_list(language, taps).presses("keep", "yes")


def ticked_documents(chat: Chat) -> tuple[str, ...]:
    assert chat.conversation.saved_list is not None
    return chat.conversation.saved_list.ticked


# A new checklist: printed, or stored with consent


@pytest.mark.parametrize("language", LANGUAGES)
def test_checklist_screen_has_a_print_link_and_can_be_saved(language: str) -> None:
    chat = chat_with_list(language)
    first, second = chat.last_messages
    assert [button.kind for button in first.buttons] == [Kind.LINK, Kind.EXIT]
    assert [button.kind for button in second.buttons] == [
        Kind.OPTION,
        Kind.OPTION,
        Kind.CONTROL,
        Kind.EXIT,
    ]
    sheet = chat.effects_of(PrintList)[0]
    assert sheet.answers["location"] == "origin"
    assert not chat.conversation.is_persistent


def test_print_link_is_absent_in_a_flow_without_a_checklist() -> None:
    chat = Chat.start("ru", "support").presses("north_east", "pavlodar").says("5").presses("yes")
    assert chat.effects_of(PrintList) == []
    assert chat.question_key == screens.MENU


def test_checklist_consent_refusal_stores_nothing() -> None:
    chat = chat_with_list().presses("keep", "refuse")
    assert chat.shows(checklist_screens.NOT_KEPT)
    assert chat.question_key == screens.MENU
    assert chat.conversation.saved_list is chat.conversation.draft_list is None
    assert chat.effects_of(ConsentGiven) == []
    assert not chat.conversation.is_persistent


def test_checklist_consent_accepts_only_the_button_or_its_full_label() -> None:
    chat = chat_with_list().presses("keep").says("1")
    assert chat.effects_of(ConsentGiven) == []
    chat = chat_with_list().presses("keep").says("да")
    assert chat.effects_of(ConsentGiven) == []
    chat = chat_with_list().presses("keep")
    assert chat.conversation.asked is not None
    chat.says(chat.conversation.asked.options[0].words)
    assert chat.conversation.saved_list is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_checklist_consent_stores_answers_but_not_location(language: str) -> None:
    chat = chat_with_saved_list(language)
    assert chat.effects_of(ConsentGiven)[0].purpose == "checklist"
    assert chat.effects_of(ConsentGiven)[0].text == LISTING.consent.text
    found = chat.conversation.saved_list
    assert found is not None
    assert found.answers == {
        "programme": "kandas_status",
        "citizenship": "UZ",
        "family": "both",
        "child_papers": "yes",
        "ethnicity_papers": "yes",
    }
    assert "location" not in str(chat.conversation)
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=0)
    assert len(chat.keys) <= 10, "a list of WhatsApp has ten rows"


# The stored checklist: ticked, replaced, deleted


def test_checklist_ticks_are_counted_and_can_be_removed() -> None:
    chat = chat_with_saved_list().presses("tick", KAZTEST.key)
    assert ticked_documents(chat) == (KAZTEST.key,)
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=1)
    assert chat.question_key == checklist_screens.Screen.TICK
    chat.says("1")
    assert ticked_documents(chat) == ()
    chat.presses(">").presses(">", KAZTEST.key, "!list")
    assert chat.question_key == checklist_screens.Screen.MINE
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=1)


def test_checklist_box_of_an_unknown_document_is_reported_as_outdated() -> None:
    chat = chat_with_saved_list().takes(Pressed("#tick.no_entry"))
    assert chat.shows(screens.OLD_BUTTON)
    assert ticked_documents(chat) == ()
    assert Chat.start("ru").takes(Pressed("#tick.no_entry")).shows(screens.OLD_BUTTON)


def test_typed_word_back_leads_from_the_ticking_screen_to_the_checklist() -> None:
    assert (
        chat_with_saved_list().presses("tick").says("назад").question_key
        == checklist_screens.Screen.MINE
    )


def test_checklist_menu_option_opens_the_saved_list() -> None:
    chat = chat_with_saved_list().presses("menu", "checklist")
    assert chat.question_key == checklist_screens.Screen.MINE


def test_new_checklist_replaces_the_old_one_and_its_ticks() -> None:
    chat = chat_with_saved_list().presses("tick", KAZTEST.key, "!list", "again").presses(*CHINESE)
    assert chat.question_key == checklist_screens.Screen.LIST
    chat.presses("keep")
    assert chat.question_key == checklist_screens.Screen.MINE, "the consent was given before"
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.answers["citizenship"] == "CN"
    assert ticked_documents(chat) == (KAZTEST.key,)


def test_ticked_application_for_the_status_is_not_ready_for_the_extension() -> None:
    chat = chat_with_saved_list().presses("tick", APPLICATION.key, "!list", "again")
    assert ticked_documents(chat) == (APPLICATION.key,)
    chat.presses("kandas_extension", "keep")
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=0)


def test_saved_checklist_prints_its_ticks_but_not_location() -> None:
    chat = chat_with_saved_list().presses("tick", KAZTEST.key, "!list", "print")
    sheet = chat.effects_of(PrintList)[-1]
    assert sheet.ready == (KAZTEST.key,)
    assert "location" not in sheet.answers
    assert [button.kind for button in chat.last_messages[0].buttons] == [Kind.LINK, Kind.EXIT]


def test_checklist_shows_uploaded_documents_as_ticked_with_their_state() -> None:
    chat = chat_with_saved_list()
    chat.takes(UploadChecked("papers", "paper_identity"))
    chat.says("/menu").answers("checklist")
    assert chat.shows(checklist_screens.TICKED, paper=IDENTITY.name)
    assert chat.shows(checklist_screens.OPEN, paper=ETHNICITY.name)
    assert chat.shows(screens.PAPER_STATES["checked"])
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=1)
    chat.takes(UploadStatusChanged("identity", "rejected")).says("/menu").answers("checklist")
    assert chat.shows(checklist_screens.OPEN, paper=IDENTITY.name)
    assert chat.shows(screens.PAPER_STATES["rejected"])


def test_checklist_deletion_removes_consent_and_reminder() -> None:
    chat = chat_with_saved_list().presses("remind", "drop")
    assert chat.conversation.saved_list is None
    assert "checklist" not in chat.conversation.consents
    assert chat.effects_of(Remind)[-1] == Remind(0)
    assert chat.shows(checklist_screens.DROPPED)


def test_mydata_and_delete_commands_include_the_checklist() -> None:
    chat = chat_with_saved_list().says("/mydata")
    assert chat.effects_of(Export)
    chat.says("/delete").presses("yes")
    assert chat.effects_of(Forget)
    assert chat.conversation == Conversation(language="ru", nonce=chat.nonce)


# A stored checklist whose rules end

AFTER_THE_PILOT = date(2027, 1, 5)
PILOT_PAPERS = (documents.KAZTEST, documents.PILOT_QUESTIONNAIRE)


def chat_after_the_pilot(taps: tuple[str, ...]) -> Chat:
    chat = chat_with_saved_list(taps=taps)
    chat.today = AFTER_THE_PILOT
    return chat


def test_stored_checklist_says_that_the_pilot_ended() -> None:
    chat = chat_after_the_pilot(UZBEK).says("/menu").answers("checklist")
    assert pilot_2026.PHASE.ended is not None
    assert chat.shows(pilot_2026.PHASE.ended)
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=0)
    assert not any(chat.shows(checklist_screens.OPEN, paper=each.name) for each in PILOT_PAPERS)


CITIZEN_LIST = ("citizenship_simplified", "UZ", "alone", "origin")


@pytest.mark.parametrize(
    ("taps", "warning"), [(CITIZEN_LIST, KEEP), (CHINESE, SAFETY_FIRST)], ids=("UZ", "CN")
)
def test_stored_checklist_keeps_the_warning_of_danger_above_it(
    taps: tuple[str, ...], warning: Text
) -> None:
    chat = chat_with_saved_list(taps=taps)
    assert chat.question_key == Screen.MINE
    assert chat.shows(warning)
    assert chat.presses("tick").shows(warning)


def test_stored_checklist_of_others_has_no_warning_of_danger() -> None:
    chat = chat_with_saved_list(taps=("prp", "UZ", "alone", "origin"))
    assert not chat.shows(KEEP)
    assert not chat.shows(SAFETY_FIRST)


def test_stored_checklist_without_papers_says_so_and_offers_no_tick() -> None:
    taps = ("regional_quota", "MN", "both", "yes", "origin")
    chat = chat_after_the_pilot(taps).presses("tick")
    assert chat.question_key == Screen.MINE, "the button was sent before the last paper ended"
    assert quota.PLACES.ended is not None
    assert chat.shows(checklist.NO_LIST)
    assert chat.shows(quota.PLACES.ended)
    assert not chat.shows(checklist_screens.READY_SO_FAR)
    assert "tick" not in chat.keys


def test_stored_checklist_gets_papers_that_editors_publish_later() -> None:
    chat = Chat.start("ru", "checklist")
    chat.today = AFTER_THE_PILOT
    chat.presses(*UZBEK, "keep", "yes")
    assert not any(chat.shows(checklist_screens.OPEN, paper=each.name) for each in PILOT_PAPERS)
    day = date(2027, 1, 20)
    facts = {
        fact.key: replace(fact, checked=day, until=day)
        for fact in (*(each.fact for each in PILOT_PAPERS), pilot_2026.PHASE)
    }
    chat.today = Edition.of(day, facts, {}, (), {})
    chat.says("/menu").answers("checklist")
    assert all(chat.shows(checklist_screens.OPEN, paper=each.name) for each in PILOT_PAPERS)
    assert pilot_2026.PHASE.ended is not None
    assert not chat.shows(pilot_2026.PHASE.ended)


# Reminders of a stored checklist


def test_checklist_reminder_can_be_set_and_removed() -> None:
    chat = chat_with_saved_list().presses("remind")
    assert chat.effects_of(Remind) == [Remind(7)]
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.remind is not None
    assert (chat.conversation.saved_list.remind - TODAY).days == 7
    assert "remind" not in chat.keys
    chat.presses("silent")
    assert chat.effects_of(Remind)[-1] == Remind(0)
    assert "remind" in chat.keys


def test_checklist_reminder_can_be_removed_until_its_day_ends() -> None:
    chat = chat_with_saved_list().presses("remind")
    assert chat.conversation.saved_list is not None
    day = chat.conversation.saved_list.remind
    assert day is not None
    for today, offered in ((day, "silent"), (day + timedelta(days=1), "remind")):
        chat.today = Edition.of(today, {}, {}, (), {})
        chat.says("/menu").answers("checklist")
        assert {"remind", "silent"} & set(chat.keys) == {offered}


@pytest.mark.parametrize("citizenship", ["CN", "IR", "AF"])
def test_checklist_reminder_is_not_offered_where_messages_endanger_people(citizenship: str) -> None:
    chat = Chat.start("ru", "checklist").presses("kandas_status")
    chat.answers(citizenship).presses("alone", "yes", "kazakhstan", "keep", "yes")
    assert "remind" not in chat.keys


def test_checklist_reminder_is_not_offered_when_the_country_is_unknown() -> None:
    assert "remind" not in chat_with_saved_list(taps=("kandas_extension",)).keys


@pytest.mark.parametrize("taps", [CHINESE, ("kandas_extension",)])
def test_new_checklist_ends_the_reminder_when_messages_may_endanger(taps: tuple[str, ...]) -> None:
    chat = chat_with_saved_list().presses("remind", "again").presses(*taps, "keep")
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.remind is None
    assert chat.effects_of(Remind)[-1] == Remind(0)
    assert "silent" not in chat.keys


def test_new_checklist_keeps_the_reminder_where_messages_are_safe() -> None:
    chat = chat_with_saved_list().presses("remind")
    assert chat.conversation.saved_list is not None
    day = chat.conversation.saved_list.remind
    chat.presses("again").presses("kandas_status", "TM", *UZBEK[2:], "keep")
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.remind == day
    assert chat.effects_of(Remind) == [Remind(7)]


def test_stop_command_removes_the_checklist_reminder_and_offers_none() -> None:
    chat = chat_with_saved_list().presses("remind").says("/stop")
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.remind is None
    chat.answers("checklist")
    assert "remind" not in chat.keys
    assert "silent" not in chat.keys


# Answers of flows that store no answers are deleted when the person leaves the flow


def chat_in_flow() -> Chat:
    """Return a registered person with some answers in a flow that does not store answers."""
    chat = Chat.start("ru", "officer").presses("general", "yes", "-").takes(Resolved("menu"))
    return chat.presses("eligibility", "move", "yes")


def menu(chat: Chat) -> Chat:
    return chat.says("/menu")


def start(chat: Chat) -> Chat:
    return chat.takes(Started())


def stop(chat: Chat) -> Chat:
    return chat.says("/stop")


def another(chat: Chat) -> Chat:
    return chat.takes(Started("support"))


def leave(chat: Chat) -> Chat:
    return chat.says("/exit")


@pytest.mark.parametrize("leaves", [menu, start, stop, another, leave])
def test_flow_with_temporary_answers_deletes_them_when_the_person_leaves(
    leaves: Callable[[Chat], Chat],
) -> None:
    chat = chat_in_flow()
    assert chat.stored_answers("eligibility") == {"purpose": "move", "ethnic_kazakh": "yes"}
    assert "eligibility" not in leaves(chat).conversation.forms


def test_anonymous_eligibility_answers_are_dropped_on_handoff_consent() -> None:
    chat = Chat.start("ru", "eligibility").presses("move", "yes").says("/menu")
    assert "eligibility" in chat.conversation.forms, "who just asks may go on for a while"
    chat.answers("officer").presses("general", "yes")
    assert "eligibility" not in chat.conversation.forms


def test_flow_continues_at_its_open_question_after_an_officer_request() -> None:
    chat = chat_in_flow().presses("!person")
    assert "eligibility" in chat.conversation.forms
    chat.presses("general").presses("-")
    chat.takes(Resolved())
    assert chat.question_key == "ethnicity_papers"


def test_unsaved_checklist_of_a_person_with_stored_data_ends_at_the_menu() -> None:
    chat = chat_in_flow().says("/menu").answers("checklist").presses(*UZBEK)
    assert chat.conversation.draft_list is not None
    assert "checklist" not in chat.conversation.forms
    chat.presses("menu")
    assert chat.conversation.draft_list is None


def test_checklist_has_one_entry_to_tick_for_each_document() -> None:
    answers = {"programme": "kandas_status", "citizenship": "UZ", "family": "both"}
    document_list = checklist.checklist(answers, TODAY)
    keys = [each.key for each in checklist.entries(answers, TODAY)]
    assert keys == [paper.document.key for paper in document_list.papers]


# Alerts when the rules behind a stored checklist change


def watched_lists(chat: Chat) -> list[dict[str, str]]:
    return [dict(each.traits) for each in chat.effects_of(WatchList)]


def chat_with_alerts(taps: tuple[str, ...] = UZBEK) -> Chat:
    return chat_with_saved_list(taps=taps).presses("watch", "yes")


def test_checklist_change_alerts_start_after_consent() -> None:
    chat = chat_with_saved_list().presses("watch")
    assert chat.question_key == Screen.CHANGES
    assert chat.shows(list_changes.CONSENT.text)
    assert not chat_with_saved_list().presses("watch").says("1").effects_of(WatchList), (
        "a consent is its button"
    )
    chat.presses("yes")
    assert watched_lists(chat) == [{"list": "kandas_status", "list_country": "UZ"}]
    assert chat.shows(checklist_screens.WILL_TELL)
    assert [each.purpose for each in chat.effects_of(ConsentGiven)] == ["checklist", "list_changes"]
    assert "watch" not in chat.keys


def test_checklist_change_alerts_do_not_start_without_consent() -> None:
    chat = chat_with_saved_list().presses("watch", "refuse")
    assert not chat.effects_of(WatchList)
    assert chat.question_key == Screen.MINE
    assert "watch" in chat.keys


@pytest.mark.parametrize("end", ["unwatch", "drop"])
def test_checklist_change_alerts_end_when_turned_off_or_list_is_deleted(end: str) -> None:
    chat = chat_with_alerts().presses(end)
    assert watched_lists(chat)[-1] == {}
    assert "list_changes" not in chat.conversation.consents


@pytest.mark.parametrize("keys", [("watch",), ("watch", "yes"), ("watch", "yes", "unwatch")])
def test_checklist_change_alerts_are_unchanged_when_the_list_was_deleted(
    keys: tuple[str, ...],
) -> None:
    chat = chat_with_saved_list().presses(*keys[:-1])
    count = len(watched_lists(chat))
    chat.conversation = replace(chat.conversation, saved_list=None)
    chat.presses(keys[-1])
    assert len(watched_lists(chat)) == count


def test_checklist_change_alerts_end_with_the_stop_command() -> None:
    chat = chat_with_alerts().says("/stop")
    assert watched_lists(chat)[-1] == {}
    assert chat.conversation.saved_list is not None
    assert not chat.conversation.saved_list.watched


def test_checklist_change_alerts_are_not_offered_where_messages_endanger() -> None:
    assert "watch" not in chat_with_saved_list(taps=CHINESE).keys


def test_checklist_change_alerts_are_adapted_to_the_new_checklist() -> None:
    chat = chat_with_alerts().presses("again").presses(*CHINESE, "keep")
    assert watched_lists(chat)[-1] == {}, "a message can endanger"
    chat = chat_with_alerts().presses("again").presses("kandas_status", "TM", *UZBEK[2:], "keep")
    assert watched_lists(chat)[-1] == {"list": "kandas_status", "list_country": "TM"}
