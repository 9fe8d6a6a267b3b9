"""A sentence typed where a part of a name is asked for is not stored as the name."""

import pytest

from flows.engine import screens
from flows.engine.language_protocol import Refusal
from flows.engine.refusals import REFUSALS
from flows.preregistration.after_consent import SURNAME
from tests.flows.recognizer import recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "language", "typed", "name"),
    [
        ("surname", "uz", "familiyam Testova", "Testova"),
        ("surname", "ru", "моя фамилия TESTOVA", "TESTOVA"),
        ("surname", "ru", "как в паспорте: TESTOVA", "TESTOVA"),
        ("surname", "ru", "TESTOVA.", "TESTOVA"),
        ("surname", "ru", "«TESTOVA»", "TESTOVA"),
        ("surname", "kk", "менің тегім TESTOVA", "TESTOVA"),
        ("surname", "kk", "TESTOVA деген", "TESTOVA"),
        ("surname", "kk_Arab", "تەگىم TESTOVA", "TESTOVA"),
        ("surname", "zh_Hans", "我姓TESTOVA", "TESTOVA"),
        ("given_name", "ru", "меня зовут GULNAR", "GULNAR"),
        ("given_name", "kk", "атым GULNAR", "GULNAR"),
        ("given_name", "uz", "mening ismim Gulnora", "Gulnora"),
        ("given_name", "zh_Hans", "我叫 GULNAR", "GULNAR"),
        ("patronymic", "kk", "әкемнің аты Серік", "Серік"),
        ("patronymic", "uz_Cyrl", "отамнинг исми Серик", "Серик"),
        ("patronymic", "zh_Hans", "我爸叫塞里克", "塞里克"),
        ("name_kk", "zh_Hans", "李不凡", "李不凡"),
        ("patronymic", "ru", "Серик кызы", "Серик кызы"),
        ("name_kk", "kk", "Тестова Гүлнар Бахытқызы", "Тестова Гүлнар Бахытқызы"),
        ("name_kk", "ru", "У Мин", "У Мин"),
    ],
)
def test_name_in_a_sentence_is_stored_without_the_other_words(
    question: str, language: str, typed: str, name: str
) -> None:
    assert recognizing_chat_at(question, language).says(typed).stored_answers()[question] == name


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("given_name", "uz", "faqat bitta ism bor"),
        ("given_name", "ru", "у меня одно имя"),
        ("patronymic", "ru", "отец умер"),
        ("patronymic", "ru", "что такое отчество"),
        ("patronymic", "ru", "не знаю какое отчество писать"),
        ("patronymic", "kk", "әкем қайтыс болған"),
        ("patronymic", "zh_Hans", "父名是什么"),
        ("patronymic", "uz", "otam vafot etgan"),
        ("patronymic", "uz_Cyrl", "отам вафот этган"),
        ("name_kk", "ru", "не умею писать по-казахски"),
        ("name_kk", "ru", "я не пишу по-казахски потому что училась в русской школе"),
        ("name_kk", "zh_Hans", "我不会写哈萨克文"),
        ("name_kk", "zh_Hans", "和护照一样"),
        ("name_kk", "kk", "жаза алмаймын"),
        ("name_kk", "kk_Arab", "جازا المايمىن"),
        ("name_kk", "kk", "паспорттағыдай"),
    ],
)
def test_sentence_is_not_stored_as_a_name(question: str, language: str, typed: str) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.question_key == question
    assert question not in chat.stored_answers()


def test_sentence_at_a_name_is_answered_with_a_request_for_the_name_alone() -> None:
    assert recognizing_chat_at("patronymic").says("отец умер").shows(REFUSALS[Refusal.NOT_A_NAME])


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("given_name", "ru", "нет имени"),
        ("given_name", "uz", "ismim yoʻq"),
        ("given_name", "zh_Hans", "护照上没有名字"),
        ("patronymic", "ru", "у меня нет отчества"),
        ("patronymic", "ru", "в паспорте отчества нет и никогда не было"),
        ("patronymic", "ru", "В китайском паспорте отчество не пишут"),
        ("patronymic", "ru", "прочерк"),
        ("patronymic", "kk", "паспортымда әкесінің аты жазылмаған"),
        ("patronymic", "kk", "менің паспортымда әкемнің аты көрсетілмеген"),
        ("patronymic", "kk_Arab", "پاسپورتىمدا اكەمنىڭ اتى جازىلماعان"),
        ("patronymic", "uz", "sharifim yo'q"),
        ("patronymic", "uz", "pasportimda otamning ismi yozilmagan"),
        ("patronymic", "uz_Cyrl", "паспортимда отамнинг исми ёзилмаган"),
        ("patronymic", "zh_Hans", "我护照上没有父名"),
        ("patronymic", "zh_Hans", "不写父名"),
        ("patronymic", "ru", "не знаю"),
        ("patronymic", "kk_Arab", "ٴبىلمەيمىن"),
        ("patronymic", "uz", "aytgim kelmaydi"),
        ("name_kk", "kk", "білмеймін"),
        ("residence_region", "ru", "не скажу"),
        ("residence_region", "ru", "не хочу говорить"),
        ("residence_region", "kk", "айтқым келмейді"),
        ("residence_region", "zh_Hans", "不方便说"),
        ("residence_region", "uz", "aytgim kelmaydi"),
        ("education", "ru", "не хочу отвечать"),
        ("occupation", "zh_Hans", "不想说"),
        ("support_needed", "ru", "не знаю"),
    ],
)
def test_optional_question_is_skipped_by_words_for_no_answer(
    question: str, language: str, typed: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.stored_answers()[question] is None
    assert chat.question_key != question


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "у меня нет фамилии"), ("uz", "familiyam yoʻq"), ("kk", "тегім жоқ"), ("ru", "нет"),
     ("zh_Hans", "没有姓")],
)  # fmt: skip
def test_person_without_a_surname_reads_where_to_write_the_only_name(
    language: str, typed: str
) -> None:
    chat = recognizing_chat_at("surname", language).says(typed)
    assert chat.question_key == "surname"
    assert SURNAME.help is not None
    assert chat.shows(SURNAME.help)


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("surname", "ru", "не скажу"),
        ("surname", "zh_Hans", "不知道"),
        ("birth_year", "kk", "білмеймін"),
        ("birth_year", "ru", "не помню"),
        ("purpose", "uz", "aytmayman"),
        ("residence_country", "ru", "не хочу говорить"),
        ("passport", "kk", "білмеймін"),
    ],
)
def test_declined_required_question_says_that_a_person_can_help(
    question: str, language: str, typed: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.question_key == question
    assert chat.shows(screens.NOTHING_TO_SKIP)
    assert "!person" in chat.keys
