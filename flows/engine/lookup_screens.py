"""Looks up a registration made in another chat, by its number and PIN; shows only its state.

A wrong number, a wrong PIN, a registration without a PIN and too many attempts get the same reply.
"""

import unicodedata

from flows.engine import pin_screens, registration_history, screens
from flows.engine.blocks import receipt
from flows.engine.events import Button, DeleteInput, Kind, Page
from flows.engine.fast_replace import replace
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option
from flows.engine.questions import Choice
from flows.engine.registration import LookUpStatus, StatusLookedUp
from flows.engine.text import Text, _, button
from flows.engine.turn import TurnState, option_buttons

OFFER, NUMBER, PIN = "~lookup", "~lookup_number", "~lookup_pin"
MIN_NUMBER_LENGTH, MAX_NUMBER_LENGTH = 4, 40
EXAMPLE = "KS-2026-ABCD-2345"

OFFERED = _(
    "Did you send it from another phone or messenger? With its registration number and your PIN"
    " you can see its state here."
)
ENTER_NUMBER = _("Please write the registration number from the message about your registration.")
ENTER_PIN = _("Please write the PIN that you set when you registered.")
NOT_A_NUMBER = _(
    "This is not a registration number. One looks like this: {example}", example=EXAMPLE
)
# The text that rejects invalid input, by the screen that asks for the input.
TYPED = {NUMBER: NOT_A_NUMBER, PIN: pin_screens.NOT_A_PIN}
ON_OUR_PAGE = _(
    "To keep you safe, we ask for the number and the PIN on our own page, not in the messenger."
    " Open it and write “status” there."
)
# Translators: {state} is a short state such as "received, being checked".
FOUND = _("The state of this registration: {state}")
ONLY_STATE = _(
    "Nothing else is shown here. To change or withdraw it, use the chat from which you sent it."
)
NOT_FOUND = _(
    "We cannot show a state for this number and this PIN. Please check both. A PIN must have been"
    " set, and only a few tries are possible in an hour and in a day. A person can help: write"
    " “person”."
)
ON_ITS_WAY = _("on its way to the registry")
IN_WITHDRAWAL = _("being withdrawn")
OF_ITS_OWN = {
    "pending": ON_ITS_WAY,
    "sending": ON_ITS_WAY,
    "unknown": ON_ITS_WAY,
    "withdrawing": IN_WITHDRAWAL,
}
BY_NUMBER, NOT_NOW = button("By number and PIN"), button("Not now")
OFFER_SCREEN = Choice(
    name=OFFER,
    label=BY_NUMBER,
    text=OFFERED,
    among=(Option("number", BY_NUMBER), Option("leave", NOT_NOW)),
)
_LEAVE = (Option("leave", NOT_NOW),)


def status(turn: TurnState) -> None:
    """Show the registration of this conversation; if it has none, offer to look up another one."""
    if turn.c.registration or turn.c.papers or not _may_look_up(turn):
        return pin_screens.status(turn)
    turn.notes.append((screens.NO_REGISTRATION,))
    turn.ask_screen(OFFER_SCREEN)


def _may_look_up(turn: TurnState) -> bool:
    if turn.c.with_officer or not turn.c.language:
        return False
    return any(flow.registers for flow in turn.flows.values())


def ask(turn: TurnState) -> None:
    """Ask for the number of the registration to look up; once it is entered, ask for the PIN."""
    if turn.page is Page.ALWAYS and not turn.c.is_persistent:
        return _lead_to_web_chat(turn)
    key = PIN if turn.c.looked_up else NUMBER
    asked = turn.put_asked("", key, 1, _LEAVE)
    if turn.page is Page.ALWAYS:
        return turn.send_to_page(BY_NUMBER)
    buttons = option_buttons(asked.nonce, _LEAVE)
    controls = (*(replace(each, kind=Kind.CONTROL) for each in buttons), *turn.person_button())
    text = ENTER_PIN if turn.c.looked_up else ENTER_NUMBER
    turn.say(((text,),), controls, private=True)


def _lead_to_web_chat(turn: TurnState) -> None:
    """Send a link to the web chat, because an anonymous person cannot use the secure page."""
    turn.c = replace(turn.c, looked_up=None)
    link = Button("", screens.OPEN_PAGE, Kind.PAGE)
    menu = Button("!menu", button("Menu"), Kind.CONTROL)
    turn.say(((ON_OUR_PAGE,),), (link, menu), private=True)


def read(turn: TurnState, key: str, typed: str) -> str | Refusal:
    """Return the registration number or the PIN that was typed, or a refusal.

    Deletes the person's message if it may contain a number or a PIN.
    """
    if key == PIN:
        return pin_screens.read_pin(turn, typed)
    number = unicodedata.normalize("NFKC", typed).strip().upper()
    fits = MIN_NUMBER_LENGTH <= len(number) <= MAX_NUMBER_LENGTH
    if not fits or not any(each.isdigit() for each in number) or len(number.split()) != 1:
        return Refusal.NOT_LISTED
    turn.effects.append(DeleteInput())
    return number


def answer(turn: TurnState, screen: str, key: str) -> None:
    """Handle the answer `key` on a lookup screen: a button's key, or a typed number or PIN."""
    if key == "leave":
        turn.c = replace(turn.c, looked_up=None)
        return turn.ask()
    if screen == OFFER:
        turn.c = replace(turn.c, looked_up="")
        return ask(turn)
    if turn.page is Page.ALWAYS:
        return turn.say_and_reprompt(screens.NOT_HERE)
    if screen == NUMBER:
        turn.c = replace(turn.c, looked_up=key)
        return ask(turn)
    number, turn.c = turn.c.looked_up or "", replace(turn.c, looked_up=None)
    turn.effects.append(LookUpStatus(number, key))


def take_event(turn: TurnState, event: StatusLookedUp) -> None:
    """Show the registration's state, or one reply that is the same for every kind of failure."""
    if not event.state:
        turn.notes.append((NOT_FOUND,))
        return turn.ask_screen(OFFER_SCREEN)
    turn.notes += [(receipt(_(FOUND.msgid, state=_state(event.state)), ""),), (ONLY_STATE,)]
    turn.ask()


def _state(state: str) -> Text:
    words = OF_ITS_OWN.get(state) or registration_history.STATES.get(state)
    return words or registration_history.STATES["received"]
