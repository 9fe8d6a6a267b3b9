"""English sentences with placeholders, before they are translated and rendered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Country:
    """A country whose name is rendered in the reader's language; `code` is ISO 3166-1 alpha-2."""

    code: str


class Amount(int):
    """A number of money, places or people, shown with thousands separators; not for years."""


@dataclass(frozen=True, slots=True)
class Published:
    """A sentence that editors published, as (language, text) pairs; in no message catalogue.

    The pairs have a text in every offered language and in English.
    """

    texts: tuple[tuple[str, str], ...]

    def __hash__(self) -> int:
        """Return the hash of the text in one language: enough, and faster than of all languages."""
        return hash(self.texts[0])


type Value = str | int | date | Country | Text | Published


@dataclass(frozen=True, slots=True)
class Text:
    """An English sentence with named values for its placeholders, rendered in another language.

    `context` tells translators the kind of text and its maximum length, such as `button<=20`.
    """

    msgid: str
    values: tuple[tuple[str, Value], ...] = ()
    context: str = ""


type Label = Text | Country


def _(msgid: str, /, **values: Value) -> Text:
    """Return a sentence; `msgid` is its English text with `{name}` placeholders for the values."""
    return Text(msgid, tuple(values.items()))


def button(msgid: str, /, **values: Value) -> Text:
    """Return the label of a button, of at most 20 characters in every language."""
    return Text(msgid, tuple(values.items()), "button<=20")


def row(msgid: str, /, **values: Value) -> Text:
    """Return the label of a list row, of at most 24 characters in every language."""
    return Text(msgid, tuple(values.items()), "list row<=24")


def published(texts: Mapping[str, str]) -> Text:
    """Return a text from a sentence that editors published; `texts` maps languages to texts."""
    return Text("{published}", (("published", Published(tuple(texts.items()))),))


VERBATIM = "{words}"


def verbatim(words: str) -> Text:
    """Return a person's words or a proper name as a text that is the same in every language."""
    return Text(VERBATIM, (("words", words),))


def sentence_id(context: str, english: str) -> str:
    """Return the id of a sentence, a hash that changes with the English text."""
    return sha256(f"{context}\0{english}".encode()).hexdigest()[:12]


def id_of(text: Text) -> str:
    """Return the id of a text's sentence; "" for a person's words or a proper name."""
    if text.msgid == VERBATIM:
        return ""
    for _name, value in text.values:
        if isinstance(value, Published):
            return sentence_id("", dict(value.texts).get("en", ""))
    return sentence_id(text.context, text.msgid)
