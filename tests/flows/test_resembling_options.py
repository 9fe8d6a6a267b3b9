"""If a few words resemble an option's label, Kosh asks if this option is meant."""

import pytest

from flows.engine import safety
from flows.engine.effects import Submit
from tests.flows.recognizer import recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "language", "typed", "offered"),
    [
        ("applying", "uz", "oilam bilan", ["family"]),
        ("applying", "kk_Arab", "وتباسىم", ["family"]),
        ("applying", "zh_Hans", "和家人", ["family"]),
        ("purpose", "ru", "переехать туда", ["move"]),
        ("target_region", "zh_Hans", "阿拉木图", ["almaty_region", "almaty"]),
        ("applying", "ru", "нет, семью", ["family"]),
        ("applying", "uz", "yoʻq, oilam bilan", ["family"]),
    ],
)
def test_words_that_resemble_an_option_offer_it(
    question: str, language: str, typed: str, offered: list[str]
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == offered
    assert question not in chat.stored_answers()
    assert "!person" in chat.keys


def test_yes_to_the_only_offered_option_is_its_answer() -> None:
    chat = recognizing_chat_at("applying", "uz").says("oilam bilan").says("ha")
    assert chat.stored_answers()["applying"] == "family"


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("citizenship", "ru", "гражданин Китая"),
        ("passport", "ru", "паспорт есть"),
        ("passport", "ru", "нет, паспорт есть"),
        ("passport", "zh_Hans", "有护照"),
        ("location", "ru", "не в Казахстане"),
        ("kazakh_level", "zh_Hans", "不会说"),
    ],
)
def test_words_of_the_opposite_meaning_offer_no_option(
    question: str, language: str, typed: str
) -> None:
    chat = recognizing_chat_at(question, language)
    options = chat.conversation.asked
    chat.says(typed)
    assert options is not None
    assert chat.conversation.asked is not None
    assert chat.conversation.asked.options == options.options


@pytest.mark.parametrize(
    ("language", "typed", "yes"),
    [("ru", "не отправляй", "да"), ("ru", "отправлю", "да"), ("kk", "жіберме", "иә"),
     ("uz", "yubormang", "ha"), ("zh_Hans", "不要发送", "好")],
)  # fmt: skip
def test_review_is_not_sent_by_words_that_resemble_send(
    language: str, typed: str, yes: str
) -> None:
    chat = recognizing_chat_at("review", language).says(typed)
    assert {"submit", "edit"} <= set(chat.keys)
    assert not chat.says(yes).effects_of(Submit)


def test_number_is_no_yes_to_the_only_offered_option() -> None:
    chat = recognizing_chat_at("passport").says("паспорта пока нет")
    assert [key for key in chat.keys if key.isidentifier()] == ["none"]
    assert "passport" not in chat.says("1").stored_answers()


def test_no_to_the_only_offered_option_is_not_its_answer() -> None:
    chat = recognizing_chat_at("passport").says("паспорта пока нет").says("нет")
    assert "passport" not in chat.stored_answers()
    assert chat.says("нет").stored_answers()["passport"] == "none"


def test_other_answer_to_the_offered_option_is_stored() -> None:
    chat = recognizing_chat_at("applying", "uz").says("oilam bilan").says("yoʻq")
    assert "applying" not in chat.stored_answers()
    assert chat.says("Oʻzim").stored_answers()["applying"] == "self"


@pytest.mark.parametrize("typed", ["сколько это стоит", "я и семья хотим переехать жить", "помощь"])
def test_question_of_the_person_offers_no_option(typed: str) -> None:
    chat = recognizing_chat_at("purpose").says(typed)
    assert "Что именно Вы имеете в виду?" not in chat.text


def test_danger_that_resembles_an_option_gets_the_safety_answer() -> None:
    assert recognizing_chat_at("relation").says("муж бьёт").shows(safety.READ_ALONE)


def test_yes_at_a_question_for_yes_or_no_is_its_answer() -> None:
    assert recognizing_chat_at("adult").says("да").stored_answers()["adult"] == "yes"


@pytest.mark.parametrize(
    ("language", "typed", "answer"),
    [
        ("ru", "ВКО", "east_kazakhstan"),
        ("kk", "ШҚО", "east_kazakhstan"),
        ("ru", "СКО", "north_kazakhstan"),
        ("ru", "ЗКО", "west_kazakhstan"),
        ("ru", "ЮКО", "turkistan"),
        ("kk", "ОҚО", "turkistan"),
        ("uz", "Olmaota", "almaty"),
        ("uz", "Shimkent", "shymkent"),
        ("uz", "Chimkent", "shymkent"),
    ],
)
def test_abbreviation_of_a_region_is_stored(language: str, typed: str, answer: str) -> None:
    chat = recognizing_chat_at("target_region", language).says(typed)
    assert chat.stored_answers()["target_region"] == answer
