"""Exchanges a language's catalogue with translators' tools, as PO or XLIFF 1.2.

A translation that a speaker has reviewed carries a hash of the English sentence and of the
translation. If either of them changes, the hash no longer matches and the review is void.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from xml.etree import ElementTree as Xml

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po

from bot.i18n import lint, lint_rules, tag
from flows.engine.text import sentence_id

REVIEWED = "reviewed:"
NAMESPACE = "urn:oasis:names:tc:xliff:document:1.2"
SEALED = re.compile(rf"{REVIEWED} [0-9a-f]{{12}}\b")
MAX_BYTES = 8_000_000
# Rejected for security: a document type can include local files, and entities can expand endlessly.
FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")


class Unreadable(ValueError):
    """The file is not a PO or XLIFF file of a catalogue, or is too large."""

    code = "E_TRANSLATIONS"


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence with its translation; `reviewed` means reviewed by a speaker of the language."""

    context: str
    english: str
    text: str
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of importing translations: counts, unknown sentences, faults of rejected ones."""

    changed: int
    reviewed: int
    unknown: tuple[str, ...]
    faults: tuple[lint.Finding, ...]


def mark(context: str, english: str, text: str) -> str:
    """Return the comment that marks a translation as reviewed.

    The comment has a hash of the English text and the translation.
    """
    whole = "\0".join((context, english, text)).encode()
    return f"{REVIEWED} {sha256(whole).hexdigest()[:12]}"


def is_reviewed(message: Message) -> bool:
    """Return True if a speaker reviewed the translation, and it and the English are unchanged."""
    own = mark(message.context or "", str(message.id), str(message.string))
    return any(comment.startswith(own) for comment in message.user_comments)


def seal(catalog: Catalog) -> int:
    """Add the hash to each comment `# reviewed:` that lacks it; return the number of comments.

    A reviewer writes this comment by hand, and cannot compute the hash that `mark` returns.
    """
    sealed = 0
    for message in catalog:
        own = mark(message.context or "", str(message.id), str(message.string))
        for at, comment in enumerate(message.user_comments):
            if comment.startswith(REVIEWED) and not SEALED.match(comment):
                by = comment.removeprefix(REVIEWED).strip()
                message.user_comments[at] = f"{own} {by}".rstrip()
                sealed += 1
    return sealed


def to_po(catalog: Catalog) -> bytes:
    """Return the catalogue in PO format."""
    target = BytesIO()
    write_po(target, catalog, width=120)
    return target.getvalue()


def to_xliff(code: str, catalog: Catalog) -> bytes:
    """Return the catalogue in XLIFF format, with length limits, and source files as notes."""
    root = Xml.Element("xliff", {"version": "1.2", "xmlns": NAMESPACE})
    languages = {"source-language": "en", "target-language": tag(code)}
    file = Xml.SubElement(root, "file", {"original": "bot", "datatype": "plaintext", **languages})
    body = Xml.SubElement(file, "body")
    for message in catalog:
        if message.id:
            _unit(body, message)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _unit(body: Xml.Element, message: Message) -> None:
    context, english = message.context or "", str(message.id)
    named = {"id": sentence_id(context, english), "resname": context}
    limit = lint_rules.LIMIT.search(context)
    if limit:
        named |= {"maxwidth": limit[1], "size-unit": "char"}
    unit = Xml.SubElement(body, "trans-unit", named)
    if is_reviewed(message):
        unit.set("approved", "yes")
    Xml.SubElement(unit, "source").text = english
    Xml.SubElement(unit, "target").text = str(message.string)
    for note in (*message.auto_comments, *(place for place, _line in message.locations)):
        Xml.SubElement(unit, "note").text = note


def read(content: bytes, code: str) -> list[Unit]:
    """Return the sentences and translations in a PO or XLIFF file.

    Raises Unreadable if the file is invalid or too large.
    """
    if len(content) > MAX_BYTES or any(each in content.upper() for each in FORBIDDEN):
        raise Unreadable(Unreadable.code)
    try:
        return list(_of_xliff(content) if content.lstrip()[:1] == b"<" else _of_po(content, code))
    except (Xml.ParseError, PoFileError, ValueError) as error:
        raise Unreadable(Unreadable.code) from error


def _of_po(content: bytes, code: str) -> Iterator[Unit]:
    for message in read_po(BytesIO(content), locale=code, abort_invalid=True):
        if message.id and message.string and not message.fuzzy:
            context = message.context or ""
            yield Unit(context, str(message.id), str(message.string), is_reviewed(message))


def _of_xliff(content: bytes) -> Iterator[Unit]:
    names = {"x": NAMESPACE}
    root = Xml.fromstring(content)  # noqa: S314 — document types and entities were refused above
    for unit in root.iterfind(".//x:trans-unit", names):
        source, target = unit.find("x:source", names), unit.find("x:target", names)
        if source is not None and target is not None and target.text:
            english = "".join(source.itertext())
            text = "".join(target.itertext())
            reviewed = unit.get("approved") == "yes"
            yield Unit(unit.get("resname", ""), english, text, reviewed)


def merge(code: str, catalog: Catalog, source: Catalog, units: Iterable[Unit]) -> Merged:
    """Update a catalogue with the translations in `units`, except those that break a lint rule.

    Marks of reviewed translations are copied too. The result has the faults of the rejected
    translations, and the sentences that the catalogue does not have.
    """
    changed, reviewed, unknown = 0, 0, []
    faults: list[lint.Finding] = []
    for unit in units:
        message = catalog.get(unit.english, unit.context or None)
        if message is None:
            unknown.append(unit.english)
            continue
        before = str(message.string)
        message.string = unit.text
        if unit.text != before and (wrong := _wrong(code, catalog, source, message)):
            faults += wrong
            message.string = before
            continue
        changed += unit.text != before
        if unit.reviewed and not is_reviewed(message):
            comments = [each for each in message.user_comments if not each.startswith(REVIEWED)]
            message.user_comments = [*comments, mark(unit.context, unit.english, unit.text)]
            reviewed += 1
    return Merged(changed, reviewed, tuple(unknown), tuple(faults))


def _wrong(code: str, catalog: Catalog, source: Catalog, message: Message) -> list[lint.Finding]:
    """Return the lint findings for one translation.

    `catalog` has the translations of labels, such as button texts, that the translation may quote.
    """
    english, original = Catalog(), source.get(str(message.id), message.context)
    if original is not None:
        english[message.id] = original
    return [each for each in lint.findings(code, catalog, english) if each.rule != "extra"]
