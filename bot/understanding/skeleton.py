"""Normalizes text to a skeleton, which is the same for all scripts, keyboards and spellings.

Kazakh in Arabic script, Uzbek, and Kazakh or Russian in Latin letters are converted to Cyrillic.
Letters that some keyboards lack are replaced by similar letters. One set of training phrases is
therefore sufficient for all ways of typing. A skeleton is only for comparison: it is never stored
or shown.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from bot.i18n import kazakh_arabic, normalization
from bot.i18n.keyboard_layouts import TO_KAZAKH, TO_LATIN, TO_RUSSIAN
from bot.i18n.traditional_han import SIMPLIFIED

# The middle of a message over this length is cut out, because the beginning of a message usually
# has its topic, and the end its question.
MAX_CHARACTERS = 1800
HEAD_CHARACTERS = 1300
MAX_WORDS, MAX_TOKENS = 240, 480

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
ARABIC_LETTERS = "\u0621-\u064a\u0671-\u06d3\u06d5"
# Links, e-mail addresses and long numbers are replaced by a placeholder word. Repetitions are
# bounded to avoid quadratic backtracking on a thousand letters without a space.
LINK = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@.]{1,64}\.[^\s@]{1,64}", re.IGNORECASE)
LINK_PLACEHOLDER = "httplink"
LONG_NUMBER = re.compile(r"\+?\d[\d ()\-]{5,}\d")
# Links as people type them ("t.me/kanal", "egov.kz") and names of accounts. An address needs a path
# or a usual ending, because people also write two sentences without a space: "keldi.qoʻrqaman".
# Only ASCII characters belong to it, because Chinese words may follow without a space.
BARE_LINK = re.compile(
    r"(?:https?://|www\.)[!-~]+|(?<![\w@])@[a-z0-9_]+"
    r"|(?<![a-z0-9.@-])(?:[a-z0-9-]{1,63}\.){1,5}"
    r"(?:[a-z]{2,63}/[!-~]+|(?:com|net|org|info|ru|kz|uz|kg|cn|mn|tr)(?![a-z0-9.@-])/?)",
    re.IGNORECASE,
)
# Maximum digits and apostrophes before the first letter of a word, which also bounds backtracking.
MAX_SIGNS = 40
TOKEN = re.compile(
    f"[{HAN}]+|[{ARABIC_LETTERS}]+|[\u0400-\u04ff]+|[\u02b0-\u02ffɵ0-9']{{0,{MAX_SIGNS}}}"
    "[a-z\u00df-\u024fə][a-z\u00df-\u024f\u02b0-\u02ffəɵ0-9']*|[0-9]+|[?!]+|[^\\W\\d_]+"
    r"|[…。;]|\.(?!\S)|[,،、:]"
)
# Marks that end a sentence (ASKING, ENDING) or a clause (DIVIDING). Question and exclamation marks
# are also words of the skeleton.
ASKING, ENDING, DIVIDING = re.compile("[?!]"), frozenset("…。;."), frozenset(",،、:")
# Matches lower-case texts in which `plain` changes only white space and numbers, as most texts are.
# This saves the full normalization.
ORDINARY = re.compile("[\u0430-\u045f\u048a-\u04ff0-9 ,.?!-]*|[a-z0-9 ,?!-]*")
# Line breaks are replaced by "…" before cleaning, because they end sentences and cleaning removes
# them.
LINE_BREAK = re.compile(r"[\r\n]+")
# Words that join two questions in one sentence, in coarse spelling.
CONNECTORS = frozenset(
    ("и", "а", "еше", "также", "жане", "ари", "ал", "таги", "ва", "хам", "хамда", "иана")
)
HAN_CONNECTORS = re.compile("还有|另外|以及|并且|而且|顺便|同时|和|(?<=[吗呢呀吧])(?=.)")
# A space ends a Chinese clause only if at least this many characters are on each side of it.
MIN_HAN_CLAUSE = 3
# A letter repeated for emphasis. Chinese is excluded, because there a repeated character makes
# another word.
STRETCHED = re.compile(rf"([^{HAN}\n])\1{{2,}}")
DOUBLED = re.compile(rf"([^\W\d_{HAN}])\1+")
IS_HAN, IS_ARABIC = re.compile(f"[{HAN}]"), re.compile(f"[{ARABIC_LETTERS}]")
IS_LATIN, IS_CYRILLIC = re.compile("[a-z]"), re.compile("[\u0400-\u04ff]")

# Latin spellings and their Cyrillic letters. The longest spelling is replaced first. The digits are
# spellings in chats: 4 is ч, 6 is ш.
LATIN = (
    ("shch", "ш"), ("sch", "ш"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("gh", "г"),
    ("dj", "ж"), ("dzh", "ж"), ("ts", "с"), ("tz", "с"), ("ck", "к"), ("ph", "ф"), ("yo", "ио"),
    ("jo", "жо"), ("ye", "е"), ("a", "а"), ("b", "б"), ("c", "с"), ("d", "д"), ("e", "е"),
    ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"), ("j", "ж"), ("k", "к"), ("l", "л"),
    ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("q", "к"), ("r", "р"), ("s", "с"),
    ("t", "т"), ("u", "у"), ("v", "в"), ("w", "ш"), ("x", "х"), ("y", "и"), ("z", "з"),
    ("4", "ч"), ("6", "ш"),
)  # fmt: skip
SPELT_WITH_SEVERAL = {latin: cyrillic for latin, cyrillic in LATIN if len(latin) > 1}
SEVERAL = re.compile("|".join(SPELT_WITH_SEVERAL))
SINGLE = str.maketrans({latin: cyrillic for latin, cyrillic in LATIN if len(latin) == 1})
# Letters of the Kazakh Latin alphabets of 2017, 2018 and 2021, of Turkish and of Uzbek (2026).
ACCENTED = str.maketrans(
    {
        "ä": "a", "á": "a", "â": "a", "ǎ": "a", "ə": "a", "ö": "o", "ó": "o", "ô": "o", "ø": "o",
        "ɵ": "o", "ü": "u", "ú": "u", "û": "u", "ū": "u", "ŭ": "u", "ý": "u", "ı": "i", "í": "i",
        "î": "i", "ї": "i", "ğ": "g", "ǵ": "g", "ģ": "g", "ñ": "n", "ń": "n", "ŋ": "n", "ň": "n",
        "ş": "sh", "ș": "sh", "š": "sh", "ç": "ch", "č": "ch", "ž": "zh", "é": "e", "è": "e",
        "ê": "e", "ë": "e", "ß": "s", "ķ": "k",
    }
)  # fmt: skip
COARSE = str.maketrans(
    {
        "ә": "а", "ғ": "г", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у", "ў": "о",
        "і": "и", "ы": "и", "й": "и", "ї": "и", "һ": "х", "ҳ": "х", "э": "е", "ё": "е", "є": "е",
        "щ": "ш", "ц": "с", "ю": "иу", "я": "иа", "ь": None, "ъ": None, "ҷ": "ч", "ӣ": "и",
    }
    | SIMPLIFIED
)  # fmt: skip
VOWELS = str.maketrans("", "", "аеиоу")
# Karakalpak writes the consonant of Kazakh `у` as `ў`, in Latin letters as `w`, always beside a
# vowel. In Uzbek, `ў` is a vowel and not beside another one. In chats, `w` is ш, so that it counts
# as `у` only in a text with letters of the Karakalpak Latin alphabet, and after a vowel in a text
# that spells ш otherwise, as Kazakh in Latin letters does. (Before a vowel, it may be in "wechat".)
KARAKALPAK_U = re.compile("ў(?=[аәеиоөуұүыіэ])|(?<=[аәеиоөуұүыіэ])ў")
KARAKALPAK_W = re.compile("w(?=[aáeioóuúıy])|(?<=[aáeioóuúı])w")
KARAKALPAK_LATIN = re.compile("[áǵıńóú]")
W_AFTER_VOWEL = re.compile("(?<=[aeiouy])w")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A text as a sequence of words in coarse spelling: in Cyrillic, with similar letters unified.

    `sentences` and `clauses` are positions: the number of words after which a sentence or a clause
    ends.
    """

    words: tuple[str, ...]
    sentences: tuple[int, ...] = ()
    clauses: tuple[int, ...] = ()

    @property
    def asks(self) -> bool:
        """Return True if the text ends with a question mark."""
        return "?" in self.words[-1]

    @property
    def is_chinese(self) -> bool:
        """Return True if any word is Chinese."""
        return IS_HAN.search(" ".join(self.words)) is not None

    @property
    def letters(self) -> int:
        """Return the number of letters and digits; a Chinese character counts as three."""
        if not self.is_chinese:
            return sum(map(len, self.words))
        return sum(len(word) * (3 if IS_HAN.match(word) else 1) for word in self.words)

    @property
    def length(self) -> float:
        """Return the number of words; two Chinese characters count as one."""
        return sum(len(word) / 2 if IS_HAN.match(word) else 1 for word in self.words)


