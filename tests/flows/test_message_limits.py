"""A mission's limit on a person's messages to officers; a person with the limit 0 is blocked.

Kosh explains the limit, accepts an appeal and messages about danger, and still answers questions.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from flows.engine import limit_screens, safety, screens
from flows.engine.effects import OpenCase
from flows.engine.events import Attached, CancelCase, Relay
from flows.engine.message_limits import AppealLimit, LimitDecided, LimitSet
from flows.engine.upload_events import RECORDED
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat
from tests.flows.recognizer import UNDERSTANDING

UNTIL = TODAY + timedelta(days=3)
DANGER = "мне угрожают"


def chat_with_officer(language: str = "ru", *, understands: bool = False) -> Chat:
    chat = Chat.start(language, understanding=UNDERSTANDING if understands else None)
    chat.presses("officer").answers("general").answers("yes").says("Testova asks")
    assert chat.conversation.with_officer
    return chat


def limited_chat(per_day: int = 0, language: str = "ru", *, understands: bool = False) -> Chat:
    chat = chat_with_officer(language, understands=understands)
    return chat.takes(LimitSet("insults", UNTIL, per_day))


def relayed_texts(chat: Chat) -> list[str]:
    return [each.words for each in chat.effects_of(Relay)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("per_day", [0, 3])
def test_message_limit_notice_shows_reason_last_day_and_appeal(language: str, per_day: int) -> None:
    chat = limited_chat(per_day, language)
    text = limit_screens.SLOWED if per_day else limit_screens.BLOCKED
    assert chat.shows(text, date=UNTIL, reason=limit_screens.REASONS["insults"])
    assert chat.shows(limit_screens.HOW_TO_APPEAL)
    assert chat.keys == ["danger", "appeal", "back", "!exit"]
    assert chat.conversation.with_officer == bool(per_day)


def test_person_blocked_by_an_officer_is_answered_by_the_assistant() -> None:
    chat = limited_chat(understands=True).says("нужна ли виза?")
    assert not relayed_texts(chat)
    assert chat.question_key == screens.REPLY
    chat.presses("!menu")
    assert chat.question_key == screens.MENU


def test_person_blocked_by_an_officer_reaches_officers_only_in_danger() -> None:
    chat = limited_chat().presses("back").says("person")
    assert chat.question_key == limit_screens.LIMIT
    assert chat.shows(limit_screens.BLOCKED)
    chat.presses("danger")
    assert chat.conversation.flow == "officer"
    chat.says("Testova is in danger")
    assert [each.topic for each in chat.effects_of(OpenCase)] == ["general", safety.TOPIC]
    chat.says("one", "two")
    assert relayed_texts(chat) == ["one", "two"]


def test_back_button_of_a_block_notice_returns_to_the_open_question() -> None:
    chat = limited_chat().presses("back").presses("preregistration")
    asked = chat.question_key
    chat.says("person")
    assert chat.question_key == limit_screens.LIMIT
    assert chat.presses("back").question_key == asked


def test_person_blocked_by_an_officer_is_answered_on_words_of_danger() -> None:
    chat = limited_chat().says(DANGER)
    assert chat.shows(safety.READ_ALONE)
    chat.presses(safety.URGENT)
    assert chat.conversation.flow == "officer"


def test_person_blocked_by_an_officer_cannot_replace_the_topic_danger() -> None:
    chat = limited_chat().presses("danger")
    assert chat.conversation.flow == "officer"
    while "<" in chat.keys:
        chat.presses("<")
    if chat.question_key == "topic":
        chat.presses("general")
    assert not chat.effects_of(OpenCase)[1:]


def test_message_limit_allows_the_set_number_of_messages_a_day() -> None:
    chat = limited_chat(2).says("one", "two", "three")
    assert relayed_texts(chat) == ["one", "two"]
    assert chat.shows(limit_screens.USED_UP)
    assert chat.question_key == limit_screens.LIMIT
    chat = replace(chat, today=TODAY + timedelta(days=1)).says("four")
    assert relayed_texts(chat) == ["one", "two", "four"]


def test_question_is_still_answered_when_the_message_limit_is_reached() -> None:
    chat = limited_chat(1, understands=True).says("one", "мой паспорт просрочен")
    assert relayed_texts(chat) == ["one"]
    assert chat.shows(UNDERSTANDING.replies["documents.missing"].opening(TODAY, "")[0])


def test_message_limit_is_lifted_for_the_case_by_words_of_danger() -> None:
    chat = limited_chat(1).says("one", "two", DANGER, "three", "four")
    assert relayed_texts(chat) == ["one", DANGER, "three", "four"]
    assert [each.urgent for each in chat.effects_of(Relay)] == [False, True, False, False]


def test_message_limit_danger_button_alerts_the_officer() -> None:
    chat = limited_chat(1).says("one", "two").presses("danger")
    assert chat.effects_of(Relay)[-1].urgent
    assert relayed_texts(chat.says("three"))[-1] == "three"


def test_typed_no_is_relayed_to_the_officer_after_a_message_limit_notice() -> None:
    assert relayed_texts(limited_chat(2).says("нет")) == ["нет"]


def test_message_limit_does_not_prevent_leaving_the_officer() -> None:
    chat = limited_chat(1).presses("back")
    assert chat.question_key == screens.LEAVE
    assert chat.presses("yes").effects_of(CancelCase)


def test_message_limit_counts_the_message_that_opens_a_case() -> None:
    chat = limited_chat(1).presses("back", "yes").says("person")
    chat.answers("general").says("Testova again")
    assert len(chat.effects_of(OpenCase)) == 2
    assert not relayed_texts(chat.says("more"))


def test_message_limit_allows_one_recording_a_day_after_it_is_reached() -> None:
    chat = limited_chat(1).says("one", "two")
    assert chat.shows(limit_screens.USED_UP)
    chat.takes(Attached("voice", "ref"))
    assert relayed_texts(chat) == ["one", RECORDED]
    chat.takes(Attached("voice", "ref"))
    assert relayed_texts(chat) == ["one", RECORDED]
    assert chat.shows(limit_screens.USED_UP)


def test_message_limit_allows_a_recording_with_a_danger_caption() -> None:
    chat = limited_chat(1, understands=True).says("one", "two")
    chat.takes(Attached("voice", "ref")).takes(Attached("voice", "ref", caption=DANGER))
    assert relayed_texts(chat) == ["one", RECORDED, RECORDED, DANGER]


def test_message_limit_counts_a_recording_with_caption_as_one_message() -> None:
    chat = limited_chat(1).takes(Attached("voice", "ref", caption="more"))
    assert relayed_texts(chat) == [RECORDED, "more"]
    assert not chat.last_messages


def test_message_limit_refuses_recording_and_caption_with_one_reply() -> None:
    chat = limited_chat(1).says("one", "two").takes(Attached("voice", "ref"))
    chat.takes(Attached("voice", "ref", caption="more"))
    assert relayed_texts(chat) == ["one", RECORDED]
    assert chat.text.count(chat.text.partition("\n")[0]) == 1


def test_person_blocked_by_an_officer_can_report_danger_after_a_recording() -> None:
    chat = limited_chat().presses("back").takes(Attached("voice", "ref"))
    assert relayed_texts(chat) == []
    assert chat.shows(screens.CANNOT_HEAR)
    assert chat.question_key == limit_screens.LIMIT
    assert chat.presses("danger").conversation.flow == "officer"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("per_day", [0, 1])
def test_message_limit_appeal_is_sent_once_and_its_decision_is_shown(
    language: str, per_day: int
) -> None:
    chat = limited_chat(per_day, language).presses("appeal").says("Testova was not rude")
    assert chat.effects_of(AppealLimit) == [AppealLimit("Testova was not rude")]
    assert not relayed_texts(chat)
    chat.says("person" if not per_day else "/menu")
    chat = chat.takes(LimitDecided(is_lifted=False))
    assert chat.shows(limit_screens.KEPT, date=UNTIL)
    chat.takes(LimitDecided(is_lifted=True))
    assert chat.shows(limit_screens.LIFTED)
    assert chat.conversation.limit is None


def test_message_limit_appeal_is_not_offered_a_second_time() -> None:
    chat = limited_chat().presses("appeal").says("Testova was not rude").says("person")
    assert chat.shows(limit_screens.HAS_APPEALED)
    assert "appeal" not in chat.keys


def test_message_limit_appeal_that_is_too_long_is_asked_again() -> None:
    chat = limited_chat().presses("appeal").says("x" * (limit_screens.MAX_APPEAL + 1))
    assert chat.shows(limit_screens.TOO_LONG)
    assert chat.question_key == limit_screens.APPEAL
    assert not chat.effects_of(AppealLimit)


def test_message_limit_appeal_can_be_left_without_sending() -> None:
    chat = limited_chat().presses("appeal")
    back = chat.last_messages[0].buttons[0].label
    chat.presses("back").presses("appeal")
    assert chat.question_key == limit_screens.APPEAL
    assert chat.says(WORDS.render(back, "ru")).question_key == limit_screens.LIMIT
    assert chat.presses("appeal").says("/menu").question_key == screens.MENU
    assert limited_chat().presses("appeal").says("меню").question_key == screens.MENU


def test_message_limit_appeal_with_words_of_danger_is_answered_or_relayed() -> None:
    chat = limited_chat().presses("appeal").says(DANGER)
    assert chat.effects_of(AppealLimit)
    assert chat.shows(safety.READ_ALONE)
    chat = limited_chat(1).presses("appeal").says(DANGER)
    assert relayed_texts(chat) == [DANGER]


def test_message_limit_ends_after_its_last_day() -> None:
    chat = replace(limited_chat(), today=UNTIL)
    assert chat.says("person").question_key == limit_screens.LIMIT
    chat = replace(chat, today=date.fromordinal(UNTIL.toordinal() + 1))
    assert chat.presses("appeal").question_key != limit_screens.APPEAL
    assert chat.says("person").conversation.flow == "officer"
    chat = replace(limited_chat().presses("appeal"), today=UNTIL + timedelta(days=1))
    assert not chat.says("Testova was not rude").effects_of(AppealLimit)
    assert chat.question_key == screens.MENU
    late = replace(limited_chat().presses("appeal"), today=UNTIL + timedelta(days=1))
    assert late.presses("back").question_key == screens.MENU
