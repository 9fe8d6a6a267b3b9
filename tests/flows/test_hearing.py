"""A text in the person's own words at any step of a conversation.

Kosh answers it, offers topics, or offers an officer. An open form loses no answer.
"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n import crisis_words
from flows import FLOWS, eligibility
from flows.engine import hearing, not_understood, pin_screens, reply_flows, safety, screens
from flows.engine.conversation import step
from flows.engine.events import (
    Attached,
    CancelCase,
    DeleteInput,
    Forget,
    NotUnderstood,
    Pressed,
    Relay,
    Said,
    Started,
    TakeFile,
    TryPin,
    Unreadable,
)
from flows.engine.language_protocol import Refusal
from flows.engine.questions import PersonName
from flows.engine.recognition import Confidence, Danger, Reading, Recognition
from flows.engine.refusals import REFUSALS
from flows.engine.registration import RegistrationStatus
from flows.engine.replies import Reply, Understanding
from flows.engine.state import UNASKED, Conversation
from flows.engine.text import Text
from flows.knowledge import cards, entry
from flows.knowledge.facts import Fact
from flows.knowledge.intents.answers import BY_INTENT
from flows.knowledge.intents.papers import LOST_BEFORE_JOURNEY
from flows.replies import HELLO, REPLIES, suggestions, understanding
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat, chat_at, default_answer
from tests.flows.recognizer import (
    REAL,
    SENTENCES,
    UNDERSTANDING,
    FakeRecognizer,
    danger,
    sentence,
    sure,
    unsure,
)


def new_chat(language: str = "ru", flow: str = "") -> Chat:
    return Chat.start(language, flow, understanding=UNDERSTANDING)


def new_chat_at(question: str, **others: str) -> Chat:
    chat = chat_at(question, **others)
    chat.understanding = UNDERSTANDING
    return chat


def understanding_of(known: dict[str, Recognition], **replies: Reply) -> Understanding:
    whole = understanding(FakeRecognizer(known))
    return replace(whole, replies={**whole.replies, **replies})


def says(chat: Chat, name: str) -> Chat:
    return chat.says(sentence(name, "ru"))


# A text as the first message


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_message_is_answered_in_its_own_language(language: str) -> None:
    chat = Chat(language, understanding=UNDERSTANDING).says(sentence("cost_and_term", language))
    assert chat.conversation.language == language
    assert chat.shows(screens.ANSWERING_IN)
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["kandas.cost"].label)
    assert "!language" in chat.keys


@pytest.mark.parametrize(
    ("name", "shown", "absent"),
    [
        ("passport", screens.BRIEF_WELCOME, screens.WELCOME),
        ("hello", screens.WELCOME, screens.BRIEF_WELCOME),
    ],
)
def test_welcome_text_is_short_when_the_first_message_is_a_question(
    name: str, shown: Text, absent: Text
) -> None:
    chat = says(Chat(understanding=UNDERSTANDING), name)
    assert chat.shows(shown)
    assert chat.shows(screens.RISK)
    assert not chat.shows(absent)


def test_first_message_is_answered_again_after_a_language_change() -> None:
    chat = says(Chat(understanding=UNDERSTANDING), "passport").presses("!language", "kk")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["documents.missing"].label)
    assert chat.conversation.language == "kk"
    chat = says(Chat(understanding=UNDERSTANDING), "money").presses("!language", "uz")
    assert chat.shows(hearing.WHICH_ONE)


@pytest.mark.parametrize("first", [(), ("ru",)])
def test_request_for_another_language_ends_with_the_choice(first: tuple[str, ...]) -> None:
    wanted = sure("language.change", "life.pension")
    known = {"на другом языке": sure("language.change"), "пенсия, и по-казахски": wanted}
    chat = Chat(understanding=understanding_of(known)).takes(Started()).presses(*first)
    chat.says("на другом языке").presses("kk")
    assert (chat.conversation.language, chat.question_key) == ("kk", screens.MENU)
    chat.says("пенсия, и по-казахски", "язык").presses("uz")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.pension"].label)


def test_first_message_of_unknown_language_waits_for_a_language_choice() -> None:
    chat = Chat(understanding=UNDERSTANDING).says("Pension?")
    assert chat.question_key == screens.LANGUAGE
    chat.says("zzz").presses("ru")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.pension"].label)
    assert "Pension" not in str(chat.conversation)


def test_first_message_can_be_a_language_name_or_a_command() -> None:
    chat = Chat(understanding=UNDERSTANDING).says("zzz", "Русский")
    assert (chat.conversation.language, chat.question_key) == ("ru", screens.MENU)
    assert Chat(understanding=UNDERSTANDING).says("меню").question_key == screens.LANGUAGE


@pytest.mark.row(64)
def test_danger_in_the_first_message_is_answered_before_a_language_choice() -> None:
    chat = says(Chat(understanding=UNDERSTANDING), "detained")
    assert chat.shows(safety.READ_ALONE)
    assert "!language" in chat.keys
    known = {"SOS?": danger("danger.child")}
    chat = Chat(understanding=understanding_of(known)).says("zzz", "SOS?")
    assert chat.question_key == screens.LANGUAGE
    assert WORDS.render(safety.ONE_SENTENCE, "kk") in chat.text
    assert chat.presses("ru").shows(safety.READ_ALONE)
    assert chat.presses("?urgent").stored_answers("officer")["topic"] == "danger"


# A text at the menu


def test_message_with_two_questions_gets_both_answers() -> None:
    chat = says(new_chat(), "cost_and_term")
    for intent in ("kandas.cost", "kandas.term"):
        assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT[intent].label)
    assert chat.says(WORDS.render(reply_flows.SOMETHING_ELSE, "ru")).shows(hearing.WHICH_ONE)


def test_likely_second_question_is_offered_below_the_answer() -> None:
    chat = new_chat()
    chat.understanding = understanding_of(
        {"both?": replace(sure("life.pension"), also="life.school")}
    )
    chat.says("both?")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.pension"].label)
    assert not chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.school"].label)
    chat.presses("?ask.life.school")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.school"].label)


@pytest.mark.parametrize("form", [{"citizenship": "MN"}, {}])
def test_visa_answer_is_for_the_citizenship_in_form_or_message(form: dict[str, str]) -> None:
    chat = new_chat_at("location", **form) if form else new_chat()
    named = {} if form else {"country_of_origin": "MN"}
    chat.understanding = understanding_of({"visa?": sure("permit.visa", **named)})
    chat.says("visa?")
    assert WORDS.render(entry.MN_STAY.text, "ru") in chat.text
    assert WORDS.render(entry.UZ_STAY.text, "ru") not in chat.text


@pytest.mark.parametrize("question", ["location", screens.MENU])
def test_visa_answer_is_for_no_country_when_text_and_form_differ(question: str) -> None:
    """A question that names another country than the form may be about a husband or wife."""
    chat = new_chat_at("location", citizenship="CN")
    chat.understanding = understanding_of(
        {"husband?": sure("permit.visa", country_of_origin="UZ"), "visa?": sure("permit.visa")}
    )
    chat = chat.says("/menu") if question == screens.MENU else chat
    own = WORDS.render(cards.CHINA_STAY.text, "ru")
    assert own in chat.says("visa?").text
    assert own not in chat.says("husband?").text
    assert WORDS.render(entry.UZ_STAY.text, "ru") in chat.presses("?more.permit.visa").text


def test_country_of_an_earlier_message_is_used_until_the_menu_is_shown() -> None:
    known = {
        "from?": sure("kandas.term", country_of_origin="UZ"),
        "visa?": sure("permit.visa"),
    }
    chat = new_chat()
    chat.understanding = understanding_of(known)
    chat.says("from?", "visa?")
    assert WORDS.render(entry.UZ_STAY.text, "ru") in chat.text
    assert WORDS.render(cards.CHINA_STAY_ENDS.text, "ru") not in chat.text
    chat.says("/menu", "visa?")
    assert WORDS.render(cards.CHINA_STAY_ENDS.text, "ru") in chat.text


def test_urgent_warning_for_another_country_is_shown_only_by_a_more_button() -> None:
    chat = new_chat()
    chat.understanding = understanding_of(
        {"wife?": sure("kandas.term", country_of_origin="MN"), "ended?": sure("permit.expired")}
    )
    warning = WORDS.render(cards.CHINA_STAY_ENDS.text, "ru")
    assert warning not in chat.says("wife?", "ended?").text
    assert warning in chat.presses("?more.permit.expired").text


def test_country_counts_as_unknown_when_messages_name_different_ones() -> None:
    chat = new_chat()
    chat.understanding = understanding_of(
        {
            "me?": sure("kandas.term", country_of_origin="CN"),
            "wife?": sure("kandas.cost", country_of_origin="MN"),
            "ended?": sure("permit.expired"),
        }
    )
    chat.says("me?", "wife?", "ended?")
    assert WORDS.render(cards.CHINA_STAY_ENDS.text, "ru") in chat.text
    assert WORDS.render(cards.CHINA_STAY_ENDS.text, "ru") in chat.says("wife?", "ended?").text


def test_family_size_from_an_earlier_message_is_not_suggested_in_a_form() -> None:
    chat = new_chat()
    chat.understanding = understanding_of(
        {"sister?": sure("kandas.term", family_size="3"), "money?": sure("support.money")}
    )
    chat.says("sister?", "money?").presses("?open.support.money", "undecided")
    assert chat.name == "people"
    assert "people" not in chat.form("support").answers


def test_family_size_in_the_message_that_opens_a_form_is_suggested() -> None:
    chat = new_chat()
    chat.understanding = understanding_of({"money?": sure("support.money", family_size="3")})
    chat.says("money?").presses("?open.support.money", "undecided")
    assert chat.form("support").answers["people"].value == "3"


def test_flow_opened_by_a_message_suggests_values_found_in_it() -> None:
    chat = says(new_chat(), "papers").presses("kandas_status")
    assert chat.shows(screens.SUGGESTED)
    assert chat.form("checklist").answers["citizenship"].rev == UNASKED
    assert chat.presses("=").stored_answers("checklist")["citizenship"] == "MN"
    assert chat.form("checklist").answers["citizenship"].rev != UNASKED


def test_checklist_opened_by_a_reply_uses_its_programme_not_an_earlier_one() -> None:
    chat = Chat.start("ru", "checklist").presses("kandas_status").says("/menu")
    chat.understanding = understanding_of({"Citizenship?": sure("citizenship.how")})
    chat.says("Citizenship?").presses("?open.citizenship.how")
    assert chat.form("checklist").answers["programme"].value == "citizenship_simplified"


def test_eligibility_opened_by_a_reply_asks_for_the_purpose_again() -> None:
    chat = Chat.start("ru", "eligibility").presses("study").says("/menu")
    chat.understanding = understanding_of({"Begin?": sure("way.which")})
    assert chat.says("Begin?").name == "purpose"
    chat.presses("move", "yes", "yes", "UZ", "no", "none", "origin")
    assert not chat.shows(eligibility.WHY_STUDY)
    assert chat.shows(eligibility.WHY_STATUS)


def test_eligibility_opened_by_a_reply_presumes_no_purpose() -> None:
    """A person who asks where to begin may want to study or work, and not to live in Kazakhstan."""
    chat = new_chat()
    chat.understanding = understanding_of({"Begin?": sure("way.which")})
    chat.says("Begin?").presses("study", "yes", "yes", "UZ", "no", "none", "origin")
    assert chat.shows(eligibility.WHY_STUDY)
    assert not chat.shows(eligibility.WHY_STATUS)


def test_flow_opened_by_a_message_prefers_earlier_answers_to_suggestions() -> None:
    chat = Chat.start("ru", "checklist").presses("kandas_status", "UZ").says("/menu")
    found = sure("citizenship.how", country_of_origin="MN")
    chat.understanding = understanding_of({"Citizenship?": found})
    chat.says("Citizenship?").presses("?open.citizenship.how")
    assert chat.form("checklist").answers["citizenship"].value == "UZ"


def test_unsure_recognition_offers_its_topics_as_options() -> None:
    known = {"о деньгах": unsure("support.money", "kandas.cost", "fraud.money")}
    chat = Chat.start("ru", understanding=understanding_of(known)).says("о деньгах")
    assert chat.keys[:4] == [
        "?ask.support.money",
        "?ask.kandas.cost",
        "?ask.fraud.money",
        "?none",
    ]
    assert chat.says("2").shows(reply_flows.YOU_ASK, topic=BY_INTENT["kandas.cost"].label)


def test_not_understood_reply_varies_and_is_counted() -> None:
    chat = new_chat()
    lines = []
    for _turn in range(6):
        lines.append(chat.says("zzz").last_messages[0].paragraphs[0][0].msgid)
        assert "?ask.way.which" in chat.keys
    assert all(one != other for one, other in pairwise(lines))
    assert len(set(lines)) == 3
    assert chat.effects_of(NotUnderstood)[:2] == [
        NotUnderstood("ru", "menu"),
        NotUnderstood("ru", "reply"),
    ]
    says(chat, "money").presses("?ask.support.money")
    assert chat.conversation.not_understood == 0


def test_topic_suggestions_depend_on_the_screen() -> None:
    chat = new_chat()
    chat.conversation = replace(
        chat.conversation, registration=RegistrationStatus("sent"), is_persistent=True
    )
    assert "?ask.registry.change" in chat.says("zzz").keys
    assert "?ask.privacy.what" in new_chat().presses("announcements").says("zzz").keys


def test_topic_suggestions_are_empty_when_none_are_configured() -> None:
    bare = Understanding(FakeRecognizer({}), {}, {}, {})
    chat = Chat.start("ru", understanding=bare).says("zzz")
    assert not any(key.startswith("?") for key in chat.keys)
    chat.conversation = replace(chat.conversation, registration=RegistrationStatus("sent"))
    assert chat.says("zzz").shows(not_understood.LINES[1])
    assert chat.says("меня арестовали").shows(safety.READ_ALONE)


def test_small_talk_gets_a_one_line_reply_and_the_menu() -> None:
    chat = says(new_chat(), "hello")
    assert chat.shows(HELLO)
    assert chat.question_key == screens.MENU
    both = understanding_of({"hi hi": sure("talk.hello", "talk.thanks")})
    assert Chat.start("ru", understanding=both).says("hi hi").shows(HELLO)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(("ru", text) for text in ("да", "нет", "ок", "Ладно.", "вопросов нет", "👍")),
        *(("kk", text) for text in ("иә", "жоқ", "жарайды", "жақсы", "сұрағым жоқ")),
        *(("kk_Arab", text) for text in ("جاقسى", "سۇراعىم جوق")),
        *(("uz", text) for text in ("ha", "yoʻq", "mayli", "xo'p", "savol yo'q")),
        *(("zh_Hans", text) for text in ("好的", "嗯", "没有了", "没问题")),
    ],
)
def test_bare_agreement_after_an_answer_gets_a_short_reply(language: str, text: str) -> None:
    chat = new_chat(language).says(sentence("passport", language)).says(text)
    assert chat.shows(hearing.ACKNOWLEDGED)
    assert chat.question_key == screens.MENU
    assert chat.effects_of(NotUnderstood) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "я бабушка, внук помогает писать"),
        ("kk", "немерем жазып отыр"),
        ("uz", "men buviman, nevaram yordam beryapti"),
        ("zh_Hans", "我是奶奶，孙子帮我写"),
    ],
)
def test_relative_who_writes_for_the_person_is_no_danger(language: str, text: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.shows(hearing.ACKNOWLEDGED)
    assert not chat.shows(safety.READ_ALONE)
    first = Chat(understanding=REAL).says(text)
    assert first.shows(screens.WELCOME)
    assert (first.question_key, first.effects_of(NotUnderstood)) == (screens.MENU, [])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "я из Китая"),
        ("kk", "мен Баян-Өлгийденмін"),
        ("uz", "nukusdan kelaman"),
        ("zh_Hans", "我是伊犁的"),
    ],
)
def test_introduction_is_answered_with_the_question_for_a_topic(language: str, text: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.shows(hearing.WHAT_TO_KNOW)
    assert chat.effects_of(NotUnderstood) == []
    assert not chat.shows(safety.ONE_SENTENCE)


def test_origin_in_an_introduction_is_used_in_the_checklist() -> None:
    chat = Chat.start("ru", understanding=REAL).says("я из Китая").presses("?ask.kandas.documents")
    assert chat.conversation.forms["checklist"].answers["citizenship"].value == "CN"


def test_introduction_in_a_form_is_refused_as_an_answer() -> None:
    chat = Chat.start("ru", "eligibility", understanding=REAL)
    asked = chat.question_key
    chat.says("мне 70 лет")
    assert chat.question_key == asked
    assert not chat.shows(hearing.WHAT_TO_KNOW)


def test_bare_agreement_as_a_question_is_not_taken_for_agreement() -> None:
    chat = says(new_chat(), "passport").says("да?")
    assert not chat.shows(hearing.ACKNOWLEDGED)


def test_request_in_own_words_opens_the_screen_of_its_command() -> None:
    assert says(new_chat(), "somebody").question_key == "topic"
    chat = says(new_chat(), "forget")
    assert (chat.question_key, chat.effects_of(Forget)) == (screens.DELETE, [])
    assert chat.presses("yes").effects_of(Forget)
    assert says(new_chat(), "status").shows(screens.NO_REGISTRATION)


def test_intent_answer_without_any_fact_says_that_none_is_verified() -> None:
    empty = Reply(intent="life.driving", label=BY_INTENT["life.driving"].label)
    known = {"права": sure("life.driving")}
    chat = Chat.start("ru", understanding=understanding_of(known, **{"life.driving": empty}))
    assert chat.says("права").shows(hearing.NOT_VERIFIED)
    chat.takes(Pressed("?more.life.driving"))
    assert chat.shows(hearing.NOT_VERIFIED)
    assert chat.takes(Pressed("?open.life.driving")).question_key == screens.MENU


def test_intent_answer_buttons_show_more_and_open_flows() -> None:
    chat = says(new_chat(), "mission").presses("?more.where.mission")
    assert "?open.where.mission" in chat.keys
    assert chat.presses("?open.where.mission").name == "mission_country"
    assert says(new_chat(), "passport").presses("?else.documents.missing").shows(hearing.WHICH_ONE)
    assert chat.takes(Pressed("?nonsense.x")).shows(screens.OLD_BUTTON)
    alone = Reply(intent="life.driving", label=BY_INTENT["life.driving"].label)
    known = {"права": sure("life.driving")}
    chat = Chat.start("ru", understanding=understanding_of(known, **{"life.driving": alone})).says(
        "права"
    )
    assert chat.presses("?else.life.driving").shows(not_understood.OTHER_WORDS[0])


def test_open_button_of_an_intent_answer_leads_to_its_flow() -> None:
    chat = new_chat().takes(Pressed("?open.documents.missing"))
    assert chat.question_key == "topic"
    assert new_chat().takes(Pressed("?open.news.read")).question_key == "~announcements"
    chat = new_chat().takes(Pressed("?open.documents.photo"))
    assert chat.question_key == screens.MENU, "papers are sent only after a registration"
    kept = new_chat(flow="checklist")
    kept.presses("kandas_status", "UZ", "alone", "yes", "unsaid", "keep", "yes", "menu")
    assert says(kept, "papers").question_key == "~mine"


def test_open_button_works_for_an_intent_answer_without_a_label() -> None:
    bare = Reply(intent="talk.hello", flow="about", opens=True)
    chat = Chat.start("ru", understanding=understanding_of({}, **{"talk.hello": bare}))
    assert chat.takes(Pressed("?open.talk.hello")).question_key == screens.MENU


# A text at a question of a form


def test_user_question_in_a_form_is_answered_and_the_form_continues() -> None:
    chat = says(new_chat_at("birth_year"), "passport")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["documents.missing"].label)
    assert chat.question_key == "birth_year"
    assert chat.says("1990").question_key == "residence_country"


def test_intent_flow_is_offered_but_not_opened_within_a_form() -> None:
    chat = says(new_chat_at("birth_year"), "papers")
    assert chat.question_key == "birth_year"
    assert chat.takes(Pressed("?open.kandas.documents")).conversation.flow == "checklist"


def test_form_answer_takes_precedence_over_a_recognized_intent() -> None:
    known = {"1990": sure("life.pension"), "TESTOVA": sure("life.pension")}
    chat = chat_at("surname")
    chat.understanding = understanding_of(known)
    assert chat.says("TESTOVA").question_key == "given_name"
    chat = chat_at("birth_year")
    chat.understanding = understanding_of(known)
    assert chat.says("1990").stored_answers()["birth_year"] == "1990"


def test_name_question_stores_a_sentence_unless_its_intent_is_certain() -> None:
    known = {"what do I need": sure("kandas.cost"), "Anna Maria Testova": unsure("kandas.cost")}
    chat = chat_at("surname")
    chat.understanding = understanding_of(known)
    assert chat.says("what do I need").question_key == "surname"
    assert "surname" not in chat.stored_answers()
    assert chat.says("Anna Maria Testova").stored_answers()["surname"] == "Anna Maria Testova"


def test_mistyped_answer_in_a_form_is_rejected_without_topic_suggestions() -> None:
    chat = new_chat_at("birth_year").says("zzz")
    assert chat.question_key == "birth_year"
    assert chat.effects_of(NotUnderstood) == [NotUnderstood("ru", "preregistration.birth_year")]
    known = {"two words": unsure("life.pension"), "word": unsure("life.pension")}
    chat = chat_at("birth_year")
    chat.understanding = understanding_of(known)
    assert not chat.says("word").shows(hearing.THIS_ONE)
    assert chat.says("two words").shows(hearing.THIS_ONE)
    assert chat.presses("?none").shows(not_understood.OTHER_WORDS[0])
    assert not chat.says("").shows(hearing.THIS_ONE)


def test_repeated_unlisted_answer_gets_a_differently_worded_error() -> None:
    chat = chat_at("purpose").says("zzz")
    assert chat.shows(REFUSALS[Refusal.NOT_LISTED])
    assert chat.says("zzz").shows(screens.NOT_FOUND_AGAIN)
    assert chat.says("zzz").shows(screens.NOT_FOUND_STILL)
    assert chat.says("zzz").shows(screens.NOT_FOUND_AGAIN)


def test_text_typed_in_the_faq_flow_is_recognized_as_an_intent() -> None:
    chat = says(new_chat(flow="faq"), "passport")
    assert chat.question_key == "faq_topic"
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["documents.missing"].label)
    assert chat.says("1").stored_answers("faq") == {}


def test_digits_typed_as_a_pin_are_not_sent_to_intent_recognition() -> None:
    chat = new_chat_at(screens.MENU).answers("pin").says("12345678901")
    assert chat.shows(pin_screens.NOT_A_PIN)
    assert says(chat, "passport").shows(reply_flows.YOU_ASK)


def test_private_question_does_not_take_digits_for_a_users_question() -> None:
    chat = new_chat_at("phone", contact="phone").says("12 34")
    assert chat.question_key == "phone"


# A text about danger


def test_danger_in_a_form_is_answered_first_and_the_form_continues() -> None:
    chat = says(new_chat_at("surname"), "detained")
    assert chat.shows(safety.READ_ALONE)
    assert "surname" not in chat.stored_answers()
    assert chat.presses("?back").question_key == "surname"
    assert chat.says("TESTOVA").question_key == "given_name"


def test_suspected_danger_adds_one_sentence_above_the_reply() -> None:
    text = "виза кончилась, боюсь"
    known = {text: replace(sure("permit.expired"), danger=Danger.SUSPECTED)}
    chat = Chat.start("ru", understanding=understanding_of(known)).says(text)
    assert chat.shows(safety.ONE_SENTENCE)
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["permit.expired"].label)
    chat = Chat(understanding=understanding_of(known)).says(text)
    assert chat.shows(safety.ONE_SENTENCE)


def test_danger_is_not_detected_in_labels_numbers_or_handoff_texts() -> None:
    known = {
        "Да": danger("danger.child"),
        "1": danger("danger.child"),
        "Testova": danger("danger.child"),
    }
    chat = chat_at("adult")
    chat.understanding = understanding_of(known)
    assert chat.says("Да").question_key == "purpose"
    assert chat.says("1").question_key == "citizenship"
    chat = Chat.start("ru", "officer", understanding=understanding_of(known)).until("words")
    assert not chat.says("Testova").shows(safety.READ_ALONE)


def test_safety_answer_offers_the_topic_of_the_message() -> None:
    text = "паспорт украли, завтра рейс"
    known = {text: replace(danger("danger.deported"), also="documents.missing")}
    chat = Chat.start("ru", understanding=understanding_of(known)).says(text)
    assert chat.shows(safety.READ_ALONE)
    assert chat.keys[:2] == ["?urgent", "?ask.documents.missing"]
    chat.presses("?ask.documents.missing")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["documents.missing"].label)


def test_lost_document_answer_first_gives_advice_for_an_imminent_journey() -> None:
    chat = says(new_chat(), "passport")
    opening = BY_INTENT["documents.missing"].opening
    first_fact = next(place for place, part in enumerate(opening) if isinstance(part, Fact))
    assert LOST_BEFORE_JOURNEY in opening[:first_fact]
    assert chat.shows(LOST_BEFORE_JOURNEY)


def test_safety_answer_in_a_form_offers_the_topic_and_the_form_continues() -> None:
    known = {"zzz": replace(danger("danger.deported"), also="documents.missing")}
    chat = chat_at("surname")
    chat.understanding = understanding_of(known)
    chat.says("zzz").presses("?ask.documents.missing")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["documents.missing"].label)
    assert chat.question_key == "surname"


def test_safety_answer_to_an_unsupported_language_offers_no_topic() -> None:
    text = "my husband beats me"
    known = {text: replace(danger("danger.child"), also="documents.missing")}
    chat = Chat.start("ru", understanding=understanding_of(known)).says(text)
    assert chat.shows(safety.READ_ALONE)
    assert "?ask.documents.missing" not in chat.keys


def test_urgent_button_label_can_be_typed() -> None:
    chat = says(new_chat(), "detained").says(WORDS.render(safety.URGENT_PERSON, "ru"))
    assert chat.stored_answers("officer")["topic"] == "danger"


# Captions of files, texts after a deletion, and texts to officers


@pytest.mark.requirement("S-88")
def test_file_caption_is_answered_like_a_text() -> None:
    chat = new_chat().takes(Unreadable("photo", sentence("passport", "ru")))
    assert chat.shows(screens.NO_PICTURES)
    assert chat.shows(reply_flows.YOU_ASK)
    chat.takes(Attached("document", "ref", 1, sentence("detained", "ru")))
    assert chat.shows(safety.READ_ALONE)
    assert chat.takes(Unreadable("photo", "  ")).shows(screens.NO_PICTURES)


@pytest.mark.parametrize("kind", ["video", "voice", "animation", "photo"])
def test_file_caption_is_answered_for_every_kind_of_file(kind: str) -> None:
    assert new_chat().takes(Unreadable(kind, sentence("passport", "ru"))).shows(reply_flows.YOU_ASK)


def test_incoming_call_gets_a_text_reply() -> None:
    assert new_chat().takes(Unreadable("call")).shows(screens.NO_CALLS)


@pytest.mark.requirement("S-88")
def test_photo_is_not_deleted_when_its_caption_is_relayed_to_an_officer() -> None:
    chat = new_chat().takes(Unreadable("photo", sentence("passport", "ru")))
    assert chat.effects_of(DeleteInput) == [DeleteInput()]
    chat.takes(Unreadable("photo", sentence("detained", "ru")))
    assert chat.effects_of(DeleteInput) == [DeleteInput()]
    officer = Chat.start("ru", "officer", understanding=UNDERSTANDING).until("words")
    officer.says("Testova").takes(Unreadable("photo", "look"))
    assert officer.effects_of(DeleteInput) == []


def _at_papers() -> Chat:
    chat = new_chat()
    chat.conversation = replace(
        chat.conversation, is_persistent=True, registration=RegistrationStatus("accepted")
    )
    return chat.says("/status").presses("papers", "yes")


@pytest.mark.parametrize(
    ("name", "shown"), [("detained", safety.READ_ALONE), ("passport", reply_flows.YOU_ASK)]
)
def test_upload_caption_is_answered_and_the_file_is_accepted(name: str, shown: Text) -> None:
    chat = _at_papers().takes(Attached("photo", "ref", 1, sentence(name, "ru")))
    assert chat.effects_of(TakeFile)
    assert chat.shows(shown)
    assert chat.question_key == "paper_identity"


@pytest.mark.requirement("S-88")
def test_file_caption_is_relayed_to_the_officer() -> None:
    chat = Chat.start("ru", "officer", understanding=UNDERSTANDING).until("words").says("Testova")
    chat.takes(Unreadable("photo", "look"))
    assert chat.effects_of(Relay)[-1:] == [Relay("look")]
    assert chat.shows(screens.NO_PICTURES)
    chat.conversation = replace(chat.conversation, requested_upload="identity")
    chat.takes(Attached("photo", "ref", 1, "here"))
    assert chat.effects_of(Relay)[-1:] == [Relay("here")]
    assert chat.takes(Pressed("?none")).conversation.with_officer
    assert chat.effects_of(CancelCase) == []


def test_form_answer_of_one_word_gets_no_safety_sentence() -> None:
    known = {"TESTOVA": danger("danger.child", Danger.SUSPECTED)}
    chat = chat_at("surname")
    chat.understanding = understanding_of(known)
    assert not chat.says("TESTOVA").shows(safety.ONE_SENTENCE)


def test_accepted_form_answer_skips_intent_recognition() -> None:
    class Calm:
        danger, is_certain_danger, is_sure = Danger.NONE, False, False

        @property
        def recognition(self) -> Recognition:
            raise AssertionError("An accepted answer needs no recognition.")

    class Counting(FakeRecognizer):
        def read(self, text: str, _language: str) -> Reading:
            read.append(text)
            return Calm()

    read: list[str] = []
    chat = chat_at("surname")
    chat.understanding = replace(UNDERSTANDING, recognizer=Counting({}))
    assert chat.says("TESTOVA").question_key == "given_name"
    assert read == ["TESTOVA"]


def test_crisis_phrases_are_searched_only_once_per_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    def counted(text: str) -> bool:
        searched.append(text)
        return False

    monkeypatch.setattr(crisis_words, "danger", counted)
    chat = Chat.start("ru", "officer", understanding=UNDERSTANDING)
    assert chat.says("у меня есть вопрос о документах")
    assert searched == ["у меня есть вопрос о документах"]


def test_handoff_relays_a_typed_yes_after_the_menu_button() -> None:
    chat = Chat.start("ru", "officer", understanding=UNDERSTANDING).until("words").says("Testova")
    assert chat.presses("!menu").says("да").effects_of(Relay) == [Relay("да")]
    assert chat.takes(Pressed("!person")).conversation.with_officer


def test_pin_is_accepted_while_an_officer_holds_the_case() -> None:
    chat = Chat.start("ru", "officer", understanding=UNDERSTANDING).until("words").says("Testova")
    chat.conversation = replace(
        chat.conversation, has_pin=True, registration=RegistrationStatus("sent")
    )
    chat.says("/status")
    assert chat.says("Testova").effects_of(Relay) == [Relay("Testova")]
    assert chat.says("/status", "2046").effects_of(TryPin) == [TryPin("2046")]


def test_skip_button_of_a_changed_form_reports_the_change() -> None:
    chat = chat_at("patronymic")
    flow = FLOWS["preregistration"]
    items = tuple(
        replace(item, rev=item.rev + 1) if isinstance(item, PersonName) else item
        for item in flow.items
    )
    chat.flows = {**FLOWS, flow.name: replace(flow, items=items)}
    assert chat.takes(Pressed(f"{chat.nonce}:-")).shows(screens.CHANGED)


def test_next_page_of_answers_to_edit_leads_to_the_menu_without_its_flow() -> None:
    chat = chat_at("review").presses("edit")
    chat.flows = {name: flow for name, flow in FLOWS.items() if name != "preregistration"}
    assert chat.takes(Pressed(f"{chat.nonce}:>")).question_key == screens.MENU


def test_text_is_answered_after_a_quick_exit() -> None:
    assert new_chat().says("/exit", "zzz").effects_of(NotUnderstood) == [
        NotUnderstood("ru", "start")
    ]
    chat = new_chat().says("/exit")
    assert says(chat, "passport").shows(reply_flows.YOU_ASK)
    assert new_chat().says("/exit", "меню").question_key == screens.MENU
    assert Chat.start("ru").says("/exit", "zzz").question_key == screens.MENU


def test_recognized_intent_is_dropped_when_the_menu_opens() -> None:
    chat = says(new_chat_at(screens.MENU), "passport")
    assert chat.conversation.heard is not None
    assert chat.presses("!menu").conversation.heard is None


# Values that a text contains are suggested as answers; topics lead to existing flows


def test_countries_regions_and_counts_in_a_message_become_suggestions() -> None:
    found = suggestions({"region": "almaty", "family_size": "4", "country_of_residence": "TR"})
    assert found == {
        "target_region": "almaty",
        "area": "south",
        "region_south": "almaty",
        "people": "4",
        "mission_country": "TR",
        "residence_country": "TR",
    }
    assert suggestions({"children": "2"}) == {}
    assert suggestions({}) == {}


def test_topic_suggestions_and_replies_name_existing_flows() -> None:
    for topics in UNDERSTANDING.topics.values():
        assert all(REPLIES[each].label for each in topics)
    for reply in REPLIES.values():
        assert reply.flow in ("", *FLOWS)
        assert all(FLOWS[reply.flow].find(name) for name, _value in reply.preset)


# No text of a person replaces or deletes an answer of a form


def _stored_a_question(
    before: dict[str, str | None], after: dict[str, str | None], name: str
) -> bool:
    """Return True if the person's sentence `name`, a question, was stored as a form's answer.

    The other arguments are the form's answers before and after the sentence.
    """
    is_question = name in SENTENCES and name not in NO_QUESTIONS
    return is_question and any(each not in before and after[each] is not None for each in after)


# Sentences that a form may store: two words of small talk may be a name, and a topic that is not
# phrased as a question may be a place name.
NO_QUESTIONS = ("hello", "thanks", "bye", "anger", "money")
ASIDES = st.sampled_from([*SENTENCES, "zzz"])


@pytest.mark.no_cover
@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 24), ASIDES), max_size=8), st.sampled_from(LANGUAGES))
def test_form_keeps_its_answers_when_user_questions_interrupt_it(
    asides: list[tuple[int, str]], language: str
) -> None:
    chat = Chat.start(language, "preregistration", understanding=UNDERSTANDING)
    for turn in range(24):
        for _at, name in (each for each in asides if each[0] == turn):
            before = chat.stored_answers()
            text = name if name == "zzz" else sentence(name, language)
            chat.takes(Said(text))
            if chat.conversation.flow != "preregistration" or chat.question_key.startswith("~"):
                chat.takes(Said("/menu")).takes(Said("/menu")).answers("preregistration")
            after = chat.stored_answers()
            assert all(after[key] == value for key, value in before.items())
            assert not _stored_a_question(before, after, name)
        if chat.question_key == "review" or chat.name not in chat.stored_answers() | {
            chat.name: ""
        }:
            break
        chat.answers(default_answer(chat.name))


def test_engine_returns_the_same_turn_for_the_same_input() -> None:
    event = Said(sentence("papers", "ru"))
    turns = [
        step(FLOWS, WORDS, Conversation("ru"), event, TODAY, understanding=UNDERSTANDING)
        for _time in range(2)
    ]
    assert turns[0] == turns[1]


def test_intent_answer_is_not_empty_after_all_its_facts_expired() -> None:
    late = step(
        FLOWS,
        WORDS,
        Conversation("ru"),
        Said(sentence("cost_and_term", "ru")),
        date(2031, 1, 1),
        understanding=UNDERSTANDING,
    )
    assert late.says


def test_fake_recognizer_returns_unknown_by_default() -> None:
    nothing = FakeRecognizer({}).read("x", "ru").recognition
    assert (nothing.confidence, nothing.danger) == (Confidence.UNKNOWN, Danger.NONE)
