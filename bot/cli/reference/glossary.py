"""Reference page of vocabulary for translators, generated from the tables in bot/i18n."""

from collections.abc import Iterator

from bot.cli.reference.markdown import code, table
from bot.i18n import glossary
from bot.i18n.glossary import Status

MARKS = {
    Status.ATTESTED: "✓",
    Status.TRANSLITERATED: "≈",
    Status.PRIVATE: "○",
    Status.UNARCHIVED: "○",
    Status.PROPOSED: "?",
}
LANGUAGES = ("kk", "ru", "zh_Hans", "uz")
_NAMES = ("қазақша", "русский", "中文", "oʻzbekcha")
_HEAD = """# Glossary

Words for translators. Native speakers have not checked all of them
([what still needs a speaker](../how-to/translate.md#what-still-needs-a-speaker)).

## Words of the assistant and the console

People and officers read these words. Use one translation for each, everywhere. Source:
`bot/i18n/interface_words.tsv`.

"""
_TERMS = """
## Terms of the domain

Names of programmes, documents and bodies. Sources: `bot/i18n/glossary.tsv`.
`./kosh languages check` reports a translation that uses another word for an attested term.

- ✓ attested: a page of the state or its press uses it
- ≈ attested in the language's other script
- ○ seen in a private project, or on a page that was not archived
- ? proposed here; a speaker must confirm it

Four words mislead translators, and the check reports them:

- *Nationality* in documents means ethnicity (ұлт, национальность, 民族, millat), never citizenship
  (азаматтық, гражданство, 国籍, fuqarolik).
- *Vatandosh* is Uzbekistan's term for its own compatriots.
- A *resettler* (қоныс аударушы, переселенец) has meant a migrant within Kazakhstan since 2026.
- *Oralman* is the old word for kandas: people may write it, the assistant does not.

"""


def page() -> str:
    """Return the page of vocabulary: the words of the interface, then the terms of the domain."""
    words = (tuple(row) for row in glossary.interface_words())
    return (
        _HEAD
        + table(("word", *_NAMES, "meaning"), words)
        + _TERMS
        + table(("term", *_NAMES, "meaning"), _terms())
    )


def _terms() -> Iterator[tuple[str, ...]]:
    for entry in glossary.entries():
        words = (f"{entry.words[key].text} {MARKS[entry.words[key].status]}" for key in LANGUAGES)
        meaning = f"{entry.english}. {entry.note}" if entry.note else entry.english
        yield code(entry.id), *words, meaning
