"""Who has chosen a PIN is asked for it before anything is shown, and nobody is ever shut out."""

import pytest

from flows.engine import pin_screens, screens
from flows.engine.events import (
    DeleteInput,
    Export,
    Forget,
    Page,
    PinLifted,
    PinTried,
    Resumed,
    SetPin,
    TryPin,
)
from flows.engine.flow import Submit
from tests.flows.chat import LANGUAGES, Chat

pytestmark = pytest.mark.requirement("S-43")
SENT = screens.REGISTRATION["sent"]


def registered(language: str = "ru") -> Chat:
    return Chat.begun(language, "preregistration").until(screens.MENU)


def locked(language: str = "ru") -> Chat:
    return registered(language).answers("pin").says("204611")


def test_after_a_registration_a_pin_is_offered_and_nobody_is_made_to_take_one() -> None:
    chat = registered()
    assert chat.shows(screens.PIN_OFFERED)
    assert chat.says("/status").at == screens.REGISTERED


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pin_is_chosen_kept_and_taken_out_of_the_chat(language: str) -> None:
    chat = locked(language)
    assert chat.done(SetPin) == [SetPin("204611")]
    assert DeleteInput() in chat.effects_now
    assert chat.shows(pin_screens.CHOSEN)
    assert "204611" not in chat.text


@pytest.mark.parametrize("way", ["/status", "/mydata"])
def test_before_anything_is_shown_the_pin_is_asked_for(way: str) -> None:
    chat = locked().says(way)
    assert chat.at == pin_screens.PIN
    assert not chat.shows(SENT)
    assert chat.done(Export) == []
    chat.says("204611")
    assert chat.done(TryPin) == [TryPin("204611")]
    chat.takes(PinTried(True))
    assert (chat.at == screens.REGISTERED) == (way == "/status")
    assert len(chat.done(Export)) == (way == "/mydata")


def test_every_look_wants_the_pin_anew() -> None:
    chat = locked().says("/status", "204611").takes(PinTried(True))
    assert chat.says("/status").at == pin_screens.PIN


@pytest.mark.parametrize("digits", ["٢٠٤٦١١", "２０４６１１", " 204 611 "])
def test_digits_of_any_script_are_read(digits: str) -> None:
    assert locked().says("/status", digits).done(TryPin) == [TryPin("204611")]


@pytest.mark.parametrize("typed", ["123", "123456789", "12a4", "²²²²", "none"])
def test_what_is_no_pin_is_refused_kindly(typed: str) -> None:
    chat = locked().says("/status", typed)
    assert chat.shows(pin_screens.NOT_A_PIN)
    assert chat.at == pin_screens.PIN
    assert chat.done(TryPin) == []


def test_a_wrong_pin_says_how_many_tries_are_left_and_the_last_leads_to_an_officer() -> None:
    chat = locked().says("/status", "1111").takes(PinTried(False, 4))
    assert chat.shows(pin_screens.WRONG, left=4)
    assert chat.at == pin_screens.PIN
    chat.says("2222").takes(PinTried(False, 0))
    assert chat.shows(pin_screens.SHUT)
    assert chat.at == screens.MENU
    assert chat.says("/person").at != screens.MENU


def test_who_forgot_the_pin_is_told_the_ways_out_and_may_still_erase() -> None:
    chat = locked().says("/status").presses("lost")
    assert chat.shows(pin_screens.LOST)
    chat.says("/status", "/delete").presses("yes")
    assert chat.done(Forget)
    assert not chat.conversation.has_pin


@pytest.mark.parametrize("word", ["/menu", "/person", "/language", "/exit", "/stop", "/start"])
def test_every_way_leads_away_from_the_pin(word: str) -> None:
    chat = locked().says("/status", word)
    assert chat.conversation.after_pin == ""
    assert chat.at != pin_screens.PIN


def test_a_pin_is_changed_and_removed_only_by_who_knows_it() -> None:
    chat = locked().answers("pin")
    assert "none" not in chat.keys
    chat.says("204611").takes(PinTried(True))
    assert chat.shows(pin_screens.CHOOSE)
    chat.presses("none")
    assert chat.done(SetPin) == [SetPin("204611"), SetPin(None)]
    assert chat.says("/status").at == screens.REGISTERED


def test_where_private_things_go_to_the_page_the_pin_does_too() -> None:
    chat = locked()
    chat.page = Page.ALWAYS
    chat.says("/status")
    assert chat.shows(screens.ON_PAGE)
    assert chat.shows(screens.PAGE_WAITS)
    assert not chat.shows(screens.PAGE_SKIPS)
    chat.says("204611")
    assert chat.done(TryPin) == []
    chat.page = Page.NEVER
    chat.takes(Resumed()).says("204611")
    assert chat.done(TryPin) == [TryPin("204611")]


def test_a_lifted_pin_is_said_and_asked_for_no_more() -> None:
    chat = locked().takes(PinLifted())
    assert chat.shows(pin_screens.LIFTED)
    assert chat.says("/status").at == screens.REGISTERED


def test_a_pin_shows_in_no_repr() -> None:
    assert "204611" not in repr((SetPin("204611"), TryPin("204611")))


def test_who_has_a_pin_is_not_offered_one_after_a_change() -> None:
    chat = locked().says("/status", "204611").takes(PinTried(True)).presses("amend")
    chat.until("review").presses("submit")
    assert chat.done(Submit)[1:]
    assert not chat.shows(screens.PIN_OFFERED)
