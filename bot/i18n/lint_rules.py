"""Rules that a translation must follow, checked without a speaker of the language.

A rule yields the faults of an entry, each with the way to fix it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from bot.i18n import bidi, glossary, kazakh_arabic, plain_language, reserved_words, uzbek_cyrillic
from bot.i18n.protected_spans import KEPT, NAMES, PLACE
from bot.i18n.terms import FAMILIAR, FORBIDDEN, GLOSSARY, POLITE, SMALL_POLITE, Term

LIMIT = re.compile(r"<=(\d+)")
# Placeholders whose value is always below 100, so that two digits are enough for the longest text.
COUNT = re.compile(r"\{(?:number|count)\}")
TWO_DIGITS = "99"

WORD = re.compile(r"[\u3400-\u9fff]+|[^\W\d_\u3400-\u9fff]+")
QUOTED = re.compile("[“«]([^”»]+)[”»]")
HAN = "[\u3007\u3400-\u9fff]"
# Matches a comma, but not between digits, where it separates thousands.
COMMA = r"(?<!\d),|,(?!\d)"

RUSSIAN = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
# The letters of each language. `kk_Arab` also has a Latin letter, the O of document numbers.
ALPHABETS = {
    "kk": RUSSIAN | frozenset("әғқңөұүһі"),
    "ru": RUSSIAN,
    "uz": frozenset("abcdefghijklmnopqrstuvwxyzʻʼ"),
    "en": frozenset("abcdefghijklmnopqrstuvwxyz"),
    "kk_Arab": frozenset("".join(kazakh_arabic.LETTERS.values()) + kazakh_arabic.SIGN + "o"),
    "uz_Cyrl": (RUSSIAN | frozenset("ўқғҳ")) - frozenset("щы"),
}
QUOTES = {
    "kk": "«»",
    "kk_Arab": "«»",
    "ru": "«»",
    "uz": "“”",
    "uz_Cyrl": "“”",
    "zh_Hans": "“”",
    "en": "“”",
}
APOSTROPHES = "'’‘`´ʹ"
QUOTE_MARKS = frozenset('"«»‹›„“”‟‚「」『』' + APOSTROPHES)


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence and its translation; `labels` maps English labels to their translations."""

    code: str
    context: str
    english: str
    text: str
    labels: Mapping[str, str]

    @property
    def prose(self) -> str:
        """Return the translation without placeholders and protected spans."""
        return KEPT.sub(" ", PLACE.sub(" ", self.text))


def bare(text: str) -> str:
    """Return a text without the mark at its end."""
    return text.rstrip(" .。:：")


# Rules for placeholders and other parts that are the same in every language


def _places(entry: Entry) -> Iterator[str]:
    due, found = set(PLACE.findall(entry.english)), set(PLACE.findall(entry.text))
    if due != found:
        yield f"places differ: {', '.join(sorted(due ^ found))}"
    if re.search("[{}]", PLACE.sub("", entry.text)):
        yield "a brace that is no {place}"


def _protected(entry: Entry) -> Iterator[str]:
    due, found = Counter(KEPT.findall(entry.english)), Counter(KEPT.findall(entry.text))
    changed = (due - found) + (found - due)
    if changed:
        yield f"tags, addresses or commands differ: {', '.join(changed)}"


def _numbers(entry: Entry) -> Iterator[str]:
    due = Counter(int(figures) for figures in re.findall(r"\d+", entry.english))
    found = re.findall(r"\d+", entry.text)
    lost = due - Counter(int(figures) for figures in found)
    if lost:
        yield f"numbers are missing: {', '.join(map(str, lost))}"
    if not all(figures.isascii() for figures in found):
        yield "digits other than 0-9"


def _normal(entry: Entry) -> Iterator[str]:
    if not unicodedata.is_normalized("NFC", entry.text):
        yield "not in NFC"
    unseen = {sign for sign in entry.text if unicodedata.category(sign) in ("Cc", "Cf")} - {"\n"}
    if unseen:
        yield f"invisible characters: {', '.join(f'U+{ord(sign):04X}' for sign in sorted(unseen))}"


def _spaces(entry: Entry) -> Iterator[str]:
    if _margins(entry.text) != _margins(entry.english):
        yield "outer spaces differ"
    if "  " in entry.text:
        yield "two spaces in a row"


