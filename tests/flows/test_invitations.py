"""A link of another system opens the handoff with its topic, and says what that system learns."""

import pytest

from flows.engine import invitations, screens
from flows.engine.flow import OpenCase
from flows.engine.invitations import INVITED, Invitation
from flows.engine.safety import TOPIC as DANGER
from tests.flows.chat import LANGUAGES, Chat

CODE = "ABCD2345EFGH"


def _word(language: str, topic: str = "spouse") -> str:
    return Invitation(language, topic, CODE).word


@pytest.mark.parametrize("language", LANGUAGES)
def test_invitation_opens_the_handoff_in_its_language(language: str) -> None:
    chat = Chat().says(f"/start {_word(language)}")
    assert chat.conversation.language == language
    assert chat.shows(INVITED)
    assert chat.at == "consent_handoff"
    chat.presses("yes").says("Testova asks")
    [opened] = chat.done(OpenCase)
    assert (opened.topic, opened.invitation, opened.urgent) == ("spouse", CODE, False)
    assert chat.conversation.invitation == ""


def test_invitation_keeps_the_language_of_the_person() -> None:
    assert Chat.begun("kk").says(f"/start {_word('ru')}").conversation.language == "kk"


@pytest.mark.parametrize("word", ["officer-ru-spouse-short", "officer-xx-spouse-ABCD2345EFGH"])
def test_other_start_words_are_no_invitation(word: str) -> None:
    chat = Chat.begun("ru").says(f"/start {word}")
    assert chat.at == screens.MENU
    assert chat.conversation.invitation == ""


def test_unknown_topic_of_an_invitation_is_asked_for() -> None:
    assert Chat.begun("ru").says(f"/start {_word('ru', 'party')}").at == "topic"


def test_invitation_ends_when_the_handoff_is_left() -> None:
    chat = Chat.begun("ru").says(f"/start {_word('ru')}")
    assert chat.conversation.invitation == CODE
    chat.says("/menu")
    assert chat.conversation.invitation == ""
    chat.says("/person").presses("yes").says("Testova asks")
    assert [each.invitation for each in chat.done(OpenCase)] == [""]


def test_invitation_ends_with_a_refused_consent() -> None:
    chat = Chat.begun("ru").says(f"/start {_word('ru')}").presses("refuse")
    assert chat.conversation.invitation == ""


def test_invitation_does_not_disturb_an_officer() -> None:
    chat = Chat.begun("ru").says(f"/start {_word('ru')}").presses("yes").says("Testova asks")
    assert chat.conversation.with_officer
    chat.says(f"/start {_word('ru', 'passport')}")
    assert chat.conversation.invitation == ""


def test_invitation_about_danger_is_urgent() -> None:
    chat = Chat.begun("ru").says(f"/start {_word('ru', DANGER)}").presses("yes").says("Testova")
    assert chat.done(OpenCase)[0].urgent


def test_invitation_word_fits_a_telegram_link() -> None:
    assert len(_word("zh_Hans", "former_citizen")) <= 64
    assert invitations.INVITED.msgid
