"""Texts with a layout: titles, entries, warnings, rows of answers, registrations, sources, details.

Each class is a `Text`. A channel that has a layout for a class uses this layout. All other channels
show the plain text.
"""

from dataclasses import dataclass, field
from functools import reduce

from flows.engine.text import Label, Text, _


@dataclass(frozen=True, slots=True)
class Item(Text):
    """An entry of a list: its name in the first line, then details that may be folded."""


@dataclass(frozen=True, slots=True)
class Title(Text):
    """A line that sums up the text that follows it."""


@dataclass(frozen=True, slots=True)
class More(Text):
    """Details that may be folded; the first line is their heading."""


@dataclass(frozen=True, slots=True)
class Caution(Text):
    """A warning."""


@dataclass(frozen=True, slots=True)
class Source(Text):
    """The sources of statements, with their dates."""


@dataclass(frozen=True, slots=True)
class Row(Text):
    """A label and an answer on one line, with a button that changes the answer (`payload`)."""

    answer: Label = field(default=Text(""))
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Tick(Text):
    """A line with a checkbox, which sends `payload` to tick or untick the line."""

    payload: str = ""


@dataclass(frozen=True, slots=True)
class Receipt(Text):
    """A registration's state, and its `number` to copy; "" until the registry has assigned one."""

    number: str = ""


BLOCKS = (Title, Item, More, Caution, Source, Row, Tick, Receipt)


def title(text: Text) -> Title:
    return Title(text.msgid, text.values)


def item(*lines: Text) -> Item:
    plain = _lines(lines)
    return Item(plain.msgid, plain.values)


def more(heading: Text, lines: tuple[Text, ...]) -> More:
    """Return a foldable text: a heading, and `lines` as a list with bullets."""
    plain = _lines((heading, *(_("• {sentence}", sentence=each) for each in lines)))
    return More(plain.msgid, plain.values)


def folded(text: Text) -> More:
    """Return a text of several lines as a foldable text whose heading is the first line."""
    return More(text.msgid, text.values)


def caution(text: Text) -> Caution:
    return Caution(text.msgid, text.values)


def source(text: Text) -> Source:
    return Source(text.msgid, text.values)


def tick(text: Text, payload: str) -> Tick:
    return Tick(text.msgid, text.values, payload=payload)


def receipt(text: Text, number: str) -> Receipt:
    return Receipt(text.msgid, text.values, number=number)


def row_of(line: Text, answer: Label, payload: str = "") -> Row:
    return Row(line.msgid, line.values, answer=answer, payload=payload)


def _lines(sentences: tuple[Text, ...]) -> Text:
    return reduce(lambda said, more: _("{said}\n{more}", said=said, more=more), sentences)