def _margins(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _lines(entry: Entry) -> Iterator[str]:
    due, found = entry.english.split("\n"), entry.text.split("\n")
    if len(due) != len(found):
        yield f"{len(found)} lines for {len(due)}"
    # A text of consent has one bullet for each element that Article 8 of Kazakhstan's law on
    # personal data requires, so every translation must have the same bullets.
    elif [line[:1] == "•" for line in due] != [line[:1] == "•" for line in found]:
        yield "bullets differ"


def _length(entry: Entry) -> Iterator[str]:
    limit = LIMIT.search(entry.context)
    if limit is None:
        return
    longest = at_longest(entry.text, entry.code)
    if PLACE.search(longest):
        yield "a place of unknown length in a text with a limit"
    elif len(longest) > int(limit[1]):
        yield f"{len(longest)} characters for {limit[1]}: {longest}"


def at_longest(text: str, code: str) -> str:
    """Return a text at its greatest length: with two-digit counts and with direction marks."""
    if code not in bidi.RIGHT_TO_LEFT:
        return COUNT.sub(TWO_DIGITS, text)
    filled = COUNT.sub(bidi.isolate(TWO_DIGITS), bidi.literals(text))
    return bidi.add_marks(filled)


def _untranslated(entry: Entry) -> Iterator[str]:
    words = [word for word in WORD.findall(entry.prose) if word not in NAMES]
    # A single word, such as "Transport", may be the same in English and another language.
    if entry.code != "en" and entry.text == entry.english and len(words) > 1:
        yield "still English"


# Rules for words that people must be able to type or press


def _quoted(entry: Entry) -> Iterator[str]:
    due = {_meaning(word) for word in QUOTED.findall(entry.english)} - {None}
    quotes = QUOTED.findall(entry.text)
    for word in due - {_meaning(word) for word in quotes}:
        yield f"no quoted word that is understood as “{word}”"
    for quoted in QUOTED.findall(entry.english):
        label = entry.labels.get(bare(quoted))
        if label and bare(label) not in map(bare, quotes):
            yield f"its text is “{label}”"


def _meaning(word: str) -> str | None:
    return reserved_words.safety_word(word) or reserved_words.reserved_word(word)


def _reply(entry: Entry) -> Iterator[str]:
    if not LIMIT.search(entry.context):
        return
    safety = reserved_words.safety_word(entry.text)
    if safety not in (None, reserved_words.safety_word(entry.english)):
        yield f"whoever answers so is understood to say “{safety}”"
    due = reserved_words.yes_no(entry.english, "en")
    if due is not None and reserved_words.yes_no(entry.text, entry.code) is not due:
        yield "it is not understood as the yes or no it stands for"


# Rules for letters and punctuation of the language


def _letters(entry: Entry) -> Iterator[str]:
    for word in WORD.findall(entry.prose):
        if len(scripts := {_script(letter) for letter in word} - {"MODIFIER"}) > 1:
            yield f"two scripts in one word: {word} ({', '.join(sorted(scripts))})"
        elif word not in NAMES and not all(_own(letter, entry.code) for letter in word):
            yield f"letters of another language: {word}"
        elif entry.code == "uz" and word not in NAMES and word.startswith(tuple(NAMES)):
            yield f"a name takes no ending, for in Cyrillic it stays Latin: {word}"


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "unknown").split()[0]


@cache
def _own(letter: str, code: str) -> bool:
    if code in ALPHABETS:
        return letter.lower() in ALPHABETS[code]
    # The encoding GB 2312 has only simplified characters, so encoding drops a traditional one.
    return _script(letter) == "CJK" and letter.encode("gb2312", "ignore") != b""


def _apostrophes(entry: Entry) -> Iterator[str]:
    if entry.code != "uz":
        return
    if wrong := sorted(set(entry.text) & set(APOSTROPHES)):
        yield f"U+02BB after o and g, else U+02BC, not {' '.join(wrong)}"
    if misplaced := re.search("(?<![oOgG])ʻ|[oOgG]ʼ", entry.text):
        yield f"U+02BB stands only after o and g, U+02BC elsewhere: {misplaced[0]}"


