"""Commands at any step of a form, and presses of outdated, repeated or unknown buttons."""

from dataclasses import replace

import pytest

from flows.engine import commands, screens
from flows.engine.effects import Submit
from flows.engine.events import (
    Button,
    Export,
    Filled,
    Forget,
    Joined,
    Kind,
    Page,
    Pressed,
    QuickExit,
    Started,
    Stopped,
    UpdateWithheld,
    UploadRequested,
)
from flows.engine.hints import RemoveContact
from flows.engine.registration import RegistrationStatus
from flows.engine.state import Conversation
from flows.preregistration.after_consent import SURNAME
from tests.flows.chat import LANGUAGES, Chat, chat_at, default_answer
from tests.flows.recognizer import UNDERSTANDING, sentence

FORM = "preregistration"


# Presses of outdated, repeated or unknown buttons; pages of options


@pytest.mark.row(58, 59)
def test_button_of_an_earlier_question_only_repeats_the_open_question() -> None:
    chat = chat_at("adult")
    old = Pressed(f"{chat.nonce}:no")
    stored = chat.until("citizenship").stored_answers()
    chat.takes(old)
    assert chat.shows(screens.OLD_BUTTON)
    assert chat.question_key == "citizenship"
    assert chat.stored_answers() == stored


@pytest.mark.row(59)
def test_button_pressed_twice_stores_one_answer() -> None:
    chat = chat_at("adult")
    tap = Pressed(f"{chat.nonce}:yes")
    chat.takes(tap).takes(tap)
    assert chat.question_key == "purpose"
    assert chat.shows(screens.OLD_BUTTON)


def test_submit_button_pressed_twice_submits_once() -> None:
    chat = chat_at("review")
    tap = Pressed(f"{chat.nonce}:submit")
    chat.takes(tap).takes(tap)
    assert len(chat.effects_of(Submit)) == 1


@pytest.mark.parametrize(
    "payload",
    [
        "",
        ":",
        "1:yes",
        "999999:yes",
        "x" * 64,
        "!nonsense",
        "!",
        "{nonce}:maybe",
        "{nonce}:",
        "🙂:🙂",
    ],
)
@pytest.mark.row(58)
def test_button_with_an_unknown_payload_stores_no_answer(payload: str) -> None:
    chat = chat_at("adult")
    stored = chat.stored_answers()
    chat.takes(Pressed(payload.format(nonce=chat.nonce)))
    assert chat.shows(screens.OLD_BUTTON)
    assert chat.question_key == "adult"
    assert chat.stored_answers() == stored


def test_option_pages_wrap_around_after_the_last() -> None:
    chat = chat_at("target_region", "kk")
    first = chat.keys
    assert first[8] == ">"
    chat.presses(">")
    assert chat.last_messages[0].replaces
    second = chat.keys
    assert not set(first[:8]) & set(second[:8])
    chat.presses(">", ">")
    assert chat.keys == first
    chat.presses(">").presses(second[0])
    assert chat.stored_answers()["target_region"] == second[0]


def test_option_number_can_refer_to_any_page() -> None:
    chat = chat_at("target_region", "kk")
    chat.says("21")
    assert chat.stored_answers()["target_region"] == "shymkent"


# Commands during the form


@pytest.mark.requirement("S-39")
@pytest.mark.row(62)
def test_form_answers_are_kept_when_the_language_changes_at_every_step() -> None:
    plain = Chat.start("ru", FORM)
    mixed = Chat.start("ru", FORM)
    answers = {"applying": "family", "location": "kazakhstan", "contact": "phone"}
    for turn in range(60):
        assert mixed.question_key.partition("@")[0] == plain.name
        if plain.question_key == screens.MENU:
            break
        asked, language = mixed.question_key, LANGUAGES[turn % len(LANGUAGES)]
        mixed.says("/language").presses(language)
        assert mixed.question_key == asked
        assert mixed.conversation.language == language
        value = answers.get(plain.name) or default_answer(plain.name)
        plain.answers(value)
        mixed.answers(value)
    assert plain.effects_of(Submit) == mixed.effects_of(Submit) != []


def test_answer_in_the_previous_language_is_understood_after_a_switch() -> None:
    chat = chat_at("adult").says("/language")
    chat.presses("zh_Hans").says("иә")
    assert chat.stored_answers()["adult"] == "yes"


@pytest.mark.parametrize(
    "word", ["menu", "меню", "мәзір", "菜单", "menyu", "/menu", "/MENU@kosh_bot"]
)
def test_form_continues_at_its_open_question_after_the_menu_command(word: str) -> None:
    chat = chat_at("birth_year").says(word)
    assert chat.question_key == screens.MENU
    chat.presses(FORM)
    assert chat.question_key == "birth_year"


