"""Repeats the last answer for a person who did not understand it."""

from flows.engine import commands, hearing, labels, screens
from flows.engine.language_protocol import Reserved
from flows.engine.text import _
from flows.engine.turn import TurnState

AGAIN = _(
    "Here is the answer once more. A person can explain it: press “{talk_to_a_person}”.",
    talk_to_a_person=labels.TALK_TO_A_PERSON,
)


# Shown above the repeated answer to a person who asks whether it is true.
SOURCES = _(
    "The assistant says only what has a source. The date after a sentence shows when its source was"
    " published or read. A person can tell you what applies to you: press “{talk_to_a_person}”.",
    talk_to_a_person=labels.TALK_TO_A_PERSON,
)


def repeat(turn: TurnState, text: str) -> bool:
    """Repeat the last answer, or the open question with its help, if the text asks for this.

    If the text asks whether the last answer is true, repeat the answer below a sentence about
    sources. Returns False for any other text.
    """
    recognized = turn.c.heard if turn.c.asked and turn.c.asked.key == screens.REPLY else None
    # An older or newer program may have stored an intent that this one does not have.
    if recognized is not None and not any(map(turn.reply, recognized.intents)):
        recognized = None
    is_doubt = recognized is not None and recognized.sure and turn.words.doubts(text)
    if not is_doubt and not turn.words.asks_to_repeat(text):
        return False
    if recognized is None:
        commands.run(turn, Reserved.HELP)
        return True
    if recognized.sure:
        turn.notes.append((SOURCES if is_doubt else AGAIN,))
    hearing.answer_again(turn, recognized)
    return True