def fold(text: str) -> Skeleton:
    """Return the skeleton (normalized words) of a text, by which texts are compared.

    It is empty if the text has no letter, digit or question mark.
    """
    return _fold_letters(plain(text))


def layouts(text: str) -> tuple[Skeleton, ...]:
    """Return the skeletons (normalized words) that a text has if its keyboard layout was wrong.

    Latin letters are converted to the Russian and the Kazakh layout, Cyrillic letters to the Latin
    layout. Returns () for a text with both Latin and Cyrillic letters, or with Chinese or Arabic.
    """
    lower = plain(text)
    if IS_HAN.search(lower) or IS_ARABIC.search(lower):
        return ()
    latin, cyrillic = bool(IS_LATIN.search(lower)), bool(IS_CYRILLIC.search(lower))
    if latin and not cyrillic:
        keys = {lower.translate(TO_RUSSIAN), lower.translate(TO_KAZAKH)}
    elif cyrillic and not latin:
        keys = {lower.translate(TO_LATIN)}
    else:
        return ()
    return tuple(_fold_letters(each) for each in sorted(keys))


def plain(text: str) -> str:
    """Return a text in lower case, shortened, with placeholders for links and long numbers."""
    text = shorten(text)
    lower = text.casefold()
    if ORDINARY.fullmatch(lower):
        return LONG_NUMBER.sub(" 0000000 ", " ".join(lower.split()))
    text = normalization.digits(LINE_BREAK.sub(" … ", text)).casefold()
    if not text.isascii():
        text = normalization.BORROWED.sub(
            lambda found: found[0].translate(normalization.KAZAKH_OWN), text
        )
    text = LONG_NUMBER.sub(" 0000000 ", LINK.sub(f" {LINK_PLACEHOLDER} ", text))
    return text


