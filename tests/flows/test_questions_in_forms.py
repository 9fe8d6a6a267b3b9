"""A person's question typed at a question of a form is answered and not stored as the answer."""

from itertools import pairwise

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from flows.engine import hearing, not_understood, reply_flows, safety, screens
from flows.engine.effects import OpenCase
from flows.engine.events import Attached, DeleteInput, Pressed, TakeFile
from flows.engine.language_protocol import Refusal
from flows.engine.recognition import Danger, Recognition
from flows.engine.refusals import REFUSALS
from flows.engine.registration import RegistrationStatus
from flows.engine.word_count import count_words
from flows.knowledge.intents.answers import BY_INTENT
from flows.replies import understanding
from tests.flows.chat import Chat, chat_at
from tests.flows.recognizer import FakeRecognizer, danger, sure, unsure

REAL = understanding(EngineRecognizer.load())


def chat_at_with_intents(
    question: str, known: dict[str, Recognition], language: str = "ru"
) -> Chat:
    chat = chat_at(question, language)
    chat.understanding = understanding(FakeRecognizer(known))
    return chat


@pytest.mark.parametrize(
    ("text", "words"),
    [("多久有结果", 2.5), ("为什么 ИИН", 2.5), ("two words", 2), ("— да!", 1), ("", 0)],
)
def test_word_count_takes_two_chinese_characters_for_one_word(text: str, words: float) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize("text", ["多久有结果", "为什么要问这个"])
def test_chinese_question_in_a_form_gets_topics_when_recognition_is_unsure(text: str) -> None:
    chat = chat_at_with_intents("birth_year", {text: unsure("kandas.term")}, "zh_Hans")
    assert chat.says(text).shows(hearing.THIS_ONE)


def test_chinese_question_typed_as_a_surname_is_not_deleted_from_the_chat() -> None:
    chat = chat_at_with_intents("surname", {"办坎达斯要多久": unsure("kandas.term")}, "zh_Hans")
    chat.says("办坎达斯要多久")
    assert chat.shows(hearing.THIS_ONE)
    assert not chat.effects_of(DeleteInput)


def test_name_in_the_wrong_script_gets_no_topic_suggestions() -> None:
    name = "Иванова Петрова Сидоровна"
    chat = chat_at_with_intents("surname", {name: unsure("where.office")}).says(name)
    assert chat.shows(REFUSALS[Refusal.NOT_LATIN])
    assert chat.effects_of(DeleteInput)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("можно взять с собой детей?", "ru"),
        ("сколько это стоит", "ru"),
        ("үй бере ме", "kk"),
        ("可以住在阿拉木图吗", "zh_Hans"),
        ("мой паспорт давно просрочен", "ru"),
    ],
)
def test_user_question_typed_at_the_region_question_is_not_stored(text: str, language: str) -> None:
    chat = chat_at("residence_region", language)
    chat.understanding = REAL
    chat.says(text)
    assert chat.name == "residence_region"
    assert "residence_region" not in chat.stored_answers()
    assert chat.shows(hearing.WHICH_ONE) or any(key.startswith("?else") for key in chat.keys)


@pytest.mark.parametrize(("text", "language"), [("87 год", "ru"), ("87年", "zh_Hans")])
def test_year_with_two_digits_is_explained_and_offers_no_topics(text: str, language: str) -> None:
    chat = chat_at("birth_year", language)
    chat.understanding = REAL
    assert chat.says(text).shows(REFUSALS[Refusal.TWO_DIGIT_YEAR])


def test_typed_date_of_birth_raises_no_suspicion_of_danger() -> None:
    text = "一九八七年三月二十日"
    known = {text: danger("danger.detained", Danger.SUSPECTED)}
    assert (
        not chat_at_with_intents("birth_year", known, "zh_Hans")
        .says(text)
        .shows(safety.ONE_SENTENCE)
    )


def test_unrecognized_user_question_at_the_region_question_is_not_stored() -> None:
    assert (
        chat_at_with_intents("residence_region", {}).says("а это зачем вам?").name
        == "residence_region"
    )


@pytest.mark.parametrize(
    "region",
    ["Ташкентская область", "新疆伊犁州", "Жиззах вилояти Зомин тумани", "Омск", "Синьцзян"],
)
def test_region_that_resembles_a_question_or_danger_is_stored(region: str) -> None:
    chat = chat_at("residence_region")
    chat.understanding = REAL
    assert chat.says(region).stored_answers()["residence_region"] == region


def test_danger_typed_at_the_region_question_is_answered() -> None:
    for text in ("муж меня избивает", "мне угрожают", "спасите", "зорлады", "қорқамын"):
        chat = chat_at("residence_region")
        chat.understanding = REAL
        assert chat.says(text).shows(safety.READ_ALONE)


