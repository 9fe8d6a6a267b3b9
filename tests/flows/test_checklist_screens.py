"""A list that a flow made: printed, kept with consent, ticked, reminded of, let go."""

from collections.abc import Callable

import pytest

from flows import checklist
from flows.checklist import LISTING
from flows.engine import checklist_screens, screens
from flows.engine.events import (
    ConsentGiven,
    Export,
    Forget,
    Kind,
    PrintList,
    Remind,
    Resolved,
    Started,
    UploadChecked,
    UploadStatusChanged,
)
from flows.engine.state import Conversation
from flows.knowledge.documents import ETHNICITY, IDENTITY, IIN
from tests.flows.chat import LANGUAGES, TODAY, Chat

UZBEK = ("kandas_status", "UZ", "both", "yes", "yes", "origin")
CHINESE = ("kandas_status", "CN", "alone", "yes", "origin")


def listed(language: str = "ru", taps: tuple[str, ...] = UZBEK) -> Chat:
    return Chat.begun(language, "checklist").presses(*taps)


def kept(language: str = "ru", taps: tuple[str, ...] = UZBEK) -> Chat:
    return listed(language, taps).presses("keep", "yes")


def mine(chat: Chat) -> tuple[str, ...]:
    assert chat.conversation.saved_list is not None
    return chat.conversation.saved_list.ticked


# The list that was just made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_comes_with_a_link_of_its_own_and_can_be_kept(language: str) -> None:
    chat = listed(language)
    first, second = chat.says_now
    assert [button.kind for button in first.buttons] == [Kind.LINK, Kind.EXIT]
    assert [button.kind for button in second.buttons] == [
        Kind.OPTION,
        Kind.OPTION,
        Kind.CONTROL,
        Kind.EXIT,
    ]
    sheet = chat.done(PrintList)[0]
    assert sheet.answers["location"] == "origin"
    assert not chat.conversation.is_persistent


def test_where_there_is_no_list_there_is_nothing_to_print() -> None:
    chat = Chat.begun("ru", "support").presses("north_east", "pavlodar").says("5").presses("yes")
    assert chat.done(PrintList) == []
    assert chat.at == screens.MENU


def test_refusing_keeps_nothing() -> None:
    chat = listed().presses("keep", "refuse")
    assert chat.shows(checklist_screens.NOT_KEPT)
    assert chat.at == screens.MENU
    assert chat.conversation.saved_list is chat.conversation.draft_list is None
    assert chat.done(ConsentGiven) == []
    assert not chat.conversation.is_persistent


def test_agreement_is_pressed_or_written_out_and_never_a_number_or_a_yes() -> None:
    chat = listed().presses("keep").says("1")
    assert chat.done(ConsentGiven) == []
    chat = listed().presses("keep").says("да")
    assert chat.done(ConsentGiven) == []
    chat = listed().presses("keep")
    assert chat.conversation.asked is not None
    chat.says(chat.conversation.asked.options[0].words)
    assert chat.conversation.saved_list is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_agreeing_keeps_the_answers_without_the_place(language: str) -> None:
    chat = kept(language)
    assert chat.done(ConsentGiven)[0].purpose == "checklist"
    assert chat.done(ConsentGiven)[0].text == LISTING.consent.text
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


# The kept list


def test_what_is_ticked_is_counted_and_can_be_unticked() -> None:
    chat = kept().presses("tick", IIN.key)
    assert mine(chat) == (IIN.key,)
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=1)
    assert chat.at == checklist_screens.Screen.TICK
    chat.says("1")
    assert mine(chat) == ()
    chat.presses(">").presses(">", IIN.key, "!list")
    assert chat.at == checklist_screens.Screen.MINE
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=1)


def test_back_from_ticking_can_be_written() -> None:
    assert kept().presses("tick").says("назад").at == checklist_screens.Screen.MINE


def test_my_papers_in_the_menu_opens_the_kept_list() -> None:
    chat = kept().presses("menu", "checklist")
    assert chat.at == checklist_screens.Screen.MINE


def test_a_new_list_takes_the_place_of_the_old_one_and_its_ticks() -> None:
    chat = kept().presses("tick", IIN.key, "!list", "again").presses(*CHINESE)
    assert chat.at == checklist_screens.Screen.LIST
    chat.presses("keep")
    assert chat.at == checklist_screens.Screen.MINE, "the consent was given before"
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.answers["citizenship"] == "CN"
    assert mine(chat) == (IIN.key,)


def test_a_kept_list_is_printed_with_its_ticks_and_without_a_place() -> None:
    chat = kept().presses("tick", IIN.key, "!list", "print")
    sheet = chat.done(PrintList)[-1]
    assert sheet.ready == (IIN.key,)
    assert "location" not in sheet.answers
    assert [button.kind for button in chat.says_now[0].buttons] == [Kind.LINK, Kind.EXIT]


