"""Links of other systems: a start word opens the handoff with a topic and names an invitation."""

import re
from dataclasses import dataclass

from flows.engine.fast_replace import replace
from flows.engine.text import _
from flows.engine.turn import TurnState

INVITED = _(
    "You opened a link of another organization. If you ask an officer now, that organization learns"
    " when your request is opened and closed. Your name and your words are not passed on."
)

# Telegram allows 64 characters, of these kinds only.
_WORD = re.compile(
    r"officer-(?P<language>[A-Za-z_]{2,8})-(?P<topic>[a-z_]{1,16})-(?P<code>[2-9A-Z]{12})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation to ask an officer: its language, topic and one-time code."""

    language: str
    topic: str
    code: str

    @property
    def word(self) -> str:
        """Return the start word of its link."""
        return f"officer-{self.language}-{self.topic}-{self.code}"


def read(turn: TurnState, word: str) -> Invitation | None:
    """Return the invitation in a start word; None for any other word."""
    found = _WORD.fullmatch(word)
    if found is None or found["language"] not in dict(turn.words.languages()):
        return None
    return Invitation(**found.groupdict())


def drop(turn: TurnState) -> None:
    """Drop the invitation once the handoff was left: a later request is not reported."""
    flow = turn.flows.get(turn.c.flow)
    if turn.c.invitation and not (flow and flow.hands_over):
        turn.c = replace(turn.c, invitation="")
