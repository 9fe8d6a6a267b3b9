"""People link their registrations as a family.

One person gets a code, another enters it. Each consents, and each may leave.
"""

from dataclasses import replace
from datetime import date

import pytest

from flows.engine import household_screens, screens
from flows.engine.events import ConsentGiven, DeleteInput, Notice, Pressed
from flows.engine.household import (
    ChangeHousehold,
    CheckHouseholdCode,
    HouseholdAnswered,
    HouseholdCodeChecked,
    read_household_code,
)
from flows.engine.model_events import ConsentWithdrawn
from flows.engine.registration import Acknowledged
from tests.flows.chat import LANGUAGES, Chat, chat_at

NUMBER, CODE = "KS-2026-TEST-TEST", "ABCDE23456"
LAST_DAY = date(2026, 12, 1)
JOINED = HouseholdAnswered("join", is_linked=True)
GAVE_CODE = HouseholdAnswered("invite", is_linked=True, code=CODE, code_until=LAST_DAY)


def registered_chat(language: str = "ru") -> Chat:
    """Return the chat of a registered person, at the screen of the registration's status."""
    chat = chat_at("review", language).presses("submit")
    return chat.takes(Acknowledged("accepted", NUMBER)).presses("!status")


def chat_at_code_entry(language: str = "ru") -> Chat:
    return registered_chat(language).presses("household", "enter")


def chat_at_consent(language: str = "ru") -> Chat:
    """Return the chat of a person who entered a valid family code and is asked for consent."""
    return chat_at_code_entry(language).says(CODE).takes(HouseholdCodeChecked(is_granted=True))


