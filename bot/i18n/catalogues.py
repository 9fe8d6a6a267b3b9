"""Message catalogues: English sentences from the source code, and translations from `locales`.

The English sentence is the message id. The context is the kind of string with its length limit.
Translations to `kk`, `ru`, `zh_Hans` and `uz` are written by hand. `kk_Arab` and `uz_Cyrl` (other
scripts of `kk` and `uz`) are converted at each reading and never stored.
"""

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po

from bot.i18n import arabic_sentences, uzbek_cyrillic
from bot.i18n.script_overrides import LABELS

ROOT = Path(__file__).parents[2]
# In a wheel, the catalogues are inside of the package.
LOCALES = next(path for path in (ROOT / "locales", ROOT / "bot" / "locales") if path.is_dir())
HAND_MADE = ("kk", "ru", "zh_Hans", "uz")
# Languages whose catalogue is converted: each with the language of the source catalogue, and the
# conversion.
BUILT: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "kk_Arab": ("kk", arabic_sentences.to_arabic),
    "uz_Cyrl": ("uz", uzbek_cyrillic.to_cyrillic),
}
CONTEXTS = {"_": None, "button": "button<=20", "row": "list row<=24"}
# Flags that tell Weblate and other translation editors the length limit of a context.
FLAGS = {"button<=20": ("max-length:20",), "list row<=24": ("max-length:24",)}
MARKED = re.compile(rf"\b(?:{'|'.join(CONTEXTS)})\s*\(".encode())

type Messages = Mapping[tuple[str, str], str]
"""Translations by (context, English)."""


def extract() -> Catalog:
    """Return a catalogue of all sentences in `flows` and `bot`, in the order of the source code."""
    catalog = Catalog(
        project="Kosh", copyright_holder="the Kosh team", charset="utf-8", fuzzy=False
    )
    for path in sorted(path for name in ("flows", "bot") for path in (ROOT / name).rglob("*.py")):
        # Most files have no sentences. Skipping these files saves most of the time, because
        # tokenizing is slow.
        if MARKED.search(source := path.read_bytes()):
            found = extract_python(BytesIO(source), dict.fromkeys(CONTEXTS), ("Translators:",), {})
            for line, function, message, comments in found:
                text: Any = message
                if not isinstance(text, str):
                    text = text[0]
                if text:
                    places = [(str(path.relative_to(ROOT)), line)]
                    context = CONTEXTS[str(function)]
                    flags = FLAGS.get(context or "", ())
                    catalog.add(
                        text, None, places, flags, auto_comments=comments or (), context=context
                    )
    return catalog


def update() -> None:
    """Update the template and every hand-written catalogue from the source code.

    New sentences are added without a translation, and obsolete ones are deleted.
    """
    fresh = extract()
    if template().exists():
        fresh.creation_date = read_template().creation_date
    write_template(fresh)
    for code in HAND_MADE:
        catalog = read(code)
        # The creation date is not updated, because a date that changes at every extraction would
        # cause a conflict in every rebase.
        fresh.creation_date = catalog.creation_date
        catalog.update(fresh, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(code, catalog)


def read(code: str) -> Catalog:
    """Return the catalogue of a language, converted if it is not written by hand.

    The catalogue is empty if its file is missing.
    """
    if code in BUILT:
        return _built(code)
    path = _path(code)
    if not path.exists():
        return Catalog(locale=code, project="Kosh", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=code, abort_invalid=True)


def template() -> Path:
    """Return the path of the template, a catalogue of only the English sentences."""
    return LOCALES / "bot.pot"


def write_template(catalog: Catalog) -> None:
    """Write the catalogue of only the English sentences to the file `bot.pot`."""
    _write(template(), catalog)


def read_template() -> Catalog:
    """Read the catalogue of only the English sentences from the file `bot.pot`, and return it."""
    with template().open("rb") as source:
        return read_po(source, abort_invalid=True)


def write(code: str, catalog: Catalog) -> None:
    """Write a hand-written catalogue to the file of its language."""
    path = _path(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, catalog)


def _write(path: Path, catalog: Catalog) -> None:
    # Write a temporary file and rename it, so that no process reads a partial catalogue.
    whole = path.with_name(f".{path.name}.{os.getpid()}")
    with whole.open("wb") as target:
        write_po(
            target, catalog, width=98, omit_header=False, include_lineno=False, ignore_obsolete=True
        )
    whole.replace(path)


@cache
def messages(code: str) -> Messages:
    """Return the translations to one language, without translations that are empty or fuzzy.

    The result is cached per process, because reading and converting all six languages takes half a
    second. A converted language is made from the cached translations of its other script, so that
    their catalogue is read only once.
    """
    if code in BUILT:
        origin, convert = BUILT[code]
        return {
            key: LABELS.get((code, *key)) or convert(text) for key, text in messages(origin).items()
        }
    return {
        _key(message.context or "", str(message.id)): str(message.string)
        for message in read(code)
        if message.id and message.string and not message.fuzzy
    }


@cache
def _key(context: str, english: str) -> tuple[str, str]:
    """Return (context, English sentence), the key by which translations are found.

    It is cached, so that the catalogues of all languages share one tuple; this saves 2 MB.
    """
    return context, english


def _built(code: str) -> Catalog:
    """Convert the catalogue of a language's hand-written script to the script of `code`.

    Translators' flags and comments are kept.
    """
    origin, convert = BUILT[code]
    catalog = Catalog(locale=code, project="Kosh", charset="utf-8", fuzzy=False)
    for message in read(origin):
        if message.id:
            english, context = str(message.id), message.context
            own = LABELS.get((code, context or "", english))
            built = own if own is not None else convert(str(message.string))
            comments = message.user_comments
            catalog.add(
                english, built, flags=message.flags, user_comments=comments, context=context
            )
    return catalog


def _path(code: str) -> Path:
    return LOCALES / code / "LC_MESSAGES" / "bot.po"