def test_help_shows_the_open_questions_own_help_text_when_it_has_one() -> None:
    chat = chat_at("surname").says("помощь")
    assert SURNAME.help is not None and chat.shows(SURNAME.help)
    assert chat.question_key == "surname"
    chat.until("given_name").says("/help")
    assert chat.shows(screens.HELP)
    assert chat.question_key == "given_name"


def test_required_question_cannot_be_skipped() -> None:
    chat = chat_at("surname").says("пропустить")
    assert chat.shows(screens.NOTHING_TO_SKIP)
    assert chat.question_key == "surname"


def test_optional_question_can_be_skipped_by_command() -> None:
    chat = chat_at("patronymic").says("/skip")
    assert chat.question_key == "name_kk"
    assert chat.stored_answers()["patronymic"] is None


def test_mydata_command_exports_data_only_when_the_person_has_stored_data() -> None:
    chat = Chat.start("ru").says("/mydata")
    assert chat.shows(screens.NOTHING_KEPT)
    assert chat.effects == []
    known = chat_at("surname").says("/mydata")
    assert known.last_effects == (Export(),)
    assert known.question_key == "surname"


@pytest.mark.requirement("S-37")
def test_quick_exit_deletes_anonymous_answers_but_only_pauses_stored_forms() -> None:
    chat = chat_at("passport").says("выход")
    assert chat.last_effects == (QuickExit(),)
    assert chat.shows(screens.EXIT_TEXT)
    assert chat.conversation == Conversation(language="ru", nonce=chat.nonce, has_left=True)
    known = chat_at("birth_year").presses("!exit")
    assert known.last_effects == (QuickExit(), RemoveContact())
    known.says("привет")
    assert known.question_key == screens.MENU
    assert known.presses(FORM).question_key == "birth_year"


@pytest.mark.requirement("S-37")
def test_quick_exit_text_has_no_buttons() -> None:
    (message,) = chat_at("passport").says("выход").last_messages
    assert message.buttons == ()


def test_quick_exit_before_a_language_choice_replies_in_every_language() -> None:
    (message,) = Chat().takes(Started()).takes(Pressed("!exit")).last_messages
    assert len(message.paragraphs[0]) == len(LANGUAGES)


def test_withheld_officer_message_is_announced_only_once_until_opened() -> None:
    exited = chat_at("birth_year").presses("!exit").takes(UpdateWithheld())
    assert exited.shows(screens.UPDATE)
    assert exited.takes(UpdateWithheld()).last_messages == ()
    opened = exited.takes(Pressed("!open"))
    assert not opened.conversation.has_left
    assert opened.takes(UpdateWithheld()).shows(screens.UPDATE)


def test_text_typed_while_a_message_is_withheld_is_not_taken_as_an_answer() -> None:
    chat = chat_at("surname")
    chat.conversation = replace(chat.conversation, update_waits=True)
    chat.says("TESTOVA")
    assert "surname" not in chat.stored_answers()
    assert chat.question_key == "surname"
    assert chat.says("TESTOVA").question_key == "given_name"


def test_user_question_is_not_stored_as_an_answer_while_an_update_waits() -> None:
    chat = chat_at("surname")
    chat.understanding = UNDERSTANDING
    chat.conversation = replace(chat.conversation, update_waits=True)
    assert not chat.says(sentence("passport", chat.language)).stored_answers().get("surname")
    assert chat.question_key == "surname"


def test_withheld_document_request_is_shown_when_the_notice_is_opened() -> None:
    chat = Chat.start("ru").takes(Joined()).takes(UploadRequested("ethnicity"))
    chat.conversation = replace(chat.conversation, update_waits=True)
    assert chat.takes(Pressed("!open")).shows(screens.PAPER_WANTED)


def test_country_question_accepts_a_name_of_several_words() -> None:
    chat = chat_at("citizenship")
    chat.understanding = UNDERSTANDING
    assert chat.says("Китайская Народная Республика").stored_answers()["citizenship"] == "CN"


def test_mydata_command_after_a_quick_exit_masks_names_in_the_messenger() -> None:
    exited = chat_at("surname").presses("!exit")
    shown = replace(exited, page=Page.OFFERED).says("/mydata")
    assert shown.shows(screens.MASKED)
    assert shown.effects_of(Export) == [Export()]
    assert not replace(exited, page=Page.NEVER).says("/mydata").shows(screens.MASKED)


def test_exit_button_is_a_symbol_before_a_language_choice() -> None:
    (message,) = Chat().takes(Started()).last_messages
    assert message.buttons[-1] == Button("!exit", screens.EXIT_SIGN, Kind.EXIT)
    (menu,) = Chat.start("ru").last_messages
    assert menu.buttons[-1].label == screens.EXIT


