"""Sentences of the Kazakh catalogue in Arabic script, worded as people in Xinjiang write.

`kazakh_arabic` converts letters. Here Cyrillic words that would mislead in the other script are
replaced first: abbreviations, the letter O, Chinese cities, compounds. Typed text and phrases of
the recogniser pass through `kazakh_arabic` only.
"""

import re
from collections.abc import Mapping

from bot.i18n import kazakh_arabic

# An abbreviation in joined letters reads as a word: its letters are written apart (ە س ق).
ABBREVIATIONS = re.compile(r"\b(?:АЕК|ДНК|ЖСН|ХҚКО|ЭСҚ)\b")
# The name of a number as it is printed on Uzbek papers.
PRINTED = re.compile(r"\b(ПИНФЛ)\b")
# An ordinal in figures takes a hyphen.
YEAR = re.compile(r"(\d{4}|\{year\}) (?=жыл)")

WORDS: Mapping[str, str] = {
    # Kazakh in China does not abbreviate the United Nations: the name is written in full.
    r"\bБҰҰ\b": "Біріккен Ұлттар Ұйымының",
    # The letter O of a document, not the vowel.
    r"\bО(?= әрпі)": "O",
    # In China قىتاي names the people; the state is جۇڭگو.
    r"\bҚытайдың": "Жұңгоның",
    r"\bҚытай(?=(?:да|дан|ға)?\b)": "Жұңго",
    r"\bҚытай(?=дағы\b)": "Жұңго",
    r"\bқытайша": "ханзуша",
    # Chinese cities by their Chinese sounds, not by their Russian spelling.
    r"\bГуанчжоу": "Гуаңжоу",
    r"\bСиань": "Шиан",
    # The suffix changes with the vowels of the city's other name.
    r"\bГонконгтегі": "Шиаңгаңдағы",
    r"\bГонконг": "Шиаңгаң",
    r"\bШанхай": "Шаңхай",
    r"\bБейжің": "Бейжиң",
    # A compound of a back and a front word needs two signs.
    r"\bқұпиясөз": "құпия сөз",
    r"\bҚұпиясөз": "Құпия сөз",
    # кириллица and кирилл: “in Cyrillic letters”.
    r"\bкириллицамен": "кирил әрпімен",
    r"\bКириллицаны": "Кирилше",
    r"\bкирилл\b": "кирил",
    # An initial ц is с.
    r"\bцифр": "сифр",
    r"\bЦифр": "Сифр",
    r"\bЭЦҚ\b": "ЭСҚ",
}


def to_arabic(text: str) -> str:
    """Return a sentence of the Kazakh catalogue in Arabic script."""
    for word, other in WORDS.items():
        text = re.sub(word, other, text)
    text = YEAR.sub(r"\1-", text)
    text = ABBREVIATIONS.sub(lambda found: " ".join(found[0]), text)
    parts = PRINTED.split(text)
    return "".join(
        part if PRINTED.fullmatch(part) else kazakh_arabic.to_arabic(part) for part in parts
    )
