"""Tells a person who made a mistake in an open form how to correct it."""

from flows.engine import answering, labels
from flows.engine.events import Button
from flows.engine.flow import Review
from flows.engine.text import _
from flows.engine.turn import TurnState

# Translators: {back} is the label of a button. "menu" is a word that the person can write.
CORRECT = _(
    "Nothing has been sent yet. To correct an earlier answer, press “{back}”, several times if"
    " needed. To stop, write “menu”.",
    back=labels.BACK,
)


def explain(turn: TurnState, other: Button) -> bool:
    """Say how to correct an answer of the open form, or at its review ask which answer.

    `other` is the button of a person who meant something else. Returns False if the person has sent
    a registration, or if the form only leads to an officer.
    """
    flow = turn.flows.get(turn.c.flow)
    if flow is None or flow.hands_over or turn.c.registration is not None:
        return False
    if turn.c.asked is not None and isinstance(turn.question(turn.c.asked), Review):
        answering.ask_what_to_edit(turn)
        return True
    turn.say(((CORRECT,),), (other, *turn.person_button()), leaves=False)
    turn.ask()
    return True
