"""A second channel is joined by a code, with a yes in both chats and a choice for updates."""

import pytest

from flows.engine import join_screens, pin_screens, screens
from flows.engine.events import DeleteInput, PinTried, Pressed
from flows.engine.joining import (
    AnswerJoin,
    ChatUnjoined,
    ChooseUpdates,
    FinishJoin,
    IssueJoinCode,
    JoinAwaited,
    JoinCodeIssued,
    JoinFinished,
    JoinOffered,
    JoinRequested,
    LeaveConversation,
    OfferJoin,
    RequestJoin,
    Unjoin,
)
from flows.engine.text import Text
from tests.flows.chat import LANGUAGES, Chat

CODE, SIGN = "KOSH-ABCD-2345", "🐪"


def registered(language: str = "ru") -> Chat:
    return Chat.begun(language, "preregistration").until(screens.MENU).says("/menu").presses(">")


def offered(language: str = "ru") -> Chat:
    return Chat.begun(language).says(CODE.lower()).takes(JoinOffered(True))


def awaited() -> Chat:
    return offered().presses("yes").takes(JoinAwaited(SIGN))


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_is_issued_from_the_menu_of_a_registration(language: str) -> None:
    chat = registered(language).presses("join")
    assert chat.done(IssueJoinCode) == [IssueJoinCode()]
    chat.takes(JoinCodeIssued(CODE))
    assert chat.shows(join_screens.CODE, code=CODE, minutes=join_screens.CODE_MINUTES)


def test_code_is_issued_after_the_pin_if_there_is_one() -> None:
    chat = registered().answers("pin").says("204611", "/menu").presses(">", "join")
    assert chat.at == pin_screens.PIN
    assert not chat.done(IssueJoinCode)
    assert chat.says("204611").takes(PinTried(True)).done(IssueJoinCode)


@pytest.mark.parametrize("language", LANGUAGES)
def test_typed_code_is_deleted_and_checked(language: str) -> None:
    chat = Chat.begun(language).says(CODE.lower())
    assert [*chat.effects_now] == [DeleteInput(), OfferJoin(CODE)]
    chat.takes(JoinOffered(True))
    assert chat.shows(join_screens.OFFER)
    chat.presses("yes")
    assert chat.done(RequestJoin) == [RequestJoin(CODE)]


def test_offer_can_be_declined() -> None:
    chat = offered().presses("no")
    assert chat.at == screens.MENU
    assert chat.conversation.join_code == ""


def test_code_that_is_not_valid_leads_back_to_the_menu() -> None:
    chat = Chat.begun("ru").says(CODE).takes(JoinOffered(False))
    assert chat.at == screens.MENU
    assert chat.conversation.join_code == ""


def test_chat_with_data_of_its_own_is_not_joined() -> None:
    chat = Chat.begun("ru").says(CODE).takes(JoinOffered(False, has_data=True))
    assert chat.shows(join_screens.HAS_DATA)
    assert chat.at == screens.MENU


def test_new_chat_waits_for_the_yes_in_the_other_one() -> None:
    chat = awaited()
    assert chat.at == join_screens.AWAITED
    assert SIGN in chat.text
    chat.presses("done")
    assert chat.done(FinishJoin) == [FinishJoin(CODE)]
    assert chat.takes(JoinFinished()).at == join_screens.AWAITED
    assert chat.presses("cancel").at == screens.MENU


def test_code_that_ended_meanwhile_is_refused() -> None:
    chat = offered().presses("yes").takes(JoinAwaited())
    assert chat.at == screens.MENU
    assert chat.conversation.join_code == ""


@pytest.mark.parametrize(
    ("key", "text"), [("yes", join_screens.CONFIRMED), ("no", join_screens.REFUSED)]
)
def test_known_chat_confirms_or_refuses(key: str, text: Text) -> None:
    chat = registered().takes(JoinRequested("whatsapp", SIGN))
    assert chat.at == join_screens.REQUESTED
    chat.presses(key)
    assert chat.done(AnswerJoin) == [AnswerJoin(key == "yes")]
    assert chat.shows(text)


@pytest.mark.parametrize("channel", ["telegram", "web"])
def test_channel_for_updates_is_chosen_after_joining(channel: str) -> None:
    chat = awaited().presses("done").takes(JoinFinished("web", "telegram"))
    assert chat.at == join_screens.UPDATES
    assert chat.shows(join_screens.JOINED)
    chat.presses(channel)
    assert chat.done(ChooseUpdates) == [ChooseUpdates(channel)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_chat_is_unjoined_after_a_yes(language: str) -> None:
    chat = registered(language).takes(Pressed(join_screens.UNJOIN))
    assert chat.shows(join_screens.UNJOIN_TEXT)
    assert chat.presses("yes").done(Unjoin) == [Unjoin()]
    chat.takes(ChatUnjoined("web", "telegram"))
    assert chat.done(LeaveConversation) == [LeaveConversation("web")]
    assert chat.shows(join_screens.UNJOINED, channel=join_screens.CHANNELS["telegram"])


def test_chat_stays_joined_after_a_no() -> None:
    chat = registered().takes(Pressed(join_screens.UNJOIN)).presses("no")
    assert chat.at == screens.MENU
    assert not chat.done(Unjoin)


def test_only_chat_is_not_unjoined() -> None:
    chat = registered().takes(Pressed(join_screens.UNJOIN)).presses("yes")
    chat.takes(ChatUnjoined("web"))
    assert chat.shows(join_screens.ONLY_CHAT)
    assert not chat.done(LeaveConversation)