def shorten(text: str) -> str:
    """Return a message; if it is longer than MAX_CHARACTERS, only its beginning and its end.

    This must be the first step, because normalizing a megabyte of text takes too long.
    """
    if len(text) <= MAX_CHARACTERS:
        return text
    tail = MAX_CHARACTERS - HEAD_CHARACTERS
    return f"{text[:HEAD_CHARACTERS]} {text[-tail:]}"


def coarse(words: Sequence[str]) -> list[str]:
    """Return words of any script in coarse spelling: in Cyrillic, with similar letters unified."""
    # Most rules process all words as one string, because a call for each word would be several
    # times slower.
    typed = STRETCHED.sub(r"\1\1", "\n".join(words))
    if "w" in typed and KARAKALPAK_LATIN.search(typed):
        typed = KARAKALPAK_W.sub("u", typed)
    elif "w" in typed and "sh" in typed:
        typed = W_AFTER_VOWEL.sub("u", typed)
    cyrillic = "\n".join(map(to_cyrillic, typed.split("\n")))
    if "ў" in cyrillic:
        cyrillic = KARAKALPAK_U.sub("у", cyrillic)
    # `тс` and ц sound alike and have the same Latin spelling, so both are replaced by one letter.
    spelt = cyrillic.replace("тс", "с").translate(COARSE)
    return DOUBLED.sub(r"\1", spelt).split("\n")


def to_cyrillic(word: str) -> str:
    """Return a word with Arabic or Latin letters converted to Cyrillic; other words unchanged."""
    if IS_CYRILLIC.match(word) or IS_HAN.match(word) or word.isdecimal():
        return word
    if IS_ARABIC.match(word):
        return kazakh_arabic.to_cyrillic(word)
    letters = word.translate(PLAIN_LATIN)
    return SEVERAL.sub(lambda found: SPELT_WITH_SEVERAL[found[0]], letters).translate(SINGLE)


