"""Sentences of a catalogue with their review state, for pages on which translators read them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from babel.messages.catalog import Catalog, Message

from bot.i18n import catalogues, exchange
from bot.i18n.catalogues import BUILT
from flows.engine.text import sentence_id

DOUBT = "check:"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its translation.

    `files` are the source files that contain the sentence, `notes` explain it to translators, and
    `doubts` are questions of its translator. A sentence in a converted script has the review state
    of the sentence from which it was converted.
    """

    id: str
    context: str
    english: str
    text: str
    is_reviewed: bool
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def is_label(self) -> bool:
        """Return True if the text is the label of a button or of a row in a list."""
        return bool(self.context)


@cache
def sentences(code: str) -> Mapping[str, Sentence]:
    """Return the sentences of the language `code` by id, in source order; cached per process."""
    origin = BUILT[code][0] if code in BUILT else code
    written = catalogues.read(origin)
    derived = catalogues.read(code) if origin != code else written
    return {each.id: each for each in _sentences(written, derived)}


def _sentences(written: Catalog, shown: Catalog) -> Iterator[Sentence]:
    for message in written:
        english, context = str(message.id), message.context or ""
        form = shown.get(english, message.context)
        if message.id and form is not None:
            yield Sentence(
                sentence_id(context, english),
                context,
                english,
                str(form.string),
                exchange.is_reviewed(message),
                tuple(_doubts(message)),
                tuple(message.auto_comments),
                tuple(place for place, _line in message.locations),
            )


def _doubts(message: Message) -> Iterator[str]:
    for comment in message.user_comments:
        if comment.startswith(DOUBT):
            yield comment.removeprefix(DOUBT).strip()
