"""Paragraphs made of several sentences, in any language."""

from collections.abc import Iterable
from functools import reduce

from flows.engine.text import Text, _


def joined(*sentences: Text) -> Text:
    """Sentences one after another, as one paragraph."""
    return reduce(lambda said, more: _("{said} {more}", said=said, more=more), sentences)


def lines(*sentences: Text) -> Text:
    """Sentences under one another, as one paragraph."""
    return reduce(lambda said, more: _("{said}\n{more}", said=said, more=more), sentences)


def numbered(sentences: Iterable[Text]) -> Text:
    """A numbered list, as one paragraph."""
    return lines(
        *(
            _("{number}. {sentence}", number=number, sentence=sentence)
            for number, sentence in enumerate(sentences, 1)
        )
    )
