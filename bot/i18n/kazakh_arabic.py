"""Converts Kazakh between Cyrillic and Arabic script (töte jazu): to Arabic by rule, back by guess.

A sign (hamza, ء) before a word marks the vowels of the word as front: ا is then ә, otherwise а.
Many words have front vowels and no sign, so the conversion to Cyrillic is ambiguous (ا is а or ә, ى
is ы or і). The person must confirm the result of this conversion. `kazakh_arabic_report` measures
the rules against CLDR.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import product

from bot.i18n import normalization, protected_spans
from bot.i18n.script_overrides import NAME_PARTS, TOTE

SIGN = "ء"
# A word with a letter of NO_SIGN has no sign (hamza). NEUTRAL vowels occur in words with front
# vowels and in other words.
NO_SIGN, NEUTRAL, FRONT = frozenset("еэкг"), frozenset("иуюяё"), frozenset("әөүі")
VOWELS = frozenset("аәеэоөұүыі")

LETTERS = {
    "а": "ا", "ә": "ا", "б": "ب", "в": "ۆ", "г": "گ", "ғ": "ع", "д": "د", "е": "ە", "э": "ە",
    "ж": "ج", "з": "ز", "и": "ي", "й": "ي", "к": "ك", "қ": "ق", "л": "ل", "м": "م", "н": "ن",
    "ң": "ڭ", "о": "و", "ө": "و", "п": "پ", "р": "ر", "с": "س", "т": "ت", "ұ": "ۇ", "ү": "ۇ",
    "ф": "ف", "х": "ح", "һ": "ھ", "ц": "تس", "ч": "چ", "ш": "ش", "щ": "شش", "ы": "ى", "і": "ى",
    "ё": "يو", "ю": "يۋ", "я": "يا", "у": "ۋ", "ъ": "", "ь": "",
}  # fmt: skip
# Arabic spelling of Cyrillic letters that follow и. The letter ي for и includes the sound of й.
AFTER_I = {"й": "", "ё": "و", "ю": "ۋ", "я": "ا"}
PUNCTUATION = str.maketrans(",;?", "،؛؟")

CYRILLIC = re.compile("[\u0400-\u04ffəɵ]+")
ARABIC = re.compile("[\u0621-\u064a\u0671-\u06d3\u06d5]+")

CONSONANTS = {
    "ب": "б", "ۆ": "в", "گ": "г", "ع": "ғ", "د": "д", "ج": "ж", "ز": "з", "ك": "к", "ق": "қ",
    "ل": "л", "م": "м", "ن": "н", "ڭ": "ң", "پ": "п", "ر": "р", "س": "с", "ت": "т", "ف": "ф",
    "ح": "х", "ھ": "һ", "چ": "ч", "ش": "ш", "ە": "е", "ۋ": "у",
}  # fmt: skip
# The two Cyrillic readings of an Arabic vowel: the back vowel, then the front vowel.
OPEN = {"ا": "аә", "و": "оө", "ۇ": "ұү", "ى": "ыі"}
BACK_BESIDE, FRONT_BESIDE, FRONT_AHEAD = frozenset("قع"), frozenset("كگ"), frozenset("كگە")
TELLING = BACK_BESIDE | FRONT_AHEAD
YES = "ءيا"
GROUPS = (("يا", "я"), ("يۋ", "ю"))
SOUNDING = VOWELS | NEUTRAL
KNOWN = frozenset("".join(CONSONANTS) + "".join(OPEN) + SIGN + "ي")
CYRILLIC_PUNCTUATION = str.maketrans("،؛؟", ",;?")
MAX_CANDIDATES, MAX_OPEN = 8, 6


def to_arabic(text: str) -> str:
    """Return a text with its Kazakh Cyrillic words and punctuation in Arabic script; never raises.

    Placeholders, tags, addresses, /commands, @names, Latin words, digits and Cyrillic letters that
    are not Kazakh are unchanged.
    """
    return protected_spans.change_unprotected(unicodedata.normalize("NFC", text), _arabic)


def _arabic(text: str) -> str:
    text = normalization.BORROWED.sub(
        lambda found: found[0].translate(normalization.KAZAKH_OWN), text
    )
    return CYRILLIC.sub(lambda found: _word(found[0]), text.translate(PUNCTUATION))


def _word(word: str) -> str:
    lower = word.lower()
    if lower in TOTE:
        return TOTE[lower]
    pairs = zip(" " + lower, lower, strict=False)
    written = (AFTER_I.get(letter) if before == "и" else None for before, letter in pairs)
    letters = (
        LETTERS.get(letter, letter) if after_i is None else after_i
        for letter, after_i in zip(lower, written, strict=True)
    )
    return SIGN * _has_sign(lower) + "".join(letters)


def _has_sign(word: str) -> bool:
    vowel = next((letter for letter in word if letter in VOWELS), "")
    return vowel in FRONT and not NO_SIGN & set(word)


def to_cyrillic(text: str) -> str:
    """Return a text with its Kazakh words in Cyrillic: the likeliest spelling, in lower case.

    The person must confirm the result.
    """
    return protected_spans.change_unprotected(text, _cyrillic)


def candidates(typed: str) -> tuple[str, ...]:
    """Return possible Cyrillic spellings of a word in Arabic script, likeliest first.

    At most eight are returned, compounds of known parts of names first. Returns nothing if the text
    is not one word in the Arabic script of Kazakh.
    """
    word = canonical(typed)
    if not ARABIC.fullmatch(word) or not set(word) <= KNOWN:
        return ()
    return tuple(dict.fromkeys((*_of_parts(word), *_readings(word))))[:MAX_CANDIDATES]


def canonical(typed: str) -> str:
    """Return Kazakh in Arabic script in its canonical spelling, for storage and comparison.

    Letters of Persian keyboards, of Wikipedia and of font encodings before 2015 are replaced by
    those in `LETTERS`. A hamza is moved to the start of its word, or deleted if it is redundant.
    """
    return normalization.arabic(normalization.clean(typed))


def _cyrillic(text: str) -> str:
    plain = normalization.arabic(text).translate(CYRILLIC_PUNCTUATION)
    return ARABIC.sub(lambda found: next(_readings(found[0])), plain)


def _of_parts(word: str) -> list[str]:
    """Return the Cyrillic spellings of a word that is one or two known parts of names.

    The result is empty for any other word.
    """
    parts, bare = _parts(), word.removeprefix(SIGN)
    whole = list(parts.get(bare, ()))
    for cut in range(2, len(bare) - 1):
        pairs = product(parts.get(bare[:cut], ()), parts.get(bare[cut:], ()))
        whole += [first + second for first, second in pairs]
    return whole


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    parts: dict[str, tuple[str, ...]] = {}
    for part in NAME_PARTS.split():
        written = to_arabic(part).removeprefix(SIGN)
        parts[written] = (*parts.get(written, ()), part)
    return parts


def _readings(word: str) -> Iterator[str]:
    """Yield the likeliest Cyrillic spelling of a word, then spellings with other vowels.

    The fewer vowels differ from the likeliest spelling, the earlier a spelling is yielded.
    """
    if word == YES:
        yield "иә"
    bare, fronts = word.removeprefix(SIGN), _fronts(word)
    places = [place for place, letter in enumerate(bare) if letter in OPEN][:MAX_OPEN]
    for flips in sorted(product((False, True), repeat=len(places)), key=sum):
        flipped = {place for place, flip in zip(places, flips, strict=True) if flip}
        yield _spelt(bare, [front ^ (place in flipped) for place, front in enumerate(fronts)])


def _fronts(word: str) -> list[bool]:
    """Return a flag for each letter of a word: True if the last vowel up to it is a front vowel."""
    bare = word.removeprefix(SIGN)
    # The sign (hamza) determines only the first vowel. Later vowels depend on their neighbors.
    front, is_settled = word != bare, False
    found = []
    for place, letter in enumerate(bare):
        if letter in OPEN:
            front = _is_front(bare, place, front, is_settled)
            is_settled = True
        elif letter == "ە":
            front = is_settled = True
        found.append(front)
    return found


def _is_front(bare: str, place: int, before: bool, is_settled: bool) -> bool:
    if not is_settled and before:
        return True
    beside = set(bare[max(place - 1, 0) : place] + bare[place + 1 : place + 2])
    if bare[place] == "ا" and is_settled and not (before and bare[place - 1] == "ۋ"):
        return False
    if beside & BACK_BESIDE:
        return False
    if beside & FRONT_BESIDE:
        return True
    # The ending мен is always written with ە, which does not depend on the vowels of the stem.
    rest = bare[place + 1 :].removesuffix("مەن")
    ahead = next((letter for letter in rest if letter in TELLING), "")
    if is_settled and not (ahead == "ە" and bare[place] != "ا"):
        return before
    return before or (ahead != "" and ahead in FRONT_AHEAD)


def _spelt(bare: str, fronts: list[bool]) -> str:
    converted, place = "", 0
    while place < len(bare):
        group, spelling = _group(bare, place, converted)
        if not group:
            group, spelling = bare[place], _letter(bare, place, fronts[place], converted)
        converted += spelling
        place += len(group)
    return converted


def _group(bare: str, place: int, converted: str) -> tuple[str, str]:
    """Return the Arabic letters at index `place` that spell one Cyrillic letter, and that letter.

    Returns "" twice if there is no such group of letters.
    """
    for group, spelling in GROUPS:
        if bare.startswith(group, place):
            return group, "и" * bool(converted and converted[-1] not in SOUNDING) + spelling
    if place == 0 and bare.startswith("شش"):
        return "شش", "щ"
    ce = bare.startswith("تس", place) and (place == 0 or bare[place + 2 : place + 3] == "ي")
    return ("تس", "ц") if ce else ("", "")


def _letter(bare: str, place: int, front: bool, converted: str) -> str:
    letter = bare[place]
    if letter in OPEN:
        return OPEN[letter][front]
    if letter == "ي":
        return "й" if converted and converted[-1] in SOUNDING else "и"
    return CONSONANTS.get(letter, letter)
