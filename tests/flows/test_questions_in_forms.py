"""Questions typed in place of an answer are answered and never stored; answers still are."""

from itertools import pairwise

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from flows.engine import hearing, safety, screens
from flows.engine.events import Attached, DeleteInput, Pressed, TakeFile
from flows.engine.flow import OpenCase
from flows.engine.language_protocol import Refusal
from flows.engine.recognition import Danger, Recognition
from flows.engine.refusals import REFUSALS
from flows.engine.registration import RegistrationStatus
from flows.engine.word_count import count_words
from flows.knowledge.intents.answers import BY_INTENT
from flows.replies import understanding
from tests.flows.chat import Chat, at
from tests.flows.recognizer import FakeRecognizer, danger, sure, unsure

REAL = understanding(EngineRecognizer.load())


def inside(question: str, known: dict[str, Recognition], language: str = "ru") -> Chat:
    chat = at(question, language)
    chat.understanding = understanding(FakeRecognizer(known))
    return chat


@pytest.mark.parametrize(
    ("text", "words"),
    [("多久有结果", 2.5), ("为什么 ИИН", 2.5), ("two words", 2), ("— да!", 1), ("", 0)],
)
def test_words_are_counted_also_without_spaces(text: str, words: float) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize("text", ["多久有结果", "为什么要问这个"])
def test_unsure_chinese_question_in_a_form_offers_topics(text: str) -> None:
    chat = inside("birth_year", {text: unsure("kandas.term")}, "zh_Hans")
    assert chat.says(text).shows(hearing.WHICH_ONE)


def test_chinese_question_at_a_latin_name_is_answered_and_stays() -> None:
    chat = inside("surname", {"办坎达斯要多久": unsure("kandas.term")}, "zh_Hans")
    chat.says("办坎达斯要多久")
    assert chat.shows(hearing.WHICH_ONE)
    assert not chat.done(DeleteInput)


def test_name_in_the_wrong_script_is_refused_and_offers_no_topics() -> None:
    name = "Иванова Петрова Сидоровна"
    chat = inside("surname", {name: unsure("where.office")}).says(name)
    assert chat.shows(REFUSALS[Refusal.NOT_LATIN])
    assert chat.done(DeleteInput)


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
def test_question_in_place_of_a_region_is_answered_and_not_stored(text: str, language: str) -> None:
    chat = at("residence_region", language)
    chat.understanding = REAL
    chat.says(text)
    assert chat.name == "residence_region"
    assert "residence_region" not in chat.told()
    assert chat.shows(hearing.WHICH_ONE) or any(key.startswith("?else") for key in chat.keys)


def test_unknown_question_in_place_of_a_region_is_not_stored() -> None:
    assert inside("residence_region", {}).says("а это зачем вам?").name == "residence_region"


@pytest.mark.parametrize(
    "region",
    ["Ташкентская область", "新疆伊犁州", "Жиззах вилояти Зомин тумани", "Омск", "Синьцзян"],
)
def test_region_that_resembles_a_question_or_danger_is_stored(region: str) -> None:
    chat = at("residence_region")
    chat.understanding = REAL
    assert chat.says(region).told()["residence_region"] == region


def test_danger_in_place_of_a_region_is_heard() -> None:
    for text in ("муж меня избивает", "мне угрожают"):
        chat = at("residence_region")
        chat.understanding = REAL
        assert chat.says(text).shows(safety.READ_ALONE)


@pytest.mark.parametrize(
    ("text", "language"), [("нету", "ru"), ("жоқ", "kk"), ("yoʻq", "uz"), ("没有", "zh_Hans")]
)
def test_no_in_place_of_a_patronymic_means_none(text: str, language: str) -> None:
    chat = at("patronymic", language).says(text)
    assert chat.name == "name_kk"
    assert chat.told()["patronymic"] is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Привет!", "ru"),
        ("спасибо", "ru"),
        ("не знаю", "ru"),
        ("рахмет", "kk"),
        ("сәлеметсіз бе", "kk"),
        ("ٴبىلمەيمىن", "kk_Arab"),
        ("你好", "zh_Hans"),
        ("rahmat", "uz"),
    ],
)
def test_small_talk_in_place_of_a_patronymic_is_no_name(text: str, language: str) -> None:
    chat = at("patronymic", language)
    chat.understanding = REAL
    chat.says(text)
    assert chat.name == "patronymic"
    assert "patronymic" not in chat.told()


@pytest.mark.parametrize("name", ["Рахмет", "RAHMAT", "Сәлем", "рахметұлы", "Salima", "谢军"])
def test_name_that_resembles_small_talk_is_stored(name: str) -> None:
    chat = at("patronymic")
    chat.understanding = REAL
    assert chat.says(name).told()["patronymic"] == name


def test_no_in_place_of_a_required_name_is_no_skip() -> None:
    assert at("surname").says("нету").name == "surname"
    officer = Chat.begun("ru", "officer").until("words").says("нет")
    assert officer.done(OpenCase)[0].words == "нет"


def test_question_in_place_of_a_listed_answer_is_answered() -> None:
    known = {"как мне уехать из Китая": sure("way.which")}
    chat = inside("residence_country", known).says("как мне уехать из Китая")
    assert chat.name == "residence_country"
    assert chat.says("1").name == "target_region"


# Captions of accepted files


