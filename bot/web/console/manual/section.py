"""A section of the officers' manual: the purpose of a page, steps, and the use of its buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.engine.text import Text


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `name` is its anchor, and the page's entry of the menu where it has one.

    `buttons` has each label as the console shows it, so that both always have the same words.
    """

    name: str
    title: Text
    paragraphs: tuple[Text, ...] = ()
    steps: tuple[Text, ...] = ()
    buttons: Mapping[Text, Text] = field(default_factory=dict)
    picture: str = ""
