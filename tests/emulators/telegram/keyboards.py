"""Validate inline and reply keyboards; convert their buttons to what a person sees."""

from collections.abc import Iterator
from dataclasses import dataclass

from .text import checked_url, is_blank
from .wire import Params, bad, strict

MAX_BUTTONS = 100
MAX_IN_A_ROW = 8
STYLES = {"", "default", "primary", "danger", "success"}
ACTIONS = {
    "url",
    "callback_data",
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "copy_text",
    "disabled",
}
REQUESTS = {
    "request_contact": "Phone number",
    "request_location": "Location",
    "request_poll": "Poll",
    "web_app": "Web App buttons",
}


@dataclass(frozen=True, slots=True)
class Button:
    """A button as the person sees it; `data` is set only if a press is reported to the bot."""

    text: str
    data: str | None = None
    url: str | None = None
    asks_contact: bool = False
    asks_location: bool = False


Rows = tuple[tuple[Button, ...], ...]


def checked_markup(markup: Params | None, private: bool) -> Params | None:
    """Return the markup, or None for an empty inline keyboard; raise Refusal if it is invalid."""
    if markup is None or markup.get("inline_keyboard") == []:
        return None
    rows = markup.get("inline_keyboard") or markup.get("keyboard")
    if rows is not None:
        check_shape(rows)
    for button in buttons_in(markup.get("inline_keyboard", [])):
        check_inline(button)
    for button in buttons_in(markup.get("keyboard", [])):
        check_reply(button, private)
    return markup


def check_shape(rows: list[list[Params]]) -> None:
    """Raise Refusal if the keyboard has too many buttons, a too long row, or an empty row."""
    if not rows or not all(rows):
        raise strict("a keyboard has a row without buttons")
    if max(map(len, rows)) > MAX_IN_A_ROW:
        raise strict(f"a keyboard row has more than {MAX_IN_A_ROW} buttons")
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise bad("reply markup is too long")


def check_inline(button: Params) -> None:
    """Reject an inline button without text, without exactly one action, or with an invalid link."""
    check_face(button, "Inline keyboard button")
    actions = ACTIONS & button.keys()
    if not actions:
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise strict(f"an inline button has {len(actions)} actions: {', '.join(sorted(actions))}")
    if "url" in button:
        checked_url(button["url"], "inline keyboard button")
    if "web_app" in button:
        check_web_app(button, "inline keyboard button")


def check_reply(button: Params, private: bool) -> None:
    """Reject a reply button without text, or one that requests data outside a private chat."""
    check_face(button, "Keyboard button")
    for name, what in REQUESTS.items():
        if button.get(name) and not private:
            raise bad(f"{what} can be requested in private chats only")
    if "web_app" in button:
        check_web_app(button, "keyboard button")


def check_face(button: Params, what: str) -> None:
    """Raise Refusal if the button has no text or an unknown style; `what` names it in the error."""
    if is_blank(button["text"]):
        raise bad(f"{what[0].lower()}{what[1:]} text must be non-empty")
    if button.get("style", "") not in STYLES:
        raise bad("can't parse keyboard button: invalid button style specified")


def check_web_app(button: Params, what: str) -> None:
    """Raise Refusal if the URL of the button's Mini App does not begin with https://."""
    url = button["web_app"]["url"]
    if not url.startswith("https://"):
        raise bad(f"{what} Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def buttons_in(rows: list[list[Params]]) -> Iterator[Params]:
    """Yield all buttons, row by row."""
    return (button for row in rows for button in row)


def rows_seen(markup: Params | None) -> Rows:
    """Return the buttons of an inline or reply keyboard, row by row; () if there is no keyboard."""
    rows = (markup or {}).get("inline_keyboard") or (markup or {}).get("keyboard") or []
    return tuple(tuple(map(seen, row)) for row in rows)


def seen(button: Params) -> Button:
    """Return one button as a person sees it."""
    return Button(
        text=button["text"],
        data=button.get("callback_data"),
        url=button.get("url"),
        asks_contact=bool(button.get("request_contact")),
        asks_location=bool(button.get("request_location")),
    )
