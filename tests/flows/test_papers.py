"""Uploads of documents after registration; the secure page for private answers.

The secure page is a web page that a link in the messenger opens.
"""

from dataclasses import replace

import pytest

from flows.engine import screens, upload_states
from flows.engine.effects import SendPapers
from flows.engine.events import (
    Attached,
    Awaited,
    Button,
    ConsentGiven,
    DeleteInput,
    Joined,
    Kind,
    Page,
    Pressed,
    Relay,
    Resolved,
    Resumed,
    Started,
    TakeFile,
    UploadChecked,
    UploadReceived,
    UploadRequested,
    UploadStatusChanged,
)
from flows.engine.registration import Acknowledged, RegistrationStatus
from flows.engine.text import Text
from flows.papers import ETHNICITY, PASSPORT
from flows.replies import understanding
from tests.flows.chat import Chat, chat_at
from tests.flows.recognizer import FakeRecognizer, sure
from tests.flows.test_handing_over import FORM, submitted_chat

PHOTO = Attached("photo", "file-1", 1000)


def _chat_at_upload(language: str = "ru") -> Chat:
    """Return a registered person at the question for the first document."""
    chat = Chat.start(language)
    chat.conversation = replace(
        chat.conversation,
        is_persistent=True,
        registration=RegistrationStatus("accepted", "KS-TEST"),
    )
    return chat.says("/status").presses("papers").presses("yes")


def _accepted_upload(key: str) -> UploadChecked:
    return UploadChecked("papers", key)


def test_uploads_are_offered_only_with_a_registration() -> None:
    assert "papers" not in Chat.start("ru").keys
    assert _chat_at_upload().question_key == "paper_identity"


def test_uploaded_photo_is_checked_and_sent_to_the_registry() -> None:
    chat = _chat_at_upload().takes(PHOTO)
    (taken,) = chat.effects_of(TakeFile)
    assert taken == TakeFile(Awaited("papers", "paper_identity", "identity"), "file-1", 1000)
    chat.takes(_accepted_upload("paper_identity")).presses("done", "-", "-")
    assert chat.effects_of(SendPapers)
    chat.says("/status")
    assert chat.shows(screens.PAPER_STATES["sending"])
    chat.takes(UploadStatusChanged("identity", "accepted")).says("/status")
    assert chat.shows(screens.PAPER_STATES["accepted"])


def test_papers_of_a_withdrawn_registration_are_not_shown_for_the_next_one() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1"))
    chat.takes(UploadStatusChanged("identity", "accepted"))
    chat.takes(UploadStatusChanged("family", "checked")).says("/status")
    assert chat.shows(screens.PAPER_STATES["accepted"], paper=PASSPORT.label)
    chat.presses("withdraw", "yes").takes(Acknowledged("withdrawn", "KZ-1"))
    chat.says("/menu").presses(FORM).until("review").presses("submit")
    assert chat.conversation.papers == {"family": "checked"}
    chat.says("/status")
    assert not chat.shows(screens.PAPER_STATES["accepted"], paper=PASSPORT.label)


@pytest.mark.parametrize("state", ["withdrawing", "withdrawn"])
def test_upload_is_not_opened_without_a_current_registration(state: str) -> None:
    known = {"как отправить фото": sure("documents.photo")}
    chat = Chat.start("ru", understanding=understanding(FakeRecognizer(known)))
    assert "?open.documents.photo" not in chat.says("как отправить фото").keys
    registered = RegistrationStatus("accepted", "KZ-1")
    chat.conversation = replace(chat.conversation, is_persistent=True, registration=registered)
    assert "?open.documents.photo" in chat.says("как отправить фото").keys
    chat.conversation = replace(chat.conversation, registration=replace(registered, state=state))
    assert chat.takes(Pressed("?open.documents.photo")).question_key == screens.MENU
    assert "?open.documents.photo" not in chat.says("как отправить фото").keys
    chat.takes(Joined()).takes(Resolved(where="papers"))
    assert chat.question_key == screens.MENU


@pytest.mark.parametrize("word", ["papers", "asked_surname"])
def test_link_to_a_form_of_a_registration_opens_it_only_with_one(word: str) -> None:
    chat = Chat.start("ru").takes(Started(word))
    assert chat.question_key == screens.MENU
    registered = RegistrationStatus("accepted", "KZ-1")
    chat.conversation = replace(chat.conversation, is_persistent=True, registration=registered)
    assert chat.takes(Started(word)).conversation.flow == word


def test_papers_after_a_withdrawal_are_sent_for_the_next_registration() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("papers", "yes").takes(PHOTO).takes(_accepted_upload("paper_identity"))
    chat.takes(Acknowledged("withdrawn", "KZ-1")).answers("done").presses("-", "-")
    assert chat.shows(screens.REGISTRATION["withdrawn"])
    assert chat.shows(screens.PAPER_STATES["checked"], paper=PASSPORT.label)
    assert not chat.effects_of(SendPapers)
    chat.presses(FORM).until("review").presses("submit").says("/status").presses("papers")
    assert chat.effects_of(SendPapers)
    assert chat.conversation.papers == {"identity": "sending"}