def linked_chat() -> Chat:
    return chat_at_consent().presses("yes").takes(JOINED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_to_join_a_family_is_issued_after_consent(language: str) -> None:
    chat = registered_chat(language).presses("household")
    assert chat.shows(household_screens.NOT_LINKED)
    assert chat.presses("invite").shows(household_screens.WHAT_IT_MEANS)
    chat.presses("yes")
    assert [each.purpose for each in chat.effects_of(ConsentGiven)][-1] == "household"
    assert chat.effects_of(ChangeHousehold) == [ChangeHousehold("invite")]
    assert chat.shows(household_screens.SAVED)
    chat.takes(GAVE_CODE).presses("!status")
    assert chat.shows(household_screens.CODE_FOR_FAMILY, code="ABCDE-23456", day=LAST_DAY)


def test_family_code_request_gets_no_promise_of_a_message_after_stop() -> None:
    chat = registered_chat().says("стоп", "/status").presses("household", "invite", "yes")
    assert not chat.shows(household_screens.SAVED)
    assert chat.shows(household_screens.PENDING["invite"])


def test_code_to_join_a_family_can_be_issued_again_without_new_consent() -> None:
    chat = registered_chat().presses("household", "invite", "yes").takes(GAVE_CODE)
    chat.presses("!status", "household", "invite")
    assert [each.write for each in chat.effects_of(ChangeHousehold)] == ["invite", "invite"]


def test_code_to_join_a_family_is_not_shown_after_its_expiry() -> None:
    chat = registered_chat().presses("household", "invite", "yes").takes(GAVE_CODE)
    chat.today = date(2026, 12, 2)
    assert not chat.presses("!status").shows(household_screens.CODE_FOR_FAMILY)
    assert chat.shows(household_screens.LINKED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_family_member_joins_by_code_after_consent(language: str) -> None:
    chat = chat_at_code_entry(language)
    assert chat.shows(household_screens.ENTER_CODE)
    chat.says("abcde-23456")
    assert [*chat.last_effects] == [DeleteInput(), CheckHouseholdCode(CODE)]
    chat.takes(HouseholdCodeChecked(is_granted=True))
    assert chat.shows(household_screens.WHAT_IT_MEANS)
    assert chat.effects_of(ChangeHousehold) == [], "nothing is sent before the consent"
    chat.presses("yes")
    assert chat.effects_of(ChangeHousehold) == [ChangeHousehold("join", CODE)]
    assert CODE not in chat.text
    chat.takes(JOINED).presses("!status")
    assert chat.shows(household_screens.LINKED)
    assert not chat.shows(household_screens.CODE_FOR_FAMILY)


def test_family_member_who_refuses_consent_is_not_linked() -> None:
    chat = chat_at_consent().presses("refuse")
    assert chat.shows(household_screens.NOTHING_CHANGED)
    assert chat.effects_of(ChangeHousehold) == []
    assert chat.conversation.household_code is None


@pytest.mark.parametrize("typed", ["да", "1"])
def test_family_consent_requires_its_button_not_a_yes_or_a_number(typed: str) -> None:
    chat = chat_at_consent().says(typed)
    assert chat.effects_of(ChangeHousehold) == []
    assert chat.question_key == household_screens.CONSENT


def test_notice_of_a_family_link_result_does_not_state_the_result() -> None:
    chat = chat_at_consent().presses("yes").takes(JOINED)
    (say,) = chat.last_messages
    assert [line.msgid for paragraph in say.paragraphs for line in paragraph] == [
        screens.UPDATE.msgid
    ]
    assert say.notice is Notice.UPDATE


def test_family_link_result_is_not_notified_after_the_stop_command() -> None:
    turn = chat_at_consent().presses("yes").says("/stop")._run_step(JOINED)
    known = turn.conversation.registration
    assert known is not None
    assert known.household is not None
    assert (known.household.is_linked, turn.says) == (True, ())


@pytest.mark.parametrize("refusal", ["unknown_code", "refused"])
def test_registry_refusal_of_a_family_code_is_explained_and_ends_consent(refusal: str) -> None:
    chat = chat_at_consent().presses("yes")
    chat.takes(HouseholdAnswered("join", refusal))  # type: ignore[arg-type]
    assert [each.purpose for each in chat.effects_of(ConsentWithdrawn)] == ["household"]
    chat.presses("!status")
    assert chat.shows(household_screens.REFUSED[refusal])
    assert "enter" in chat.presses("household").keys


def test_family_link_result_without_a_request_is_ignored() -> None:
    chat = linked_chat()
    before = chat.conversation
    turn = chat._run_step(HouseholdAnswered("leave"))
    assert (turn.conversation, turn.says) == (before, ())


def test_family_member_leaves_after_a_confirmation() -> None:
    chat = linked_chat().presses("!status", "household", "leave")
    assert chat.shows(household_screens.LEAVE_FAMILY)
    chat.presses("yes")
    assert chat.effects_of(ChangeHousehold)[-1] == ChangeHousehold("leave")
    assert chat.presses("status").shows(household_screens.PENDING["leave"])
    chat.presses("household")
    assert chat.keys[0] == "status", "one request at a time"
    assert chat.presses("status").question_key == screens.REGISTERED
    chat.takes(HouseholdAnswered("leave")).presses("!status")
    assert not chat.shows(household_screens.LINKED)
    assert [each.purpose for each in chat.effects_of(ConsentWithdrawn)] == ["household"]


def test_family_member_who_declines_to_leave_stays_linked() -> None:
    chat = linked_chat().presses("!status", "household", "leave", "no")
    assert chat.shows(household_screens.NOTHING_CHANGED)
    assert len(chat.effects_of(ChangeHousehold)) == 1


def test_family_link_ends_when_the_registration_is_withdrawn() -> None:
    chat = linked_chat().presses("!status", "withdraw", "yes")
    assert not chat.shows(household_screens.LINKED)
    chat.takes(Acknowledged("withdrawn", NUMBER))
    assert chat.conversation.registration is not None
    assert chat.conversation.registration.household is None
    assert [each.purpose for each in chat.effects_of(ConsentWithdrawn)] == ["household"]


def test_family_consent_is_withdrawn_only_once() -> None:
    chat = (
        linked_chat()
        .presses("!status", "household", "leave", "yes")
        .takes(HouseholdAnswered("leave"))
    )
    chat.takes(Acknowledged("withdrawn", NUMBER))
    assert [each.purpose for each in chat.effects_of(ConsentWithdrawn)] == ["household"]


@pytest.mark.parametrize("state", ["withdrawn", "sent"])
def test_family_link_is_not_offered_without_an_active_registration(state: str) -> None:
    chat = chat_at("review").presses("submit")
    if state == "withdrawn":
        chat.takes(Acknowledged("withdrawn", NUMBER))
    assert "household" not in chat.takes(Pressed("!status")).keys


def _with_pending_withdrawal(chat: Chat) -> Chat:
    known = chat.conversation.registration
    assert known is not None
    known = replace(known, state="withdrawing")
    chat.conversation = replace(chat.conversation, registration=known)
    return chat


def test_family_join_is_cancelled_while_a_withdrawal_is_pending() -> None:
    chat = _with_pending_withdrawal(chat_at_consent()).presses("yes")
    assert chat.shows(household_screens.NOTHING_CHANGED)
    assert chat.effects_of(ChangeHousehold) == []


def test_family_option_opens_the_menu_while_a_withdrawal_is_pending() -> None:
    assert (
        _with_pending_withdrawal(registered_chat()).presses("household").question_key
        == screens.MENU
    )


def test_entry_of_a_code_to_join_a_family_ends_after_too_many_attempts() -> None:
    chat = chat_at_code_entry().says(CODE).takes(HouseholdCodeChecked(is_granted=False))
    assert chat.shows(household_screens.TOO_MANY)
    assert chat.conversation.household_code is None


def test_code_to_join_a_family_is_asked_again_after_other_text() -> None:
    chat = chat_at_code_entry().says("ABCDE")
    assert chat.shows(household_screens.NOT_A_CODE)
    assert chat.question_key == household_screens.CODE
    assert chat.presses("later").shows(household_screens.NOTHING_CHANGED)


@pytest.mark.parametrize(
    "typed",
    [CODE, "abcde 23456", "АВСDЕ23456", "ABCDE٢٣٤٥٦", "ＡBCDE23456"],
)
def test_code_to_join_a_family_is_parsed_in_every_accepted_spelling(typed: str) -> None:
    assert read_household_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "ABCDE2345", "ABCDE234567", "ABCDE2345O", "my code"])
def test_parser_of_the_code_to_join_a_family_rejects_other_text(typed: str) -> None:
    assert read_household_code(typed) == ""


def test_code_to_join_a_family_is_not_in_any_repr() -> None:
    for each in (CheckHouseholdCode(CODE), ChangeHousehold("join", CODE), GAVE_CODE):
        assert CODE not in repr(each)
