"""The screen of a referral: which organization refers the person, and which data it gets.

With the person's consent, the organization's count of registered people includes the person.
"""

from flows.engine.fast_replace import replace
from flows.engine.questions import NO, YES, Choice
from flows.engine.referrals import CountReferral, FindReferrer, Referral, ReferrerFound
from flows.engine.text import _, button
from flows.engine.turn import TurnState

INVITED = "~referral"
# Smallest number of registered people that an organization is shown, because a smaller number could
# identify a person.
MIN_SHOWN = 5
INVITATION = _(
    "This organisation invites you: {name}\nThe organisation learns nothing about you: no name, no"
    " answer, not that you are here. If you register, may we count you for the organisation? The"
    " organisation sees only how many people registered, and no number below {least}. Without"
    " your yes everything here works too."
)
ENDED = _("This invitation has ended. You can use everything here without it.")
COUNTED = _("Thank you. We count you only if you register.")
NOT_COUNTED = _("We do not count you for the organisation.")


def find(turn: TurnState, code: str) -> None:
    """Look up the organization of a referral code; the event `ReferrerFound` opens the screen."""
    turn.effects.append(FindReferrer(code))


def take_event(turn: TurnState, event: ReferrerFound) -> None:
    """Store a referral, and ask whether the person's registration may be counted.

    If no language is chosen yet, the question is asked later. A registered person is not asked.
    """
    if turn.c.with_officer or turn.c.registration:
        return turn.ask()
    if not event.name:
        return turn.say_and_reprompt(ENDED) if turn.c.language else turn.ask()
    turn.c = replace(turn.c, referral=Referral(event.code, event.name))
    if turn.c.language:
        return ask(turn)
    turn.ask()


def is_unanswered(turn: TurnState) -> bool:
    """Return True if the person was referred and has not yet agreed to be counted."""
    return turn.c.referral is not None and not turn.c.referral.agreed


def ask(turn: TurnState) -> None:
    """Ask the person: may the statistics of the organization that referred them count them?"""
    assert turn.c.referral is not None
    text = _(INVITATION.msgid, name=turn.c.referral.name, least=MIN_SHOWN)
    turn.ask_screen(Choice(name=INVITED, label=button("Invitation"), text=text, among=(YES, NO)))


def answer(turn: TurnState, key: str) -> None:
    """Store the consent to be counted; if the person refuses, delete the referral."""
    referral = turn.c.referral
    agreed = key == "yes" and referral is not None
    kept = replace(referral, agreed=True) if referral and agreed else None
    turn.c = replace(turn.c, referral=kept)
    turn.say_and_reprompt(COUNTED if agreed else NOT_COUNTED)


def count(turn: TurnState) -> None:
    """Add a person's first registration to the organization's count, if the person agreed.

    The referral is deleted in any case.
    """
    if turn.c.referral is None:
        return
    if turn.c.referral.agreed:
        turn.effects.append(CountReferral(turn.c.referral.code))
    turn.c = replace(turn.c, referral=None)
