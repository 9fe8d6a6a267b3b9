"""A message in Telegram's shape: plain text, parted where paragraphs end, and its keyboard."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    WebAppInfo,
)

from bot.channels import DoesNotFit, Message, RenderedButton
from bot.channels.limits import TELEGRAM as LIMITS
from bot.channels.telegram import deferred_models
from flows.engine.events import Kind

# How wide a label may be so that two or three stand in a row on a narrow phone, whole: the platform
# ends what is wider with three dots.
MAX_IN_ROW = 3
WIDTHS = {1: 10**6, 2: 15, 3: 9}
FIRST_WIDE = "\u2e80"
MANY_OPTIONS = 4
# Buttons of the flows; the same ones are shown again and again.
MAX_CACHED_BUTTONS = 2048

deferred_models.build_models(__name__)

type Rows = list[list[RenderedButton]]
type Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup


def parts(message: Message) -> list[tuple[str, Markup | None]]:
    """The messages it takes, in order, each with its `reply_markup`.

    A text over 4096 UTF-16 units is parted; the buttons are under the end of it. Asking for a
    contact takes a keyboard below the input field, which a message cannot have beside buttons of
    its own, so that it comes as one more. DoesNotFit when a payload is not 1 to 64 of ASCII.
    """
    *before, last = LIMITS.split("\n\n".join((*message.paragraphs, message.place)).strip())
    return [
        *((text, None) for text in before),
        (last, _inline(message.buttons)),
        *((each.label, _asking(each)) for each in message.buttons if each.kind == Kind.CONTACT),
    ]


def inline(markup: Markup | None) -> InlineKeyboardMarkup | None:
    """Return the keyboard if it stands under the message, else None."""
    return markup if isinstance(markup, InlineKeyboardMarkup) else None


def labels(markup: Markup | None) -> list[list[str]]:
    """Return the labels under a message, row by row."""
    keyboard = inline(markup)
    rows = keyboard.inline_keyboard if keyboard else []
    return [[button.text for button in row] for row in rows]


def _inline(buttons: Sequence[RenderedButton]) -> InlineKeyboardMarkup | None:
    rows = [[_button(press) for press in row] for row in _rows(buttons)]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(press: RenderedButton) -> InlineKeyboardButton:
    if press.kind == Kind.PAGE and press.payload.startswith("https:"):
        # A Mini App, for which Telegram vouches who opens it; it takes only https.
        app = WebAppInfo(url=press.payload)
        return InlineKeyboardButton(text=press.label, web_app=app)
    if press.kind in (Kind.PAGE, Kind.LINK):
        # A file is not for a Mini App: few of the messenger's own windows can save one.
        return InlineKeyboardButton(text=press.label, url=press.payload)
    if not press.payload.isascii() or not 1 <= len(press.payload) <= LIMITS.payload:
        raise DoesNotFit
    return _callback_button(press.label, press.payload)


@lru_cache(MAX_CACHED_BUTTONS)
def _callback_button(label: str, payload: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=label, callback_data=payload)


def _asking(press: RenderedButton) -> ReplyKeyboardMarkup:
    asking = KeyboardButton(text=press.label, request_contact=True)
    return ReplyKeyboardMarkup(keyboard=[[asking]], one_time_keyboard=True, resize_keyboard=True)


def _rows(buttons: Sequence[RenderedButton]) -> Rows:
    """Options, then controls, and the exit apart from both."""
    options = [press for press in buttons if press.kind in (Kind.OPTION, Kind.PAGE, Kind.LINK)]
    controls = [press for press in buttons if press.kind == Kind.CONTROL]
    exits = [[press] for press in buttons if press.kind == Kind.EXIT]
    columns = _columns(options)
    chosen = [options[at : at + columns] for at in range(0, len(options), columns)]
    return [*chosen, *_packed(controls), *exits]


def _columns(options: Sequence[RenderedButton]) -> int:
    widest = max((_width(press) for press in options), default=0)
    if len(options) <= MAX_IN_ROW and widest <= WIDTHS[MAX_IN_ROW]:
        return MAX_IN_ROW
    return 2 if len(options) > MANY_OPTIONS and widest <= WIDTHS[2] else 1


def _packed(controls: Iterable[RenderedButton]) -> Rows:
    rows: Rows = []
    for press in controls:
        row = [*rows[-1], press] if rows else []
        if row and len(row) <= MAX_IN_ROW and max(map(_width, row)) <= WIDTHS[len(row)]:
            rows[-1] = row
        else:
            rows.append([press])
    return rows


def _width(press: RenderedButton) -> int:
    """In letters; a Chinese character takes the room of two."""
    return sum(2 if letter >= FIRST_WIDE else 1 for letter in press.label)
