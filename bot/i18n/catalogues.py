"""Catalogues: English sentences out of the source, and their translations out of `locales`.

The English sentence is the message id; the context says what the string is, and its limit.
`kk`, `ru`, `zh_Hans` and `uz` are written by hand; `kk_Arab` and `uz_Cyrl` are built from kk and uz
whenever they are read, and never kept. Conventions: languages.md 3.
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

from bot.i18n import kazakh_arabic, uzbek_cyrillic
from bot.i18n.script_overrides import LABELS

ROOT = Path(__file__).parents[2]
# In a wheel the catalogues stand inside the package.
LOCALES = next(path for path in (ROOT / "locales", ROOT / "bot" / "locales") if path.is_dir())
HAND_MADE = ("kk", "ru", "zh_Hans", "uz")
# Each with what it is built from, and how.
BUILT: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "kk_Arab": ("kk", kazakh_arabic.to_arabic),
    "uz_Cyrl": ("uz", uzbek_cyrillic.to_cyrillic),
}
CONTEXTS = {"_": None, "button": "button<=20", "row": "list row<=24"}
MARKED = re.compile(rf"\b(?:{'|'.join(CONTEXTS)})\s*\(".encode())

type Messages = Mapping[tuple[str, str], str]
"""Translations by (context, English)."""


def extract() -> Catalog:
    """Every sentence of `flows` and `bot`, in the order of the source."""
    catalog = Catalog(project="Kosh", charset="utf-8", fuzzy=False)
    for path in sorted(path for name in ("flows", "bot") for path in (ROOT / name).rglob("*.py")):
        # Most files say nothing; to take them to pieces is most of the work.
        if MARKED.search(source := path.read_bytes()):
            found = extract_python(BytesIO(source), dict.fromkeys(CONTEXTS), ("Translators:",), {})
            for line, function, message, comments in found:
                text: Any = message
                if not isinstance(text, str):
                    text = text[0]
                if text:
                    places = [(str(path.relative_to(ROOT)), line)]
                    context = CONTEXTS[str(function)]
                    catalog.add(text, None, places, auto_comments=comments or (), context=context)
    return catalog


def update() -> None:
    """Bring every hand-made catalogue to the source: new sentences empty, old ones gone."""
    fresh = extract()
    for code in HAND_MADE:
        catalog = read(code)
        catalog.update(fresh, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(code, catalog)


def read(code: str) -> Catalog:
    """The catalogue of a language, built if it is not written by hand; empty if there is none."""
    if code in BUILT:
        return _built(code)
    path = _path(code)
    if not path.exists():
        return Catalog(locale=code, project="Kosh", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=code, abort_invalid=True)


def write(code: str, catalog: Catalog) -> None:
    path = _path(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file of its own first: whoever reads meanwhile never sees half a catalogue.
    whole = path.with_name(f".{path.name}.{os.getpid()}")
    with whole.open("wb") as target:
        write_po(
            target, catalog, width=98, omit_header=False, include_lineno=False, ignore_obsolete=True
        )
    whole.replace(path)


@cache
def messages(code: str) -> Messages:
    """The translations of one language; what is empty or fuzzy counts as missing.

    Read once in a process: reading and building all six takes most of a second.
    """
    return {
        (message.context or "", str(message.id)): str(message.string)
        for message in read(code)
        if message.id and message.string and not message.fuzzy
    }


def _built(code: str) -> Catalog:
    """The catalogue it comes from in the other script, with the marks of translators."""
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
