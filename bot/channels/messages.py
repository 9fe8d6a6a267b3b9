"""Messages rendered in a person's language, in a form independent of the channel."""

import msgspec

from bot.i18n import bidi


class RenderedButton(msgspec.Struct, frozen=True, array_like=True):
    """A button in the person's language; pressing it sends `payload` to the bot."""

    payload: str
    label: str
    kind: str


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The formatting of `count` lines from line `first`, counted over all paragraphs of a message.

    `kind` is the name, in lower case, of a class in `flows.engine.blocks`. `head` is the length of
    the label in a table row, in characters. `value` is the payload that pressing a table
    row or checkbox sends, or the receipt number of a registration.
    """

    kind: str
    first: int
    count: int
    head: int = 0
    value: str = ""


class Template(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reference to a message template that the platform approved in advance.

    `values` fill the template's placeholders in order. `payloads` belong to the template's quick
    replies (buttons), in order; pressing one sends its payload to the bot.
    """

    name: str
    values: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()


class FileRef(msgspec.Struct, frozen=True, array_like=True):
    """A stored file that is sent with a message; the sender loads its contents."""

    id: str
    name: str
    media_type: str
    size: int


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message in the person's language, before the channel lays it out.

    `template` replaces the text while the platform accepts no free text. `ends_contact`: remove the
    keyboard that asked for the person's phone number. `marks` format the lines, on channels that
    support formatting. `file` is sent after the text. `protect`: disable forwarding.
    `precedes_question`: the next message of the same turn has buttons, too, and a typed number
    answers that message. `by_position`: a typed number chooses a button.
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
    precedes_question: bool = False
    by_position: bool = True

    @property
    def lines(self) -> list[str]:
        """Return the lines of all paragraphs, in the numbering of `marks`."""
        return [line for paragraph in self.paragraphs for line in paragraph.split("\n")]

    @property
    def place(self) -> str:
        """Return the progress in a form, such as `1/5`, as a line; '' if `progress` is None.

        The line has no spaces, because right-to-left text would show `1 / 5` as `5 / 1`.
        """
        if self.progress is None:
            return ""
        line = "{}/{}".format(*self.progress)
        return bidi.add_marks(line) if self.language in bidi.RIGHT_TO_LEFT else line
