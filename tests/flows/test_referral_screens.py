"""The screens of a referral: an organization's code, and the consent to be counted for it.

A referred person is counted only with their consent.
"""

import pytest

from flows.engine import referral_screens, screens
from flows.engine.events import Started
from flows.engine.referral_screens import INVITED
from flows.engine.referrals import CountReferral, FindReferrer, ReferrerFound, read_code
from tests.flows.chat import LANGUAGES, Chat

CODE, NAME = "REF-ABCD-2345", "Testov association"
FOUND = ReferrerFound(CODE, NAME)


def chat_with_referrer(language: str = "ru") -> Chat:
    return Chat.start(language).says(CODE.lower()).takes(FOUND)


@pytest.mark.parametrize("language", LANGUAGES)
def test_referral_screen_names_the_organisation_and_what_it_learns(language: str) -> None:
    chat = chat_with_referrer(language)
    assert chat.effects_of(FindReferrer) == [FindReferrer(CODE)]
    assert chat.question_key == INVITED
    assert chat.shows(referral_screens.INVITATION, name=NAME, least=referral_screens.MIN_SHOWN)


@pytest.mark.parametrize(("key", "counted"), [("yes", [CountReferral(CODE)]), ("no", [])])
def test_referral_is_counted_only_with_consent(key: str, counted: list[CountReferral]) -> None:
    chat = chat_with_referrer().presses(key)
    assert chat.question_key == screens.MENU
    chat.presses("preregistration").until(screens.MENU)
    assert chat.effects_of(CountReferral) == counted
    assert chat.conversation.referral is None
    chat.says("/menu").presses("status", "amend").until(screens.MENU)
    assert chat.effects_of(CountReferral) == counted


def test_referral_code_is_ignored_for_a_registered_person() -> None:
    chat = Chat.start("ru", "preregistration").until(screens.MENU).says(CODE).takes(FOUND)
    assert chat.question_key == screens.MENU
    assert chat.conversation.referral is None


def test_referral_screen_is_shown_after_the_language_is_chosen() -> None:
    chat = Chat().takes(Started(CODE)).takes(FOUND)
    assert chat.question_key == screens.LANGUAGE
    assert chat.presses("kk").question_key == INVITED


def test_referral_code_as_first_text_asks_for_the_language_first() -> None:
    chat = Chat().says(CODE).takes(FOUND)
    assert chat.question_key == screens.LANGUAGE
    assert chat.presses("ru").question_key == INVITED


def test_referral_code_that_ended_is_reported_as_ended() -> None:
    chat = Chat.start("ru").says(CODE).takes(ReferrerFound(CODE))
    assert chat.shows(referral_screens.ENDED)
    assert chat.question_key == screens.MENU
    assert Chat().says(CODE).takes(ReferrerFound(CODE)).question_key == screens.LANGUAGE


def test_referral_link_looks_up_its_code() -> None:
    chat = Chat.start("ru").takes(Started(CODE))
    assert chat.effects_of(FindReferrer) == [FindReferrer(CODE)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ref abcd 2345", CODE),
        (" REF-ABCD2345\n", CODE),
        ("my code is REF-ABCD-2345", ""),
        ("REF-ABCD-234", ""),
    ],
)
def test_referral_code_is_recognized_only_as_the_whole_text(text: str, code: str) -> None:
    assert read_code(text) == code


def test_referral_is_not_counted_when_its_consent_is_not_answered() -> None:
    chat = chat_with_referrer().takes(Started("preregistration")).until(screens.MENU)
    assert chat.effects_of(CountReferral) == []
    assert chat.conversation.referral is None
