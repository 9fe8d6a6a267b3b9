"""Content of an item as editors write it, and its conversion to facts and texts for flows.

A flow is a sequence of questions in the chat.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from hashlib import sha256

import msgspec

from bot.i18n import Languages
from bot.i18n.catalogues import BUILT, HAND_MADE
from flows.engine.text import Text, _, published
from flows.knowledge.facts import Dated, Fact

ENGLISH = "en"
# Languages in which editors write; texts in other scripts are derived from these. Checks compare
# every text with the English text.
WRITTEN = (ENGLISH, *HAND_MADE)

NOT_IN_LANGUAGE = _(
    "This has changed. Our text in this language is not ready yet. Please ask an officer: write"
    " “person”."
)


class Kind(StrEnum):
    """Kind of a content item; an item's name is its kind, a colon and a key."""

    FACT = "fact"
    NOTICE = "notice"
    CARD = "card"
    ANSWER = "answer"
    PHRASES = "phrases"
    CANNED = "canned"


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one version of an item, as an editor writes it.

    `texts` are by language, including English. `why_partial` is the reason to publish without some
    languages. `silent` removes the shipped sentence without a replacement. `address`, `telephone`
    and `map_link` belong to the card of a mission. `opening` and `more` are the names of an
    answer's parts in order, and `flow` is the flow that the answer offers. `titles` are the names
    of a canned reply by language, and `form` is the blank form that is sent with the reply.
    """

    texts: dict[str, str]
    sources: tuple[str, ...] = ()
    as_of: date
    checked: date
    since: date = date.min
    until: date
    why_partial: str = ""
    silent: bool = False
    address: str = ""
    telephone: str = ""
    map_link: str = ""
    opening: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    flow: str = ""
    titles: dict[str, str] = {}
    form: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the languages in which the editor's text is missing.

        Return () for a body that only removes a shipped sentence and therefore needs no text.
        """
        return () if self.silent else tuple(code for code in WRITTEN if not self.texts.get(code))


encode = msgspec.json.Encoder(order="sorted").encode


def digest(key: str, body: Body) -> bytes:
    """Return the hash of a content item's body, to which an approval is bound."""
    return sha256(key.encode() + b"\0" + encode(body)).digest()


def forms(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield language and text of each text that an editor wrote.

    Also yield the text converted to the other script of its language, if there is one.
    """
    for code, text in texts.items():
        yield code, text
        for built, (origin, convert) in BUILT.items():
            if origin == code:
                yield built, convert(text)


def sentence(languages: Languages, texts: Mapping[str, str]) -> Text:
    """Return texts by language as one sentence that flows can show.

    In a language without a text, the sentence refers people to an officer.
    """
    written = dict(forms({code: text for code, text in texts.items() if text}))
    missing = [code for code, _own in languages.languages() if code not in written]
    written |= {code: languages.render(NOT_IN_LANGUAGE, code) for code in missing}
    return published(written)


def fact_of(languages: Languages, shipped: Fact, body: Body) -> Fact:
    """Return the fact that people get if an editor's content `body` replaces a shipped fact.

    A fact whose sentence is unchanged keeps the shipped text. Flows show figures that belong to
    this text only beside it.
    """
    is_same_date = body.until == shipped.until
    keeps_text = body.silent or _is_unchanged(languages, shipped, body)
    return replace(
        shipped,
        text=shipped.text if keeps_text else sentence(languages, body.texts),
        sources=body.sources,
        as_of=body.as_of,
        dated=Dated.DAY,
        since=date.max if body.silent else body.since,
        until=body.until,
        checked=body.checked,
        ends=shipped.ends if is_same_date else None,
        # `ends` may name the shipped last day. `ended` is true after any last day.
        ended=None if body.silent else shipped.ended,
        published=True,
    )


def _is_unchanged(languages: Languages, shipped: Fact, body: Body) -> bool:
    """Return True if the body has the shipped sentence in every language, apart from spaces."""
    texts = ((languages.render(shipped.text, code), body.texts.get(code, "")) for code in WRITTEN)
    return all(text.split() == written.split() for text, written in texts)
