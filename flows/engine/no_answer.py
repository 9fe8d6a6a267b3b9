"""Recognizes texts that answer a form's question with "I do not know", "none" or a refusal."""

from flows.engine.corrections import NOT_TYPED
from flows.engine.language_protocol import Reserved
from flows.engine.questions import FreeText, PersonName
from flows.engine.safety import WRITTEN
from flows.engine.state import Asked
from flows.engine.turn import TurnState


def reserved_word(turn: TurnState, asked: Asked, text: str) -> Reserved | None:
    """Return the reserved word to run for a text that is no answer, or None.

    A person who does not want to talk to an officer after all leaves the form of the officer flow.
    The word "skip" also tells a person that an answer is needed. A person who has no surname reads
    in the help where to write their only name.
    """
    question, flow = turn.question(asked), turn.flows.get(asked.flow)
    if question is None or flow is None or question.asks_freely:
        return None
    if flow.hands_over:
        return Reserved.CANCEL if turn.words.refuses(text) else None
    if isinstance(question, NOT_TYPED) and not isinstance(question, FreeText):
        return None
    is_nothing = isinstance(question, WRITTEN) and turn.words.nothing(text, asked.language)
    if is_nothing and isinstance(question, PersonName) and not question.skippable:
        return Reserved.HELP
    is_empty = is_nothing or turn.words.declines(text)
    return Reserved.SKIP if is_empty else None