def sentences(line: Skeleton, most: int) -> list[Skeleton]:
    """Return the sentences of a message; none if there is only one.

    If there are more than `most`, return the first and the last ones.
    """
    found = _cut(line, line.sentences)
    if len(found) > most:
        found = [*found[: most // 2], *found[-(most // 2) :]]
    return found if len(found) > 1 else []


def without(line: Skeleton, left_out: Set[tuple[str, ...]]) -> Skeleton:
    """Return a message without the sentences whose words are in `left_out`."""
    words: list[str] = []
    ends: list[int] = []
    pauses: list[int] = []
    edges = sorted({0, *line.sentences, len(line.words)})
    for start, end in pairwise(edges):
        if line.words[start:end] not in left_out:
            shift = len(words) - start
            pauses += [place + shift for place in line.clauses if start < place <= end]
            words += line.words[start:end]
            ends.append(len(words))
    return Skeleton(tuple(words), tuple(ends), tuple(pauses))


def without_bare_links(text: str) -> str:
    """Return a message, shortened, without its links and names of accounts."""
    return BARE_LINK.sub(" ", shorten(text))


def without_links_and_numbers(line: Skeleton) -> Skeleton:
    """Return the words of a text without links, e-mail addresses and numbers, if any is left.

    The result has no positions of sentences and clauses.
    """
    words = tuple(word for word in line.words if word != LINK_WORD and not word.isdecimal())
    return Skeleton(words) if words and len(words) < len(line.words) else line


def clauses(line: Skeleton, most: int) -> list[Skeleton]:
    """Return the first `most` clauses, which may each ask a question; none if there is only one."""
    found = _cut(line, (*line.sentences, *line.clauses))
    if line.is_chinese:
        found = [each for part in found for each in _cut_han(part)]
    return found[:most] if len(found) > 1 else []


def windows(line: Skeleton, length: int) -> list[Skeleton]:
    """Return all runs of at most `length` words in the clauses; in Chinese, the clauses."""
    parts = _cut(line, (*line.sentences, *line.clauses))
    if line.is_chinese:
        return [each for part in parts for each in _cut_han(part)]
    return [
        Skeleton(part.words[at : at + length])
        for part in parts
        for at in range(max(1, len(part.words) - length + 1))
        if len(part.words) > 1
    ]


def consonants(word: str) -> str:
    """Return a word without its vowels, because spellings of a word differ most in the vowels."""
    return word.translate(VOWELS)


def _fold_letters(lower: str) -> Skeleton:
    if SIGN.search(lower):
        lower = lower.translate(ONE_SIGN_EACH)
    if IS_ARABIC.search(lower):
        lower = normalization.arabic(lower)
    words: list[str] = []
    ends: list[int] = []
    pauses: list[int] = []
    tokens = TOKEN.findall(lower)[:MAX_TOKENS]
    for token, word in zip(tokens, coarse(tokens) if tokens else (), strict=True):
        if token in ENDING:
            ends.append(len(words))
        elif token in DIVIDING:
            pauses.append(len(words))
        elif word:
            if word in CONNECTORS:
                pauses.append(len(words))
            words.append(word)
            if ASKING.match(token):
                ends.append(len(words))
    return Skeleton(tuple(words[:MAX_WORDS]), tuple(ends), tuple(pauses))


def _cut(line: Skeleton, places: Sequence[int]) -> list[Skeleton]:
    """Cut a text after each number of words in `places`; return the parts.

    Parts that consist only of punctuation marks are dropped.
    """
    if not places:
        return [line]
    edges = sorted({0, *places, len(line.words)})
    parts = (line.words[start:end] for start, end in pairwise(edges))
    return [Skeleton(words) for words in parts if not all(map(ASKING.match, words))]


def _cut_han(part: Skeleton) -> list[Skeleton]:
    """Split a Chinese text at spaces, question particles and words for "and"; return the parts.

    Chinese is written without spaces, so a typed space often has the meaning of a comma.
    """
    words: list[list[str]] = [[]]
    before = ""
    for word in part.words:
        first, *others = HAN_CONNECTORS.split(word)
        if min(_han_length(before), _han_length(word)) >= MIN_HAN_CLAUSE:
            words.append([])
        words[-1].append(first)
        words += [[each] for each in others]
        before = word
    return [Skeleton(tuple(filter(None, each))) for each in words if any(each)]


def _han_length(word: str) -> int:
    """Return the number of characters of a Chinese word, and 0 for other words."""
    return len(word) if IS_HAN.match(word) else 0


ONE_SIGN_EACH = str.maketrans(dict.fromkeys(normalization.APOSTROPHES, "'") | {"؟": "?"})
SIGN = re.compile(f"[{normalization.APOSTROPHES}؟]")
PLAIN_LATIN = ACCENTED | dict.fromkeys(map(ord, "'" + normalization.APOSTROPHES))
LINK_WORD = coarse([LINK_PLACEHOLDER])[0]
