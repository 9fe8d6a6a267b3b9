"""How often language and script are guessed correctly, on lines not used for training."""

from collections import Counter, defaultdict

import pytest

from bot.i18n import language_guess
from bot.i18n.keyboard_layouts import KAZAKH_KEYS, LATIN_KEYS, RUSSIAN_KEYS
from bot.understanding import evaluation
from bot.understanding.evaluation import HeldLine
from flows.knowledge.intents import BY_ID, Kind
from tests.flows.chat import WORDS
from tests.understanding import other_languages

# By written form: the minimum percentage of right guesses and the maximum of wrong ones, for all
# lines, then for lines about danger. The limits of kk_Arab are lower, because some of its lines,
# from readers of Arabic script, are typed in Cyrillic.
FLOORS = {
    "kk": (95, 1, 99, 1),
    "kk_Arab": (90, 9, 92, 8),
    "ru": (90, 2, 95, 2),
    "zh_Hans": (96, 2, 97, 2),
    "uz": (95, 1, 98, 1),
    "uz_Cyrl": (95, 1, 98, 1),
}


def _in_scope() -> list[HeldLine]:
    lines = evaluation.held_lines()
    return [each for each in lines if BY_ID[each.phrase.intent].kind is not Kind.NONE]


def test_language_guess_reaches_its_accuracy_on_unseen_lines() -> None:
    counts: defaultdict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for line in _in_scope():
        form, guessed = line.phrase.language, language_guess.guess(line.phrase.text)
        # A missing guess, or one of an unsupported language, is not wrong: Kosh asks the person.
        verdict = "right" if guessed == form else "wrong" if guessed in FLOORS else "open"
        counts[form, False][verdict] += 1
        if BY_ID[line.phrase.intent].kind is Kind.DANGER:
            counts[form, True][verdict] += 1
    for form, (right, wrong, danger_right, danger_wrong) in FLOORS.items():
        for dangers, least, most in ((False, right, wrong), (True, danger_right, danger_wrong)):
            found = counts[form, dangers]
            assert 100 * found["right"] >= least * found.total(), (form, dangers, found)
            assert 100 * found["wrong"] <= most * found.total(), (form, dangers, found)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("эрим уради", "uz_Cyrl"),
        ("Ёрдам беринг, акамни милиция олиб кетди", "uz_Cyrl"),
        ("ёрдам", "uz_Cyrl"),
        ("yordam", "uz"),
        ("көмек", "kk"),
        ("жағдайы", "kk"),
        ("қачон", "uz_Cyrl"),
        ("qandas alu kerek pe", "kk"),
        ("skolko stoit kandas", "ru"),
        ("wo bei zhua le", "zh_Hans"),
        ("我被抓了", "zh_Hans"),
        ("كومەك", "kk_Arab"),
        ("ghbdtn rfr ltkf", "ru"),
        ("ntnz pf,hfkb d gjkbwb.", "ru"),
        ("0fylfc ltuty yt", "kk"),
        ("kúyewim meni uradı", "kk"),
        ("Men Nókistenmen, qanday hújjetler kerek", "kk"),
        ("Necha kun ketadi, qanday hujjatlar kerak bóladi", "uz"),
        ("kocam beni dövüyor, ne yapmalıyım", "tr"),
    ],
)
def test_language_guess_recognizes_language_and_script(text: str, form: str) -> None:
    assert language_guess.guess(text) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("менің 户口 бар, қандас алам ба", "kk"),
        ("Мен 哈密 қаласынанмын, не керек", "kk"),
        ("护照 қайда ауыстырам", "kk"),
        ("менің身份证мерзімі бітті", "kk"),
        ("مەنىڭ 户口 قىتايدا", "kk_Arab"),
        ("派出所 护照 مدى جيناپ الدى", "kk_Arab"),
        ("у меня 户口 в Урумчи, что делать", "ru"),
        ("meniń 户口 bar, qandas alam ba", "kk"),
        ("怎么申请ЖСН", "zh_Hans"),
        ("IIN怎么办", "zh_Hans"),
        ("我加了你们的 WhatsApp 和 Telegram 没有人回复", "zh_Hans"),
        ("我叫 قايرات，护照过期了怎么办", "zh_Hans"),
    ],
)
def test_language_guess_of_mixed_scripts_is_that_of_most_words(text: str, form: str) -> None:
    assert language_guess.guess(text) == form


@pytest.mark.parametrize("text", ["", "1990", "😀", "zzz", "SOS", "паспорт", "қандас", "はい漢"])
def test_language_guess_is_none_without_evidence(text: str) -> None:
    assert language_guess.guess(text) is None


def test_language_guess_recognizes_text_in_the_wrong_keyboard_layout() -> None:
    typed = dict(
        zip((*RUSSIAN_KEYS, *KAZAKH_KEYS.values()), (*LATIN_KEYS, *KAZAKH_KEYS), strict=True)
    )
    lines = [each.phrase for each in _in_scope() if each.phrase.language in ("kk", "ru")]
    cyrillic = [each for each in lines if language_guess.CYRILLIC.search(each.text)]
    right = sum(
        language_guess.guess(each.text.casefold().translate(str.maketrans(typed))) == each.language
        for each in cyrillic
    )
    assert right >= 0.88 * len(cyrillic)


@pytest.mark.parametrize(("word", "form"), [("помогите", "ru"), ("артқа", "kk"), ("help", None)])
def test_language_guess_uses_reserved_words_that_only_one_language_has(
    word: str, form: str | None
) -> None:
    assert WORDS.guess(word) == form


@pytest.mark.parametrize(
    "text", ["I want to move to Kazakhstan", "what documents do I need", "Pension?"]
)
def test_language_guess_is_none_for_english(text: str) -> None:
    assert WORDS.guess(text) is None


@pytest.mark.parametrize(("form", "most"), [("en", 0), ("tr", 2)])
def test_language_guess_is_none_for_unsupported_languages(form: str, most: int) -> None:
    lines = [text for language, _intent, text in other_languages() if language == form]
    guessed = [(text, WORDS.guess(text)) for text in lines if WORDS.guess(text)]
    assert len(lines) > 100
    assert len(guessed) <= most, guessed


def test_language_guess_of_a_long_text_uses_its_beginning() -> None:
    assert language_guess.guess("құжатым жоғалды " * 100_000) == "kk"
