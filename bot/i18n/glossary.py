"""Glossary of domain terms in every language, each with its degree of evidence.

`glossary.tsv` has the terms and their sources. A term is attested if a page of the state or of its
press uses it. The module `terms` has the words that translations must use. The page
docs/reference/glossary.md shows the terms, and the interface words of `interface_words.tsv`.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("glossary.tsv")
INTERFACE = Path(__file__).with_name("interface_words.tsv")
LANGUAGES = ("kk", "kk_Arab", "ru", "zh_Hans", "uz")


class Status(StrEnum):
    """The degree of evidence for a term."""

    ATTESTED = "attested"
    TRANSLITERATED = "transliterated"
    """Attested in the language's other script."""
    PRIVATE = "private"
    """Seen in a private project only."""
    UNARCHIVED = "unarchived"
    """Seen, but the page was not kept."""
    PROPOSED = "proposed"
    """Our translation, to be checked by a speaker."""


@dataclass(frozen=True, slots=True)
class Word:
    """A term in one language; `sources` are URLs of pages that use the term."""

    text: str
    status: Status
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A term of the domain in all languages; `as_of` is the day on which its sources were read."""

    id: str
    domain: str
    english: str
    note: str
    as_of: str
    words: Mapping[str, Word]


@cache
def interface_words() -> tuple[tuple[str, ...], ...]:
    """Return the words of the interface, each with four translations and its meaning."""
    lines = INTERFACE.read_text("utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines[1:])


@cache
def entries() -> tuple[Entry, ...]:
    """Return all terms in the order of `glossary.tsv`."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(
        Entry(row["id"], row["domain"], row["english"], row["note"], row["as_of"], _words(row))
        for row in rows
    )


def _words(row: Mapping[str, str]) -> Mapping[str, Word]:
    return {
        code: Word(row[code], Status(row[f"{code}_status"]), tuple(row[f"{code}_sources"].split()))
        for code in LANGUAGES
        if row[code]
    }


# Ids of terms that translations may replace by other words, each with the reason.
FREE = {
    "psc": "the old short name; the full one is said",
    "region": "its own name has another word for it",
    "photo": "people have a shorter word",
    "foreigner": "stands within the name of the residence card",
    "testing": "other tests are meant too",
}
# Terms that are not checked if the English sentence has the given phrase, in which the word has
# another meaning.
UNLESS = {"visa": "without a visa", "apostille": "apostille convention"}
CERTAIN = frozenset({Status.ATTESTED, Status.TRANSLITERATED, Status.UNARCHIVED})
ASIDE = re.compile(r"\s*\([^)]*\)")
OR = re.compile("[,、;；]")


def otherwise(english: str, text: str, code: str) -> Iterator[Word]:
    """Yield the glossary's terms of an English sentence that its translation `text` does not use.

    A term counts as used if the translation has half of the stems of the term's words, including
    the stem of its last word, because endings vary. Only terms with a status in CERTAIN are
    checked. Variants in brackets are ignored.
    """
    lower = text.lower()
    for entry in mentioned_terms(english):
        word = entry.words.get(code)
        if word is None or word.status not in CERTAIN:
            continue
        if not any(_is_in(variant, lower, code) for variant in _variants(word.text)):
            yield word


@cache
def mentioned_terms(english: str) -> tuple[Entry, ...]:
    """Return the terms in an English sentence that must be translated as in `glossary.tsv`."""
    return tuple(entry for entry in entries() if _mentions_term(entry, english))


def _mentions_term(entry: Entry, english: str) -> bool:
    if entry.id in FREE:
        return False
    term = ASIDE.sub("", entry.english).strip()
    if term.lower() not in english.lower():
        return False
    mention = re.search(rf"\b{re.escape(term)}s?\b", english, re.IGNORECASE)
    other = UNLESS.get(entry.id)
    return bool(mention) and not (other and re.search(other, english, re.IGNORECASE))


def _variants(text: str) -> list[str]:
    return [variant for variant in OR.split(ASIDE.sub("", text).lower()) if variant.strip()]


def _is_in(variant: str, text: str, code: str) -> bool:
    if code == "zh_Hans":
        return variant in text
    stems = [word[: max(3, len(word) - 3)] for word in re.findall(r"[^\W\d_]+", variant)]
    found = [stem in text for stem in stems]
    return found[-1] and sum(found) * 2 >= len(found)
