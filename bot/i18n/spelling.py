"""Finds words whose spelling a person must review, because no rule can verify the spelling.

For ru and uz_Cyrl these are words that the dictionary does not have. For kk they are words that
change when they are converted to Arabic script and back. `locales/words` lists the words that were
reviewed already.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from shutil import which

from babel.messages.catalog import Catalog

from bot.i18n import catalogues, kazakh_arabic, protected_spans

# The dictionaries of Debian's packages hunspell-ru and hunspell-uz. The Uzbek dictionary has only
# Cyrillic words.
DICTIONARIES = {"ru": "ru_RU", "uz_Cyrl": "uz_UZ"}
CODES = ("kk", *DICTIONARIES)
WORD = re.compile("[\u0400-\u04ff]+")
LISTS = catalogues.LOCALES / "words"


def doubtful(code: str, catalog: Catalog) -> Mapping[str, str] | None:
    """Return words of a catalogue that a person must review, each with a sentence that has it.

    The words are in lower case. The sentence is the English one whose translation has the word.
    Returns None if hunspell or the dictionary is not installed.
    """
    places = _words(catalog)
    if code not in DICTIONARIES:
        lower = {word.lower(): english for word, english in places.items()}
        return {word: english for word, english in lower.items() if not _comes_back(word)}
    unknown = _unknown(DICTIONARIES[code], places)
    return None if unknown is None else {word.lower(): places[word] for word in unknown}


def has_dictionaries() -> bool:
    """Return True if hunspell and all dictionaries are installed."""
    return all(_unknown(each, ()) is not None for each in DICTIONARIES.values())


def accepted_words(code: str) -> frozenset[str]:
    """Return the words of a language that were reviewed and accepted."""
    path = LISTS / f"{code}.txt"
    return frozenset(path.read_text("utf-8").split()) if path.exists() else frozenset()


def accept(code: str, words: Iterable[str]) -> None:
    """Replace the list of accepted words of a language."""
    LISTS.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{word}\n" for word in sorted(words))
    (LISTS / f"{code}.txt").write_text(text, encoding="utf-8")


def _words(catalog: Catalog) -> dict[str, str]:
    found: dict[str, str] = {}
    for message in catalog:
        if message.id and not message.fuzzy:
            prose = protected_spans.EITHER.sub(" ", str(message.string))
            for word in WORD.findall(prose):
                found.setdefault(word, str(message.id))
    return found


def _comes_back(word: str) -> bool:
    return kazakh_arabic.to_cyrillic(kazakh_arabic.to_arabic(word)) == word


def _unknown(dictionary: str, words: Iterable[str]) -> list[str] | None:
    if which("hunspell") is None:
        return None
    result = subprocess.run(
        ["hunspell", "-d", dictionary, "-i", "utf-8", "-l"],
        input="\n".join(words),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    # hunspell exits with an error if the dictionary is missing.
    return result.stdout.split() if result.returncode == 0 else None
