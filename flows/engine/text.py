"""Sentences that are not yet in any language."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Country:
    """A country to be named in the reader's language; `code` is ISO 3166-1 alpha-2."""

    code: str


class Amount(int):
    """A number of money, places or people, whose thousands are set apart; a year is none."""


type Value = str | int | date | Country | Text


@dataclass(frozen=True, slots=True)
class Text:
    """An English sentence with named values, to be said in the reader's language.

    `context` tells a translator what the string is, and its limit: `button<=20`.
    """

    msgid: str
    values: tuple[tuple[str, Value], ...] = ()
    context: str = ""


type Label = Text | Country


def _(msgid: str, /, **values: Value) -> Text:
    """A sentence; `msgid` is its English text with `{named}` places for the values."""
    return Text(msgid, tuple(values.items()))


def button(msgid: str, /, **values: Value) -> Text:
    """A label that fits a button on every channel: at most 20 characters in every language."""
    return Text(msgid, tuple(values.items()), "button<=20")


def row(msgid: str, /, **values: Value) -> Text:
    """A label that fits a row of a list on every channel: at most 24 characters."""
    return Text(msgid, tuple(values.items()), "list row<=24")


def verbatim(words: str) -> Text:
    """Words of a person or a proper name, the same in every language."""
    return Text("{words}", (("words", words),))
