"""Screens for linking family members' registrations: a code, the consent of each person, leaving.

No data of one person is shown to another. The registry's response arrives later, as an event.
"""

from collections.abc import Iterator
from datetime import date

from flows.engine import labels
from flows.engine.events import DeleteInput, Kind
from flows.engine.fast_replace import replace
from flows.engine.flow import Consent
from flows.engine.household import (
    ChangeHousehold,
    CheckHouseholdCode,
    HouseholdAnswered,
    HouseholdLink,
    HouseholdWrite,
    read_household_code,
    shown_code,
)
from flows.engine.language_protocol import Refusal
from flows.engine.model_events import ConsentWithdrawn
from flows.engine.options import Option
from flows.engine.questions import NO, YES, Choice
from flows.engine.registration import RegistrationStatus
from flows.engine.state import Asked
from flows.engine.text import Text, _, button
from flows.engine.turn import TurnState, option_buttons

HOUSEHOLD, CODE, CONSENT, LEAVE = (
    "~household",
    "~household_code",
    "~household_consent",
    "~household_leave",
)
PURPOSE = "household"
EXAMPLE = "ABCDE-23456"

LINK_FAMILY = button("Link family")
GET_CODE = button("Get a family code")
ENTER_A_CODE = button("Enter a code")
END_LINK = button("End family link")
NOT_LINKED = _(
    "Does your family move with you? You can link your registration with theirs. Each family member"
    " first needs a registration of their own."
)
LINKED = _("Your registration is linked with your family.")
CODE_FOR_FAMILY = _(
    "Your code for family members: {code}. Give it to your family only. Your family enters it here,"
    " under “{registration}”, “{link}”. Last day: {day}",
    registration=labels.MY_REGISTRATION,
    link=LINK_FAMILY,
)
PENDING: dict[HouseholdWrite, Text] = {
    "invite": _("Your request for a family code is on its way to the registry."),
    "join": _("Your family code is on its way to the registry."),
    "leave": _("The end of your family link is on its way to the registry."),
}
REFUSED = {
    "unknown_code": _(
        "The registry does not know this family code. The code may be mistyped or too old."
        " Please ask your family member for a new one."
    ),
    "refused": _("The registry could not change your family link now. An officer will look at it."),
}
ENTER_CODE = _("Please write the code that your family member gave you.")
NOT_A_CODE = _("This is not a family code. One looks like this: {example}", example=EXAMPLE)
TOO_MANY = _(
    "There were too many tries with family codes. Please try again in an hour. With the same code,"
    " it can take a day."
)
WHAT_IT_MEANS = _(
    "May we send the registry your wish to be linked with your family?\n"
    "• What: the family code and your registration number.\n"
    "• Why: in the registry’s planning, your family is counted once.\n"
    "• Who gets it: the operator of this assistant and the registry. You see no data of your family"
    " member. Your family member sees none of yours.\n"
    "• How long: until you leave or withdraw. You may leave at any time, under “{registration}”.\n"
    "• Nothing is published. Writing “delete” ends the link too.\n"
    "• Each person decides for themselves. If you do not agree, your registration stays as it is.",
    registration=labels.MY_REGISTRATION,
)
SAVED = _("Saved. We will write when the registry answers. You need not send it again.")
NOTHING_CHANGED = _("Nothing was changed.")
LEAVE_FAMILY = _("End the link with your family? Your registration stays as it is.")
NO_LONGER = _("I no longer agree to the link with my family.")
NOT_NOW = button("Not now")
_LATER = (Option("later", NOT_NOW),)
CONSENT_SCREEN = Consent(
    name=CONSENT, label=LINK_FAMILY, text=WHAT_IT_MEANS, purpose=PURPOSE, optional=True
)
LEAVE_SCREEN = Choice(name=LEAVE, label=LINK_FAMILY, text=LEAVE_FAMILY, among=(YES, NO))


def may_link(known: RegistrationStatus) -> bool:
    """Return True if the registration can be linked to those of family members.

    The registration must have a number, and must not be on its way to the registry or withdrawn.
    """
    return bool(known.number) and known.state != "sent" and known.is_current


def lines(known: RegistrationStatus, today: date) -> Iterator[Text]:
    """Yield the state of the family link: linked, a valid code, a pending or a rejected change."""
    link = known.household
    if link is None or not known.is_current:
        return
    if link.is_linked:
        yield LINKED
    until = link.code_until if link.pending != "leave" else None
    if until is not None and today <= until:
        code = shown_code(link.code)
        yield _(CODE_FOR_FAMILY.msgid, **dict(CODE_FOR_FAMILY.values), code=code, day=until)
    if link.pending:
        yield PENDING[link.pending]
    if link.refusal:
        yield REFUSED[link.refusal]


