"""A typed "no" at the review changes an answer; a typed "yes" raises no suspicion of danger."""

import pytest

from flows.engine import safety, screens
from tests.flows.chat import Chat
from tests.flows.recognizer import REAL, recognizing_chat_at


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "нет"),
        ("ru", "неправильно"),
        ("ru", "нет, я родилась 1961"),
        ("kk", "қате"),
        ("zh_Hans", "不对"),
        ("uz", "notoʻgʻri"),
        ("uz_Cyrl", "йўқ"),
        ("ru", "год рождения 1962"),
        ("ru", "фамилия не та"),
        ("kk", "туған жылым 1962 болу керек"),
        ("kk", "тегім дұрыс емес"),
        ("zh_Hans", "出生年份错了"),
        ("zh_Hans", "我的姓错了"),
        ("zh_Hans", "请修改国籍"),
        ("kk", "менің атым қате"),
        ("uz", "familiyam boshqa"),
        ("uz_Cyrl", "туғилган йилим 1962"),
        ("kk", "1962 болу керек"),
        ("ru", "должно быть 1962"),
        ("zh_Hans", "应该是1962"),
    ],
)
def test_no_at_the_review_asks_which_answer_is_wrong(language: str, typed: str) -> None:
    assert recognizing_chat_at("review", language).says(typed).question_key == screens.EDIT


@pytest.mark.parametrize("typed", ["зачем вам фамилия?", "телефон отобрали и бьют", "документы"])
def test_text_that_corrects_no_answer_stays_at_the_review(typed: str) -> None:
    assert recognizing_chat_at("review").says(typed).question_key == "review"


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("zh_Hans", "我要报名"),
        ("zh_Hans", "可以签名了"),
        ("kk", "Алматыдан жаздым"),
        ("kk", "жұмыс жүріп жатыр"),
        ("ru", "да, имя верное"),
        ("uz", "ha, familiyam shunday"),
    ],
)
def test_words_that_contain_a_label_correct_no_answer(language: str, typed: str) -> None:
    assert recognizing_chat_at("review", language).says(typed).question_key != screens.EDIT


@pytest.mark.parametrize("question", ["review", "risk", "consent_registration"])
def test_yes_alone_raises_no_suspicion_of_danger(question: str) -> None:
    assert not recognizing_chat_at(question).says("да").shows(safety.ONE_SENTENCE)


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("location", "ru", "дома"),
        ("location", "kk", "үйдемін"),
        ("location", "uz", "uydaman"),
        ("applying", "ru", "дочь"),
        ("applying", "zh_Hans", "我爸"),
    ],
)
def test_everyday_answer_raises_no_suspicion_of_danger(
    question: str, language: str, typed: str
) -> None:
    assert not recognizing_chat_at(question, language).says(typed).shows(safety.ONE_SENTENCE)


@pytest.mark.parametrize("question", ["details", "passport", "applying"])
@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "устала"),
        ("ru", "Я устал."),
        ("kk", "шаршадым"),
        ("uz", "charchadim"),
        ("uz_Cyrl", "чарчадим"),
        ("zh_Hans", "累了"),
    ],
)
def test_tiredness_at_a_form_gets_only_the_safety_sentence(
    question: str, language: str, typed: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.shows(safety.ONE_SENTENCE)
    assert not chat.shows(safety.READ_ALONE)
    assert chat.question_key == question


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "устала жить"), ("ru", "я устала от жизни"), ("kk", "өмірден шаршадым")],
)
def test_tiredness_of_life_gets_the_safety_answer(language: str, typed: str) -> None:
    assert recognizing_chat_at("details", language).says(typed).shows(safety.READ_ALONE)


@pytest.mark.parametrize("question", ["details", "passport", "surname"])
@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "паспорт у полиции"),
        ("ru", "мой паспорт забрала полиция"),
        ("kk", "паспортым полицияда"),
        ("kk", "паспортымды полиция алып қойды"),
        ("uz", "pasportim politsiyada"),
        ("uz_Cyrl", "паспортим полицияда"),
        ("zh_Hans", "护照在警察那里"),
    ],
)
def test_passport_with_the_police_gets_the_safety_answer(
    question: str, language: str, typed: str
) -> None:
    assert recognizing_chat_at(question, language).says(typed).shows(safety.READ_ALONE)


@pytest.mark.parametrize(
    ("language", "typed"), [("ru", "нет"), ("kk", "жоқ"), ("uz", "yoʻq"), ("zh_Hans", "没有")]
)
def test_no_to_the_question_who_comes_along_means_nobody(language: str, typed: str) -> None:
    chat = Chat.start(language, "checklist", understanding=REAL).presses("kandas_status", "MN")
    assert chat.question_key == "family"
    assert chat.says(typed).stored_answers("checklist")["family"] == "alone"


@pytest.mark.parametrize(
    ("language", "typed"), [("ru", "да"), ("kk", "иә"), ("uz", "ha"), ("zh_Hans", "是")]
)
def test_yes_to_the_question_about_danger_raises_suspicion(language: str, typed: str) -> None:
    assert recognizing_chat_at("trouble", language).says(typed).shows(safety.ONE_SENTENCE)


def test_no_to_the_question_about_danger_raises_no_suspicion() -> None:
    assert not recognizing_chat_at("trouble").says("нет").shows(safety.ONE_SENTENCE)
