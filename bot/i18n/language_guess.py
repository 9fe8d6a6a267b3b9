"""Guesses the written form (language and script) of a text by its groups of letters.

`language_groups.tsv` has for each group one weight per written form. `./kosh understanding
languages` computes the weights from the training phrases.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from bot.i18n.keyboard_layouts import TO_KAZAKH, TO_RUSSIAN

FILE = Path(__file__).with_name("language_groups.tsv")
HAN = re.compile("[\u3400-\u9fff]")
KANA = re.compile("[\u3040-\u30ff]")
ARABIC = re.compile("[\u0620-\u06ff\ufb50-\ufdff\ufe70-\ufefc]")
CYRILLIC = re.compile("[\u0400-\u04ff]")
WORD = re.compile(r"[^\W\d_]+(?:[ʻʼ'’‘`][^\W\d_]+)*")
APOSTROPHES = {ord(mark): "'" for mark in "ʻʼ’‘`"}
# Written forms by script, in the order of the weights in `language_groups.tsv`. English and Turkish
# are not offered, but they must not be mistaken for an offered language.
FORMS: Mapping[str, tuple[str, ...]] = {
    "Cyrl": ("kk", "ru", "uz_Cyrl"),
    "Latn": ("uz", "kk", "ru", "zh_Hans", "en", "tr"),
}
# Letters that a written form does not have. If a text has such a letter, the form's score is
# reduced by PENALTY.
LACKING: Mapping[str, str] = {"kk": "ўҳ", "ru": "әғқңөұүһіўҳ", "uz_Cyrl": "ыщәңөұүһі"}
PENALTY = 40
# Letters of Karakalpak in Latin script, which Uzbek lacks. Karakalpak shares many words with Uzbek,
# but is nearer to Kazakh, so a text with these letters that resembles Uzbek counts as Kazakh. The
# letter ó is left out, because people also write it for the Uzbek oʻ.
KARAKALPAK = frozenset("áǵıńú")
MAX_GROUP_LETTERS, MAX_WORD_LETTERS = 4, 12
# The beginning of a text is sufficient for a guess, and reading a long text would take too long.
MAX_CHARACTERS = 1000
# Minimum lead of the best form over the next one, in tenths of log-odds like the weights. With this
# value, 1 text in 30 is guessed wrongly (`./kosh understanding languages`).
LEAD = 10
# Minimum lead with which 1 text in 700 is guessed wrongly, and 1 in 8 is uncertain.
CERTAIN_LEAD = 40
# Lead that is returned if only one written form uses the script of a text, such as Chinese.
CERTAIN = 1000
# Vowels by which Cyrillic text is detected that was typed in a Latin keyboard layout. In such text
# 5 % of the letters are vowels, and no letter has an accent. In text that is meant as Latin, at
# least a third are vowels. A short text may have few vowels by chance.
VOWELS = re.compile("[aeiou\u00df-\u024f]")
MAX_VOWELS_OF_CYRILLIC, MIN_RETYPED = 0.2, 6


def guess(typed: str) -> str | None:
    """Return the written form of a text, such as `uz_Cyrl`; None if the form is uncertain."""
    form, lead = likeliest_form(typed)
    return form if lead >= LEAD else None


def other_form(typed: str, language: str) -> str | None:
    """Return the written form of a text if it is certain and suits another language of the chat.

    Return None for another script of the chat's `language`, because keyboards decide the script,
    except for Kazakh in Arabic script, which is learnt instead of the Cyrillic one.
    """
    form, lead = likeliest_form(typed)
    if lead < CERTAIN_LEAD or form == language:
        return None
    is_same = form.partition("_")[0] == language.partition("_")[0]
    return None if is_same and form != "kk_Arab" else form


def likeliest_form(typed: str) -> tuple[str, int]:
    """Return the likeliest written form of a text, and its lead over the next likely one.

    The lead is in tenths of log-odds. It is CERTAIN if the script has only one form.
    """
    text = unicodedata.normalize("NFKC", typed[:MAX_CHARACTERS]).casefold()
    if HAN.search(text) and not KANA.search(text):
        others = HAN.sub(" ", text)
        # Kazakhs from China write Chinese words inside a Kazakh message. A Chinese word has about
        # two characters.
        if len(HAN.findall(text)) / 2 >= len(WORD.findall(others)):
            return "zh_Hans", CERTAIN
        text = others
    if ARABIC.search(text):
        return "kk_Arab", CERTAIN
    if CYRILLIC.search(text):
        return _best(text, "Cyrl")
    if not _is_typed_on_latin_keys(text):
        return _best(text, "Latn")
    retyped = (_best(text.translate(keys), "Cyrl") for keys in (TO_RUSSIAN, TO_KAZAKH))
    return max(retyped, key=lambda each: each[1])


def _is_typed_on_latin_keys(text: str) -> bool:
    """Return True for text that was typed in a Latin keyboard layout and meant as Cyrillic."""
    letters = sum(map(str.isalpha, text))
    return letters >= MIN_RETYPED and len(VOWELS.findall(text)) < MAX_VOWELS_OF_CYRILLIC * letters


def groups(text: str) -> Iterator[str]:
    """Yield the letter groups of a lower-case text: 1 to 4 letters, or words of up to 12 letters.

    A space marks the beginning and the end of a word and counts as a letter in the short groups.
    """
    for word in WORD.findall(text):
        padded = f" {word.translate(APOSTROPHES)} "
        for length in range(1, MAX_GROUP_LETTERS + 1):
            for start in range(len(padded) - length + 1):
                yield padded[start : start + length]
        if len(word) <= MAX_WORD_LETTERS:
            yield padded


def by_table(text: str, script: str, table: Mapping[str, tuple[int, ...]]) -> str | None:
    """Return the written form of a lower-case text by the weights in `table`; None if uncertain."""
    form, lead = _best(text, script, table)
    return form if lead >= LEAD else None


def _best(
    text: str, script: str, table: Mapping[str, tuple[int, ...]] | None = None
) -> tuple[str, int]:
    """Return the likeliest written form, and its lead over the next one in tenths of log-odds."""
    weights = _weights()[script] if table is None else table
    found = [weights[group] for group in set(groups(text)) if group in weights]
    sums = [sum(column) for column in zip(*found, strict=True)] or [0, 0]
    lacking = (script == "Cyrl" and set(LACKING[form]) & set(text) for form in FORMS[script])
    scores = [each - PENALTY * bool(lacks) for each, lacks in zip(sums, lacking, strict=False)]
    first, second, *_others = sorted(scores, reverse=True)
    form = FORMS[script][scores.index(first)]
    is_karakalpak = form == "uz" and not KARAKALPAK.isdisjoint(text)
    return "kk" if is_karakalpak else form, first - second


@cache
def _weights() -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    """Return the table of weights of each script: for each letter group, a weight per form."""
    found: dict[str, dict[str, tuple[int, ...]]] = {script: {} for script in FORMS}
    for line in FILE.read_text("utf-8").splitlines()[1:]:
        script, group, weights = line.split("\t")
        found[script][group.replace("_", " ")] = tuple(map(int, weights.split()))
    return found
