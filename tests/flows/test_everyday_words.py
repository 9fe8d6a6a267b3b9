"""Words that people use for their ethnicity, education and work are stored as answers."""

import pytest

from tests.flows.chat import Chat, chat_at
from tests.flows.recognizer import REAL, recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "language", "typed", "answer"),
    [
        ("ethnicity_papers", "ru", "узбек", "no"),
        ("ethnicity_papers", "ru", "записана узбечкой", "no"),
        ("ethnicity_papers", "uz", "o'zbek", "no"),
        ("ethnicity_papers", "uz", "qoraqalpoq", "no"),
        ("ethnicity_papers", "uz_Cyrl", "ўзбек", "no"),
        ("ethnicity_papers", "kk", "өзбек", "no"),
        ("ethnicity_papers", "zh_Hans", "汉族", "no"),
        ("ethnicity_papers", "ru", "казах", "yes"),
        ("ethnicity_papers", "kk_Arab", "قازاق", "yes"),
        ("ethnicity_papers", "zh_Hans", "哈萨克族", "yes"),
        ("ethnic_kazakh", "uz", "o'zbek", "no"),
        ("ethnic_kazakh", "uz", "qoraqalpoq", "no"),
        ("ethnic_kazakh", "ru", "русский", "no"),
        ("ethnic_kazakh", "kk", "қарақалпақ", "no"),
        ("ethnic_kazakh", "zh_Hans", "维族", "no"),
        ("education", "ru", "9 классов", "secondary"),
        ("education", "kk", "техникум", "vocational"),
        ("education", "zh_Hans", "没上过学", "other"),
        ("education", "uz", "universitet", "higher"),
        ("occupation", "ru", "чабан", "agriculture"),
        ("occupation", "kk", "шопан", "agriculture"),
        ("occupation", "kk_Arab", "مالشى", "agriculture"),
        ("occupation", "zh_Hans", "牧民", "agriculture"),
        ("occupation", "uz", "choʻpon", "agriculture"),
        ("occupation", "uz_Cyrl", "чўпон", "agriculture"),
        ("occupation", "ru", "пенсионерка", "none"),
        ("occupation", "ru", "студентка", "none"),
        ("occupation", "zh_Hans", "退休", "none"),
        ("support_needed", "ru", "квартира", "housing"),
        ("support_needed", "kk", "тіл үйрену", "language"),
        ("support_needed", "zh_Hans", "学语言", "language"),
        ("support_needed", "uz", "ish", "work"),
        ("support_needed", "ru", "ничего", "other"),
        ("contact", "ru", "не надо", "self"),
        ("contact", "ru", "напишите сюда", "chat"),
        ("contact", "kk", "осында жазыңдар", "chat"),
        ("applying", "kk", "өзімді ғой", "self"),
        ("applying", "ru", "меня одну", "self"),
        ("applying", "ru", "себя и жену с детьми", "family"),
        ("applying", "zh_Hans", "全家人", "family"),
        ("passport", "kk", "жоғалтып алдым", "none"),
        ("passport", "uz", "yoqotib qo'ydim", "none"),
        ("passport", "kk", "біткен", "expired"),
        ("passport", "zh_Hans", "過期了", "expired"),
        ("target_region", "kk", "Семейге", "abai"),
        ("target_region", "kk", "Өскеменде", "east_kazakhstan"),
        ("target_region", "kk_Arab", "سەمەيگە", "abai"),
        ("target_region", "uz", "Tarozga", "zhambyl"),
        ("target_region", "ru", "в Семипалатинск", "abai"),
        ("target_region", "ru", "в Кокшетау", "akmola"),
    ],
)
def test_everyday_word_is_stored_as_the_answer(
    question: str, language: str, typed: str, answer: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.stored_answers()[question] == answer


def test_ethnic_group_of_a_spouse_is_stored_as_the_answer() -> None:
    chat = chat_at("family", "uz", applying="family").presses("add").answers("spouse")
    chat.understanding = REAL
    key = chat.answers("adult").question_key
    assert chat.says("oʻzbek").stored_answers()[key] == "no"


@pytest.mark.parametrize(
    ("question", "language", "typed", "answer"),
    [
        ("applying", "ru", "всех", "family"),
        ("applying", "ru", "нас четверо", "family"),
        ("applying", "kk", "біз", "family"),
        ("applying", "kk", "екеуміз", "family"),
        ("applying", "uz", "hammamiz", "family"),
        ("applying", "uz_Cyrl", "иккаламиз", "family"),
        ("applying", "zh_Hans", "我们全家", "family"),
        ("applying", "zh_Hans", "我们", "family"),
        ("purpose", "kk", "сауда", "business"),
        ("purpose", "uz", "savdo", "business"),
        ("purpose", "ru", "торговля", "business"),
        ("purpose", "zh_Hans", "做买卖", "business"),
    ],
)
def test_us_and_trade_are_stored(question: str, language: str, typed: str, answer: str) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.stored_answers()[question] == answer


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "мой номер +77010000000"), ("kk", "менің нөмірім +77010000000")],
)
def test_phone_number_after_words_is_stored(language: str, typed: str) -> None:
    chat = chat_at("phone", language, contact="phone")
    chat.understanding = REAL
    assert chat.says(typed).stored_answers()["phone"] == "+77010000000"


