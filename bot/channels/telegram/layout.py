"""Telegram layout of a message: text parts with formatting, and the keyboard."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from aiogram.types import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    WebAppInfo,
)

from bot.channels import DoesNotFit, Message, RenderedButton
from bot.channels.limits import TELEGRAM as LIMITS
from bot.channels.telegram import deferred_models
from flows.engine.events import Kind

# Maximum number of buttons in a row, and maximum width (in letters) of a label in a row of one, two
# or three buttons. On a narrow phone, Telegram truncates a longer label.
MAX_IN_ROW = 3
WIDTHS = {1: 10**6, 2: 15, 3: 9}
FIRST_WIDE = "\u2e80"
MANY_OPTIONS = 4
# Buttons are cached, because flows show the same few buttons repeatedly.
MAX_CACHED_BUTTONS = 2048

# Text of a message that only removes the keyboard that asked for the phone number.
KEYBOARD_GONE = "✓"

deferred_models.build_models(__name__)

type Rows = list[list[RenderedButton]]
type Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove


def parts(message: Message) -> list[tuple[str, Markup | None]]:
    """Return the messages to send, in order, each as text and `reply_markup`.

    A text over 4,096 UTF-16 units is split; the buttons are under the last part. Asking for the
    phone number needs a reply keyboard, which Telegram does not allow beside inline buttons, so the
    request is a message of its own. The reply keyboard is removed by the first message, or by a
    message of its own if the first message has buttons. Raises DoesNotFit if a payload is not 1 to
    64 bytes of ASCII.
    """
    *before, last = LIMITS.split(_whole(message).strip())
    found: list[tuple[str, Markup | None]] = [
        *((text, None) for text in before),
        (last, _inline(message.buttons, _numbers(message))),
        *(
            (each.label, _contact_keyboard(each))
            for each in message.buttons
            if each.kind == Kind.CONTACT
        ),
    ]
    return _without_contact(found) if message.ends_contact else found


def entities(message: Message, text: str) -> list[MessageEntity] | None:
    """Return the formatting of `text`, which is one part of the message; None if it has none."""
    start = _whole(message).find(text)
    if not message.marks or start < 0:
        return None
    found = []
    for kind, first, last in _spans(message):
        inside = text[max(first - start, 0) : max(last - start, 0)]
        if inside:
            offset = LIMITS.measure(text[: max(first - start, 0)])
            length = LIMITS.measure(inside)
            found.append(MessageEntity(type=kind, offset=offset, length=length))
    return found or None


def _spans(message: Message) -> Iterator[tuple[str, int, int]]:
    """Yield type, start and end of each Telegram entity (formatting) in the message's text."""
    lines = list(_line_spans(message))
    for mark in message.marks:
        (first, end), (_start, last) = lines[mark.first], lines[mark.first + mark.count - 1]
        match mark.kind:
            case "item" | "more":
                yield "bold", first, end
                if mark.count > 1:
                    yield "expandable_blockquote", end + 1, last
            case "title":
                yield "bold", first, last
            case "caution":
                yield "blockquote", first, last
            case "source":
                yield "italic", first, last
            case "row":
                yield "bold", first, first + mark.head
            case "receipt" if mark.value:
                number = _whole(message).rfind(mark.value, first, last)
                yield "code", number, number + len(mark.value)


def _line_spans(message: Message) -> Iterator[tuple[int, int]]:
    start = 0
    for paragraph in message.paragraphs:
        for line in paragraph.split("\n"):
            yield start, start + len(line)
            start += len(line) + 1
        start += 1


def _whole(message: Message) -> str:
    return "\n\n".join((*message.paragraphs, message.place)).rstrip()


def _without_contact(found: list[tuple[str, Markup | None]]) -> list[tuple[str, Markup | None]]:
    (text, markup), *more = found
    removal = ReplyKeyboardRemove(remove_keyboard=True)
    return [(KEYBOARD_GONE, removal), *found] if markup else [(text, removal), *more]


