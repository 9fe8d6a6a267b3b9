"""A person starts, changes and ends a subscription to announcements; open forms are unaffected."""

import pytest

from flows import FLOWS
from flows.announcements import ANNOUNCEMENTS, CONSENT, CONSENT_TRAITS
from flows.engine import announcement_screens, screens
from flows.engine.effects import ReadNews, Subscribe
from flows.engine.events import ConsentGiven, Forget, Pressed, Started, Stopped
from flows.engine.flow import Item, RepeatingGroup, Upload
from flows.engine.questions import Question
from flows.knowledge.topics import TOPICS
from tests.flows.chat import LANGUAGES, WORDS, Chat, chat_at

TAPS = ("get", "rules", "events", "done", "seen", "yes", "hint")


def subscribed_chat(*after: str, language: str = "ru") -> Chat:
    chat = Chat.start(language, "announcements").presses(*TAPS)
    return chat.presses(*(after or ("yes", "UZ", "kandas_status", "unsaid")))


def test_reading_announcements_needs_no_consent_and_stores_nothing() -> None:
    chat = Chat.start("ru", "announcements").presses("read")
    assert chat.effects_of(ReadNews)
    assert chat.question_key == screens.MENU
    assert not chat.conversation.is_persistent
    assert chat.conversation.forms == {}


def test_announcement_topics_can_be_toggled_until_done_is_pressed() -> None:
    chat = Chat.start("ru", "announcements").presses("get")
    assert "done" not in chat.keys, "nothing is chosen yet"
    chat.presses("rules", "support", "rules")
    assert chat.last_messages[-1].replaces
    chat.presses("done")
    assert chat.stored_answers("announcements")["news_topics"] == "support"


def test_announcement_topic_can_be_chosen_by_number_or_name() -> None:
    name = WORDS.render(TOPICS[3].name, "ru")
    chat = Chat.start("ru", "announcements").presses("get").says("1", name)
    assert chat.form("announcements").members["news_topics"] == ("rules", "events")


def test_announcements_state_the_risk_and_ask_consent_before_storing() -> None:
    names = [item.name for item in ANNOUNCEMENTS.questions()]
    assert names.index("news_risk") < names.index(CONSENT.name) < names.index("news_way")
    chat = Chat.start("ru", "announcements").presses("get", "rules", "done", "seen")
    assert not chat.conversation.is_persistent
    chat.presses("refuse")
    assert not chat.conversation.is_persistent
    assert not chat.effects_of(Subscribe)
    assert chat.conversation.forms == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_announcement_consents_record_text_and_language(language: str) -> None:
    given = subscribed_chat(language=language).effects_of(ConsentGiven)
    assert given == [
        ConsentGiven("announcements", CONSENT.text, language),
        ConsentGiven("traits", CONSENT_TRAITS.text, language),
    ]


def test_subscription_form_answers_are_deleted_after_subscribing() -> None:
    chat = subscribed_chat()
    traits = {"country": "UZ", "programme": "kandas_status"}
    assert chat.effects_of(Subscribe) == [Subscribe(("rules", "events"), True, traits)]
    assert chat.conversation.forms == {}
    assert chat.conversation.topics == ("rules", "events")


def test_subscription_is_possible_without_consent_to_preferences() -> None:
    chat = subscribed_chat("refuse")
    assert chat.effects_of(Subscribe) == [Subscribe(("rules", "events"), True, {})]
    assert [each.purpose for each in chat.effects_of(ConsentGiven)] == ["announcements"]
    assert "traits" not in chat.conversation.consents


def test_subscription_change_preselects_topics_and_asks_consent_again() -> None:
    chat = subscribed_chat().presses("announcements", "change")
    assert chat.form("announcements").members["news_topics"] == ("rules", "events")
    chat.presses("events", "done", "seen", "yes", "whole", "refuse")
    assert chat.effects_of(Subscribe)[-1] == Subscribe(("rules",), False, {})


@pytest.mark.parametrize("leave", ["/menu", "/start"])
def test_subscription_is_unchanged_when_a_change_is_abandoned(leave: str) -> None:
    chat = subscribed_chat().presses("announcements", "change").says(leave)
    assert chat.conversation.topics == ("rules", "events")
    assert len(chat.effects_of(Subscribe)) == 1