@pytest.mark.parametrize(
    ("text", "language"), [("нету", "ru"), ("жоқ", "kk"), ("yoʻq", "uz"), ("没有", "zh_Hans")]
)
def test_patronymic_question_takes_a_typed_no_as_no_patronymic(text: str, language: str) -> None:
    chat = chat_at("patronymic", language).says(text)
    assert chat.name == "name_kk"
    assert chat.stored_answers()["patronymic"] is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Привет!", "ru"),
        ("спасибо", "ru"),
        ("рахмет", "kk"),
        ("сәлеметсіз бе", "kk"),
        ("你好", "zh_Hans"),
        ("rahmat", "uz"),
    ],
)
def test_patronymic_question_does_not_store_small_talk(text: str, language: str) -> None:
    chat = chat_at("patronymic", language)
    chat.understanding = REAL
    chat.says(text)
    assert chat.name == "patronymic"
    assert "patronymic" not in chat.stored_answers()


@pytest.mark.parametrize("name", ["Рахмет", "RAHMAT", "Сәлем", "рахметұлы", "Salima", "谢军"])
def test_patronymic_question_stores_a_name_that_resembles_small_talk(name: str) -> None:
    chat = chat_at("patronymic")
    chat.understanding = REAL
    assert chat.says(name).stored_answers()["patronymic"] == name


def test_required_name_question_is_not_skipped_by_a_typed_no() -> None:
    assert chat_at("surname").says("нету").name == "surname"
    officer = Chat.start("ru", "officer").until("words").says("нет")
    assert officer.effects_of(OpenCase)[0].words == "нет"


def test_user_question_that_contains_an_option_is_not_taken_as_the_answer() -> None:
    known = {"как мне уехать из Китая": sure("way.which")}
    chat = chat_at_with_intents("residence_country", known).says("как мне уехать из Китая")
    assert chat.name == "residence_country"
    assert chat.says("1").name == "target_region"


# "Yes" and "no" to the only topic that is offered


@pytest.mark.parametrize("question", ["former_citizen", "residence_region", "patronymic"])
@pytest.mark.parametrize(
    ("language", "yes", "no"),
    [("ru", "да", "нет"), ("kk", "иә", "жоқ"), ("uz", "ha", "yoʻq"), ("zh_Hans", "是", "不是")],
)
def test_yes_or_no_to_an_offered_topic_is_not_stored_in_the_form(
    question: str, language: str, yes: str, no: str
) -> None:
    known = {"and my children?": unsure("kandas.children")}
    for typed, is_chosen in ((yes, True), (no, False)):
        chat = chat_at_with_intents(question, known, language).says("and my children?")
        assert chat.shows(hearing.THIS_ONE)
        chat.says(typed)
        assert chat.name == question
        assert question not in chat.stored_answers()
        assert chat.shows(not_understood.OTHER_WORDS[0]) is not is_chosen
        assert (
            chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["kandas.children"].label) is is_chosen
        )


def test_other_answers_below_an_offered_topic_are_stored() -> None:
    known = {"and my children?": unsure("kandas.children")}
    chat = chat_at_with_intents("former_citizen", known)
    assert chat.says("and my children?", "2").stored_answers()["former_citizen"] == "no"
    chat = chat_at_with_intents("former_citizen", known)
    chat.says("and my children?", "нет", "нет")
    assert chat.stored_answers()["former_citizen"] == "no"


def test_yes_chooses_the_only_offered_topic_outside_of_a_form() -> None:
    known = understanding(FakeRecognizer({"bolalarim-chi?": unsure("kandas.children")}))
    chat = Chat.start("uz", understanding=known).says("bolalarim-chi?")
    assert chat.shows(hearing.THIS_ONE)
    assert chat.says("ha").shows(reply_flows.YOU_ASK, topic=BY_INTENT["kandas.children"].label)


@pytest.mark.parametrize("offers", [("kandas.children", "life.school"), ()])
def test_yes_or_no_below_several_topics_is_not_stored_in_the_form(offers: tuple[str, ...]) -> None:
    known = {"and my children?": unsure(*offers)} if offers else {}
    for typed in ("да", "нет"):
        chat = chat_at_with_intents("former_citizen", known).says("and my children?", typed)
        assert chat.name == "former_citizen"
        assert "former_citizen" not in chat.stored_answers()
        shown = (hearing.WHICH_ONE,) if typed == "да" else not_understood.OTHER_WORDS
        assert any(map(chat.shows, shown))
        assert "!person" in chat.keys
        answer = chat.says(typed).stored_answers()["former_citizen"]
        assert answer == {"да": "yes", "нет": "no"}[typed]


