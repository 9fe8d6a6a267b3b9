"""A notice in languages that Kosh does not offer; no text in an offered language gets it."""

import re
from collections import Counter

import pytest

from bot.i18n import NAMES, crisis_words, foreign_crisis_words, foreign_guess, foreign_languages
from bot.i18n.foreign_languages import FOREIGN
from bot.understanding import evaluation, phrases
from bot.understanding.language_training import OTHER_LANGUAGES
from flows.engine.language_protocol import Reserved
from flows.knowledge.intents import BY_ID, Kind
from tests.flows.chat import WORDS
from tests.understanding import other_languages

# The minimum percentage of lines whose language is recognized with certainty.
FLOORS = {"en": 96, "tr": 84, "de": 93, "mn": 80, "fa": 84}
KAZAKH = ("kk", "Қазақша")
OFFERED = tuple(NAMES.items())


def test_evaluation_lines_are_not_taken_for_a_foreign_language() -> None:
    lines = [
        each.phrase
        for each in evaluation.held_lines()
        if BY_ID[each.phrase.intent].kind is not Kind.NONE
    ]
    wrong = [(line.language, line.text) for line in lines if foreign_guess.guess(line.text)]
    assert {line.language for line in lines} == set(NAMES)
    assert not wrong


def test_training_phrases_are_not_taken_for_a_foreign_language() -> None:
    # Some training phrases were written in foreign languages. The training leaves these phrases
    # out.
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
        ("hallo, ich möchte kandas werden", "de"),
        ("Guten Tag", "de"),
        ("Hilfe", "de"),
        ("Нөхөр минь намайг зоддог", "mn"),
        ("Монголд төрсөн, одоо Казахстанд виз хэрэгтэй юу", "mn"),
        ("سلام، من قزاق هستم", "fa"),
        ("مي خواهم به قزاقستان بروم", "fa"),
        ("کمک!", "fa"),
    ],
)
def test_foreign_language_of_a_first_message_is_recognized(text: str, form: str) -> None:
    assert foreign_guess.guess(text) == form


@pytest.mark.parametrize("text", ["", "1990", "😀", "slm", "kim bu", "kandas", "hello", "سلام"])
def test_foreign_language_is_not_recognized_when_uncertain(text: str) -> None:
    assert foreign_guess.guess(text) is None


# People who write in an offered language also use words of other languages.
@pytest.mark.parametrize(
    "text",
    [
        "inim túrmede",
        "evisa kz",
        "help me 怎么用",
        "you shen me",
        "ne kerek",
        "Здравствуйте, I live in Germany",
        "Merhaba, men Türkiyeden, kandas alğım keledi",
        "hello menga yordam kerak",
        "hallo men Germaniyadanman",
        "wo yao ban kandas",
        "сайн байна уу, мен Баян-Өлгийденмін",
        "сайн байна уу, мен казакпын, келгим келед",
        "бичиг баримт керек пе",
        "кандас алгым келед Монголиядан",
        "би казак",
        "хужжат керак, мен Монголияданман",
        "سالەم مەن يراندا تۇرامىن",
        "سلام من قازاقپین ایراندان",
        "من هم قزاقستانگه بارماقچیمن",
        "ئۇيغۇرچە سۆزلەيمەن",
        "أنا من الصين",
    ],
)
def test_text_in_an_offered_language_is_not_taken_for_a_foreign_one(text: str) -> None:
    assert foreign_guess.guess(text) is None


@pytest.mark.parametrize("code", FOREIGN)
def test_foreign_language_notice_names_the_offered_languages(code: str) -> None:
    names = FOREIGN[code].names
    assert names.keys() == {"kk", "ru", "zh", "uz"}
    (sentence,) = FOREIGN[code].lines(OFFERED, is_danger=False)
    assert all(sentence.count(name) == 1 for name in names.values())
    assert "{" not in sentence
    (sentence,) = FOREIGN[code].lines((KAZAKH, ("kk_Arab", "قازاقشا")), is_danger=False)
    assert sentence.count(names["kk"]) == 1
    assert names["ru"] not in sentence


def test_foreign_language_notice_uses_the_native_name_of_an_added_language() -> None:
    (sentence,) = FOREIGN["en"].lines((KAZAKH, ("tr", "Türkçe")), is_danger=False)
    assert "Kazakh and Türkçe" in sentence


@pytest.mark.parametrize("code", FOREIGN)
def test_foreign_language_notice_begins_with_the_sentence_about_danger(code: str) -> None:
    danger, sentence = FOREIGN[code].lines(OFFERED, is_danger=True)
    # The sentence tells people to write "person", so Kosh must know this word in every language.
    assert re.findall("[“„«](.+?)[”“»]", danger) == ["person"]
    assert WORDS.reserved("person") is Reserved.PERSON
    assert (sentence,) == FOREIGN[code].lines(OFFERED, is_danger=False)


@pytest.mark.parametrize("form", ["de", "mn", "fa"])
def test_danger_is_detected_by_words_in_foreign_languages(form: str) -> None:
    lines = [(kind, text) for language, kind, text in other_languages() if language == form]
    danger = [WORDS.danger_intent(text) for kind, text in lines if kind != "calm"]
    false_alarms = [text for kind, text in lines if kind == "calm" and WORDS.danger(text)]
    assert len(danger) > 10
    assert danger == [""] * len(danger)
    assert not false_alarms


def test_danger_words_of_foreign_languages_match_no_offered_language() -> None:
    lines = [*(each.phrase for each in evaluation.held_lines()), *phrases.read_all()]
    assert not [line.text for line in lines if foreign_crisis_words.danger(line.text)]


def test_language_guess_is_none_for_a_recognized_foreign_language() -> None:
    lines = [text for _form, _intent, text in other_languages() if foreign_guess.guess(text)]
    assert len(lines) > 300
    assert {WORDS.guess(text) for text in lines} == {None}


def test_foreign_language_notice_is_absent_when_the_language_is_offered() -> None:
    text = "Kazakistan'a göç etmek istiyorum"
    assert foreign_languages.lines(text, OFFERED, is_danger=False)
    assert not foreign_languages.lines(text, (KAZAKH, ("tr", "Türkçe")), is_danger=False)


@pytest.mark.parametrize("typed", ["شوهرم مرا می\u200cزند", "شوهرم مرا می زند", "شوهرم مرا میزند"])
def test_danger_in_persian_is_detected_however_its_words_are_joined(typed: str) -> None:
    assert crisis_words.danger(typed)
    assert foreign_crisis_words.danger(typed)
