"""A link of another system opens the handoff with its topic, and says what that system learns."""

import pytest

from flows.engine import referral_screens, screens
from flows.engine.flow import OpenCase
from flows.engine.invitation_screens import INVITED
from flows.engine.invitations import FindInvitation, InvitationFound, start_word
from flows.engine.safety import TOPIC as DANGER
from tests.flows.chat import LANGUAGES, Chat

CODE = "ABCD2345EFGH"
LINK = f"/start {start_word(CODE)}"


def _opened(chat: Chat, topic: str = "spouse", language: str = "ru") -> Chat:
    return chat.says(LINK).takes(InvitationFound(CODE, topic, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_invitation_opens_the_handoff_in_its_language(language: str) -> None:
    chat = _opened(Chat(), language=language)
    assert chat.done(FindInvitation) == [FindInvitation(CODE)]
    assert chat.conversation.language == language
    assert chat.shows(INVITED)
    assert chat.at == "consent_handoff"
    chat.presses("yes").says("Testova asks")
    [opened] = chat.done(OpenCase)
    assert (opened.topic, opened.invitation, opened.urgent) == ("spouse", CODE, False)
    assert chat.conversation.invitation == ""


def test_invitation_keeps_the_language_of_the_person() -> None:
    assert _opened(Chat.begun("kk")).conversation.language == "kk"


@pytest.mark.parametrize("word", ["link-short", "officer-ru-spouse-ABCD2345EFGH"])
def test_other_start_words_are_no_invitation(word: str) -> None:
    chat = Chat.begun("ru").says(f"/start {word}")
    assert chat.at == screens.MENU
    assert chat.done(FindInvitation) == []


def test_used_invitation_says_that_it_ended() -> None:
    chat = Chat.begun("ru").says(LINK).takes(InvitationFound(CODE))
    assert chat.shows(referral_screens.ENDED)
    assert (chat.at, chat.conversation.invitation) == (screens.MENU, "")
    assert Chat().says(LINK).takes(InvitationFound(CODE)).at == screens.LANGUAGE


def test_unknown_topic_of_an_invitation_is_asked_for() -> None:
    assert _opened(Chat.begun("ru"), "party").at == "topic"


def test_invitation_ends_when_the_handoff_is_left() -> None:
    chat = _opened(Chat.begun("ru"))
    assert chat.conversation.invitation == CODE
    chat.says("/menu")
    assert chat.conversation.invitation == ""
    chat.says("/person").presses("yes").says("Testova asks")
    assert [each.invitation for each in chat.done(OpenCase)] == [""]


def test_invitation_ends_with_a_refused_consent() -> None:
    assert _opened(Chat.begun("ru")).presses("refuse").conversation.invitation == ""


def test_invitation_does_not_disturb_an_officer() -> None:
    chat = _opened(Chat.begun("ru")).presses("yes").says("Testova asks")
    assert chat.conversation.with_officer
    _opened(chat, "passport")
    assert chat.conversation.invitation == ""


def test_invitation_about_danger_is_urgent() -> None:
    chat = _opened(Chat.begun("ru"), DANGER).presses("yes").says("Testova")
    assert chat.done(OpenCase)[0].urgent


def test_invitation_word_shows_nothing_but_its_code() -> None:
    assert start_word(CODE) == f"link-{CODE}"
