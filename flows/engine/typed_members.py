"""Adds the family member whom a typed answer names, such as "my wife"."""

from flows.engine import answering
from flows.engine.flow import RepeatingGroup
from flows.engine.state import Asked
from flows.engine.turn import TurnState


def answer(turn: TurnState, asked: Asked, value: str, text: str) -> None:
    """Record a typed answer; if it names a family member, record the first question about this one.

    For "my wife", that question asks for the relation.
    """
    group = turn.question(asked)
    answering.answer(turn, asked, value, typed=True)
    if not isinstance(group, RepeatingGroup) or value != "add" or turn.c.asked is None:
        return
    named = turn.words.options(text, group.items[0].name)
    if len(named) == 1:
        turn.says.clear()
        answering.answer(turn, turn.c.asked, next(iter(named)), typed=True)