@pytest.mark.requirement("S-31")
def test_delete_command_erases_after_one_confirmation() -> None:
    chat = chat_at("birth_year").says("удалить")
    assert chat.shows(commands.DELETE_UNREGISTERED)
    chat.says("нет")
    assert chat.question_key == "birth_year"
    chat.says("/delete", "да")
    assert chat.last_effects == (Forget(),)


def test_delete_command_announces_a_withdrawal_of_a_registration() -> None:
    chat = chat_at("review").presses("submit").says("удалить")
    assert chat.shows(screens.DELETE_TEXT)
    assert chat.says("да").shows(screens.DELETED)


def test_delete_command_announces_no_withdrawal_when_nothing_was_sent() -> None:
    chat = chat_at("birth_year").says("удалить")
    assert not chat.shows(screens.DELETE_TEXT)
    assert chat.says("да").shows(commands.DELETED_UNREGISTERED)
    assert not chat.shows(screens.DELETED)
    assert chat.conversation == Conversation(language="ru", nonce=chat.nonce)


@pytest.mark.row(66)
def test_deleted_answers_are_not_restored_by_old_buttons_or_text() -> None:
    chat = chat_at("ethnic_kazakh")
    old = Pressed(f"{chat.nonce}:yes")
    chat.says("/delete").presses("yes")
    chat.takes(old)
    assert chat.question_key == screens.MENU
    chat.says("TESTOVA")
    assert chat.question_key == screens.MENU
    assert chat.conversation.forms == {}


@pytest.mark.requirement("S-38")
@pytest.mark.row(63)
def test_stop_command_mutes_messages_and_keeps_the_answers() -> None:
    chat = chat_at("birth_year").says("стоп")
    assert chat.last_effects == (Stopped(), RemoveContact())
    assert chat.shows(screens.STOPPED)
    assert chat.presses(FORM).question_key == "birth_year"


def test_stop_command_still_applies_after_a_quick_exit() -> None:
    chat = Chat.start("ru").says("стоп", "выход")
    assert chat.conversation.muted


@pytest.mark.parametrize(("typed", "is_erased"), [("yes", True), ("нет", False)])
def test_delete_confirmation_can_be_typed(typed: str, is_erased: bool) -> None:
    chat = chat_at("surname").says("/delete", typed)
    assert bool(chat.effects_of(Forget)) is is_erased
    assert (chat.stored_answers() == {}) is is_erased


def test_language_question_is_repeated_for_unknown_input() -> None:
    chat = Chat().takes(Started()).says("…", "…", "…")
    assert chat.question_key == screens.LANGUAGE


def test_keep_answer_button_stores_nothing_without_an_earlier_answer() -> None:
    chat = chat_at("purpose")
    chat.takes(Pressed(f"{chat.nonce}:="))
    assert chat.question_key == "purpose"
    assert "purpose" not in chat.stored_answers()


def test_list_of_answers_to_edit_has_a_button_back_to_the_review() -> None:
    chat = chat_at("review").presses("edit").answers("review")
    assert chat.question_key == "review"


def test_secure_page_button_is_ignored_at_a_non_private_question() -> None:
    chat = chat_at("purpose")
    chat.takes(Pressed("!page"))
    assert chat.question_key == "purpose"


def test_registration_screen_has_a_menu_button() -> None:
    chat = Chat.start("ru")
    chat.conversation = replace(
        chat.conversation,
        is_persistent=True,
        registration=RegistrationStatus("accepted", "KS-TEST"),
    )
    assert chat.says("/status").presses("menu").question_key == screens.MENU


def test_answer_that_an_officer_filled_in_is_marked_as_such() -> None:
    chat = chat_at("surname").takes(Filled("surname", "TESTOVA"))
    assert chat.form().answers["surname"].by == "officer"
    assert chat.stored_answers()["surname"] == "TESTOVA"


def test_answer_that_an_officer_filled_in_is_ignored_when_invalid() -> None:
    chat = chat_at("surname")
    before = chat.stored_answers()
    assert chat.takes(Filled("purpose", "of-another-release")).stored_answers() == before
    assert chat.takes(Filled("of_another_release", "TESTOVA")).stored_answers() == before
    assert Chat.start("ru").takes(Filled("surname", "TESTOVA")).stored_answers() == {}


def test_back_command_in_the_menu_shows_the_menu_again() -> None:
    assert Chat.start("ru").says("/back").question_key == screens.MENU


def test_person_command_during_the_handoff_repeats_the_open_question() -> None:
    chat = Chat.start("ru", "officer")
    question = chat.question_key
    assert chat.says("/person").question_key == question


def test_menu_has_an_option_to_change_the_language() -> None:
    assert Chat.start("ru").presses("language").question_key == screens.LANGUAGE