def test_papers_that_were_sent_fill_the_list_and_show_where_they_are() -> None:
    chat = kept()
    chat.takes(UploadChecked("papers", "paper_identity"))
    chat.says("/menu").answers("checklist")
    assert chat.shows(checklist_screens.TICKED, paper=IDENTITY.name)
    assert chat.shows(checklist_screens.OPEN, paper=ETHNICITY.name)
    assert chat.shows(screens.PAPER_STATES["checked"])
    assert chat.shows(checklist_screens.READY_SO_FAR, ready=1)
    chat.takes(UploadStatusChanged("identity", "rejected")).says("/menu").answers("checklist")
    assert chat.shows(checklist_screens.OPEN, paper=IDENTITY.name)
    assert chat.shows(screens.PAPER_STATES["rejected"])


def test_a_list_that_is_wanted_no_longer_goes_with_its_consent_and_reminder() -> None:
    chat = kept().presses("remind", "drop")
    assert chat.conversation.saved_list is None
    assert "checklist" not in chat.conversation.consents
    assert chat.done(Remind)[-1] == Remind(0)
    assert chat.shows(checklist_screens.DROPPED)


def test_data_and_erasure_reach_the_list() -> None:
    chat = kept().says("/mydata")
    assert chat.done(Export)
    chat.says("/delete").presses("yes")
    assert chat.done(Forget)
    assert chat.conversation == Conversation(language="ru", nonce=chat.nonce)


# Reminders


def test_a_reminder_is_asked_for_and_can_be_taken_back() -> None:
    chat = kept().presses("remind")
    assert chat.done(Remind) == [Remind(7)]
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.remind is not None
    assert (chat.conversation.saved_list.remind - TODAY).days == 7
    assert "remind" not in chat.keys
    chat.presses("silent")
    assert chat.done(Remind)[-1] == Remind(0)
    assert "remind" in chat.keys


@pytest.mark.parametrize("citizenship", ["CN", "IR", "AF"])
def test_none_is_offered_where_a_message_can_harm(citizenship: str) -> None:
    chat = Chat.begun("ru", "checklist").presses("kandas_status")
    chat.answers(citizenship).presses("alone", "yes", "kazakhstan", "keep", "yes")
    assert "remind" not in chat.keys


def test_none_is_offered_where_the_country_is_not_known() -> None:
    assert "remind" not in kept(taps=("kandas_extension",)).keys


def test_stop_ends_the_reminder_and_none_is_offered_to_who_wants_silence() -> None:
    chat = kept().presses("remind").says("/stop")
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.remind is None
    chat.answers("checklist")
    assert "remind" not in chat.keys
    assert "silent" not in chat.keys


# What is not to be kept is let go


def midway() -> Chat:
    """Somebody we know, who has answered some of a flow whose answers are not kept."""
    chat = Chat.begun("ru", "officer").presses("general", "yes", "-").takes(Resolved("menu"))
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
def test_who_leaves_such_a_flow_midway_leaves_no_answers(leaves: Callable[[Chat], Chat]) -> None:
    chat = midway()
    assert chat.told("eligibility") == {"purpose": "move", "ethnic_kazakh": "yes"}
    assert "eligibility" not in leaves(chat).conversation.forms


def test_becoming_known_takes_along_nothing_of_what_was_only_asked() -> None:
    chat = Chat.begun("ru", "eligibility").presses("move", "yes").says("/menu")
    assert "eligibility" in chat.conversation.forms, "who just asks may go on for a while"
    chat.answers("officer").presses("general", "yes")
    assert "eligibility" not in chat.conversation.forms


def test_asking_for_a_person_from_within_leads_back_into_the_flow() -> None:
    chat = midway().presses("!person")
    assert "eligibility" in chat.conversation.forms
    chat.presses("general").presses("-")
    chat.takes(Resolved())
    assert chat.at == "ethnicity_papers"


def test_a_list_that_was_not_kept_goes_when_somebody_known_goes_on() -> None:
    chat = midway().says("/menu").answers("checklist").presses(*UZBEK)
    assert chat.conversation.draft_list is not None
    assert "checklist" not in chat.conversation.forms
    chat.presses("menu")
    assert chat.conversation.draft_list is None


def test_every_entry_is_a_paper_of_the_list() -> None:
    answers = {"programme": "kandas_status", "citizenship": "UZ", "family": "both"}
    made = checklist.checklist(answers, TODAY)
    keys = [each.key for each in checklist.entries(answers, TODAY)]
    assert keys == [paper.document.key for paper in made.papers]
