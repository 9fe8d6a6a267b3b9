"""Typed text: a command, words for the officer, or an answer to what was asked."""

from flows.engine import answering, commands, pin_screens, screens
from flows.engine.language_protocol import SAFETY, Refusal, Reserved
from flows.engine.questions import FreeText, PersonName
from flows.engine.state import Asked
from flows.engine.turn import TurnState

# Beyond it a text is refused by every reader anyway; reading all of it would only take time.
MAX_READ = 5000


def said(turn: TurnState, text: str) -> None:
    text = text[:MAX_READ]
    command = turn.words.command(text)
    word = command[0] if command else turn.words.reserved(text)
    if command and command[0] is Reserved.START:
        return commands.start(turn, command[1])
    if command or word in SAFETY:
        return commands.run(turn, word) if word else turn.say_and_reprompt(screens.HELP)
    asked = turn.c.asked
    if turn.c.with_officer and (asked is None or not _is_screen_answer(turn, asked, text)):
        control = _written_control(turn, text)
        return commands.run(turn, control) if control else commands.relay(turn, text)
    if turn.c.language and _speaks_of_danger(turn, text):
        return _danger(turn, text)
    if asked is None or (not turn.c.language and word):
        return commands.run(turn, word) if word else commands.start(turn, "")
    word = word or _written_control(turn, text)
    if word and isinstance(turn.question(asked), (FreeText, PersonName)):
        return commands.run(turn, word)
    if turn.words.same(text, turn.words.render(screens.KEEP, asked.language)):
        return answering.keep(turn, asked)
    reading = answering.read(turn, asked, text)
    if isinstance(reading, Refusal):
        return commands.run(turn, word) if word else answering.refuse(turn, asked, reading)
    if isinstance(reading, str):
        return answering.answer(turn, asked, reading, typed=True)
    answering.narrow(turn, asked, reading)


def _is_screen_answer(turn: TurnState, asked: Asked, text: str) -> bool:
    """Whether words are a PIN that was asked for while an officer has the talk.

    Other screens are answered by their buttons then: a "yes" is for the officer.
    """
    if asked.key != pin_screens.PIN:
        return False
    return not isinstance(answering.read(turn, asked, text), Refusal)


def _speaks_of_danger(turn: TurnState, text: str) -> bool:
    """Words of danger, unless they are a label that was offered or go to an officer anyway."""
    asked = turn.c.asked
    to_officer = asked is not None and isinstance(turn.question(asked), FreeText)
    flow = turn.flows.get(turn.c.flow)
    if (flow and flow.hands_over and to_officer) or not turn.words.danger(text):
        return False
    offered = asked.options if asked else ()
    return not any(turn.words.same(text, each.words) for each in offered)


def _danger(turn: TurnState, typed: str) -> None:
    """Take the person to an officer with the topic that comes first, and with their words."""
    flow = turn.flows.get(turn.c.flow)
    if flow and flow.hands_over:
        turn.put_form(flow, commands._prefilled(turn, flow, "danger", typed))
        return turn.ask()
    commands.to_person(turn, "danger", typed)


def _written_control(turn: TurnState, text: str) -> Reserved | None:
    """A control's label written out instead of pressed."""
    controls = [(screens.EXIT, Reserved.EXIT), (screens.PERSON, Reserved.PERSON)]
    if turn.c.with_officer:
        controls.append((screens.BACK_TO_BOT, Reserved.MENU))
    for label, word in controls:
        if turn.words.same(text, turn.words.render(label, turn.c.language)):
            return word
    return None
