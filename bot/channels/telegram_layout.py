"""A message in Telegram's shape: plain text, parted where paragraphs end, and its keyboard."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.channels import Message, Press, Refused
from flows.engine.events import Kind

MOST_UNITS = 4096
MOST_PAYLOAD = 64
# How wide a label may be so that two or three stand in a row on a narrow phone.
MOST_IN_ROW = 3
WIDTHS = {1: 10**6, 2: 16, 3: 12}
FIRST_WIDE = "\u2e80"
MANY_OPTIONS = 4

type Rows = list[list[Press]]
type Markup = dict[str, Any]


def parts(message: Message) -> list[tuple[str, Markup | None]]:
    """The messages it takes, in order, each with its `reply_markup`.

    A text over 4096 UTF-16 units is parted; the buttons are under the end of it. Asking for a
    contact takes a keyboard below the input field, which a message cannot have beside buttons of
    its own, so that it comes as one more. Refused when a payload is not 1 to 64 ASCII characters.
    """
    paragraphs = message.paragraphs
    if message.progress:
        paragraphs = (*paragraphs, "{} / {}".format(*message.progress))
    *before, last = _split("\n\n".join(paragraphs).strip())
    return [
        *((text, None) for text in before),
        (last, _inline(message.buttons)),
        *((each.label, _asking(each)) for each in message.buttons if each.kind == Kind.CONTACT),
    ]


def _inline(buttons: Sequence[Press]) -> Markup | None:
    rows = [[_button(press) for press in row] for row in _rows(buttons)]
    return {"inline_keyboard": rows} if rows else None


def _button(press: Press) -> dict[str, str]:
    if not press.payload.isascii() or not 1 <= len(press.payload) <= MOST_PAYLOAD:
        raise Refused
    return {"text": press.label, "callback_data": press.payload}


def _asking(press: Press) -> Markup:
    asking = {"text": press.label, "request_contact": True}
    return {"keyboard": [[asking]], "one_time_keyboard": True, "resize_keyboard": True}


def _split(text: str) -> list[str]:
    parts = []
    while (fits := _fitting(text)) < len(text):
        ends = (text.rfind(end, 1, fits + len(end)) for end in ("\n\n", "\n", " "))
        at = next((end for end in ends if end > 0), fits)
        parts.append(text[:at])
        text = text[at:].lstrip()
    return [*parts, text]


def _fitting(text: str) -> int:
    """How many characters of it one message takes."""
    if 2 * len(text) <= MOST_UNITS:
        return len(text)
    units = text.encode("utf-16-le")[: 2 * MOST_UNITS]
    return len(units.decode("utf-16-le", "ignore"))


def _rows(buttons: Sequence[Press]) -> Rows:
    """Options, then controls, and the exit apart from both."""
    options = [press for press in buttons if press.kind == Kind.OPTION]
    controls = [press for press in buttons if press.kind == Kind.CONTROL]
    exits = [[press] for press in buttons if press.kind == Kind.EXIT]
    columns = _columns(options)
    chosen = [options[at : at + columns] for at in range(0, len(options), columns)]
    return [*chosen, *_packed(controls), *exits]


def _columns(options: Sequence[Press]) -> int:
    widest = max((_width(press) for press in options), default=0)
    if len(options) <= MOST_IN_ROW and widest <= WIDTHS[MOST_IN_ROW]:
        return MOST_IN_ROW
    return 2 if len(options) > MANY_OPTIONS and widest <= WIDTHS[2] else 1


def _packed(controls: Iterable[Press]) -> Rows:
    rows: Rows = []
    for press in controls:
        row = [*rows[-1], press] if rows else []
        if row and len(row) <= MOST_IN_ROW and max(map(_width, row)) <= WIDTHS[len(row)]:
            rows[-1] = row
        else:
            rows.append([press])
    return rows


def _width(press: Press) -> int:
    """In letters; a Chinese character takes the room of two."""
    return sum(2 if letter >= FIRST_WIDE else 1 for letter in press.label)
