"""Typed names of languages: each means one offered language, and other words mean none."""

import pytest

from bot.i18n import NAMES, Languages, language_names, normalization


def test_name_means_one_offered_language() -> None:
    assert language_names.NAMES_OF_LANGUAGES.keys() == NAMES.keys()
    names = [
        normalization.bare(name)
        for line in language_names.NAMES_OF_LANGUAGES.values()
        for name in set(map(normalization.bare, line.split(", ")))
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("typed", ["", "казах", "узбек", "哈萨克语", "я учу русский", "english"])
def test_other_text_names_no_language(typed: str) -> None:
    assert language_names.named(typed) is None


def test_language_that_is_not_offered_is_not_named() -> None:
    assert Languages(("ru",)).language("қазақша") is None
    assert Languages(("ru",)).language("по-русски") == "ru"
