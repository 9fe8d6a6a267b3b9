"""Everyday words for options: each belongs to one option, and all scripts count."""

import pytest

from bot.i18n import kazakh_arabic, option_words, region_capitals, uzbek_cyrillic
from flows import FLOWS
from flows.engine.flow import RepeatingGroup
from flows.engine.questions import Question

_QUESTIONS: dict[str, set[str]] = {}
for _flow in FLOWS.values():
    for _item in _flow.items:
        for _each in (_item, *(_item.items if isinstance(_item, RepeatingGroup) else ())):
            if isinstance(_each, Question):
                keys = {option.key for option in _each.options}
                _QUESTIONS.setdefault(_each.name, set()).update(keys)


@pytest.mark.parametrize(("question", "option"), option_words.OPTION_WORDS)
def test_words_belong_to_an_option_of_a_question(question: str, option: str) -> None:
    names = [question] if question else list(_QUESTIONS)
    assert any(option in _QUESTIONS[name] for name in names)


def test_phrase_of_a_question_means_one_option() -> None:
    # Two questions are named "family", and only that of the registration has the option "add".
    found = {place: keys - {"add"} for place, keys in option_words._options().items()}
    assert not [place for place, keys in found.items() if place[0] and len(keys) > 1]


def test_capitals_belong_to_regions_that_can_be_chosen() -> None:
    keys = set().union(*(_QUESTIONS[name] for name in region_capitals.QUESTIONS[1:]))
    assert set(region_capitals.REGION_CAPITALS) <= keys & _QUESTIONS["target_region"]


@pytest.mark.parametrize(
    ("typed", "question", "keys"),
    [
        ("Переезд!", "purpose", {"move"}),
        ("не знаю", "target_region", {"undecided", "unsure"}),
        (kazakh_arabic.to_arabic("көшемін"), "purpose", {"move"}),
        (uzbek_cyrillic.to_cyrillic("men oʻzim"), "applying", {"self"}),
        ("MEN OʼZIM", "applying", {"self"}),
        ("да, есть", "ethnicity_papers", {"yes"}),
        ("всё в порядке", "trouble", {"none"}),
        ("переезд", "trouble", set()),
        ("Семипалатинск", "target_region", {"abai"}),
        (kazakh_arabic.to_arabic("Қызылорда"), "region_south", {"kyzylorda"}),
        ("Усть-Каменогорск", "region_north_east", {"east_kazakhstan"}),
        ("Алматы", "target_region", set()),
        ("", "purpose", set()),
    ],
)
def test_options_of_a_text_are_found(typed: str, question: str, keys: set[str]) -> None:
    assert option_words.options(typed, question) == keys
