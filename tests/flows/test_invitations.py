"""A case link from another system opens a request to an officer (a case) with the link's topic.

The person first reads what the other system will learn.
"""

import pytest

from flows.engine import referral_screens, screens
from flows.engine.effects import OpenCase
from flows.engine.invitation_screens import INVITED
from flows.engine.invitations import FindInvitation, InvitationFound, start_word
from flows.engine.safety import TOPIC as DANGER
from tests.flows.chat import LANGUAGES, Chat

CODE = "ABCD2345EFGH"
LINK = f"/start {start_word(CODE)}"


def _open_invitation(chat: Chat, topic: str = "spouse", language: str = "ru") -> Chat:
    return chat.says(LINK).takes(InvitationFound(CODE, topic, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_case_link_opens_the_handoff_in_the_language_of_the_link(language: str) -> None:
    chat = _open_invitation(Chat(), language=language)
    assert chat.effects_of(FindInvitation) == [FindInvitation(CODE)]
    assert chat.conversation.language == language
    assert chat.shows(INVITED)
    assert chat.question_key == "consent_handoff"
    chat.presses("yes").says("Testova asks")
    [opened] = chat.effects_of(OpenCase)
    assert (opened.topic, opened.invitation, opened.urgent) == ("spouse", CODE, False)
    assert chat.conversation.invitation == ""


def test_case_link_keeps_the_language_that_the_person_chose() -> None:
    assert _open_invitation(Chat.start("kk")).conversation.language == "kk"


@pytest.mark.parametrize("word", ["link-short", "officer-ru-spouse-ABCD2345EFGH"])
def test_start_command_with_another_word_is_not_taken_for_a_case_link(word: str) -> None:
    chat = Chat.start("ru").says(f"/start {word}")
    assert chat.question_key == screens.MENU
    assert chat.effects_of(FindInvitation) == []


def test_case_link_that_was_used_is_reported_as_ended() -> None:
    chat = Chat.start("ru").says(LINK).takes(InvitationFound(CODE))
    assert chat.shows(referral_screens.ENDED)
    assert (chat.question_key, chat.conversation.invitation) == (screens.MENU, "")
    assert Chat().says(LINK).takes(InvitationFound(CODE)).question_key == screens.LANGUAGE


def test_case_link_with_an_unknown_topic_asks_for_the_topic() -> None:
    assert _open_invitation(Chat.start("ru"), "party").question_key == "topic"


def test_case_link_is_dropped_when_the_person_leaves_the_handoff() -> None:
    chat = _open_invitation(Chat.start("ru"))
    assert chat.conversation.invitation == CODE
    chat.says("/menu")
    assert chat.conversation.invitation == ""
    chat.says("/person").presses("general", "yes").says("Testova asks")
    assert [each.invitation for each in chat.effects_of(OpenCase)] == [""]


def test_case_link_is_dropped_when_the_person_refuses_consent() -> None:
    assert _open_invitation(Chat.start("ru")).presses("refuse").conversation.invitation == ""


def test_case_link_is_ignored_while_an_officer_holds_the_case() -> None:
    chat = _open_invitation(Chat.start("ru")).presses("yes").says("Testova asks")
    assert chat.conversation.with_officer
    _open_invitation(chat, "passport")
    assert chat.conversation.invitation == ""


def test_case_link_about_danger_opens_an_urgent_case() -> None:
    chat = _open_invitation(Chat.start("ru"), DANGER).presses("yes").says("Testova")
    assert chat.effects_of(OpenCase)[0].urgent


def test_case_link_start_word_contains_only_the_code() -> None:
    assert start_word(CODE) == f"link-{CODE}"
