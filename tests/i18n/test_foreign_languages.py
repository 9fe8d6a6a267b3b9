"""Sentences in languages that are not offered, which no text in an offered language gets."""

import re
from collections import Counter

import pytest

from bot.i18n import NAMES, foreign_guess, foreign_languages
from bot.i18n.foreign_languages import FOREIGN
from bot.understanding import evaluation, phrases
from bot.understanding.language_training import OTHER_LANGUAGES
from flows.engine.language_protocol import Reserved
from flows.knowledge.intents import BY_ID, Kind
from tests.flows.chat import WORDS
from tests.understanding import other_languages

# The minimum percentage of lines whose language is recognized with certainty.
FLOORS = {"en": 96, "tr": 84}
KAZAKH = ("kk", "Қазақша")
OFFERED = tuple(NAMES.items())


def test_foreign_sentence_is_never_shown_for_an_offered_language() -> None:
    lines = [
        each.phrase
        for each in evaluation.held_lines()
        if BY_ID[each.phrase.intent].kind is not Kind.NONE
    ]
    wrong = [(line.language, line.text) for line in lines if foreign_guess.guess(line.text)]
    assert {line.language for line in lines} == set(NAMES)
    assert not wrong


def test_foreign_sentence_is_never_shown_for_a_training_phrase() -> None:
    # Authors wrote some lines in other languages among the phrases. Training leaves them out.
    rows = OTHER_LANGUAGES.read_text("utf-8").splitlines()[1:]
    foreign = {phrases.key(row.split("\t")[2]) for row in rows}
    wrong = [
        (line.language, line.text)
        for line in phrases.read_all()
        if BY_ID[line.intent].kind is not Kind.NONE
        and foreign_guess.guess(line.text)
        and phrases.key(line.text) not in foreign
    ]
    assert not wrong


@pytest.mark.parametrize(("form", "least"), FLOORS.items())
def test_foreign_language_is_recognized_in_most_lines(form: str, least: int) -> None:
    lines = [text for language, _intent, text in other_languages() if language == form]
    found = Counter(map(foreign_guess.guess, lines))
    assert 100 * found[form] >= least * len(lines), found
    assert found.keys() <= {form, None}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Merhaba, Kazakistan'a göç etmek istiyorum", "tr"),
        ("kandas statusu nasil alinir", "tr"),
        ("I want to move to Kazakhstan", "en"),
        ("How do I get kandas status?", "en"),
    ],
)
def test_foreign_language_of_a_first_message_is_recognized(text: str, form: str) -> None:
    assert foreign_guess.guess(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1990",
        "😀",
        "slm",
        "hayrli kun",
        "inim túrmede",
        "kim bu",
        "kandas",
        "evisa kz",
        "nihao",
        "help me 怎么用",
        "you shen me",
        "hello",
        "Здравствуйте, I live in Germany",
        "ne kerek",
    ],
)
def test_foreign_language_is_not_recognized_if_uncertain(text: str) -> None:
    assert foreign_guess.guess(text) is None


@pytest.mark.parametrize("code", FOREIGN)
def test_foreign_sentence_names_the_offered_languages(code: str) -> None:
    names = FOREIGN[code].names
    assert names.keys() == {"kk", "ru", "zh", "uz"}
    (sentence,) = FOREIGN[code].lines(OFFERED, is_danger=False)
    assert all(sentence.count(name) == 1 for name in names.values())
    assert "{" not in sentence
    (sentence,) = FOREIGN[code].lines((KAZAKH, ("kk_Arab", "قازاقشا")), is_danger=False)
    assert sentence.count(names["kk"]) == 1
    assert names["ru"] not in sentence


def test_foreign_sentence_has_the_own_name_of_an_untranslated_language() -> None:
    (sentence,) = FOREIGN["en"].lines((KAZAKH, ("tr", "Türkçe")), is_danger=False)
    assert "Kazakh and Türkçe" in sentence


@pytest.mark.parametrize("code", FOREIGN)
def test_foreign_sentence_about_danger_comes_first(code: str) -> None:
    danger, sentence = FOREIGN[code].lines(OFFERED, is_danger=True)
    # The word is understood before and after the choice of a language.
    assert re.findall("[“„«](.+?)[”“»]", danger) == ["person"]
    assert WORDS.reserved("person") is Reserved.PERSON
    assert (sentence,) == FOREIGN[code].lines(OFFERED, is_danger=False)


def test_foreign_sentence_is_not_shown_for_a_language_that_is_offered() -> None:
    text = "Kazakistan'a göç etmek istiyorum"
    assert foreign_languages.lines(text, OFFERED, is_danger=False)
    assert not foreign_languages.lines(text, (KAZAKH, ("tr", "Türkçe")), is_danger=False)
