"""A person joins a second chat to their conversation by a code, after consent in both chats.

Then the person chooses the chat for status updates.
"""

import pytest

from flows.engine import join_screens, pin_screens, screens
from flows.engine.events import DeleteInput, PinTried, Pressed
from flows.engine.joining import (
    AnswerJoin,
    ChatDisconnected,
    ChooseUpdates,
    Disconnect,
    DisconnectOther,
    EndChat,
    FinishJoin,
    IssueJoinCode,
    JoinAwaited,
    JoinCodeIssued,
    JoinFinished,
    JoinOffered,
    JoinRequested,
    LeaveConversation,
    OfferJoin,
    OtherDisconnected,
    RequestJoin,
)
from flows.engine.text import Text
from tests.flows.chat import LANGUAGES, Chat

CODE, SIGN = "KOSH-ABCD-2345", "🐪"


def registered_chat(language: str = "ru") -> Chat:
    return Chat.start(language, "preregistration").until(screens.MENU).says("/menu").presses(">")


def chat_at_offer(language: str = "ru") -> Chat:
    return Chat.start(language).says(CODE.lower()).takes(JoinOffered(True))


def chat_awaiting_confirmation() -> Chat:
    return chat_at_offer().presses("yes").takes(JoinAwaited(SIGN))


@pytest.mark.parametrize("language", LANGUAGES)
def test_join_code_is_issued_from_the_menu_of_a_registered_person(language: str) -> None:
    chat = registered_chat(language).presses("join")
    assert chat.effects_of(IssueJoinCode) == [IssueJoinCode()]
    chat.takes(JoinCodeIssued(CODE))
    assert chat.shows(join_screens.CODE, code=CODE, minutes=join_screens.CODE_MINUTES)


def test_join_code_is_issued_after_the_pin_when_one_is_set() -> None:
    chat = registered_chat().answers("pin").says("204611", "/menu").presses(">", "join")
    assert chat.question_key == pin_screens.PIN
    assert not chat.effects_of(IssueJoinCode)
    assert chat.says("204611").takes(PinTried(True)).effects_of(IssueJoinCode)


@pytest.mark.parametrize("language", LANGUAGES)
def test_join_code_typed_in_a_chat_is_deleted_and_checked(language: str) -> None:
    chat = Chat.start(language).says(CODE.lower())
    assert [*chat.last_effects] == [DeleteInput(), OfferJoin(CODE)]
    chat.takes(JoinOffered(True))
    assert chat.shows(join_screens.OFFER)
    chat.presses("yes")
    assert chat.effects_of(RequestJoin) == [RequestJoin(CODE)]


def test_offer_to_join_chats_can_be_declined() -> None:
    chat = chat_at_offer().presses("no")
    assert chat.question_key == screens.MENU
    assert chat.conversation.join_code == ""


def test_join_code_that_is_invalid_leads_to_the_menu() -> None:
    chat = Chat.start("ru").says(CODE).takes(JoinOffered(False))
    assert chat.question_key == screens.MENU
    assert chat.conversation.join_code == ""


def test_joining_chats_is_refused_for_a_chat_with_stored_data() -> None:
    chat = Chat.start("ru").says(CODE).takes(JoinOffered(False, has_data=True))
    assert chat.shows(join_screens.HAS_DATA)
    assert chat.question_key == screens.MENU


def test_joining_chats_waits_for_the_confirmation_in_the_other_chat() -> None:
    chat = chat_awaiting_confirmation()
    assert chat.question_key == join_screens.AWAITED
    assert SIGN in chat.text
    chat.presses("done")
    assert chat.effects_of(FinishJoin) == [FinishJoin(CODE)]
    assert chat.takes(JoinFinished()).question_key == join_screens.AWAITED
    assert chat.presses("cancel").question_key == screens.MENU


def test_joining_chats_is_refused_when_the_code_expired_meanwhile() -> None:
    chat = chat_at_offer().presses("yes").takes(JoinAwaited())
    assert chat.question_key == screens.MENU
    assert chat.conversation.join_code == ""