@pytest.mark.parametrize("by_person", [True, False], ids=["person", "registry"])
def test_paper_is_not_shown_on_its_way_after_a_withdrawal(by_person: bool) -> None:
    """Kosh deletes the files that it has not sent yet. The registry keeps those that it has."""
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1"))
    papers = {"identity": "sending", "ethnicity": "accepted"}
    chat.conversation = replace(chat.conversation, papers=papers)
    assert chat.says("/status").shows(screens.PAPER_STATES["sending"], paper=PASSPORT.label)
    if by_person:
        chat.presses("withdraw", "yes")
        assert not chat.shows(screens.PAPER_STATES["sending"], paper=PASSPORT.label)
    else:
        chat.takes(Acknowledged("withdrawn", "KZ-1")).says("/status")
    assert chat.conversation.papers == {"ethnicity": "accepted"}
    assert chat.shows(screens.PAPER_STATES["accepted"], paper=ETHNICITY.label)
    chat.takes(UploadStatusChanged("identity", "accepted")).says("/status")
    assert chat.shows(screens.PAPER_STATES["accepted"], paper=PASSPORT.label)


def test_papers_of_a_form_are_kept_when_the_registration_was_deleted() -> None:
    chat = _chat_at_upload().takes(PHOTO).takes(_accepted_upload("paper_identity"))
    chat.conversation = replace(chat.conversation, registration=None)
    chat.presses("done", "-", "-")
    assert chat.shows(screens.NO_REGISTRATION)
    assert chat.shows(screens.PAPER_STATES["checked"], paper=PASSPORT.label)
    assert not chat.effects_of(SendPapers)


def test_upload_album_of_photos_gets_one_reply() -> None:
    chat = _chat_at_upload().takes(PHOTO).takes(PHOTO).takes(PHOTO)
    chat.takes(_accepted_upload("paper_identity"))
    assert chat.last_messages == ()
    chat.takes(UploadChecked("papers", "paper_identity", hint=upload_states.Hint.DARK))
    assert chat.last_messages == ()
    chat.takes(UploadChecked("papers", "paper_identity", refusal=upload_states.Refusal.HEIC))
    assert chat.shows(upload_states.HINTS[upload_states.Hint.DARK])
    assert chat.shows(upload_states.REFUSALS[upload_states.Refusal.HEIC])
    assert chat.form("papers").files == {"paper_identity": 2}
    assert len(chat.last_messages) == 1


def test_upload_is_checked_silently_after_the_person_closed_the_chat() -> None:
    chat = _chat_at_upload().takes(PHOTO).says("выход")
    chat.takes(_accepted_upload("paper_identity"))
    assert chat.last_messages == ()
    assert chat.form("papers").files == {"paper_identity": 1}
    chat.says("меню").takes(PHOTO).takes(_accepted_upload("paper_identity"))
    assert len(chat.last_messages) == 1


def test_upload_question_refuses_text_and_can_be_skipped() -> None:
    chat = _chat_at_upload().says("TESTOVA")
    assert chat.question_key == "paper_identity"
    chat.presses("-", "-", "-")
    assert not chat.effects_of(SendPapers)


def test_unexpected_photo_is_deleted_from_the_chat() -> None:
    chat = chat_at("purpose").takes(PHOTO)
    assert chat.effects_of(DeleteInput)
    assert not chat.effects_of(TakeFile)


def test_document_that_an_officer_requested_is_uploaded_and_reported() -> None:
    chat = Chat.start("ru").takes(Joined()).takes(UploadRequested("ethnicity"))
    assert chat.shows(screens.PAPER_WANTED)
    assert chat.shows(screens.PAPER_TERMS)
    chat.takes(PHOTO)
    assert chat.effects_of(TakeFile)[0].awaited == Awaited("", "~wanted", "ethnicity")
    chat.takes(UploadChecked("", "~wanted", refusal=upload_states.Refusal.BROKEN))
    assert chat.conversation.requested_upload == "ethnicity"
    assert not chat.effects_of(UploadReceived)
    chat.takes(PHOTO).takes(UploadChecked("", "~wanted"))
    assert chat.conversation.requested_upload == ""
    (came,) = chat.effects_of(UploadReceived)
    assert came == UploadReceived("ethnicity")
    (consent,) = [each for each in chat.effects_of(ConsentGiven) if each.purpose == "papers"]
    assert consent.text == screens.PAPER_TERMS
    assert not chat.takes(UploadStatusChanged("ethnicity", "sending")).last_messages
    chat.takes(UploadStatusChanged("ethnicity", "accepted"))
    assert chat.shows(screens.UPDATE)
    assert not chat.shows(screens.PAPER_STATES["accepted"], paper=ETHNICITY.label), (
        "on a lock screen"
    )
    chat.presses("!status")
    assert chat.shows(screens.PAPER_STATES["accepted"], paper=ETHNICITY.label)
    chat.says("стоп").takes(UploadStatusChanged("ethnicity", "rejected"))
    assert not chat.last_messages
    assert not chat.takes(Resolved()).conversation.with_officer