def show(turn: TurnState) -> None:
    """Show the state of the family link, with buttons for the possible actions."""
    known = turn.c.registration
    if known is None or not may_link(known):
        return turn.ask()
    link = known.household or HouseholdLink()
    paragraph = tuple(lines(known, turn.today))
    possible = (
        (not link.pending, "invite", GET_CODE),
        (not link.pending and not link.is_linked, "enter", ENTER_A_CODE),
        (not link.pending and link.is_linked, "leave", END_LINK),
        (True, "status", labels.MY_REGISTRATION),
    )
    among = tuple(Option(key, label) for use, key, label in possible if use)
    text = LINKED if link.is_linked else NOT_LINKED
    screen = Choice(name=HOUSEHOLD, label=LINK_FAMILY, text=text, among=among)
    turn.ask_screen(screen, paragraph=paragraph or (NOT_LINKED,))


def ask_code(turn: TurnState) -> None:
    """Ask for a family member's household code; once it is entered, ask for consent."""
    if turn.c.household_code:
        return turn.ask_screen(CONSENT_SCREEN)
    asked = turn.put_asked("", CODE, 1, _LATER)
    buttons = option_buttons(asked.nonce, _LATER)
    controls = (*(replace(each, kind=Kind.CONTROL) for each in buttons), *turn.person_button())
    turn.say(((ENTER_CODE,),), controls)


def read(turn: TurnState, typed: str) -> str | Refusal:
    """Return the household code that was typed, and delete the person's message; or a refusal."""
    code = read_household_code(typed)
    if not code:
        return Refusal.NOT_LISTED
    turn.effects.append(DeleteInput())
    return code


def answer(turn: TurnState, asked: Asked, key: str) -> None:
    """Handle the answer `key` on a screen for the family link: a button's key or a typed code."""
    match asked.key, key:
        case "~household", "invite" if turn.c.consents.get(PURPOSE) == WHAT_IT_MEANS.msgid:
            _send(turn, "invite")
        case "~household", "invite":
            turn.ask_screen(CONSENT_SCREEN)
        case "~household", "enter":
            turn.c = replace(turn.c, household_code="")
            ask_code(turn)
        case "~household", "leave":
            turn.ask_screen(LEAVE_SCREEN)
        case "~household_code", code if code != "later":
            turn.c = replace(turn.c, household_code=code)
            turn.effects.append(CheckHouseholdCode(code))
        case "~household_consent", "yes":
            turn.c = replace(turn.c, asked=asked)
            turn.record_consent(CONSENT_SCREEN)
            _send(turn, "join" if turn.c.household_code else "invite")
        case "~household_leave", "yes":
            _send(turn, "leave")
        case _:
            turn.c = replace(turn.c, household_code=None)
            turn.say_and_reprompt(NOTHING_CHANGED)


def _send(turn: TurnState, write: HouseholdWrite) -> None:
    """Send the change `write` to the registry, unless the registration can no longer be linked."""
    known, code = turn.c.registration, turn.c.household_code or ""
    turn.c = replace(turn.c, household_code=None)
    if known is None or not may_link(known):
        return turn.say_and_reprompt(NOTHING_CHANGED)
    link = known.household or HouseholdLink()
    _put(turn, known, replace(link, pending=write, refusal=""))
    turn.effects.append(ChangeHousehold(write, code))
    turn.say_and_reprompt(PENDING[write] if turn.c.muted else SAVED)


def take_check(turn: TurnState, *, is_granted: bool) -> None:
    """Ask for consent to join the household, or say that no attempt to enter a code is left."""
    if is_granted:
        return ask_code(turn)
    turn.c = replace(turn.c, household_code=None)
    turn.say_and_reprompt(TOO_MANY)


def record_outcome(turn: TurnState, event: HouseholdAnswered) -> bool:
    """Store the registry's response to a change; return False if this change is not pending."""
    known = turn.c.registration
    if known is None or known.household is None or known.household.pending != event.write:
        return False
    if event.refusal:
        now = replace(known.household, pending=None, refusal=event.refusal)
    else:
        now = HouseholdLink(event.is_linked, code=event.code, code_until=event.code_until)
    _put(turn, known, now)
    if not now.is_linked:
        _withdraw_consent(turn)
    return True


def end(turn: TurnState) -> None:
    """Delete the family link of a withdrawn registration, and withdraw the consent to the link."""
    known = turn.c.registration
    if known is not None and known.household is not None:
        _put(turn, known, None)
        _withdraw_consent(turn)


def _withdraw_consent(turn: TurnState) -> None:
    if PURPOSE in turn.c.consents:
        consents = {key: text for key, text in turn.c.consents.items() if key != PURPOSE}
        turn.c = replace(turn.c, consents=consents)
        turn.effects.append(ConsentWithdrawn(PURPOSE, NO_LONGER, turn.c.language))


def _put(turn: TurnState, known: RegistrationStatus, link: HouseholdLink | None) -> None:
    turn.c = replace(turn.c, registration=replace(known, household=link))