def test_subscription_can_be_ended_without_muting_all_messages() -> None:
    chat = subscribed_chat().presses("announcements", "end")
    assert chat.effects_of(Subscribe)[-1] == Subscribe()
    assert chat.shows(announcement_screens.ENDED)
    assert (chat.conversation.topics, chat.conversation.muted) == ((), False)
    assert not {"announcements", "traits"} & chat.conversation.consents.keys()


def test_stop_command_ends_the_subscription_and_explains_resubscribing() -> None:
    chat = subscribed_chat().says("/stop")
    assert chat.effects_of(Stopped)
    assert chat.shows(announcement_screens.STOPPED_TOO)
    assert (chat.conversation.topics, chat.conversation.muted) == ((), True)
    chat.answers("announcements").presses(*TAPS, "refuse")
    assert chat.conversation.topics == ("rules", "events")
    assert not chat.conversation.muted, "they have just said yes"


def test_announcements_start_link_opens_the_announcements_screen() -> None:
    chat = Chat.start("kk").takes(Started("announcements"))
    assert chat.question_key == announcement_screens.MINE
    assert chat.shows(announcement_screens.WHAT)
    fresh = Chat("kk").takes(Started("announcements")).presses("kk")
    assert fresh.question_key == "news_topics"


def test_erasure_deletes_the_announcement_subscription() -> None:
    chat = subscribed_chat().says("/delete").presses("yes")
    assert chat.effects_of(Forget)
    assert chat.conversation.topics == ()


# The command /news during a form leaves the form unchanged


def _item_questions(item: Item) -> tuple[Question, ...]:
    inside = item.items if isinstance(item, RepeatingGroup) else ()
    return (*inside, *((item,) if isinstance(item, Question) else ()))


ASKED = {
    type(part): part.name
    for item in FLOWS["preregistration"].items
    for part in _item_questions(item)
    if not isinstance(part, Upload)
}
PARTS = [part.name for part in _item_questions(FLOWS["preregistration"].find("family"))[:-1]]  # type: ignore[arg-type]
MEMBER = {"relation": "spouse", "member_kazakh": "no"}
OTHERWISE = {
    "applying": "family",
    "citizenship": "UZ",
    "contact": "phone",
    "trouble": "money",
    "stay_ends": "yes",
}


@pytest.mark.parametrize("question", ASKED.values(), ids=[kind.__name__ for kind in ASKED])
@pytest.mark.parametrize("how", ["press", "write"])
def test_news_command_leaves_the_open_question_unchanged(question: str, how: str) -> None:
    if question in PARTS:
        chat = chat_at("family", applying="family").presses("add")
        for part in PARTS:
            if chat.name != question:
                chat.answers(MEMBER.get(part, chat.keys[0]))
    else:
        chat = chat_at(question, **{name: to for name, to in OTHERWISE.items() if name != question})
    before, nonce = chat.form(), chat.nonce
    asked = chat.conversation.asked
    chat.takes(Pressed("!news")) if how == "press" else chat.says("/news")
    assert chat.effects_of(ReadNews)
    assert chat.conversation.asked == asked, "the question stands as it was, old buttons work"
    assert (chat.form(), chat.nonce) == (before, nonce)


def test_news_command_leaves_uploads_and_officer_chats_unchanged() -> None:
    chat = chat_at("review").presses("submit")
    chat.says("/status").presses("papers", "yes")
    asked = chat.conversation.asked
    chat.takes(Pressed("!news"))
    assert chat.conversation.asked == asked
    waiting = Chat.start("ru", "officer").presses("general", "yes", "-")
    assert waiting.conversation.with_officer
    waiting.takes(Pressed("!news"))
    assert waiting.effects_of(ReadNews)
    assert waiting.conversation.with_officer


def test_news_command_asks_for_the_language_when_none_is_chosen() -> None:
    chat = Chat().takes(Started()).says("/news")
    assert chat.question_key == screens.LANGUAGE
    assert not chat.effects_of(ReadNews)