def _quotes(entry: Entry) -> Iterator[str]:
    pair = QUOTES[entry.code]
    text = entry.text
    if entry.code in ("uz", "en"):
        text = text.translate(dict.fromkeys(map(ord, APOSTROPHES)))
    if wrong := sorted(set(text) & (QUOTE_MARKS - set(pair))):
        yield f"quotation marks are {pair}, not {' '.join(wrong)}"
    if re.sub(f"[^{pair}]", "", text).replace(pair, ""):
        yield "quotation marks don't pair"


def _punctuation(entry: Entry) -> Iterator[str]:
    prose = entry.prose
    if entry.code == "zh_Hans":
        if wrong := re.search(rf"[;:!?()]|{COMMA}|{HAN}\.|\.{HAN}", prose):
            yield f"full-width punctuation, not {wrong[0]}"
        if re.search(rf"{HAN} +{HAN}|[，。；：！？、] | [，。；：！？、]", entry.text):
            yield "a space between Chinese characters"
        return
    foreign = r"[，。；：！？、（）،؛؟]"
    if entry.code in bidi.RIGHT_TO_LEFT:
        # Arrows are forbidden, because they would point in the wrong direction in right-to-left
        # text.
        foreign = rf"[，。；：！？、（）;?←→‹›]|{COMMA}"
    if wrong := re.search(foreign, prose):
        yield f"punctuation of another language: {wrong[0]}"
    if re.search(r"[^\s] [,.;:!?،؛؟](?:\s|$)", entry.text):
        yield "a space before a punctuation mark"


# Rules for the choice and conversion of words


def _glossary(entry: Entry) -> Iterator[str]:
    for term in GLOSSARY:
        due = term.words.get(entry.code)
        if due and _mentions_term(term, entry.english) and not _has(entry.text, due):
            yield f"“{term.english}” is {due}: {term.reason}"
    for word in glossary.otherwise(KEPT.sub(" ", entry.english), entry.text, entry.code):
        yield f"the term in use is {word.text}"


def _round_trip(entry: Entry) -> Iterator[str]:
    if entry.code != "uz" or any(_letters(entry)) or any(_apostrophes(entry)):
        return
    if uzbek_cyrillic.to_latin(uzbek_cyrillic.to_cyrillic(entry.text)) != entry.text:
        yield f"it doesn't come back from Cyrillic: {uzbek_cyrillic.to_cyrillic(entry.text)}"


def _forbidden(entry: Entry) -> Iterator[str]:
    for term in FORBIDDEN:
        wrong = term.words.get(entry.code)
        if wrong and _mentions_term(term, entry.english) and _has(entry.text, wrong):
            yield f"not {wrong}: {term.reason}"


def _mentions_term(term: Term, english: str) -> bool:
    is_mentioned = _has(english, rf"\b(?:{term.english})")
    return is_mentioned and not _has(english, rf"\b(?:{term.unless})")


@cache
def _has(text: str, words: str) -> bool:
    return re.search(words, text, re.IGNORECASE) is not None


def _register(entry: Entry) -> Iterator[str]:
    if entry.code not in POLITE:
        return
    polite = POLITE[entry.code]
    if familiar := re.search(FAMILIAR[entry.code], entry.text, re.IGNORECASE):
        yield f"people are addressed as {polite}: {familiar[0]}"
    if small := re.search(SMALL_POLITE.get(entry.code, "(?!)"), entry.text):
        yield f"{polite} is written with a capital: {small[0]}"


def _plain(rule: Callable[[str, str], Iterator[str]]) -> Callable[[Entry], Iterator[str]]:
    return lambda entry: rule(KEPT.sub(" ", entry.text), entry.code)


RULES: Mapping[str, Callable[[Entry], Iterator[str]]] = {
    "places": _places,
    "kept": _protected,
    "numbers": _numbers,
    "normal": _normal,
    "spaces": _spaces,
    "lines": _lines,
    "length": _length,
    "untranslated": _untranslated,
    "quoted": _quoted,
    "reply": _reply,
    "letters": _letters,
    "apostrophes": _apostrophes,
    "quotes": _quotes,
    "punctuation": _punctuation,
    "glossary": _glossary,
    "round trip": _round_trip,
    "forbidden": _forbidden,
    "register": _register,
    **{name: _plain(rule) for name, rule in plain_language.RULES.items()},
}
