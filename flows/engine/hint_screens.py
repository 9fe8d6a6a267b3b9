"""Screens for hints: e-mails or SMS which say only that there is news in the chat.

The screens are a warning, consent, address, code, and the end of the hints.
"""

import unicodedata

from flows.engine import screens
from flows.engine.blocks import caution
from flows.engine.events import ConsentGiven, DeleteInput, Kind, Page
from flows.engine.fast_replace import replace
from flows.engine.hints import (
    ConfirmContact,
    ContactChecked,
    ContactLeft,
    HintEvent,
    LeaveContact,
    RemoveContact,
    is_email,
)
from flows.engine.language_protocol import Refusal
from flows.engine.model_events import ConsentWithdrawn
from flows.engine.options import Option
from flows.engine.questions import Choice
from flows.engine.text import Text, _, button
from flows.engine.turn import TurnState, option_buttons

PURPOSE = "hints"
HINTS, EMAIL, SMS, CODE = "~hints", "~hint_email", "~hint_sms", "~hint_code"
WAYS = {"email": button("I agree: e-mail"), "sms": button("I agree: phone")}
CODE_LENGTH = 6

WARNING = caution(
    _(
        "If others can read your e-mail or text messages, leave no address here. In China and some"
        " other countries the state can see who gets a message, and when. If this could harm you,"
        " choose “Not now”."
    )
)
EXPLANATION = _(
    "When something waits for you here, we can send a hint by e-mail or text message. The"
    " hint says only that there is an update."
)
CONSENT = _(
    "• What is kept: the e-mail address or phone number that you write, encrypted.\n"
    "• Why: to send you hints, at most 2 a day, and a code now.\n"
    "• Who sees it: the companies that carry the message see the address and the time.\n"
    "• How long: until you end it in the menu, write “stop” or “delete”, or your data here"
    " expires.\n"
    "• If you do not agree, nothing changes."
)
ENTER_EMAIL = _("Please write your e-mail address.")
ENTER_SMS = _("Please write your phone number with the country code, such as +7.")
ENTER_CODE = _(
    "We are sending a code to this address. Please write its 6 digits here. The code works for 10"
    " minutes."
)
NOT_AN_EMAIL = _("This is not an e-mail address. An address has the sign @ and a dot after it.")
NOT_A_NUMBER = _(
    "This is not a phone number with a country code. One looks like this: +77010000000"
)
NOT_A_CODE = _("The code has 6 digits.")
WRONG_CODE = _("This code is not right. Tries left: {left}.")
ENDED_CODE = _("The code no longer works, and the address is deleted. You can begin again.")
TOO_MANY = _("Too many codes were sent. Please try again tomorrow.")
CONFIRMED = _("Thank you. When something waits for you here, a hint comes to this address.")
IS_ON = _("Hints come to the address that you left.")
ENDED = _("The address is deleted. No more hints are sent.")
TITLE, NOT_NOW = button("Hints: e-mail, phone"), button("Not now")
REMOVE = button("End the hints")
# The text that rejects invalid input, by the screen that asks for the input.
TYPED = {EMAIL: NOT_AN_EMAIL, SMS: NOT_A_NUMBER, CODE: NOT_A_CODE}
_PROMPTS = {EMAIL: ENTER_EMAIL, SMS: ENTER_SMS, CODE: ENTER_CODE}
_LEAVE = (Option("leave", NOT_NOW),)


def is_offered(turn: TurnState) -> bool:
    """Return True if the menu offers hints (notices by e-mail or SMS) to this person.

    The conditions are: data of the person is stored, the chat is not masked after a quick exit, and
    a way to send hints is configured or an address is stored.
    """
    ways = turn.understanding.hint_ways if turn.understanding else ()
    return turn.c.is_persistent and not turn.c.is_masked and bool(ways or turn.c.hint_way)


def open_screen(turn: TurnState) -> None:
    """Offer hints (e-mail or SMS notices), with a warning; offer to delete a stored address."""
    if turn.c.hint_way:
        ends = (Option("remove", REMOVE), *_LEAVE)
        return turn.ask_screen(Choice(name=HINTS, label=TITLE, text=IS_ON, among=ends))
    ways = turn.understanding.hint_ways if turn.understanding else ()
    among = (*(Option(way, WAYS[way]) for way in ways), *_LEAVE)
    turn.notes += [(WARNING,), (EXPLANATION,)]
    turn.ask_screen(Choice(name=HINTS, label=TITLE, text=CONSENT, among=among))


