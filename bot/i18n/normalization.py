"""What people type, made comparable: nothing invisible, one form for each letter and digit."""

import re
import unicodedata
from functools import lru_cache

MAX_MARKS = 4
# A turn compares what was typed with the same few words; what somebody typed is soon pushed out.
MAX_FOLDED = 64
UNWORDED = re.compile(rf"[^\w\s]{{{MAX_MARKS + 1}}}")

SURROGATE = re.compile("[\ud800-\udfff]")
# Controls, format characters and all else that Unicode lets a renderer ignore; str.strip() and
# isspace() know almost none of them. White space among the controls is left for split().
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f"
    "\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# Other scripts' digits stay as they are and are refused: nobody here is known to write them.
PLAIN = (
    {first + value: str(value) for first in (0x0660, 0x06F0) for value in range(10)}
    | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {ord("٫"): ".", ord("٬"): ",", 0x20E3: None}
)

APOSTROPHES = "'`´ʹʻʼʽˈ‘’‛′"
AFTER_O_OR_G = re.compile(f"(?<=[OoGg])[{APOSTROPHES}]+")
ELSEWHERE = re.compile(f"(?<![OoGg])[{APOSTROPHES}]+")
UZBEK_2026 = str.maketrans({"ö": "oʻ", "ğ": "gʻ", "ş": "sh", "ș": "sh", "ç": "ch"})

# Keyboards without Kazakh letters offer these Latin ones, which look the same.
BORROWED = re.compile("(?<=[\u0400-\u04ff])[əɵi]|[əɵi](?=[\u0400-\u04ff])")
KAZAKH_OWN = str.maketrans("əɵi", "әөі")

# Spellings of the Wikipedia habit, of Persian keyboards and of the font encodings before 2015.
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


def clean(typed: str, *, multiline: bool = False) -> str:
    """Typed text as it may be judged, stored and shown.

    NFC, without anything invisible; white space is single spaces (and, if `multiline`, single
    line ends with at most one empty line); at most four combining marks follow one another.
    """
    # Cut before composing too: ordering thousands of marks takes quadratic time.
    text = _unheaped(unicodedata.normalize("NFC", _unheaped(_visible(typed))))
    if not multiline:
        return " ".join(text.split())
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub("\n{3,}", "\n\n", lines).strip()


def heaped(typed: str) -> int:
    """How many combining marks `clean` cuts off, so that a length can count them."""
    visible = _visible(typed)
    return len(visible) - len(_unheaped(visible))


def digits(typed: str) -> str:
    """`clean`, with Arabic and full-width digits and signs as ASCII; superscripts are no digits."""
    return clean(typed.translate(PLAIN))


def joined(typed: str) -> str:
    """A number written in groups (telephone, identity), without spaces, hyphens and brackets."""
    return re.sub(r"[ ().\-‐‑‒–—−]", "", digits(typed))


def apostrophes(text: str) -> str:
    """Every apostrophe people type as U+02BB after o and g (Uzbek), else as U+02BC."""
    return ELSEWHERE.sub("ʼ", AFTER_O_OR_G.sub("ʻ", text))


@lru_cache(MAX_FOLDED)
def fold(typed: str) -> str:
    """The form in which words and labels are compared; never to be stored or shown.

    Case, kinds of digits and apostrophes, habits of Kazakh spelling and whatever stands around
    the words are gone. Text without any letter or digit keeps its signs.
    """
    text = digits(typed).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(UZBEK_2026)
        text = BORROWED.sub(lambda found: found[0].translate(KAZAKH_OWN), text)
    text = apostrophes(text)
    if ARABIC.search(text):
        text = arabic(text)
    inside = INSIDE.search(text)
    return inside[0] if inside else text


def arabic(text: str) -> str:
    """Words of Arabic script in the letters of Kazakh, the sign once and at the head, or away."""
    text = PRESENTATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]), _visible(text))
    return ARABIC_WORD.sub(_sign_at_head, text.translate(KAZAKH_ARABIC))


def bare(typed: str) -> str:
    """`fold` for names of people, places and months typed on a keyboard without the letters.

    Accents, apostrophes and the soft sign go, and Kazakh letters become their Russian
    neighbours; `tests/vectors/name_fold.tsv` has the rule.
    """
    text = unicodedata.normalize("NFD", fold(typed))
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Mn")
    return re.sub(r"[\W_]+", " ", text.translate(BARE)).strip()


def _visible(typed: str) -> str:
    return INVISIBLE.sub("", SURROGATE.sub("\ufffd", typed))


def _unheaped(text: str) -> str:
    # Marks are neither letters nor digits: without a run of such there is nothing to cut.
    if not UNWORDED.search(text):
        return text
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _sign_at_head(word: re.Match[str]) -> str:
    letters = word[0].replace("ء", "")
    needless = letters == word[0] or set(letters) & set("ەكگ")
    return letters if needless else "ء" + letters