def test_ordinal_below_several_topics_chooses_one_of_them() -> None:
    known = {"and my children?": unsure("kandas.children", "life.school")}
    chat = chat_at_with_intents("purpose", known).says("and my children?", "второе")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.school"].label)
    assert "purpose" not in chat.stored_answers()
    assert chat.says("второе").stored_answers()["purpose"] == "study"


@pytest.mark.parametrize("typed", ["третье", "последнее"])
def test_ordinal_of_none_of_these_is_not_stored_in_the_form(typed: str) -> None:
    known = {"and my children?": unsure("kandas.children", "life.school")}
    chat = chat_at_with_intents("passport", known).says("and my children?", typed)
    assert any(map(chat.shows, not_understood.OTHER_WORDS))
    assert "passport" not in chat.stored_answers()


@pytest.mark.parametrize("offers", [("kandas.children", "life.school"), ()])
def test_ordinal_beyond_the_topics_is_not_stored(offers: tuple[str, ...]) -> None:
    known = {"and my children?": unsure(*offers)} if offers else {}
    chat = chat_at_with_intents("passport", known).says("and my children?", "четвёртое")
    assert chat.shows(hearing.WHICH_ONE)
    assert "passport" not in chat.stored_answers()


def test_no_or_ordinal_after_the_second_offer_is_not_stored() -> None:
    known = {"and my children?": unsure("kandas.children", "life.school")}
    chat = chat_at_with_intents("passport", known).says("and my children?", "да", "второе")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.school"].label)
    chat = chat_at_with_intents("passport", known).says("and my children?", "да", "нет")
    assert any(map(chat.shows, not_understood.OTHER_WORDS))
    assert "passport" not in chat.stored_answers()


def test_ordinal_chooses_a_topic_outside_of_a_form() -> None:
    known = {"and my children?": unsure("kandas.children", "life.school")}
    chat = Chat.start("ru", understanding=understanding(FakeRecognizer(known)))
    assert chat.says("and my children?", "да").shows(hearing.WHICH_ONE)
    assert chat.says("второе").shows(reply_flows.YOU_ASK, topic=BY_INTENT["life.school"].label)


# Captions of uploaded files that are accepted


def _chat_at_upload(known: dict[str, Recognition]) -> Chat:
    chat = Chat.start("ru", understanding=understanding(FakeRecognizer(known)))
    chat.conversation = chat.conversation.__class__(
        "ru", is_persistent=True, registration=RegistrationStatus("accepted")
    )
    return chat.says("/status").presses("papers", "yes")


def _send_caption(text: str, meaning: Recognition | None = None) -> Chat:
    chat = _chat_at_upload({text: meaning} if meaning else {})
    chat.takes(Attached("photo", "ref", 1, text))
    assert chat.effects_of(TakeFile)
    return chat


def test_upload_caption_with_suspected_danger_gets_the_safety_sentence() -> None:
    chat = _send_caption("не отдают паспорт", danger("danger.violence", Danger.SUSPECTED))
    assert chat.shows(safety.ONE_SENTENCE)


def test_upload_caption_about_a_withheld_passport_is_detected_as_danger() -> None:
    chat = _chat_at_upload({})
    chat.understanding = REAL
    chat.takes(Attached("photo", "ref", 1, "не отдают паспорт"))
    assert chat.shows(safety.ONE_SENTENCE) or chat.shows(safety.READ_ALONE)


def test_upload_caption_that_may_be_a_question_offers_topics() -> None:
    assert _send_caption("это подойдёт?", unsure("documents.photo")).shows(hearing.THIS_ONE)


def test_upload_caption_that_is_not_understood_gets_a_reply_saying_so() -> None:
    assert _send_caption("мой паспорт").shows(screens.CAPTION_NOT_UNDERSTOOD)
    suspected = Recognition(danger=Danger.SUSPECTED, confidence=unsure().confidence)
    assert _send_caption("боюсь", suspected).shows(safety.ONE_SENTENCE)
    assert _send_caption("1.").last_messages == ()


def test_upload_caption_with_a_safety_word_runs_its_command() -> None:
    assert _send_caption("человек").question_key == "topic"


# Answers that a form rejects, and the topics that it then offers


def _lines(chat: Chat, text: str, times: int) -> list[str]:
    return [chat.says(text).last_messages[0].paragraphs[0][0].msgid for _time in range(times)]


@pytest.mark.parametrize(
    ("question", "text"),
    [("purpose", "zzz"), ("birth_year", "199"), ("surname", "Тестова"), ("phone", "12")],
)
def test_form_error_message_is_never_repeated_verbatim(question: str, text: str) -> None:
    others = {"contact": "phone"} if question == "phone" else {}
    lines = _lines(chat_at(question, **others), text, 5)
    assert len(set(lines)) == 3
    assert all(one != other for one, other in pairwise(lines))
    assert lines[2] != lines[0]


