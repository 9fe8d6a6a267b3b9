"""Offers the language in which a person writes, if it is not the language of the conversation."""

from flows.engine.events import Button, Kind
from flows.engine.fast_replace import replace
from flows.engine.recognition import Confidence
from flows.engine.text import button, verbatim
from flows.engine.turn import TurnState

# First part of the key of the button that chooses the written language.
KEY = "in"
OFFERED = "offered"
TO_LANGUAGE = Button("!language", button("Language"), Kind.CONTROL)


def buttons(turn: TurnState) -> tuple[Button, ...]:
    """Return the button for another language: the guessed one can be changed, a written one chosen.

    The key of the button has the intent that is answered again after the press: OFFERED if several
    topics were offered, "" if no intent was recognized.
    """
    if turn.guessed:
        return (TO_LANGUAGE,)
    code = turn.words.written(turn.text, turn.c.language)
    if code is None:
        return ()
    name = verbatim(dict(turn.words.languages())[code])
    return (Button(f"?{KEY}.{code}.{_intent(turn)}", name, Kind.CONTROL),)


def _intent(turn: TurnState) -> str:
    found = turn.recognize(turn.text)
    if found.confidence is Confidence.UNSURE:
        return OFFERED
    return found.intents[0] if found.confidence is Confidence.SURE and found.intents else ""


def follow(turn: TurnState) -> None:
    """Choose the language of the typed text, because a person in danger must understand the reply.

    The reply then has the button to choose another language.
    """
    code = turn.words.written(turn.text, turn.c.language)
    if code is not None:
        turn.c = replace(turn.c, language=code)
        turn.guessed = True
