"""An announcement before it goes, as others see it: its words, what changed, who agreed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from starlette.responses import Response

from bot import broadcasts
from bot.broadcasts import Approval, Broadcast, Draft
from bot.i18n import direction, tag
from bot.officers import directory
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.broadcast_editor import counted, left_out, standing_against, summary, written
from bot.web.console.rendering import clock_of, page
from bot.web.console.request_context import Visit
from flows.engine.announcement_screens import SOMETHING_NEW

MAX_TITLE = 80


def may(visit: Visit) -> dict[str, bool]:
    """What this officer's roles let them do with announcements."""
    return {
        "draft": visit.may(Action.BROADCAST_DRAFT),
        "approve": visit.may(Action.BROADCAST_APPROVE),
        "send": visit.may(Action.BROADCAST_SEND),
        "stop": visit.may(Action.BROADCAST_STOP),
    }


def title(visit: Visit, found: Broadcast) -> str:
    """The first words, in the officer's own language where there are any."""
    texts = broadcasts.samples(visit.rt, found.draft)
    message = texts.get(visit.language) or next(iter(texts.values()), None)
    line = message.paragraphs[0].split("\n")[0] if message else ""
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE - 1]
    words = cut.rpartition(" ")[0]  # Chinese has none to end at
    return f"{words if len(words) > MAX_TITLE // 2 else cut}…"


async def names_of(visit: Visit) -> dict[str, str]:
    """Officers' names by their ids."""
    async with directory.acting(visit.rt, visit.officer) as session:
        return {str(each.id): each.name for each in await directory.everyone(session)}


async def to_be_agreed(visit: Visit, found: Broadcast, status: int, problem: str) -> Response:
    """The page of an announcement that is written and was not begun."""
    approvals = await broadcasts.approvals(visit.rt, visit.officer, found.id)
    count = await broadcasts.count(visit.rt, visit.officer, found.draft)
    given = sum(each.counts for each in approvals)
    return page(
        visit,
        "approval.html",
        status,
        may=may(visit),
        found=found,
        draft=found.draft,
        title=title(visit, found),
        names=await names_of(visit),
        approvals=approvals,
        given=given,
        enough=given >= found.approvers,
        own=found.author == visit.officer.id,
        mine=_mine(visit, approvals),
        hash=found.draft.content_hash.hex(),
        count=count,
        table=counted(visit, count),
        out=left_out(visit, count),
        summary=list(summary(visit, found.draft)),
        estimate=broadcasts.estimate(visit.rt, found.draft, count),
        wrong=await standing_against(visit, found),
        samples=list(_samples(visit, found)),
        changes=await _changes(visit, found),
        problem=problem,
    )


def _mine(visit: Visit, approvals: list[Approval]) -> bool:
    return any(each.officer == visit.officer.id and each.counts for each in approvals)


@dataclass(frozen=True, slots=True)
class Sample:
    """One language as people get it: whole, as a hint, and in a script that is made from it."""

    own: str
    lang: str
    dir: str
    text: str
    button: str
    hint: str
    template: str
    built: tuple["Sample", ...] = ()


def _samples(visit: Visit, found: Broadcast) -> Iterator[Sample]:
    messages = broadcasts.samples(visit.rt, found.draft)
    own = dict(visit.rt.languages.languages())

    def sample(code: str, *built: "Sample") -> Sample:
        message = messages[code]
        text = "\n\n".join(message.paragraphs)
        label = message.buttons[0].label
        hint = visit.rt.languages.render(SOMETHING_NEW, code)
        template = message.template.name if message.template else ""
        return Sample(own[code], tag(code), direction(code), text, label, hint, template, built)

    for code, _name in written(visit):
        if code in messages:
            others = [each for each in messages if each.startswith(f"{code}_")]
            yield sample(code, *map(sample, others))


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise than what was agreed to, in pieces: kept, gone or new."""

    name: str
    pieces: tuple[tuple[str, str], ...]
    lang: str = ""


async def _changes(visit: Visit, found: Broadcast) -> list[Change] | None:
    """What changed since the last approval; None where there was none."""
    before, now = await broadcasts.agreed(visit.rt, visit.officer, found.id), found.draft
    if before is None:
        return None
    t = labels.Wording(visit.rt.languages, visit.language)
    told = {t.audience_title: (" ".join(summary(visit, before)), " ".join(summary(visit, now)))}
    told[t.time_title] = (_timing(visit, before), _timing(visit, now))
    changed = [Change(name, _pieces(*pair)) for name, pair in told.items() if pair[0] != pair[1]]
    for code, own in written(visit):
        pair = tuple(each.texts[code].body if code in each.texts else "" for each in (before, now))
        if pair[0] != pair[1]:
            changed.append(Change(own, _pieces(pair[0], pair[1]), tag(code)))
    return changed


def _timing(visit: Visit, draft: Draft) -> str:
    clock = clock_of(visit)
    quiet = " – ".join(f"{each:%H:%M}" for each in draft.quiet) if draft.quiet else "–"
    return f"{clock(draft.not_before) or '–'} … {clock(draft.not_later_than) or '–'}; {quiet}"


def _pieces(before: str, now: str) -> tuple[tuple[str, str], ...]:
    """Two texts as one, word for word."""
    one, other = (re.findall(r"\s+|[\w'ʻ-]+|.", each) for each in (before, now))
    pieces = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("kept", "".join(one[a:b])))
            continue
        pieces += [("gone", "".join(one[a:b])), ("new", "".join(other[c:d]))]
    return tuple(each for each in pieces if each[1])
