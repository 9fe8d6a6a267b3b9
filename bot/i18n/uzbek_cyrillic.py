"""Converts Uzbek between Latin and Cyrillic letters.

Latin is the alphabet of 1995, with U+02BB in oʻ and gʻ and U+02BC elsewhere. The conversion to
Latin is exact. The conversion to Cyrillic loses ь, ъ and ц of loanwords, except in the words of
`script_overrides.UZBEK`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from bot.i18n import normalization, protected_spans
from bot.i18n.script_overrides import UZBEK

LATIN = re.compile("[A-Za-zʻʼ]+")
CYRILLIC = re.compile("[\u0400-\u04ff]+")
# Between letters, each of these signs is an apostrophe. In other places they may be quotation
# marks.
TYPED = re.compile(f"(?<=[A-Za-z])[{normalization.APOSTROPHES}＇](?=[A-Za-z])|(?<=[OoGg])[ʻ‘`]")
FOREIGN = re.compile("w|c(?!h)", re.IGNORECASE)
UZBEK_CYRILLIC = {latin.lower(): cyrillic.lower() for latin, cyrillic in UZBEK.items()}
# Cyrillic stems with their Latin spelling. A stem with a final ь is also included without it,
# because names of months lose the ь before an ending.
UZBEK_LATIN = {
    stem: latin
    for latin, cyrillic in UZBEK_CYRILLIC.items()
    for stem in (cyrillic, cyrillic.removesuffix("ь"))
}

# A date has hyphens in Latin and spaces in Cyrillic: 2021-yil 1-yanvar, 2021 йил 1 январь. In a
# message, the placeholder {year} may replace the digits of the year. Other words, such as 2-marta
# (the second time), keep the hyphen.
DATE = (
    "(?:(?<=[0-9]{4}|ear[}])%(mark)s(?=йил)|(?<=[0-9])%(mark)s(?=январ|феврал|март(?!а)|апрел|"
    "май(?!дон)|июн|июл|август|сентябр|октябр|ноябр|декабр))"
)
HYPHEN_OF_DATE = re.compile(DATE % {"mark": "-"})
SPACE_OF_DATE = re.compile(DATE % {"mark": "[ \u00a0]"})

type Table = tuple[re.Pattern[str], tuple[str, ...]]

HEAD, AFTER_VOWEL = "(?<![a-zʻʼ])", "(?<=[aeiou])"

# At each place of a word, the first rule that matches is applied.
TO_CYRILLIC = (
    ("yoʻ", "йў"), ("oʻ", "ў"), ("gʻ", "ғ"), ("sʼh", "сҳ"), ("sh", "ш"), ("ch", "ч"),
    ("yo", "ё"), ("yu", "ю"), ("ya", "я"),
    ("(?<=[bdfghjklmnpqrstvxz])ye", "ье"), ("ye", "е"),
    # Excludes keting, ketsa, ketsin and hujjatsiz, where t and s belong to different morphemes.
    (f"{HEAD}ts|ts(?=e|i(?!z(?!m)|n(?:lar)?(?![a-z])))|ts(?![a-zʻʼ])", "ц"),
    ("(?<=[kn])s(?=iya)", "ц"),
    (f"{HEAD}e|{AFTER_VOWEL}e", "э"),
    ("a", "а"), ("b", "б"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"), ("h", "ҳ"),
    ("i", "и"), ("j", "ж"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"),
    ("p", "п"), ("q", "қ"), ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("v", "в"),
    ("x", "х"), ("y", "й"), ("z", "з"), ("ʼ", "ъ"),
)  # fmt: skip
VOWELS = "аеёиоуўыэюя"
TO_LATIN = (
    ("сҳ", "sʼh"), (f"(?<![\u0400-\u04ff])е|(?<=[{VOWELS}ъь])е", "ye"), ("е", "e"),
    (f"(?<=[{VOWELS}])ц", "ts"), ("ц", "s"),
    (f"(?<![{VOWELS}])ъ(?=[еёюя])", ""), ("ъ", "ʼ"), ("ь", ""),
    ("ў", "oʻ"), ("ғ", "gʻ"), ("ш", "sh"), ("ч", "ch"), ("щ", "sh"), ("ё", "yo"), ("ю", "yu"),
    ("я", "ya"), ("а", "a"), ("б", "b"), ("в", "v"), ("г", "g"), ("д", "d"), ("ж", "j"),
    ("з", "z"), ("и", "i"), ("й", "y"), ("к", "k"), ("қ", "q"), ("л", "l"), ("м", "m"),
    ("н", "n"), ("о", "o"), ("п", "p"), ("р", "r"), ("с", "s"), ("т", "t"), ("у", "u"),
    ("ф", "f"), ("х", "x"), ("ҳ", "h"), ("ы", "i"), ("э", "e"),
)  # fmt: skip
# Endings that may follow a word of `script_overrides.UZBEK`. Without this list, sirka would be read
# as the word sirk with an ending.
ENDING = re.compile(
    "(?:lar|lik|cha|chi|si|im|ing|i|m|ngiz|imiz|ingiz|lari|dagi|gacha|da|dan|ga|ni|ning)*", re.ASCII
)


def to_cyrillic(text: str) -> str:
    """Return Uzbek text in Cyrillic letters, with capitals kept; never raises.

    Placeholders, tags, addresses, /commands, @names, `protected_spans.NAMES` and words with w or
    with c (except ch) are unchanged.
    """
    converted = protected_spans.change_unprotected(
        text, lambda part: LATIN.sub(_word_to_cyrillic, _marks(part))
    )
    return HYPHEN_OF_DATE.sub("\u00a0", converted)


def to_latin(text: str) -> str:
    """Return Uzbek text in Latin letters: the exact inverse of `to_cyrillic`; never raises.

    Spaces in dates become hyphens. Letters that are not Uzbek are unchanged.
    """
    text = SPACE_OF_DATE.sub("-", text)
    return protected_spans.change_unprotected(text, lambda part: CYRILLIC.sub(_word_to_latin, part))


def _marks(text: str) -> str:
    return TYPED.sub(lambda mark: "ʻ" if text[mark.start() - 1] in "OoGg" else "ʼ", text)


def _word_to_cyrillic(found: re.Match[str]) -> str:
    word = found[0]
    if word in protected_spans.NAMES or FOREIGN.search(word):
        return word
    for known, ending in _exceptions(word, UZBEK_CYRILLIC):
        if ENDING.fullmatch(ending.lower()):
            stem = UZBEK_CYRILLIC[known.lower()].removesuffix("ь" if ending else "")
            return _match_case(stem, known) + _letters(ending, _to_cyrillic())
    return _letters(word, _to_cyrillic())


def _word_to_latin(found: re.Match[str]) -> str:
    word = found[0]
    for known, rest in _exceptions(word, UZBEK_LATIN):
        ending = _letters(rest, _to_latin())
        if ENDING.fullmatch(ending.lower()):
            return _match_case(UZBEK_LATIN[known.lower()], known) + ending
    return _letters(word, _to_latin())


def _exceptions(word: str, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each split of a word into a beginning and a rest, the longest beginning first.

    The beginning must be in `known`, which has the words with irregular spelling.
    """
    for cut in range(len(word), 2, -1):
        if word[:cut].lower() in known:
            yield word[:cut], word[cut:]


def _letters(word: str, table: Table) -> str:
    """Convert a word by the rules of `table`: at each letter, by the first rule that matches."""
    pattern, spellings = table
    lower, whole = word.lower(), len(word) > 1 and word.isupper()

    def spelt(found: re.Match[str]) -> str:
        spelling = spellings[(found.lastindex or 1) - 1]
        written = word[found.start() : found.end()]
        return spelling.upper() if whole else _match_case(spelling, written[:1])

    return pattern.sub(spelt, lower)


def _match_case(spelling: str, like: str) -> str:
    if len(like) > 1 and like.isupper():
        return spelling.upper()
    return spelling[:1].upper() + spelling[1:] if like[:1].isupper() else spelling


@cache
def _to_cyrillic() -> Table:
    return _table(TO_CYRILLIC)


@cache
def _to_latin() -> Table:
    return _table(TO_LATIN)


def _table(rules: tuple[tuple[str, str], ...]) -> Table:
    pattern = "|".join(f"({rule})" for rule, _spelling in rules)
    return re.compile(pattern), tuple(spelling for _rule, spelling in rules)
