"""Normalizes typed text for comparison: no invisible characters, one spelling for each letter."""

import re
import unicodedata
from functools import lru_cache

from bot.i18n.traditional_han import SIMPLIFIED

MAX_MARKS = 4
# Size of the cache of `fold`: large enough for the words with which one incoming text is compared,
# and so small that people's texts are soon evicted.
MAX_FOLDED = 64
# Size of the cache of `clean`, which is called several times with the same incoming text.
MAX_CLEANED = 4
LONG_SIGN_RUN = re.compile(rf"[^\w\s]{{{MAX_MARKS + 1}}}")

SURROGATE = re.compile("[\ud800-\udfff]")
# Control and format characters, and all other characters that Unicode lets renderers ignore.
# str.strip() and isspace() miss most of them. White space among the control characters is not
# included, because split() handles it.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f"
    "\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# Digits and signs that are converted to ASCII. Digits of other scripts are rejected later, because
# no user is known to type them.
PLAIN = (
    {first + value: str(value) for first in (0x0660, 0x06F0) for value in range(10)}
    | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {ord("٫"): ".", ord("٬"): ",", 0x20E3: None}
)

APOSTROPHES = "'`´ʹʻʼʽˈ‘’‛′"
AFTER_O_OR_G = re.compile(f"(?<=[OoGg])[{APOSTROPHES}]+")
OTHER_APOSTROPHES = re.compile(f"(?<![OoGg])[{APOSTROPHES}]+")
UZBEK_2026 = str.maketrans({"ö": "oʻ", "ğ": "gʻ", "ş": "sh", "ș": "sh", "ç": "ch"})

# Latin letters that look like Kazakh letters. People type them on keyboards without Kazakh letters.
BORROWED = re.compile("(?<=[\u0400-\u04ff])[əɵi]|[əɵi](?=[\u0400-\u04ff])")
KAZAKH_OWN = str.maketrans("əɵi", "әөі")

# Letters of Kazakh Wikipedia, of Persian keyboards and of fonts from before 2015, with the standard
# letters.
KAZAKH_ARABIC = str.maketrans(
    {
        "ٴ": "ء", "ٵ": "ءا", "ٶ": "ءو", "ٷ": "ءۇ", "ٸ": "ءى",
        "ک": "ك", "ی": "ي", "ه": "ە", "ہ": "ھ", "ـ": None,
        "ئ": "ى", "ث": "ڭ", "ذ": "ۇ", "ة": "ە", "أ": "ۆ", "ؤ": "ۋ",
    }
)  # fmt: skip
ARABIC_WORD = re.compile("[\u0621-\u064a\u0671-\u06d3\u06d5]+")
ARABIC = re.compile("[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefc]")
PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")

INSIDE = re.compile(r"[^\W_ʻʼ](?:.*[^\W_ʻʼ])?", re.DOTALL)
BARE = str.maketrans("әғқңөұүіыһҳıى", "агкноууииххiي", "ьъʻʼء")


@lru_cache(MAX_CLEANED)
def clean(typed: str, *, multiline: bool = False) -> str:
    """Return typed text in the form for validation, storage and display.

    The text is NFC without invisible characters. White space is reduced to single spaces. With
    `multiline`, line ends are kept, with at most one empty line in a row. At most four adjacent
    combining marks are kept.
    """
    # Marks are limited before composing too, because NFC sorts thousands of marks in quadratic
    # time.
    text = _limit_marks(unicodedata.normalize("NFC", _limit_marks(_visible(typed))))
    if not multiline:
        return " ".join(text.split())
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub("\n{3,}", "\n\n", lines).strip()


def excess_marks(typed: str) -> int:
    """Return the number of combining marks that `clean` deletes.

    Length limits count these marks too.
    """
    visible = _visible(typed)
    return len(visible) - len(_limit_marks(visible))


def digits(typed: str) -> str:
    """Return `clean` text with Arabic and full-width digits and signs converted to ASCII.

    Superscript digits are not converted.
    """
    return clean(typed.translate(PLAIN))


def strip_separators(typed: str) -> str:
    """Return a number (phone, identity) without the separators between its groups of digits.

    Separators are spaces, dots, hyphens, dashes and round brackets.
    """
    return re.sub(r"[ ().\-‐‑‒–—−]", "", digits(typed))


def apostrophes(text: str) -> str:
    """Return a text with each apostrophe as U+02BB after o and g (Uzbek), elsewhere U+02BC."""
    return OTHER_APOSTROPHES.sub("ʼ", AFTER_O_OR_G.sub("ʻ", text))


@lru_cache(MAX_FOLDED)
def fold(typed: str) -> str:
    """Return the form of a text in which words and labels are compared; never store or show it.

    Differences of case, digits, apostrophes, Kazakh spelling and traditional Chinese characters are
    removed, as are punctuation marks around the text. A text without any letter or digit keeps its
    marks.
    """
    text = digits(typed).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(UZBEK_2026).translate(SIMPLIFIED)
        text = BORROWED.sub(lambda found: found[0].translate(KAZAKH_OWN), text)
    text = apostrophes(text)
    if ARABIC.search(text):
        text = arabic(text)
    inside = INSIDE.search(text)
    return inside[0] if inside else text


def arabic(text: str) -> str:
    """Return a text with its words in Arabic script spelled in the Kazakh Arabic alphabet.

    The hamza is moved to the start of its word, or deleted if it is redundant.
    """
    text = PRESENTATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]), _visible(text))
    return ARABIC_WORD.sub(_sign_at_head, text.translate(KAZAKH_ARABIC))


def bare(typed: str) -> str:
    """Return the `fold` form of a name (person, place, month) without special letters.

    Accents, apostrophes and soft signs are deleted, because keyboards may lack them. Kazakh letters
    are replaced by similar Russian ones, as `tests/vectors/name_fold.tsv` specifies.
    """
    text = unicodedata.normalize("NFD", fold(typed))
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Mn")
    return re.sub(r"[\W_]+", " ", text.translate(BARE)).strip()


def _visible(typed: str) -> str:
    return INVISIBLE.sub("", SURROGATE.sub("\ufffd", typed))


def _limit_marks(text: str) -> str:
    # A shortcut: combining marks are neither letters nor digits. A text without a long run of
    # characters that are neither has no excess marks and is returned unchanged.
    if not LONG_SIGN_RUN.search(text):
        return text
    characters, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= MAX_MARKS:
            characters.append(character)
    return "".join(characters)


def _sign_at_head(word: re.Match[str]) -> str:
    letters = word[0].replace("ء", "")
    needless = letters == word[0] or set(letters) & set("ەكگ")
    return letters if needless else "ء" + letters