def _at_papers(known: dict[str, Recognition]) -> Chat:
    chat = Chat.begun("ru", understanding=understanding(FakeRecognizer(known)))
    chat.conversation = chat.conversation.__class__(
        "ru", is_persistent=True, registration=RegistrationStatus("accepted")
    )
    return chat.says("/status").presses("papers", "yes")


def _sends(text: str, meaning: Recognition | None = None) -> Chat:
    chat = _at_papers({text: meaning} if meaning else {})
    chat.takes(Attached("photo", "ref", 1, text))
    assert chat.done(TakeFile)
    return chat


def test_caption_that_may_speak_of_danger_gets_the_sentence_about_it() -> None:
    chat = _sends("не отдают паспорт", danger("danger.violence", Danger.SUSPECTED))
    assert chat.shows(safety.ONE_SENTENCE)


def test_caption_with_a_withheld_passport_is_heard_by_the_model() -> None:
    chat = _at_papers({})
    chat.understanding = REAL
    chat.takes(Attached("photo", "ref", 1, "не отдают паспорт"))
    assert chat.shows(safety.ONE_SENTENCE) or chat.shows(safety.READ_ALONE)


def test_caption_with_an_unsure_question_offers_topics() -> None:
    assert _sends("это подойдёт?", unsure("documents.photo")).shows(hearing.WHICH_ONE)


def test_caption_that_is_not_understood_is_said_to_be() -> None:
    assert _sends("мой паспорт").shows(screens.CAPTION_NOT_UNDERSTOOD)
    suspected = Recognition(danger=Danger.SUSPECTED, confidence=unsure().confidence)
    assert _sends("боюсь", suspected).shows(safety.ONE_SENTENCE)
    assert _sends("1.").says_now == ()


def test_safety_word_as_a_caption_is_obeyed() -> None:
    assert _sends("человек").at == "topic"


# Answers that a form refuses, and the topics it then offers


def _lines(chat: Chat, text: str, times: int) -> list[str]:
    return [chat.says(text).says_now[0].paragraphs[0][0].msgid for _time in range(times)]


@pytest.mark.parametrize(
    ("question", "text"),
    [("purpose", "zzz"), ("birth_year", "199"), ("surname", "Тестова"), ("phone", "12")],
)
def test_refusal_in_a_form_is_never_repeated_word_for_word(question: str, text: str) -> None:
    others = {"contact": "phone"} if question == "phone" else {}
    lines = _lines(at(question, **others), text, 5)
    assert len(set(lines)) == 3
    assert all(one != other for one, other in pairwise(lines))
    assert lines[2] != lines[0]


def test_sentence_that_is_not_understood_in_a_form_gets_its_topics() -> None:
    chat = inside("target_region", {}).says("не знаю ещё")
    assert chat.keys[0] == "?ask.support.regions"
    assert chat.name == "target_region"
    assert len(set(_lines(chat, "не знаю ещё", 4))) == 2
    assert "?ask.kandas.term" in inside("adult", {}).says("не знаю ещё").keys


def test_second_mistyped_word_in_a_form_gets_topics_and_the_first_not() -> None:
    chat = inside("target_region", {}).says("zzz")
    assert not any(key.startswith("?ask") for key in chat.keys)
    assert "?ask.support.regions" in chat.says("zzz").keys
    assert "?ask.support.regions" in chat.says("zzz").keys
    assert not any(key.startswith("?ask") for key in chat.says("1/2").keys)


def test_private_question_and_handoff_offer_no_topics() -> None:
    chat = at("phone", contact="phone")
    chat.understanding = understanding(FakeRecognizer({}))
    assert not any(key.startswith("?ask") for key in chat.says("у меня нет", "у меня нет").keys)
    officer = Chat.begun("ru", "officer", understanding=understanding(FakeRecognizer({})))
    assert not any(key.startswith("?ask") for key in officer.says("не знаю ещё").keys)


def test_none_of_these_is_answered_in_other_words_each_time() -> None:
    known = {"деньги": unsure("support.money")}
    chat = Chat.begun("ru", understanding=understanding(FakeRecognizer(known)))
    lines = []
    for _time in range(4):
        chat.says("деньги").presses("?none")
        lines.append(chat.says_now[0].paragraphs[0][0].msgid)
    assert all(one != other for one, other in pairwise(lines))
    assert len(set(lines)) == 3


# Flows and commands that a sentence opens


@pytest.mark.parametrize(
    "intent", ["kandas.documents", "registry.status", "person.wanted", "privacy.delete"]
)
def test_flow_or_command_of_a_sentence_says_what_was_understood(intent: str) -> None:
    known = {"мой вопрос": sure(intent)}
    chat = Chat.begun("ru", understanding=understanding(FakeRecognizer(known))).says("мой вопрос")
    assert chat.shows(hearing.YOU_ASK, topic=BY_INTENT[intent].label)
    assert f"?else.{intent}" in chat.keys
    chat.takes(Pressed(f"?else.{intent}"))
    assert chat.shows(hearing.WHICH_ONE) or chat.shows(hearing.OTHER_WORDS[0])


def test_offer_that_leads_to_a_person_has_one_person_button() -> None:
    known = {"能说中文的人吗": unsure("bot.what", "person.wanted")}
    chat = Chat.begun("zh_Hans", understanding=understanding(FakeRecognizer(known)))
    chat.says("能说中文的人吗")
    assert "!person" not in chat.keys
    assert "?ask.person.wanted" in chat.keys