@pytest.mark.parametrize(
    ("key", "text"), [("yes", join_screens.CONFIRMED), ("no", join_screens.REFUSED)]
)
def test_request_to_join_is_confirmed_or_refused_in_the_chat_with_the_data(
    key: str, text: Text
) -> None:
    chat = registered_chat().takes(JoinRequested("whatsapp", SIGN))
    assert chat.question_key == join_screens.REQUESTED
    chat.presses(key)
    assert chat.effects_of(AnswerJoin) == [AnswerJoin(key == "yes")]
    assert chat.shows(text)


@pytest.mark.parametrize("channel", ["telegram", "web"])
def test_person_with_joined_chats_chooses_the_channel_for_updates(channel: str) -> None:
    chat = chat_awaiting_confirmation().presses("done").takes(JoinFinished("web", "telegram"))
    assert chat.question_key == join_screens.UPDATES
    assert chat.shows(join_screens.JOINED)
    chat.presses(channel)
    assert chat.effects_of(ChooseUpdates) == [ChooseUpdates(channel)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_disconnecting_a_chat_needs_a_confirmation(language: str) -> None:
    chat = registered_chat(language).takes(Pressed(join_screens.DISCONNECT))
    assert chat.shows(join_screens.DISCONNECT_TEXT)
    assert chat.presses("yes").effects_of(Disconnect) == [Disconnect()]
    chat.takes(ChatDisconnected("web", "telegram"))
    assert chat.effects_of(LeaveConversation) == [LeaveConversation("web")]
    assert chat.shows(join_screens.DISCONNECTED, channel=join_screens.CHANNELS["telegram"])


def test_disconnecting_a_chat_can_be_declined() -> None:
    chat = registered_chat().takes(Pressed(join_screens.DISCONNECT)).presses("no")
    assert chat.question_key == screens.MENU
    assert not chat.effects_of(Disconnect)


def test_disconnecting_is_refused_for_the_only_chat() -> None:
    chat = registered_chat().takes(Pressed(join_screens.DISCONNECT)).presses("yes")
    chat.takes(ChatDisconnected("web"))
    assert chat.shows(join_screens.ONLY_CHAT)
    assert not chat.effects_of(LeaveConversation)


@pytest.mark.parametrize("language", LANGUAGES)
def test_disconnecting_another_chat_needs_a_confirmation(language: str) -> None:
    name = join_screens.CHANNELS["web"]
    chat = registered_chat(language).takes(Pressed(f"{join_screens.DISCONNECT}:web"))
    assert chat.shows(join_screens.DISCONNECT_OTHER_TEXT, channel=name)
    assert chat.presses("web").effects_of(DisconnectOther) == [DisconnectOther("web")]
    assert not chat.effects_of(EndChat)
    chat.takes(OtherDisconnected("web", is_allowed=True))
    assert chat.effects_of(EndChat) == [EndChat("web")]
    assert chat.shows(join_screens.OTHER_DISCONNECTED, channel=name)


def test_disconnecting_another_chat_is_refused_unless_allowed() -> None:
    chat = registered_chat().takes(Pressed(f"{join_screens.DISCONNECT}:web")).presses("web")
    chat.takes(OtherDisconnected("web", is_allowed=False))
    assert chat.shows(join_screens.NOT_DISCONNECTED, channel=join_screens.CHANNELS["web"])
    assert not chat.effects_of(EndChat)


def test_disconnecting_another_chat_can_be_declined() -> None:
    chat = (
        registered_chat()
        .takes(Pressed(join_screens.disconnect_other_button("web").payload))
        .presses("no")
    )
    assert chat.question_key == screens.MENU
    assert not chat.effects_of(DisconnectOther)


def test_disconnecting_a_chat_of_an_unknown_channel_asks_again() -> None:
    chat = registered_chat().takes(Pressed(f"{join_screens.DISCONNECT}:fax"))
    assert chat.question_key == screens.MENU
