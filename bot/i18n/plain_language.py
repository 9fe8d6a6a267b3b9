"""Rules for texts that people under stress, and translators, must understand.

The functions in RULES find faults in a text. Long sentences and sentences that begin with a pronoun
are only counted: `tests/i18n/plain_limits.json` has both counts, which must not rise.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from bot.i18n.protected_spans import NAMES

MAX_WORDS = 20

# Phrases that readers of translations did not understand, each with the kind of fault.
PHRASES: Mapping[str, str] = {
    r"(?:ends? nothing|is not the end|is no (?:refusal|decision)|exchanged, not added)": "aphorism",
    r"(?:which way is mine|time matters|needs? a person (?:first|more))": "riddle",
    r"(?:what (?:holds|counts) (?:then|for)|what the contract says counts)": "riddle",
    r"(?:pay nobody|for the sake of|told for)": "odd phrase",
    r"(?:in other hands|glass|this desk|stands? (?:under|against|because))": "metaphor",
    r"(?:anew|by itself|by themselves|whoever)": "bookish word",
}
UNCHECKED = re.compile(
    r"\b(?:not|no \w+ is|nothing is) (?:\w+ )?(?:verified|known) here\b|\bverified here\b",
    re.IGNORECASE,
)
# Placeholders after which a noun may follow, because the noun's form fits each value that the
# placeholder can have.
CONSTANT = frozenset(("days", "hours", "months", "year", "sum", "tenge", "mci", "most", "length"))
COUNTED = re.compile(
    r"\{(\w+)\} (\w+ )?(people|places|regions|families|messages|files|cases|pages|tries|papers)\b"
)
# Matches a case ending after a placeholder, because the ending fits only some values of the
# placeholder. The ending of an ordinal number is allowed.
ENDING = re.compile(r"\{(\w+)\}(?!-?(?:жыл|yil)|-\w{3,})-?[^\W\d_]+")
# Languages with case endings. The converted scripts are not checked separately.
ENDED = frozenset(("kk", "ru", "uz"))
PRONOUN = re.compile(r"(?:It|They|Its|Their|Them|He|She)\b")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
ABBREVIATION = re.compile(r"[^\W\d_]{2,}")

# Allowed abbreviations, each with the words that explain it in another sentence of the language; ""
# for an abbreviation that needs no explanation.
ABBREVIATIONS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "DNA": "",
        "IIN": "Individual identification number",
        "MCI": "monthly calculation index",
        "UN": "",
    },
    "kk": {
        "АЕК": "айлық есептік көрсеткіш",
        "БҰҰ": "",
        "ДНК": "",
        "ЖСН": "жеке сәйкестендіру нөмірі",
        "ХҚКО": "халыққа қызмет көрсету орталығы",
        "ЭЦҚ": "электрондық цифрлық қолтаңба",
    },
    "ru": {
        "ДНК": "",
        "ИИН": "индивидуальный идентификационный номер",
        "МБ": "",
        "МРП": "месячный расчётный показатель",
        "ООН": "",
        "РК": "",
        "СМС": "",
        "ЦОН": "обслуживания населения",
    },
    "uz": {
        "DNK": "",
        "IIN": "individual identifikatsiya raqam",
        "OHK": "oylik hisob-kitob koʻrsatkich",
        "SMS": "",
    },
}


def aphorisms(text: str, code: str) -> Iterator[str]:
    """Yield the phrases in an English text that readers did not understand, with the reason."""
    for phrase, kind in PHRASES.items() if code == "en" else ():
        if found := re.search(rf"\b{phrase}\b", text, re.IGNORECASE):
            yield f"{kind}: {found[0]}"


def unchecked(text: str, code: str) -> Iterator[str]:
    """Yield claims that something "is not verified" without naming who has not verified it."""
    if code == "en" and (found := UNCHECKED.search(text)):
        yield f"“we have not checked”, not “{found[0]}”"


def counted(text: str, code: str) -> Iterator[str]:
    """Yield nouns and endings after a placeholder that do not fit some numbers ("1 days")."""
    for place, _word, noun in COUNTED.findall(text) if code == "en" else ():
        if place not in CONSTANT:
            yield f"the noun comes first, as in “{noun}: {{{place}}}”: it agrees with no number"
    if code in ENDED and (found := ENDING.search(text)):
        yield f"an ending at a place fits one value only: {found[0]}"


def abbreviations(text: str, code: str) -> Iterator[str]:
    """Yield abbreviations that are neither allowed nor explained."""
    known = ABBREVIATIONS.get(code, {})
    for word in dict.fromkeys(ABBREVIATION.findall(text)) if known else ():
        if word.isupper() and word not in NAMES and word not in known:
            yield f"spell {word} out, or explain it in ABBREVIATIONS"


# Words that promise an outcome. A sentence that also has a word of DENIALS promises nothing.
PROMISES: Mapping[str, str] = {
    "en": r"\bguarantee(?!d free)|(?<!answer )\bpromise|\bwill (?:certainly|definitely|surely)\b",
    "kk": r"\bкепілдік(?! берілген тегін)|\bуәде|\bміндетті түрде (?:аласыз|беріл|қабылда)",
    "ru": r"\bгарантир(?!ованный объём)|\bобещае|\bобязательно (?:получит|дадут|примут)",
    "uz": r"\bkafolat(?!langan bepul)|\bvaʼda(?! qilingan vaqt)|\balbatta (?:olasiz|beril|qabul)",
    "zh_Hans": "保证|承诺(?!书|答复)|一定(?:会|能|可以)",
}
DENIALS: Mapping[str, str] = {
    "en": r"\b(?:no|not|nothing|nobody|cannot|never)\b",
    "kk": r"\b(?:емес|жоқ|ешкім|ештеңе|алмай)",
    "ru": r"\b(?:не|нет|никому|никто)\b",
    "uz": r"\b(?:emas|yoʻq|hech)|(?:olmay|maydi|maymiz)",
    "zh_Hans": "不|没",
}


def promises(text: str, code: str) -> Iterator[str]:
    """Yield words that promise an outcome, because the assistant does not decide outcomes."""
    for sentence in SENTENCE.split(text) if code in PROMISES else ():
        found = re.search(PROMISES[code], sentence, re.IGNORECASE)
        if found and not re.search(DENIALS[code], sentence, re.IGNORECASE):
            yield f"the assistant promises nothing: {found[0]}"


RULES: Mapping[str, Callable[[str, str], Iterator[str]]] = {
    "aphorism": aphorisms,
    "unchecked": unchecked,
    "counted": counted,
    "abbreviation": abbreviations,
    "promise": promises,
}


def long_sentences(english: str) -> list[str]:
    """Return the sentences of more than MAX_WORDS words."""
    return [each for each in SENTENCE.split(english) if len(each.split()) > MAX_WORDS]


def bare_pronouns(english: str) -> list[str]:
    """Return the sentences that begin with a pronoun, whose noun a translator has to guess."""
    return [each for each in SENTENCE.split(english) if PRONOUN.match(each)]
