"""Catalogues: English sentences out of the source, and their translations out of `locales`.

The English sentence is the message id; the context says what the string is, and its limit.
`kk`, `ru`, `zh_Hans` and `uz` are written by hand. Conventions: languages.md 3.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "locales"
HAND_MADE = ("kk", "ru", "zh_Hans", "uz")
CONTEXTS = {"_": None, "button": "button<=20", "row": "list row<=24"}

type Messages = Mapping[tuple[str, str], str]
"""Translations by (context, English)."""


def extract() -> Catalog:
    """Every sentence of `flows` and `bot`, in the order of the source."""
    catalog = Catalog(project="Kosh", charset="utf-8", fuzzy=False)
    for path in sorted(path for name in ("flows", "bot") for path in (ROOT / name).rglob("*.py")):
        with path.open("rb") as source:
            found = extract_python(source, dict.fromkeys(CONTEXTS), ("Translators:",), {})
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
    """A hand-made catalogue; empty when there is none yet."""
    path = _path(code)
    if not path.exists():
        return Catalog(locale=code, project="Kosh", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=code, abort_invalid=True)


def write(code: str, catalog: Catalog) -> None:
    path = _path(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(
            target, catalog, width=98, omit_header=False, include_lineno=False, ignore_obsolete=True
        )


def messages(code: str) -> Messages:
    """The translations of one language; what is empty or fuzzy counts as missing."""
    return {
        (message.context or "", str(message.id)): str(message.string)
        for message in read(code)
        if message.id and message.string and not message.fuzzy
    }


def _path(code: str) -> Path:
    return LOCALES / code / "LC_MESSAGES" / "bot.po"