# Private questions on channels whose provider can read messages


def _chat_on_secure_page(question: str) -> Chat:
    chat = chat_at(question)
    return replace(chat, page=Page.ALWAYS)


def test_private_question_is_asked_on_the_secure_page() -> None:
    chat = _chat_on_secure_page("surname").says("/help")
    (button,) = [
        each for say in chat.last_messages for each in say.buttons if each.kind is Kind.PAGE
    ]
    assert chat.last_messages[0].private
    assert button.label == screens.OPEN_PAGE
    chat.says("TESTOVA")
    assert chat.shows(screens.NOT_HERE)
    assert "surname" not in chat.stored_answers()
    chat.page = Page.NEVER
    chat.takes(Resumed()).says("TESTOVA")
    assert chat.stored_answers()["surname"] == "TESTOVA"


def test_private_question_can_be_skipped_in_the_messenger() -> None:
    chat = _chat_on_secure_page("given_name").says("/skip")
    assert chat.question_key == "birth_year"


@pytest.mark.parametrize("question", ["review", "surname"])
def test_private_answers_are_masked_in_the_messenger(question: str) -> None:
    chat = replace(chat_at("review"), page=Page.ALWAYS)
    chat.says("/help")
    assert chat.shows(screens.HIDDEN)
    if question == "surname":
        chat.edits(question)
    assert "TESTOVA" not in chat.text


def test_private_question_accepts_typed_answers_when_the_page_is_optional() -> None:
    chat = replace(chat_at("surname"), page=Page.OFFERED)
    chat.says("/help").takes(Pressed("!page"))
    assert chat.shows(screens.PAGE_OFFERED)
    assert chat.last_messages[0].private
    assert chat.says("TESTOVA").stored_answers()["surname"] == "TESTOVA"


def _links(chat: Chat) -> list[Button]:
    buttons = [each for say in chat.last_messages for each in say.buttons]
    return [each for each in buttons if each.kind is Kind.PAGE]


@pytest.mark.parametrize("page", [Page.OFFERED, Page.ALWAYS])
@pytest.mark.parametrize("text", ["новая ссылка", "Yangi havola", "жаңа сілтеме", "新链接"])
def test_words_for_a_new_link_give_one_at_a_private_question(page: Page, text: str) -> None:
    chat = replace(chat_at("surname"), page=page).says(text)
    assert _links(chat)
    assert "surname" not in chat.stored_answers()


def test_words_for_a_new_link_repeat_a_question_that_is_not_private() -> None:
    chat = replace(chat_at("citizenship"), page=Page.OFFERED).says("новая ссылка")
    assert chat.question_key == "citizenship"
    assert not _links(chat)


def test_words_for_a_new_link_reach_the_officer_who_awaits_no_paper() -> None:
    chat = replace(chat_at("surname"), page=Page.OFFERED).takes(Joined())
    assert len(chat.says("новая ссылка").effects_of(Relay)) == 1
    chat.takes(UploadRequested("ethnicity")).says("новая ссылка")
    assert _links(chat)
    assert len(chat.effects_of(Relay)) == 1


def test_sensitive_answer_that_is_invalid_is_deleted_from_the_chat() -> None:
    chat = chat_at("surname").says("12345")
    assert chat.question_key == "surname"
    assert chat.effects_of(DeleteInput)


# Repeated presses, the stop command, and the texts of the upload question


def test_press_on_an_old_button_does_not_invalidate_current_buttons() -> None:
    chat = chat_at("purpose")
    chat.takes(Pressed("1:move"))
    nonce = chat.nonce
    chat.takes(Pressed("1:move"))
    assert chat.nonce == nonce
    chat.presses("move")
    assert chat.stored_answers()["purpose"] == "move"


def test_stop_command_can_be_undone_in_the_menu() -> None:
    chat = Chat.start("ru").says("стоп")
    assert chat.conversation.muted
    assert not chat.presses(">", "write_again").conversation.muted


def test_upload_help_explains_on_whatsapp_that_done_must_be_typed() -> None:
    chat = (
        replace(_chat_at_upload(), page=Page.ALWAYS)
        .takes(_accepted_upload("paper_identity"))
        .says("/help")
    )
    assert chat.shows(screens.WRITE_DONE)


def test_upload_answer_shows_the_number_of_files() -> None:
    shown = PASSPORT.show("2")
    assert isinstance(shown, Text)
    assert dict(shown.values) == {"count": 2}
