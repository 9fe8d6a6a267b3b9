"""Messages in a person's language, before a channel lays them out."""

import msgspec

from bot.i18n import bidi


class RenderedButton(msgspec.Struct, frozen=True, array_like=True):
    """A rendered button: the payload it sends back, its label and its kind."""

    payload: str
    label: str
    kind: str


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The shape of some lines: `count` lines from line `first` of all paragraphs.

    `kind` is the name of a class of `flows.engine.blocks` in small letters. `head` is the length of
    a row's label. `value` is what a press on a row or box sends, or the number of a receipt.
    """

    kind: str
    first: int
    count: int
    head: int = 0
    value: str = ""


class Template(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message template that the platform approved in advance.

    `name` is its name at the platform; `values` fill its placeholders in order. `payloads` are sent
    back by its quick replies, in order.
    """

    name: str
    values: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()


class FileRef(msgspec.Struct, frozen=True, array_like=True):
    """A stored file that goes with a message; the sender loads its contents."""

    id: str
    name: str
    media_type: str
    size: int


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message in the person's language, before a channel lays it out.

    `template` carries the same content, for times when the platform accepts no free text.
    `ends_contact`: a button that asked for the person's number goes away. `marks` are the shapes of
    its lines, for channels that draw them. `file` goes after the text.
    """

    paragraphs: tuple[str, ...]
    buttons: tuple[RenderedButton, ...] = ()
    language: str = ""
    progress: tuple[int, int] | None = None
    protect: bool = False
    template: Template | None = None
    ends_contact: bool = False
    marks: tuple[Mark, ...] = ()
    file: FileRef | None = None

    @property
    def lines(self) -> list[str]:
        """Return the lines of all paragraphs, as marks count them."""
        return [line for paragraph in self.paragraphs for line in paragraph.split("\n")]

    @property
    def place(self) -> str:
        """Return the progress in a flow as a separate line; empty outside of a flow.

        The line has no spaces: a right-to-left line would show `5 / 1` for the first of five.
        """
        if self.progress is None:
            return ""
        line = "{}/{}".format(*self.progress)
        return bidi.lined(line) if self.language in bidi.RIGHT_TO_LEFT else line
