"""Converts sentences of the Kazakh catalogue to Arabic script, worded as people in Xinjiang write.

`kazakh_arabic` converts letter by letter. Before that, this module replaces words that would
mislead in Arabic script: abbreviations, the letter O, Chinese cities, compounds. Texts that people
type and training phrases are converted by `kazakh_arabic` alone.
"""

import re
from collections.abc import Mapping

from bot.i18n import kazakh_arabic

# With joined letters, an abbreviation would be read as a word. Its letters are therefore separated
# (ە س ق).
ABBREVIATIONS = re.compile(r"\b(?:АЕК|ДНК|ЖСН|ХҚКО|ЭСҚ)\b")
# Not converted, because Uzbek documents print this abbreviation in Cyrillic letters, and people
# must find the same letters there.
PRINTED = re.compile(r"\b(ПИНФЛ)\b")
# In Arabic script, an ordinal number in digits is followed by a hyphen.
YEAR = re.compile(r"(\d{4}|\{year\}) (?=жыл)")

WORDS: Mapping[str, str] = {
    # In China, Kazakhs do not abbreviate the United Nations, so the name is written in full.
    r"\bБҰҰ\b": "Біріккен Ұлттар Ұйымының",
    # In a document number, the letter is a Latin O and not the Kazakh vowel.
    r"\bО(?= әрпі)": "O",
    # In China قىتاي is the name of the Han people. The state is called جۇڭگو.
    r"\bҚытайдың": "Жұңгоның",
    r"\bҚытай(?=(?:да|дан|ға|мен)?\b)": "Жұңго",
    r"\bҚытай(?=дағы\b)": "Жұңго",
    r"\bқытай(?= (?:тіл|таңба))": "ханзу",
    r"\bқытайша": "ханзуша",
    # Chinese cities are spelled by their Chinese pronunciation and not by their Russian names.
    r"\bГуанчжоу": "Гуаңжоу",
    r"\bСиань": "Шиан",
    # The suffix must agree with the vowels of the name that replaces the Russian one.
    r"\bГонконгтегі": "Шиаңгаңдағы",
    r"\bГонконг": "Шиаңгаң",
    r"\bШанхай": "Шаңхай",
    r"\bБейжің": "Бейжиң",
    # The sign (hamza) applies to a whole word. A compound is therefore written as two words if one
    # part has back vowels and the other part has front vowels.
    r"\bқұпиясөз": "құпия сөз",
    r"\bҚұпиясөз": "Құпия сөз",
    # Forms of the word for "Cyrillic", which the Kazakh catalogue spells in two ways.
    r"\bкириллицамен": "кирил әрпімен",
    r"\bКириллицаны": "Кирилше",
    r"\bкирилл\b": "кирил",
    # At the start of a word, ц is written as с.
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
