"""A coming season, month or year proposes the periods that it may mean."""

import pytest

from tests.flows.recognizer import recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "language", "typed", "offered"),
    [
        ("timeframe", "ru", "весной", ["half_year", "year"]),
        ("timeframe", "ru", "весной 2027 года", ["half_year", "year"]),
        ("timeframe", "ru", "летом", ["year"]),
        ("timeframe", "ru", "в марте", ["half_year"]),
        ("timeframe", "ru", "осенью 2028", ["later"]),
        ("timeframe", "kk", "көктемде", ["half_year", "year"]),
        ("timeframe", "kk", "биыл", ["half_year"]),
        ("timeframe", "kk_Arab", "كوكتەمدە", ["half_year", "year"]),
        ("timeframe", "uz", "bahorda", ["half_year", "year"]),
        ("timeframe", "uz_Cyrl", "баҳорда", ["half_year", "year"]),
        ("timeframe", "zh_Hans", "明年春天", ["half_year", "year"]),
        ("timeframe", "zh_Hans", "夏天", ["year"]),
        ("timeframe", "ru", "на следующий год", ["half_year", "year", "later"]),
        ("timeframe", "uz", "2028-yilda", ["later"]),
        ("passport", "ru", "до 2030 года", ["long"]),
        ("passport", "ru", "2030", ["long"]),
        ("passport", "ru", "до марта 2027", ["short"]),
        ("passport", "kk", "2030 жылға дейін", ["long"]),
        ("passport", "uz", "2030 yilgacha", ["long"]),
        ("passport", "zh_Hans", "2030年", ["long"]),
    ],
)
def test_coming_time_proposes_the_periods_that_it_may_mean(
    question: str, language: str, typed: str, offered: list[str]
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == offered
    assert question not in chat.stored_answers()


@pytest.mark.parametrize("typed", ["2020", "2990", "весной или летом", "не весной", "2027 2028"])
def test_time_that_is_over_or_unclear_proposes_nothing(typed: str) -> None:
    chat = recognizing_chat_at("passport").says(typed)
    assert len([key for key in chat.keys if key.isidentifier()]) > 1