def test_unrecognized_sentence_in_a_form_offers_topics_of_its_question() -> None:
    chat = chat_at_with_intents("target_region", {}).says("не знаю ещё")
    assert chat.keys[0] == "?ask.support.regions"
    assert chat.name == "target_region"
    assert len(set(_lines(chat, "не знаю ещё", 4))) == 2
    assert "?ask.kandas.term" in chat_at_with_intents("adult", {}).says("не знаю ещё").keys


def test_topic_suggestions_follow_the_second_mistyped_word_in_a_form() -> None:
    chat = chat_at_with_intents("target_region", {}).says("zzz")
    assert not any(key.startswith("?ask") for key in chat.keys)
    assert "?ask.support.regions" in chat.says("zzz").keys
    assert "?ask.support.regions" in chat.says("zzz").keys
    assert not any(key.startswith("?ask") for key in chat.says("1/2").keys)


def test_topic_suggestions_are_not_shown_at_private_questions_or_handoff() -> None:
    chat = chat_at("phone", contact="phone")
    chat.understanding = understanding(FakeRecognizer({}))
    assert not any(key.startswith("?ask") for key in chat.says("у меня нет", "у меня нет").keys)
    officer = Chat.start("ru", "officer", understanding=understanding(FakeRecognizer({})))
    assert not any(key.startswith("?ask") for key in officer.says("не знаю ещё").keys)


def test_bot_sends_a_different_reply_when_none_of_these_is_chosen() -> None:
    known = {"деньги": unsure("support.money")}
    chat = Chat.start("ru", understanding=understanding(FakeRecognizer(known)))
    lines = []
    for _time in range(4):
        chat.says("деньги").presses("?none")
        lines.append(chat.last_messages[0].paragraphs[0][0].msgid)
    assert all(one != other for one, other in pairwise(lines))
    assert len(set(lines)) == 3


# Flows and screens opened by a recognized sentence


@pytest.mark.parametrize(
    "intent", ["kandas.documents", "registry.status", "person.wanted", "privacy.delete"]
)
def test_screen_opened_by_a_recognized_sentence_names_its_topic(intent: str) -> None:
    known = {"мой вопрос": sure(intent)}
    chat = Chat.start("ru", understanding=understanding(FakeRecognizer(known))).says("мой вопрос")
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT[intent].label)
    assert f"?else.{intent}" in chat.keys
    chat.takes(Pressed(f"?else.{intent}"))
    assert chat.shows(hearing.WHICH_ONE) or chat.shows(not_understood.OTHER_WORDS[0])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Какие документы нужны на въезд?"),
        ("kk", "Қазақстан азаматтығына құжаттар тізімі"),
        ("zh_Hans", "办身份需要哪些文件"),
        ("uz", "Viza uchun qanday hujjatlar kerak?"),
    ],
)
def test_question_about_papers_first_asks_what_the_papers_are_for(language: str, text: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.question_key == "programme"
    assert "programme" not in chat.form("checklist").answers


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "какие документы нужны для внж"),
        ("kk", "ықтиярхатқа қандай құжат керек"),
        ("zh_Hans", "办永居需要哪些材料"),
    ],
)
def test_question_about_papers_for_the_residence_permit_opens_its_list(
    language: str, text: str
) -> None:
    chat = Chat.start(language, understanding=REAL).says(text).presses("?open.permit.residence")
    assert chat.stored_answers("checklist")["programme"] == "prp"


@pytest.mark.parametrize("left", ["kandas_status", "citizenship_simplified"])
def test_question_about_papers_asks_for_their_aim_after_another_list(left: str) -> None:
    chat = Chat.start("ru", "checklist", understanding=REAL).presses(left, "UZ").says("/menu")
    chat.says("Какие документы нужны на въезд?")
    assert chat.question_key == "programme"
    answers = chat.presses("prp").stored_answers("checklist")
    assert answers == {"programme": "prp", "citizenship": "UZ"}


@pytest.mark.parametrize(
    ("language", "text", "today"),
    [
        ("kk", "Қандас мәртебемнің мерзімі өтіп кетті", "Бүгін маманмен сөйлесіңіз"),
        ("ru", "Срок моего статуса кандаса уже истёк", "Поговорите со специалистом сегодня"),
    ],
)
def test_message_about_an_expired_status_gets_advice_for_today(
    language: str, text: str, today: str
) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.shows(reply_flows.YOU_ASK, topic=BY_INTENT["kandas.extend"].label)
    assert today in chat.text


def test_topic_suggestions_contain_only_one_officer_button() -> None:
    known = {"能说中文的人吗": unsure("bot.what", "person.wanted")}
    chat = Chat.start("zh_Hans", understanding=understanding(FakeRecognizer(known)))
    chat.says("能说中文的人吗")
    assert "!person" not in chat.keys
    assert "?ask.person.wanted" in chat.keys
