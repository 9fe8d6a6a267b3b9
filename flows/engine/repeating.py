"""Repeats the last answer for a person who did not understand it."""

from flows.engine import commands, hearing, labels, screens
from flows.engine.language_protocol import Reserved
from flows.engine.text import _
from flows.engine.turn import TurnState

AGAIN = _(
    "Here is the answer once more. A person can explain it: press “{talk_to_a_person}”.",
    talk_to_a_person=labels.TALK_TO_A_PERSON,
)


def repeat(turn: TurnState, text: str) -> bool:
    """Repeat the last answer, or the open question with its help, if the text asks for this.

    Returns False for any other text.
    """
    if not turn.words.asks_to_repeat(text):
        return False
    asked, recognized = turn.c.asked, turn.c.heard
    if asked is None or asked.key != screens.REPLY or recognized is None:
        commands.run(turn, Reserved.HELP)
        return True
    if recognized.sure:
        turn.notes.append((AGAIN,))
    hearing.answer_again(turn, recognized)
    return True
