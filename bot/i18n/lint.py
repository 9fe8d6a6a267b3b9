"""Lint of the catalogues: applies the rules of `lint_rules` to each translation.

English is checked by the same rules, as the language `en` whose text is the message id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from babel.messages.catalog import Catalog

from bot.i18n.catalogues import BUILT, CONTEXTS, read
from bot.i18n.lint_rules import RULES, Entry, bare


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one catalogue entry; `rule` is a stable name, `detail` tells how to fix it."""

    file: str
    context: str
    msgid: str
    rule: str
    detail: str


def findings(code: str, catalog: Catalog, source: Catalog) -> list[Finding]:
    """Return the faults of a catalogue compared with the source, in the order of the source."""
    return [*_faulty(code, catalog, source), *_extra(code, catalog, source)]


def _faulty(code: str, catalog: Catalog, source: Catalog) -> Iterator[Finding]:
    labels = _labels(catalog)
    for message in source:
        if not message.id:
            continue
        english, context = str(message.id), message.context or ""
        where = message.locations[0][0] if code == "en" and message.locations else file(code)
        found = catalog.get(english, message.context)
        text = english if code == "en" else str(found.string) if found else ""
        if code in BUILT and (found is None or found.fuzzy or not text):
            # The fault is reported only for the catalogue from which this catalogue is converted.
            continue
        if not text or found is None:
            yield Finding(where, context, english, "missing", "there is no translation")
        elif found.fuzzy:
            yield Finding(where, context, english, "fuzzy", "it was guessed; it is not shown")
        else:
            entry = Entry(code, context, english, text, labels)
            for rule, check in RULES.items():
                for detail in check(entry):
                    yield Finding(where, context, english, rule, detail)


def sentence(code: str, english: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the faults of a sentence that is not in the catalogues, as (rule, detail)."""
    entry = Entry(code, "", english, text, _own_labels(code))
    return ((rule, detail) for rule, check in RULES.items() for detail in check(entry))


@cache
def _own_labels(code: str) -> Mapping[str, str]:
    return _labels(read(code)) if code != "en" else {}


def _extra(code: str, catalog: Catalog, source: Catalog) -> Iterator[Finding]:
    for message in catalog if code not in BUILT else ():
        if message.id and source.get(str(message.id), message.context) is None:
            message_text = "the source no longer has it"
            yield Finding(file(code), message.context or "", str(message.id), "extra", message_text)


def file(code: str) -> str:
    """Return text that names the catalogue to correct; "CODE out of PATH" if it is converted."""
    if code in BUILT:
        return f"{code} out of {file(BUILT[code][0])}"
    return f"locales/{code}/LC_MESSAGES/bot.po"


def _labels(catalog: Catalog) -> Mapping[str, str]:
    """Map each English sentence, without its end mark, to its translation.

    If the same English words are also the label of a button, use the translation of the label.
    """
    found: dict[str, str] = {}
    for message in catalog:
        if message.id and message.string:
            text = str(message.string)
            if message.context == CONTEXTS["button"]:
                found[bare(str(message.id))] = text
            else:
                found.setdefault(bare(str(message.id)), text)
    return found
