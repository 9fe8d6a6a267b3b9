"""PIN screens: ask for the PIN before stored data is shown; choose, change or remove the PIN."""

import unicodedata
from itertools import pairwise

from flows.engine import join_screens, registration_screens, screens
from flows.engine.events import (
    Button,
    DeleteInput,
    Export,
    Kind,
    Page,
    PinLifted,
    PinTried,
    SetPin,
    TryPin,
)
from flows.engine.fast_replace import replace
from flows.engine.flow import Flow
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option
from flows.engine.text import _, button
from flows.engine.turn import TurnState, option_buttons

PIN = "~pin"
# Values of `Conversation.after_pin`: the screen that opens once the person has entered the right
# PIN.
STATUS, MYDATA, CHANGE, NEW, JOIN, FORM = "status", "mydata", "change", "new", "join", "form"
MIN_PIN_LENGTH, MAX_PIN_LENGTH = 4, 8

ENTER = _("Please write your PIN.")
CHOOSE = _(
    "Please write a PIN of 4 to 8 digits. We ask for it before we show your registration or "
    "your data. Choose one that nobody near you would guess."
)
CHOSEN = _("Your PIN is set. Nobody can read it, and we cannot either; please remember it.")
REMOVED = _("Your PIN is removed.")
WRONG = _("This PIN is not right. Tries left: {left}.")
SHUT = _(
    "The PIN was wrong too many times, so your registration and your data are not shown here "
    "now. An officer can remove the PIN: write “person”. Erasing needs no PIN: write "
    "“delete”."
)
LOST = _(
    "An officer can remove the PIN after some questions to you: write “person”. Erasing needs "
    "no PIN: write “delete”."
)
LIFTED = _("An officer has removed your PIN. You can set a new one in the menu.")
NOT_A_PIN = _("A PIN has 4 to 8 digits.")
TOO_EASY = _("This PIN is easy to guess. Please write other digits.")
TITLE, MY_DATA = button("PIN"), button("My data")


def status(turn: TurnState) -> None:
    if turn.c.has_pin and turn.c.registration:
        return _unlock(turn, STATUS)
    registration_screens.show_status(turn)


def guards(turn: TurnState, flow: Flow) -> bool:
    """Return True if opening the flow would show answers of a registration, which need the PIN.

    The answers show after the person began to change them, and after a withdrawal. A registration
    that was sent opens at its status, which asks for the PIN itself.
    """
    known, form = turn.c.registration, turn.form(flow)
    if not flow.registers or not turn.c.has_pin or known is None or turn.c.flow == flow.name:
        return False
    is_closed = registration_screens.is_closed(turn, flow)
    return bool(form.answers) and (not is_closed or known.state == "withdrawn")


def open_flow(turn: TurnState, flow: Flow) -> None:
    """Open a flow and ask its question, after asking for the PIN if it guards the answers."""
    if guards(turn, flow):
        return _unlock(turn, FORM)
    turn.open_flow(flow)
    turn.ask()


def _open_form(turn: TurnState) -> None:
    flow = next((each for each in turn.flows.values() if each.registers), None)
    if flow is not None:
        turn.open_flow(flow)
    turn.ask()


def mydata(turn: TurnState) -> None:
    if not turn.c.is_persistent:
        return turn.say_and_reprompt(screens.NOTHING_KEPT)
    if turn.c.has_pin or turn.page is Page.ALWAYS:
        return _unlock(turn, MYDATA)
    _show_data(turn)


def _show_data(turn: TurnState) -> None:
    turn.effects.append(Export())
    if not turn.c.is_masked or turn.page is Page.NEVER:
        return turn.ask()
    link = Button("", screens.OPEN_PAGE, Kind.PAGE)
    turn.say(((screens.MASKED,),), (link, Button("!menu", button("Menu"), Kind.CONTROL)))


def _unlock(turn: TurnState, what: str) -> None:
    turn.c = replace(turn.c, after_pin=what)
    ask_pin(turn)


def join(turn: TurnState) -> None:
    """Issue a code for joining a second channel, after asking for the PIN if the person has one."""
    if turn.c.has_pin:
        return _unlock(turn, JOIN)
    join_screens.issue(turn)


