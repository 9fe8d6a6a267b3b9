"""Define a section of the officers' manual: a page's purpose, its steps and its buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.engine.text import Text


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the manual.

    `name` is the section's anchor, and the key of the page's menu entry if there is one. `buttons`
    maps labels to explanations. The labels are the console's own texts, so that manual and console
    always agree.
    """

    name: str
    title: Text
    paragraphs: tuple[Text, ...] = ()
    steps: tuple[Text, ...] = ()
    buttons: Mapping[Text, Text] = field(default_factory=dict)
    picture: str = ""
