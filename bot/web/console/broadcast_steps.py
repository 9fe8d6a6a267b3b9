"""Say which steps of an announcement are done, and what still keeps it from being sent."""

from dataclasses import dataclass
from typing import Final

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Refusal
from bot.web.console.labels_broadcasts import BROADCAST_STATES, CORRECTED_IN, STANDS_AGAINST
from bot.web.console.request_context import RequestContext
from flows.engine.text import Text

STEPS: Final = ("purpose", "audience", "text", "test", "time")


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason why an announcement cannot be sent: its words, detail, and the step to correct."""

    words: str
    detail: str
    step: str


def is_behind(blocker: Blocker, at: str, draft: Draft) -> bool:
    """Return True if the blocker belongs to a step that was filled in: later ones are no news."""
    if blocker.step not in STEPS:
        return True
    reached = STEPS.index(blocker.step)
    return reached < STEPS.index(at) or (blocker.step == at == "text" and bool(draft.texts))


def mark_of(found: Broadcast | None, draft: Draft, name: str, wrong: list[Blocker]) -> str:
    """Return whether a step is done or open; a step that was not reached is open.

    The time has a default, so that only a draft that lacks nothing shows it as done.
    """
    if found is None or any(each.step == name for each in wrong):
        return "open"
    if name == "time" and wrong:
        return "open"
    return "open" if name in ("text", "test", "time") and not draft.texts else "done"


async def blockers_of(context: RequestContext, found: Broadcast) -> list[Blocker]:
    blockers = await broadcasts.blockers(context.rt, context.officer, found.id)
    return [
        Blocker(
            refusal(context, each.why, each.detail), each.detail, CORRECTED_IN.get(each.why, "")
        )
        for each in blockers
    ]


def refusal(context: RequestContext, why: Refusal, detail: str) -> str:
    """Return in words why it was refused; languages and states by their names."""
    names = dict(context.rt.languages.languages())
    names |= {state: context.say(label) for state, label in BROADCAST_STATES.items()}
    reason = STANDS_AGAINST[why]
    parts = [names.get(part, part) for part in detail.split(": ")]
    values = (("detail", ": ".join(parts)),) if "{detail}" in reason.msgid else ()
    return context.say(Text(reason.msgid, values))