def inline(markup: Markup | None) -> InlineKeyboardMarkup | None:
    """Return the markup if it is an inline keyboard, otherwise None."""
    return markup if isinstance(markup, InlineKeyboardMarkup) else None


def labels(markup: Markup | None) -> list[list[str]]:
    """Return the button labels of an inline keyboard, row by row; no rows for other markup."""
    keyboard = inline(markup)
    rows = keyboard.inline_keyboard if keyboard else []
    return [[button.text for button in row] for row in rows]


def _inline(
    buttons: Sequence[RenderedButton], numbers: Sequence[str] = ()
) -> InlineKeyboardMarkup | None:
    rows = [[_copy_button(number)] for number in numbers]
    rows += [[_button(press) for press in row] for row in _rows(buttons)]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _numbers(message: Message) -> list[str]:
    """Return the receipt numbers of registrations that a message shows."""
    return [mark.value for mark in message.marks if mark.kind == "receipt" and mark.value]


def _copy_button(number: str) -> InlineKeyboardButton:
    """Return a button that copies a registration's receipt number to the clipboard.

    Its label is a symbol, which needs no translation.
    """
    return InlineKeyboardButton(text=f"⧉ {number}", copy_text=CopyTextButton(text=number))


def _button(press: RenderedButton) -> InlineKeyboardButton:
    if press.kind == Kind.PAGE and press.payload.startswith("https:"):
        # The link is opened as a Mini App, because Telegram then authenticates the person. A Mini
        # App requires https.
        app = WebAppInfo(url=press.payload)
        return InlineKeyboardButton(text=press.label, web_app=app)
    if press.kind in (Kind.PAGE, Kind.LINK):
        # The link is opened in the browser, because in-app browsers of messengers rarely save
        # files.
        return InlineKeyboardButton(text=press.label, url=press.payload)
    if not press.payload.isascii() or not 1 <= len(press.payload) <= LIMITS.payload:
        raise DoesNotFit
    return _callback_button(press.label, press.payload)


@lru_cache(MAX_CACHED_BUTTONS)
def _callback_button(label: str, payload: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=label, callback_data=payload)


def _contact_keyboard(press: RenderedButton) -> ReplyKeyboardMarkup:
    button = KeyboardButton(text=press.label, request_contact=True)
    return ReplyKeyboardMarkup(keyboard=[[button]], one_time_keyboard=True, resize_keyboard=True)


def _rows(buttons: Sequence[RenderedButton]) -> Rows:
    """Return the rows of buttons: answers and links, then controls, then the quick exit button."""
    options = [press for press in buttons if press.kind in (Kind.OPTION, Kind.PAGE, Kind.LINK)]
    controls = [press for press in buttons if press.kind == Kind.CONTROL]
    exits = [[press] for press in buttons if press.kind == Kind.EXIT]
    columns = _columns(options)
    chosen = [options[at : at + columns] for at in range(0, len(options), columns)]
    return [*chosen, *_button_rows(controls), *exits]


def _columns(options: Sequence[RenderedButton]) -> int:
    widest = max((_width(press) for press in options), default=0)
    if len(options) <= MAX_IN_ROW and widest <= WIDTHS[MAX_IN_ROW]:
        return MAX_IN_ROW
    return 2 if len(options) > MANY_OPTIONS and widest <= WIDTHS[2] else 1


def _button_rows(controls: Iterable[RenderedButton]) -> Rows:
    rows: Rows = []
    for press in controls:
        row = [*rows[-1], press] if rows else []
        if row and len(row) <= MAX_IN_ROW and max(map(_width, row)) <= WIDTHS[len(row)]:
            rows[-1] = row
        else:
            rows.append([press])
    return rows


def _width(press: RenderedButton) -> int:
    """Return the width of a label in letters; Chinese characters count as two."""
    return sum(2 if letter >= FIRST_WIDE else 1 for letter in press.label)
