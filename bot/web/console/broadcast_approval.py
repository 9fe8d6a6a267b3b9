"""Show an announcement before it is started: texts, changes since approval, and approvers.

An announcement is a message to many people.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from bot import broadcasts
from bot.broadcasts import Approval, Broadcast, Draft, Words
from bot.broadcasts.model import CANARY
from bot.i18n import direction, tag
from bot.officers import directory
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.broadcast_audience import counted, left_out, summary
from bot.web.console.broadcast_editor import written
from bot.web.console.broadcast_steps import blockers_of
from bot.web.console.content_preview import pieces
from bot.web.console.labels_broadcasts import PURPOSES
from bot.web.console.rendering import clock_of, page
from bot.web.console.request_context import RequestContext
from flows.engine.announcement_screens import SOMETHING_NEW

MAX_TITLE = 80


def may(context: RequestContext) -> dict[str, bool]:
    """Return True for each action on announcements that the officer's roles allow, else False."""
    return {
        "draft": context.may(Action.BROADCAST_DRAFT),
        "approve": context.may(Action.BROADCAST_APPROVE),
        "send": context.may(Action.BROADCAST_SEND),
        "stop": context.may(Action.BROADCAST_STOP),
    }


def title(context: RequestContext, found: Broadcast) -> str:
    """Return the first line of the announcement's text as its title, cut to MAX_TITLE characters.

    The text in the officer's language is used, or another one if there is none.
    """
    texts = broadcasts.samples(context.rt, found.draft)
    message = texts.get(context.language) or next(iter(texts.values()), None)
    line = message.paragraphs[0].split("\n")[0] if message else ""
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE - 1]
    words = cut.rpartition(" ")[0]  # "" for Chinese, which has no spaces
    return f"{words if len(words) > MAX_TITLE // 2 else cut}…"


async def approval_page(
    context: RequestContext, found: Broadcast, status: int, problem: str
) -> Response:
    """Return the page of an announcement that has not been started, for its approval.

    `problem` is the text of an error to show, or "".
    """
    approvals = await broadcasts.approvals(context.rt, context.officer, found.id)
    count = await broadcasts.count(context.rt, context.officer, found.draft)
    approval_count = sum(each.counts for each in approvals)
    return page(
        context,
        "broadcast_approval.html",
        status,
        may=may(context),
        found=found,
        draft=found.draft,
        title=title(context, found),
        names=await directory.names(context.rt, context.officer),
        approvals=approvals,
        given=approval_count,
        enough=approval_count >= found.approvers,
        own=found.author == context.officer.id,
        mine=_mine(context, approvals),
        hash=found.draft.content_hash.hex(),
        count=count,
        canary=CANARY,
        table=counted(context, count),
        out=left_out(context, count),
        summary=list(summary(context, found.draft)),
        estimate=broadcasts.estimate(context.rt, found.draft, count),
        wrong=await blockers_of(context, found),
        samples=list(samples(context, found)),
        changes=await _changes(context, found),
        problem=problem,
    )


def _mine(context: RequestContext, approvals: list[Approval]) -> bool:
    return any(each.officer == context.officer.id and each.counts for each in approvals)


@dataclass(frozen=True, slots=True)
class Sample:
    """The text of an announcement in one language and script, as people will read it.

    `hint` is the notice without content that people in discreet mode get instead of the text.
    `built` are the texts in other scripts of the language, converted from this text.
    """

    own: str
    lang: str
    dir: str
    text: str
    button: str
    hint: str
    template: str
    built: tuple["Sample", ...] = ()


def samples(context: RequestContext, found: Broadcast) -> Iterator[Sample]:
    """Yield the announcement's text in each language in which an author wrote it."""
    messages = broadcasts.samples(context.rt, found.draft)
    own = dict(context.rt.languages.languages())

    def sample(code: str, *built: "Sample") -> Sample:
        message = messages[code]
        text = "\n\n".join(message.paragraphs)
        label = message.buttons[0].label
        hint = context.rt.languages.render(SOMETHING_NEW, code)
        template = message.template.name if message.template else ""
        return Sample(own[code], tag(code), direction(code), text, label, hint, template, built)

    for code, _name in written(context):
        if code in messages:
            others = [each for each in messages if each.startswith(f"{code}_")]
            yield sample(code, *map(sample, others))


@dataclass(frozen=True, slots=True)
class Change:
    """A part of an announcement that differs from the approved version.

    `name` is its label. `pieces` are pieces of the text, each preceded by its kind: kept, gone
    (deleted) or new.
    """

    name: str
    pieces: tuple[tuple[str, str], ...]
    lang: str = ""


async def _changes(context: RequestContext, found: Broadcast) -> list[Change] | None:
    """Return the announcement's changes since its last approval; None if it was never approved."""
    before, now = await broadcasts.last_approved(context.rt, context.officer, found.id), found.draft
    if before is None:
        return None
    shown = zip(_parts(context, before), _parts(context, now), strict=True)
    return [
        Change(name, pieces(one, other), lang)
        for (name, lang, one), (_name, _lang, other) in shown
        if one != other
    ]


def _parts(context: RequestContext, draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Yield each part of an announcement's content: its label, the language or "", and the text."""
    t = labels.Wording(context.rt.languages, context.language)
    yield t.purpose_title, "", context.say(PURPOSES[draft.purpose])
    yield t.why_sent, "", draft.why
    yield t.audience_title, "", " ".join(summary(context, draft))
    yield t.time_title, "", _timing(context, draft)
    yield t.paid, "", "✓" if draft.paid else ""
    for code, own in written(context):
        words = draft.texts.get(code, Words(""))
        yield own, tag(code), words.body
        yield f"{t.template}, {own}", "", words.template


def _timing(context: RequestContext, draft: Draft) -> str:
    clock = clock_of(context)
    hours = draft.quiet_hours
    quiet = " – ".join(f"{each:%H:%M}" for each in hours) if hours else "–"
    return f"{clock(draft.not_before) or '–'} … {clock(draft.not_later_than) or '–'}; {quiet}"