@pytest.mark.parametrize(
    ("language", "typed", "country"),
    [
        ("ru", "Ташкент", "UZ"),
        ("kk", "Нөкіс", "UZ"),
        ("uz", "Toshkent", "UZ"),
        ("zh_Hans", "乌鲁木齐", "CN"),
        ("ru", "Урумчи", "CN"),
        ("kk_Arab", "ءۇرىمجى", "CN"),
        ("kk", "Ұланбатыр", "MN"),
        ("kk", "Нөкісте", "UZ"),
        ("kk", "Тәшкенттен", "UZ"),
        ("kk", "Өлгийде", "MN"),
        ("kk_Arab", "نوكىستە", "UZ"),
        ("uz", "Toshkentdan", "UZ"),
        ("uz_Cyrl", "Нукусда", "UZ"),
        ("ru", "в Омске", "RU"),
        ("ru", "из Ташкента", "UZ"),
        ("zh_Hans", "伊犁", "CN"),
    ],
)
def test_town_proposes_its_country(language: str, typed: str, country: str) -> None:
    chat = recognizing_chat_at("residence_country", language).says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == [country]
    assert "residence_country" not in chat.stored_answers()


def test_town_as_whereabouts_proposes_its_place() -> None:
    chat = recognizing_chat_at("location").says("Урумчи")
    assert [key for key in chat.keys if key.isidentifier()] == ["origin"]


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "там же"), ("kk", "сол жерде"), ("uz", "o'sha yerda"), ("zh_Hans", "同上")],
)
def test_the_same_place_means_the_country_of_citizenship(language: str, typed: str) -> None:
    chat = recognizing_chat_at("location", language).says(typed)
    assert chat.form().answers["location"].value == "origin"


def _at_end_of_stay(language: str) -> Chat:
    chat = chat_at("stay_ends", language, location="kazakhstan")
    chat.understanding = REAL
    return chat


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("uz", "yana 10 kun qoldi"),
        ("ru", "осталось 2 недели"),
        ("kk", "үш апта қалды"),
        ("zh_Hans", "还有十天"),
        ("ru", "уже закончился"),
        ("ru", "истекла"),
        ("kk", "өтіп кеткен"),
        ("zh_Hans", "已经过期了"),
        ("uz", "tugab qoldi"),
    ],
)
def test_end_of_a_stay_in_words_leads_to_an_officer(language: str, typed: str) -> None:
    assert _at_end_of_stay(language).says(typed).question_key == "gate_stay"


@pytest.mark.parametrize("typed", ["осталось 2 месяца", "два года", "45 дней"])
def test_long_stay_in_words_is_not_taken_for_its_end(typed: str) -> None:
    assert _at_end_of_stay("ru").says(typed).question_key == "stay_ends"


@pytest.mark.parametrize(
    ("language", "typed", "age_band"),
    [
        ("ru", "одиннадцать", "under14"),
        ("kk", "он бес", "14to15"),
        ("uz", "o'n yetti", "16to17"),
        ("uz_Cyrl", "ўн тўққиз", "adult"),
    ],
)
def test_age_in_one_word_is_stored(language: str, typed: str, age_band: str) -> None:
    chat = chat_at("family", language, applying="family").presses("add").answers("child")
    chat.understanding = REAL
    key = chat.question_key
    assert chat.says(typed).stored_answers()[key] == age_band


@pytest.mark.parametrize(
    ("language", "typed"),
    [("kk", "ағам үшін сұрап тұрмын"), ("zh_Hans", "幫我弟弟問"), ("ru", "для брата спрашиваю")],
)
def test_question_on_behalf_of_a_relative_is_not_taken_for_danger(
    language: str, typed: str
) -> None:
    chat = recognizing_chat_at("applying", language).says(typed)
    assert chat.question_key == "gate_other"
