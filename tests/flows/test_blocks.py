"""Messages made of list entries, warnings, rows and checkboxes, and presses of their buttons."""

import pytest

from flows.engine import checklist_screens, screens
from flows.engine.blocks import Caution, Item, More, Receipt, Row, Source, Tick
from flows.engine.events import Pressed
from flows.engine.registration import Acknowledged
from flows.engine.text import Text
from flows.knowledge.documents import KAZTEST
from tests.flows.chat import WORDS, Chat, chat_at

LISTED = ("kandas_status", "UZ", "both", "yes", "yes", "origin")


def _texts(chat: Chat) -> list[Text]:
    return [text for say in chat.last_messages for lines in say.paragraphs for text in lines]


def _shapes[T: Text](chat: Chat, kind: type[T]) -> list[T]:
    return [text for text in _texts(chat) if isinstance(text, kind)]


def test_checklist_lists_documents_and_one_expandable_block_of_rules() -> None:
    chat = Chat.start("ru", "checklist").presses(*LISTED)
    assert len(_shapes(chat, Item)) > 5
    assert [len(_shapes(chat, kind)) for kind in (Caution, More, Source)] == [2, 1, 1]


@pytest.mark.parametrize("place", ["origin", "kazakhstan", "elsewhere", "unsaid"])
@pytest.mark.parametrize("citizenship", ["UZ", "CN", "Турция", "Иран"])
def test_saved_checklist_has_the_documents_that_were_shown(citizenship: str, place: str) -> None:
    chat = Chat.start("ru", "checklist").answers("kandas_status").answers(citizenship)
    chat.presses("alone", "yes", place)
    read = [WORDS.render(text, "ru").split("\n")[0] for text in _shapes(chat, Item)]
    chat.presses("keep", "yes")
    kept = [WORDS.render(text, "ru").removeprefix("☐ ") for text in _shapes(chat, Tick)]
    assert kept == read


def test_checklist_box_ticks_and_unticks_a_document() -> None:
    chat = Chat.start("ru", "checklist").presses(*LISTED, "keep", "yes")
    boxes = [box.payload for box in _shapes(chat, Tick)]
    assert f"{screens.TICK}{KAZTEST.key}" in boxes
    assert all(len(payload) <= 64 for payload in boxes)
    for _again in range(2):
        chat.takes(Pressed(f"{screens.TICK}{KAZTEST.key}"))
        assert chat.conversation.saved_list is not None
        assert chat.conversation.saved_list.ticked == (KAZTEST.key,)
        assert chat.question_key == checklist_screens.Screen.MINE
        assert all(say.replaces for say in chat.last_messages)
    chat.takes(Pressed(f"{screens.UNTICK}{KAZTEST.key}"))
    assert chat.conversation.saved_list is not None
    assert chat.conversation.saved_list.ticked == ()


@pytest.mark.parametrize("payload", ["#tick.documents.no", "#tick.", "#change.surname", "#", "#x"])
def test_inline_button_of_another_screen_is_reported_as_outdated(payload: str) -> None:
    chat = Chat.start("ru", "checklist").presses(*LISTED, "keep", "yes")
    chat.takes(Pressed(payload))
    assert chat.shows(screens.OLD_BUTTON)


def test_edit_button_in_the_review_asks_the_question_and_returns() -> None:
    chat = chat_at("review")
    rows = {row.payload: row for row in _shapes(chat, Row)}
    assert WORDS.render(rows[f"{screens.CHANGE}surname"].answer, "ru") == "TESTOVA"
    chat.takes(Pressed(f"{screens.CHANGE}surname"))
    assert chat.question_key == "surname"
    chat.says("TESTOVSKAYA")
    assert chat.question_key == "review"
    assert chat.stored_answers()["surname"] == "TESTOVSKAYA"


def test_consent_cannot_be_changed_by_an_edit_button_of_the_review() -> None:
    chat = chat_at("review").takes(Pressed(f"{screens.CHANGE}consent_registration"))
    assert chat.shows(screens.OLD_BUTTON)
    assert chat.question_key == "review"


def test_sent_registration_shows_the_number_that_the_registry_assigned() -> None:
    chat = chat_at("review").presses("submit")
    assert [each.number for each in _shapes(chat, Receipt)] == [""]
    chat.takes(Acknowledged("received", "KZ-2026-TEST")).presses("!status")
    assert [each.number for each in _shapes(chat, Receipt)] == ["KZ-2026-TEST"]


def test_welcome_screen_marks_the_risk_text_as_a_warning() -> None:
    assert _shapes(Chat.start("ru"), Caution) == [screens.RISK]
