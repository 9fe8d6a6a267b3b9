"""A new release removes a flow while people fill it in or read its result.

These people's conversations continue at the menu.
"""

from dataclasses import replace

import pytest

from flows import FLOWS
from flows.checklist import LISTING
from flows.engine import screens
from flows.engine.checklist_screens import Screen
from flows.engine.events import Joined, Page, Pressed, PrintList, Remind, Say, UploadRequested
from flows.engine.registration import RegistrationStatus
from flows.engine.text import Text
from tests.flows.chat import Chat
from tests.flows.recognizer import UNDERSTANDING, sentence
from tests.flows.test_announcement_screens import subscribed_chat
from tests.flows.test_checklist_screens import chat_with_list, chat_with_saved_list


def _without_flow(chat: Chat, name: str) -> Chat:
    return replace(chat, flows={key: flow for key, flow in FLOWS.items() if key != name})


@pytest.mark.parametrize(
    ("chat", "key"),
    [
        (chat_with_list, "keep"),
        (lambda: chat_with_list().presses("keep"), "yes"),
        (chat_with_saved_list, "tick"),
        (chat_with_saved_list, "print"),
        (chat_with_saved_list, "again"),
        (lambda: chat_with_saved_list().presses("tick"), "kaztest_certificate"),
    ],
    ids=["offered", "asked for consent", "kept", "printed", "made anew", "ticked"],
)
def test_checklist_of_a_removed_flow_leads_to_the_menu(chat: object, key: str) -> None:
    assert callable(chat)
    reduced = _without_flow(chat(), "checklist")
    sheets = len(reduced.effects_of(PrintList))
    reduced.takes(Pressed(f"{reduced.nonce}:{key}"))
    assert reduced.question_key == screens.MENU
    assert len(reduced.effects_of(PrintList)) == sheets, (
        "nothing is printed of what nobody knows any more"
    )


def test_checklist_of_a_removed_flow_can_be_deleted() -> None:
    reduced = _without_flow(chat_with_saved_list(), "checklist").presses("drop")
    assert reduced.conversation.saved_list is None
    assert reduced.effects_of(Remind)[-1] == Remind(0)


@pytest.mark.parametrize("key", ["tick", "print", "remind"])
def test_checklist_buttons_lead_to_the_menu_when_the_list_was_deleted(key: str) -> None:
    chat = chat_with_saved_list()
    chat.conversation = replace(chat.conversation, saved_list=None)
    chat.takes(Pressed(f"{chat.nonce}:{key}"))
    assert chat.question_key == screens.MENU


def test_checklist_tick_leads_to_the_menu_when_the_list_was_deleted() -> None:
    chat = chat_with_saved_list().presses("tick")
    key = chat.keys[0]
    chat.conversation = replace(chat.conversation, saved_list=None)
    chat.takes(Pressed(f"{chat.nonce}:{key}"))
    assert chat.question_key == screens.MENU


def test_checklist_consent_is_not_asked_again_for_a_second_list() -> None:
    chat = chat_with_saved_list().presses("again")
    for _turn in range(12):
        if chat.question_key in (Screen.LIST, Screen.MINE):
            break
        chat.takes(Pressed(f"{chat.nonce}:{chat.keys[0]}"))
    chat.presses("keep")
    assert chat.question_key == Screen.MINE
    assert LISTING.consent.purpose in chat.conversation.consents


def test_checklist_reminder_of_a_removed_flow_leads_to_the_menu() -> None:
    reduced = _without_flow(chat_with_saved_list(), "checklist").presses("remind")
    assert reduced.question_key == screens.MENU
    assert reduced.conversation.saved_list is not None, "what is kept is kept"


def test_subscription_screen_of_a_removed_flow_leads_to_the_menu() -> None:
    chat = subscribed_chat().presses("announcements")
    reduced = _without_flow(chat, "announcements").presses("change")
    assert reduced.question_key == screens.MENU


def test_registration_screen_of_a_removed_flow_leads_to_the_menu() -> None:
    chat = Chat.start("ru")
    chat.conversation = replace(
        chat.conversation,
        is_persistent=True,
        registration=RegistrationStatus("accepted", "KS-TEST"),
    )
    reduced = _without_flow(chat.says("/status"), "preregistration").presses("amend")
    assert reduced.question_key == screens.MENU


def test_intent_button_is_outdated_when_recognition_is_off() -> None:
    chat = Chat.start("ru", understanding=UNDERSTANDING).says(sentence("passport", "ru"))
    payload = next(key for key in chat.keys if key.startswith("?more."))
    reduced = replace(chat, understanding=None).takes(Pressed(payload))
    assert reduced.shows(screens.OLD_BUTTON)


@pytest.mark.parametrize("page", list(Page))
def test_upload_request_of_an_unknown_document_shows_a_generic_name(page: Page) -> None:
    chat = replace(Chat.start("ru").takes(Joined()), page=page)
    chat.takes(UploadRequested("of-another-release"))
    named = chat.last_messages if page is Page.NEVER else chat.last_messages[:1]
    assert any(screens.ANOTHER_PAPER in dict(each.values).values() for each in _texts(named))


def _texts(says: tuple[Say, ...]) -> list[Text]:
    return [text for say in says for part in say.paragraphs for text in part]
