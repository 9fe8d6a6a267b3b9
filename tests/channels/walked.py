"""Everything that a walk through all flows makes the assistant say, each say once per page rule.

A say is the same in every language until it is rendered, so that it is asked for in one only.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache

from bot.channels import Message, Press
from bot.languages import Languages
from flows import FLOWS
from flows.engine import house, walk
from flows.engine.asking import Asking
from flows.engine.events import Page, Say
from flows.engine.flow import Answer, Flow, Form, path
from flows.engine.state import Conversation, MadeList, Standing
from flows.engine.text import Text

WORDS = Languages()
LANGUAGES = tuple(code for code, _name in WORDS.languages())
TODAY = date(2026, 11, 24)
# Words of a person as long as they may be, in the letters that take most room.
LONG_NAME = "ӘБДІҒАППАР" * 8
NUMBER = "KZ-2026-TEST"


@cache
def says(page: Page) -> tuple[Say, ...]:
    """Every question, screen, remark and outcome, with the notes that may stand before it."""
    found: dict[object, Say] = {}
    for conversation in _conversations():
        for say in _asked(conversation, page):
            shown = tuple((each.label, each.kind, _sign(each.payload)) for each in say.buttons)
            found.setdefault((say.paragraphs, shown), say)
    return tuple(found.values())


def message(say: Say, language: str) -> Message:
    """The say as a channel gets it, in one of the written forms."""
    if say.paragraphs[-1:] == _language_screen():
        language = ""
    return Message(
        tuple(
            "\n".join(WORDS.render(line, language) for line in lines) for lines in say.paragraphs
        ),
        tuple(
            Press(
                each.payload or "https://kosh.example/p/" + "x" * 43,
                WORDS.render(each.label, language),
                each.kind.value,
            )
            for each in say.buttons
        ),
        language,
        say.progress,
    )


@cache
def forms() -> tuple[tuple[Flow, Form], ...]:
    """A form for each state of each flow that later questions can tell apart, and for each end."""
    found = []
    for flow in FLOWS.values():
        later, seen, todo = walk._read_later(flow), set[object](), [Form()]
        while todo:
            form = todo.pop()
            road = path(flow, form)
            stop = road.current(None)
            state = walk._state(stop, road, form, later) if stop else tuple(road.answers.items())
            if state in seen:
                continue
            seen.add(state)
            found.append((flow, form))
            if stop is not None:
                todo += [way for way in walk._ways(flow, stop, form) if isinstance(way, Form)]
    return tuple(found)