def choose_pin(turn: TurnState) -> None:
    _unlock(turn, CHANGE if turn.c.has_pin else NEW)


def ask_pin(turn: TurnState) -> None:
    fresh = turn.c.after_pin == NEW
    if not fresh and not turn.c.has_pin and turn.page is not Page.ALWAYS:
        # The secure page is open and the person has no PIN: show the data at once. A messenger must
        # not show the data.
        return go_through(turn, turn.c.after_pin)
    possible = (
        (turn.c.has_pin and not fresh, Option("lost", button("I forgot the PIN"))),
        (fresh and turn.c.has_pin, Option("none", button("Remove the PIN"))),
        (True, Option("menu", button("Menu"))),
    )
    offered = tuple(option for use, option in possible if use)
    asked = turn.put_asked("", PIN, 1, offered)
    if turn.page is Page.ALWAYS:
        asks = fresh or turn.c.has_pin
        title = TITLE if asks else MY_DATA
        return turn.send_to_page(title, service=turn.c.with_officer, asks=asks)
    buttons = option_buttons(asked.nonce, offered)
    controls = tuple(replace(each, kind=Kind.CONTROL) for each in buttons)
    all_buttons = (*controls, *turn.person_button())
    turn.say((((CHOOSE if fresh else ENTER),),), all_buttons, private=True)


def read_pin(turn: TurnState, typed: str) -> str | Refusal:
    """Return the typed PIN in ASCII digits, or a refusal; delete a message that has digits."""
    digits = "".join(str(unicodedata.decimal(each, "x")) for each in "".join(typed.split()))
    if any(each.isdigit() for each in digits) and DeleteInput() not in turn.effects:
        turn.effects.append(DeleteInput())
    fits = digits.isdecimal() and MIN_PIN_LENGTH <= len(digits) <= MAX_PIN_LENGTH
    return digits if fits else Refusal.NOT_LISTED


def is_easy(pin: str) -> bool:
    """Return True for a PIN of equal or consecutive digits, such as 1111, 4321 or 7890."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= {0, 1, 9}


def answer(turn: TurnState, key: str) -> None:
    if not key.isdecimal():
        return _leave_pin(turn, key)
    if turn.page is Page.ALWAYS:
        return turn.say_and_reprompt(screens.NOT_HERE)
    if turn.c.after_pin != NEW:
        return turn.effects.append(TryPin(key))
    if is_easy(key):
        turn.notes.append((TOO_EASY,))
        return ask_pin(turn)
    turn.effects.append(SetPin(key))
    turn.c = replace(turn.c, has_pin=True, after_pin="")
    turn.say_and_reprompt(CHOSEN)


def _leave_pin(turn: TurnState, key: str) -> None:
    removes = key == "none" and turn.c.after_pin == NEW
    turn.c = replace(turn.c, after_pin="", has_pin=turn.c.has_pin and not removes)
    if removes:
        turn.effects.append(SetPin(None))
    if key not in ("none", "lost"):
        return turn.ask()
    turn.say_and_reprompt(REMOVED if removes else LOST)


def take_event(turn: TurnState, event: PinTried | PinLifted) -> None:
    if isinstance(event, PinLifted):
        turn.c = replace(turn.c, has_pin=False, after_pin="")
        return turn.say(
            ((LIFTED,),), (Button("!menu", button("Menu"), Kind.CONTROL),), service=True
        )
    what = turn.c.after_pin
    if event.right:
        turn.c = replace(turn.c, is_masked=False)
        return go_through(turn, what)
    if event.left:
        turn.notes.append((_(WRONG.msgid, left=event.left),))
        return ask_pin(turn)
    turn.c = replace(turn.c, after_pin="")
    turn.say_and_reprompt(SHUT)


def go_through(turn: TurnState, what: str) -> None:
    turn.c = replace(turn.c, after_pin="")
    match what:
        case "status":
            registration_screens.show_status(turn)
        case "mydata":
            _show_data(turn)
        case "join":
            join_screens.issue(turn)
        case "form":
            _open_form(turn)
        case _:
            _unlock(turn, NEW)
