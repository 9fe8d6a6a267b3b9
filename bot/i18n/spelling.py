"""Words that a person must have looked at, because no rule settles them (languages.md 10).

For ru and uz_Cyrl these are the words that a dictionary doesn't know, for kk those that don't come
back from Arabic script. `locales/words` lists those that somebody has looked at and found right.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from shutil import which

from babel.messages.catalog import Catalog

from bot.i18n import catalogues, kazakh_arabic, protected_spans

# Debian's hunspell-ru and hunspell-uz; the latter knows Cyrillic letters only.
DICTIONARIES = {"ru": "ru_RU", "uz_Cyrl": "uz_UZ"}
CODES = ("kk", *DICTIONARIES)
WORD = re.compile("[\u0400-\u04ff]+")
LISTS = catalogues.LOCALES / "words"


def doubtful(code: str, catalog: Catalog) -> Mapping[str, str] | None:
    """Words of a catalogue to be looked at, each with a sentence it stands in; small letters.

    None where the dictionary or hunspell itself isn't installed.
    """
    places = _words(catalog)
    if code not in DICTIONARIES:
        lower = {word.lower(): english for word, english in places.items()}
        return {word: english for word, english in lower.items() if not _comes_back(word)}
    unknown = _unknown(DICTIONARIES[code], places)
    return None if unknown is None else {word.lower(): places[word] for word in unknown}


def accepted(code: str) -> frozenset[str]:
    """The words that somebody has looked at and found right."""
    path = LISTS / f"{code}.txt"
    return frozenset(path.read_text("utf-8").split()) if path.exists() else frozenset()


def accept(code: str, words: Iterable[str]) -> None:
    """Write the list of a language anew."""
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
    done = subprocess.run(
        ["hunspell", "-d", dictionary, "-i", "utf-8", "-l"],
        input="\n".join(words),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    # It fails when it has no such dictionary.
    return done.stdout.split() if done.returncode == 0 else None
