"""Determine which steps of an announcement are done, and what prevents its sending.

An announcement is a message to many people, which an officer writes in five steps.
"""

from dataclasses import dataclass
from typing import Final

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Refusal
from bot.web.console.labels_broadcasts import BROADCAST_STATES, CORRECTED_IN, REFUSAL_TEXTS
from bot.web.console.request_context import RequestContext
from flows.engine.text import Text

STEPS: Final = ("purpose", "audience", "text", "test", "time")


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason why an announcement cannot be sent now.

    `words` is its text, `detail` the language, number or channel concerned, and `step` the step in
    which the officer can correct it, or "".
    """

    words: str
    detail: str
    step: str


def is_shown(blocker: Blocker, at: str, draft: Draft) -> bool:
    """Return True if the page of step `at` shows the blocker, a reason that prevents sending.

    The page shows the blockers that must be corrected in an earlier step, and those that no step
    corrects. The step "text" also shows its own blockers once a text was begun. Blockers of later
    steps are not shown, because the officer has not reached those steps yet.
    """
    if blocker.step not in STEPS:
        return True
    reached = STEPS.index(blocker.step)
    return reached < STEPS.index(at) or (blocker.step == at == "text" and bool(draft.texts))


def mark_of(found: Broadcast | None, draft: Draft, name: str, wrong: list[Blocker]) -> str:
    """Return "done" or "open", which the editor shows beside the step `name`.

    `wrong` are all reasons why the announcement cannot be sent. The step "time" has valid defaults,
    so it is done only if there is no such reason.
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
    """Return the text that tells an officer why an action on an announcement was refused.

    `why` is the reason. Codes of languages and states in `detail` are replaced by their names.
    """
    names = dict(context.rt.languages.languages())
    names |= {state: context.say(label) for state, label in BROADCAST_STATES.items()}
    reason = REFUSAL_TEXTS[why]
    parts = [names.get(part, part) for part in detail.split(": ")]
    values = (("detail", ": ".join(parts)),) if "{detail}" in reason.msgid else ()
    return context.say(Text(reason.msgid, values))
