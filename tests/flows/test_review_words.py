"""A typed "no" at the review changes an answer; a typed "yes" raises no suspicion of danger."""

import pytest

from bot.i18n import kazakh_arabic
from flows.engine import corrections, safety, screens
from flows.engine.effects import Submit
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


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        *[("ru", each) for each in ("отправляйте", "да, отправьте", "Хорошо, отправляйте!")],
        *[("kk", each) for each in ("жіберіңіз", "жібер", "иә, жіберіңіз", "ия жіберіңіз")],
        *[("uz", each) for each in ("yuboring", "yuborish", "ha yuboring")],
        *[("uz_Cyrl", each) for each in ("юборинг", "ҳа юборинг", "ҳа, юборинг")],
        *[("zh_Hans", each) for each in ("提交", "请提交", "发送", "是的，提交", "好的请提交")],
        ("kk_Arab", kazakh_arabic.to_arabic("иә, жіберіңіз")),
    ],
)
def test_words_for_send_at_the_review_send_the_form(language: str, typed: str) -> None:
    chat = recognizing_chat_at("review", language).says(typed)
    assert chat.effects_of(Submit)
    assert not chat.shows(safety.ONE_SENTENCE)


RIGHT = [
    *[("ru", each) for each in ("да", "да, всё верно", "Всё верно", "хорошо")],
    *[("kk", each) for each in ("иә", "ия", "иә, дұрыс", "бәрі дұрыс")],
    *[("uz", each) for each in ("ha", "ha, hammasi to'g'ri")],
    *[("uz_Cyrl", each) for each in ("ҳа", "ҳа, ҳаммаси тўғри")],
    *[("zh_Hans", each) for each in ("是", "对", "是的，都对")],
    ("kk_Arab", kazakh_arabic.to_arabic("бәрі дұрыс")),
]


@pytest.mark.parametrize(("language", "typed"), RIGHT)
@pytest.mark.parametrize("before", ["", "абракадабра щука"])
def test_yes_at_the_review_tells_how_to_send(language: str, typed: str, before: str) -> None:
    chat = recognizing_chat_at("review", language)
    chat.says(*([before] if before else []), typed)
    assert chat.shows(corrections.NOT_SENT)
    assert chat.question_key == "review"
    assert {"submit", "edit"} <= set(chat.keys)
    assert not chat.effects_of(Submit)


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        *[("ru", each) for each in ("не отправляйте", "Отправить?", "да, отправить?")],
        ("ru", "нет отправить"),
        *[("kk", each) for each in ("жібермеңіз", "жібердім бе")],
        *[("uz", each) for each in ("yubormang", "yuborildimi")],
        *[("zh_Hans", each) for each in ("不要提交", "提交了吗", "别发送")],
    ],
)
def test_other_words_about_sending_send_nothing(language: str, typed: str) -> None:
    assert not recognizing_chat_at("review", language).says(typed).effects_of(Submit)


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "нет"),
        ("ru", "не так"),
        ("kk", "жоқ"),
        ("kk", "олай емес"),
        ("uz", "yo'q"),
        ("uz_Cyrl", "йўқ, нотўғри"),
        ("zh_Hans", "不"),
        ("zh_Hans", "不对"),
        ("zh_Hans", "不，错了"),
    ],
)
def test_no_at_the_review_asks_for_the_answer_also_after_offered_topics(
    language: str, typed: str
) -> None:
    chat = recognizing_chat_at("review", language).says("абракадабра щука", typed)
    assert chat.question_key == screens.EDIT


@pytest.mark.parametrize(
    "typed",
    [
        "зачем вам фамилия?",
        "телефон отобрали и бьют",
        "документы",
        "моя семья ещё думает и решит только завтра утром",
    ],
)
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
