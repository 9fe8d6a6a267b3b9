"""Opens the officer flow for an invitation, which is a link from another organization's system."""

from flows.engine import commands, referral_screens, screens
from flows.engine.fast_replace import replace
from flows.engine.invitations import InvitationFound
from flows.engine.text import _
from flows.engine.turn import TurnState

INVITED = _(
    "You opened a link of another organization. If you ask an officer now, that organization learns"
    " when your request is opened and closed. Your name and your words are not passed on."
)


def take_event(turn: TurnState, event: InvitationFound) -> None:
    """Open the officer flow with the invitation's topic.

    If the person has chosen no language, the invitation's language is used. A note above the flow
    says which data the other organization will get.
    """
    if turn.c.with_officer:
        return turn.ask()
    if not event.topic:
        return turn.say_and_reprompt(referral_screens.ENDED) if turn.c.language else turn.ask()
    language = turn.c.language or event.language
    turn.c = replace(turn.c, language=language, invitation=event.code)
    turn.notes += (*screens.welcome(), (INVITED,))
    commands.to_person(turn, event.topic)


def drop(turn: TurnState) -> None:
    """Delete the invitation from the conversation if the officer flow is not open.

    If it were kept, a later request for an officer would be reported to the inviting organization.
    """
    flow = turn.flows.get(turn.c.flow)
    if turn.c.invitation and not (flow and flow.hands_over):
        turn.c = replace(turn.c, invitation="")