def ask(turn: TurnState) -> None:
    """Ask for the hints' address or its code, on the secure page if the policy is `ALWAYS`.

    The secure page is a web page that a link in the chat opens.
    """
    asked = turn.put_asked("", turn.c.hint_step, 1, _LEAVE)
    if turn.page is Page.ALWAYS:
        return turn.send_to_page(TITLE)
    leave = (replace(each, kind=Kind.CONTROL) for each in option_buttons(asked.nonce, _LEAVE))
    turn.say(((_PROMPTS[turn.c.hint_step],),), (*leave, *turn.person_button()), private=True)


def read(turn: TurnState, key: str, typed: str) -> str | Refusal:
    """Return the typed e-mail address, phone number or code, or a refusal; delete the message."""
    turn.effects.append(DeleteInput())
    text = unicodedata.normalize("NFKC", typed).strip()
    if key == EMAIL:
        return text if is_email(text) else Refusal.NOT_LISTED
    if key == SMS:
        countries = turn.understanding.sms_countries if turn.understanding else ()
        return turn.words.mobile(text, countries)
    digits = "".join(str(unicodedata.decimal(each, "x")) for each in "".join(text.split()))
    return digits if digits.isdecimal() and len(digits) == CODE_LENGTH else Refusal.NOT_LISTED


def may_be_address(text: str) -> bool:
    """Return True if a text is more likely a mistyped e-mail address or code than a question."""
    return "@" in text or len(text.split()) == 1 or any(each.isdigit() for each in text)


def answer(turn: TurnState, screen: str, key: str) -> None:
    """Handle an answer on a screen for hints (notices by e-mail or SMS).

    `key` is a button's key, an e-mail address, a telephone number or a code.
    """
    if key == "leave":
        if turn.c.hint_step:
            forget(turn)
        return turn.ask()
    if screen == HINTS:
        return remove(turn) if key == "remove" else _agree(turn, key)
    if turn.page is Page.ALWAYS:
        return turn.say_and_reprompt(screens.NOT_HERE)
    turn.c = replace(turn.c, hint_step="")
    if screen == CODE:
        turn.effects.append(ConfirmContact(key))
    else:
        turn.effects.append(LeaveContact("email" if screen == EMAIL else "sms", key))


def take_event(turn: TurnState, event: HintEvent) -> None:
    """Ask for the code that was sent to an e-mail address or number, or say if it was right."""
    match event:
        case ContactLeft(is_accepted=True):
            turn.c = replace(turn.c, hint_step=CODE)
            turn.ask()
        case ContactLeft():
            _withdraw_consent(turn, TOO_MANY)
            turn.say_and_reprompt(TOO_MANY)
        case ContactChecked(way="", tries_left=left) if left:
            turn.c = replace(turn.c, hint_step=CODE)
            turn.say_and_reprompt(_(WRONG_CODE.msgid, left=left))
        case _:
            if not event.way:
                _withdraw_consent(turn, ENDED_CODE)
            turn.c = replace(turn.c, hint_way=event.way)
            turn.say_and_reprompt(CONFIRMED if event.way else ENDED_CODE)


def remove(turn: TurnState) -> None:
    """Delete the address for hints (notices by e-mail or SMS), and confirm this to the person."""
    forget(turn)
    turn.say_and_reprompt(ENDED)


def forget(turn: TurnState) -> None:
    """Delete the address for hints (notices by e-mail or SMS), and withdraw the consent to them."""
    if not turn.c.is_persistent:
        return
    if RemoveContact() not in turn.effects:
        turn.effects.append(RemoveContact())
    if turn.c.hint_way or turn.c.hint_step:
        _withdraw_consent(turn)
    turn.c = replace(turn.c, hint_way="", hint_step="")


def _withdraw_consent(turn: TurnState, shown: Text = ENDED) -> None:
    turn.effects.append(ConsentWithdrawn(PURPOSE, shown, turn.c.language))


def _agree(turn: TurnState, way: str) -> None:
    turn.effects.append(ConsentGiven(PURPOSE, CONSENT, turn.c.language))
    turn.c = replace(turn.c, hint_step=EMAIL if way == "email" else SMS)
    ask(turn)
