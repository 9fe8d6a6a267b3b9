"""Joins several sentences to one paragraph, in any language."""

from collections.abc import Iterable
from functools import reduce

from flows.engine.text import Text, _


def joined(*sentences: Text) -> Text:
    """Return the sentences as one paragraph, separated by spaces."""
    return reduce(lambda said, more: _("{said} {more}", said=said, more=more), sentences)


def lines(*sentences: Text) -> Text:
    """Return the sentences as one paragraph, each on its own line."""
    return reduce(lambda said, more: _("{said}\n{more}", said=said, more=more), sentences)


def numbered(sentences: Iterable[Text]) -> Text:
    """Return the sentences as a numbered list in one paragraph."""
    return lines(
        *(
            _("{number}. {sentence}", number=number, sentence=sentence)
            for number, sentence in enumerate(sentences, 1)
        )
    )
