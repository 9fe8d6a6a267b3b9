"""An announcement before others' eyes: agreed to, started, watched, held, decided about."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot import broadcasts, officers
from bot.access import Action
from bot.broadcasts import Approval, Broadcast, Doubt, Draft, Fate, Progress, Refused, State
from bot.languages import direction, tag
from bot.web.console import words
from bot.web.console.composing import (
    broadcast_id,
    counted,
    left_out,
    path_of,
    refusal,
    standing_against,
    summary,
    written,
)
from bot.web.console.doors import get, post
from bot.web.console.live import Bell, event, rung
from bot.web.console.pages import clock_of, done, labels, page
from bot.web.console.visit import Form, Visit, arrive
from bot.web.console.words_broadcasts import CAUSES, FATES
from flows.engine.announcing import SOMETHING_NEW

SIGNAL = "kosh_broadcast"
BEFORE = (State.DRAFT, State.AWAITING)
PAGE = 25
MOST_TITLE = 80


def may(visit: Visit) -> dict[str, bool]:
    """What this officer's roles let them do with announcements."""
    return {
        "draft": visit.may(Action.BROADCAST_DRAFT),
        "approve": visit.may(Action.BROADCAST_APPROVE),
        "send": visit.may(Action.BROADCAST_SEND),
        "stop": visit.may(Action.BROADCAST_STOP),
    }


async def listing(visit: Visit) -> Response:
    """Announcements, newest first."""
    asked = visit.request.query_params.get("before", "")
    before = int(asked) if asked.isdecimal() else None
    found = await broadcasts.listing(visit.rt, visit.officer, before)
    return page(
        visit,
        "broadcasts.html",
        may=may(visit),
        found=found,
        names=await _names(visit),
        title=lambda each: title(visit, each),
        before=found[-1].number if len(found) == PAGE else 0,
    )


def title(visit: Visit, found: Broadcast) -> str:
    """The first words, in the officer's own language where there are any."""
    texts = broadcasts.samples(visit.rt, found.draft)
    message = texts.get(visit.language) or next(iter(texts.values()), None)
    line = message.paragraphs[0].split("\n")[0] if message else ""
    if len(line) <= MOST_TITLE:
        return line
    cut = line[: MOST_TITLE - 1]
    words = cut.rpartition(" ")[0]  # Chinese has none to end at
    return f"{words if len(words) > MOST_TITLE // 2 else cut}…"


async def _names(visit: Visit) -> dict[str, str]:
    async with officers.acting(visit.rt, visit.officer) as session:
        return {str(each.id): each.name for each in await officers.everyone(session)}


async def shown(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, status: int = 200, problem: str = "") -> Response:
    found = await broadcasts.find(visit.rt, visit.officer, broadcast_id(visit))
    show = _to_be_agreed if found.state in BEFORE else _under_way
    return await show(visit, found, status, problem)


# Before it is sent


async def _to_be_agreed(visit: Visit, found: Broadcast, status: int, problem: str) -> Response:
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
        names=await _names(visit),
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
    t = words.Wording(visit.rt.languages, visit.language)
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


# While it is sent


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar: a thousandth is the least that is seen."""

    fate: str
    count: int
    at: int
    length: int


def segments(progress: Progress) -> list[Segment]:
    """What became of all recipients, as parts of one bar of 1000."""
    total = sum(progress.fates.values()) or 1
    found, at = [], 0.0
    for fate in FATES:
        many = progress.fates.get(Fate(fate), 0)
        if many:
            length = 1000 * many / total
            found.append(Segment(fate, many, round(at), max(1, round(at + length) - round(at))))
            at += length
    return found


async def _under_way(visit: Visit, found: Broadcast, status: int, problem: str) -> Response:
    asked = visit.request.query_params
    fate = Fate(asked["fate"]) if asked.get("fate", "") in set(Fate) else None
    reason, after = asked.get("reason", "")[:40], asked.get("after", "")
    progress = await broadcasts.progress(visit.rt, visit.officer, found.id)
    doubted = progress.fates.get(Fate.IN_DOUBT, 0)
    doubts = (
        await broadcasts.recipients(visit.rt, visit.officer, found.id, Fate.IN_DOUBT)
        if doubted
        else []
    )
    lines = await broadcasts.recipients(
        visit.rt,
        visit.officer,
        found.id,
        fate,
        reason=reason,
        after=int(after) if after.isdecimal() else -1,
    )
    return page(
        visit,
        "broadcast.html",
        status,
        may=may(visit),
        found=found,
        fate_choices=labels(visit, FATES),
        title=title(visit, found),
        names=await _names(visit),
        progress=progress,
        total=sum(progress.fates.values()),
        segments=segments(progress),
        reasons=_reasons(visit, progress),
        pauses=[(words.CHANNELS.get(each.channel, each.channel), each) for each in progress.pauses],
        cause=lambda reason: cause(visit, reason),
        doubted=doubted,
        doubts=doubts,
        lines=lines,
        fate=fate or "",
        reason=reason,
        after=lines[-1].seq if len(lines) == PAGE else 0,
        history=await broadcasts.history(visit.rt, visit.officer, found.id),
        tongues=dict(visit.rt.languages.languages()),
        summary=list(summary(visit, found.draft)),
        problem=problem,
    )


def cause(visit: Visit, reason: str) -> str:
    """A reason in words; one that we have no words for stands for itself."""
    known = CAUSES.get(reason.partition(":")[0])
    return visit.say(known) if known else reason


def _reasons(visit: Visit, progress: Progress) -> list[tuple[str, str, str, int]]:
    """Why some were not reached, the commonest first: fate, reason, in words, how many."""
    found = sorted(progress.reasons.items(), key=lambda each: -each[1])
    return [(fate, reason, cause(visit, reason), many) for (fate, reason), many in found[:8]]


async def stream(visit: Visit) -> Response:
    """Says when an announcement moved; the page then fetches itself, and decides what is seen."""
    broadcast_id(visit)
    return StreamingResponse(
        _moves(visit),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _moves(visit: Visit) -> AsyncIterator[str]:
    request, state = visit.request, visit.request.app.state
    bell = Bell.of(visit.rt, state, SIGNAL)
    yield "retry: 1000\n: open\n\n"
    # The page may be older than this line: it is told to look once, and then at each ring.
    rang = True
    while not state.closing.is_set() and not await request.is_disconnected():
        if isinstance(await arrive(request), Response):
            yield event("over")
            return
        rings = bell.rings
        yield event("change" if rang else "still")
        rang = await rung(bell, rings, state.closing)


# What is done with it

type Verb = Callable[[Visit, UUID, Form], Awaitable[object]]


def act(path: str, action: Action, what: str, verb: Verb) -> Route:
    """A form of the page: do it, then show the announcement; or why it was refused."""

    async def acted(visit: Visit, form: Form) -> Response:
        identity = broadcast_id(visit)
        try:
            await verb(visit, identity, form)
        except Refused as refused:
            why = refusal(visit, refused.why, refused.detail)
            return await _shown(visit, 422, why)
        found = await broadcasts.find(visit.rt, visit.officer, identity)
        return done(path_of(found), what)

    return post(f"/broadcasts/{{broadcast_id}}/{path}", action, acted)


async def ask(visit: Visit, identity: UUID, form: Form) -> object:
    return await broadcasts.ask_approval(visit.rt, visit.officer, identity)


async def approve(visit: Visit, identity: UUID, form: Form) -> object:
    """Agree to exactly what the page showed."""
    try:
        shown_hash = bytes.fromhex(form.get("hash", ""))
    except ValueError:
        shown_hash = b""
    return await broadcasts.approve(visit.rt, visit.officer, identity, shown_hash)


async def start(visit: Visit, identity: UUID, form: Form) -> object:
    return await broadcasts.start(visit.rt, visit.officer, identity)


async def pause(visit: Visit, identity: UUID, form: Form) -> object:
    return await broadcasts.pause(visit.rt, visit.officer, identity)


async def resume(visit: Visit, identity: UUID, form: Form) -> object:
    return await broadcasts.resume(visit.rt, visit.officer, identity)


async def cancel(visit: Visit, identity: UUID, form: Form) -> object:
    return await broadcasts.cancel(visit.rt, visit.officer, identity)


async def retry(visit: Visit, identity: UUID, form: Form) -> object:
    return await broadcasts.retry_failed(visit.rt, visit.officer, identity)


async def decide(visit: Visit, identity: UUID, form: Form) -> object:
    """Of one recipient, or of all of them."""
    decision = Doubt.AGAIN if form.get("decision") == Doubt.AGAIN else Doubt.LEAVE
    seqs = [int(form["seq"])] if form.get("seq", "").isdecimal() else None
    return await broadcasts.decide_in_doubt(visit.rt, visit.officer, identity, decision, seqs)


ROUTES = [
    get("/broadcasts", Action.BROADCAST_READ, listing),
    get("/broadcasts/{broadcast_id}", Action.BROADCAST_READ, shown),
    get("/broadcasts/{broadcast_id}/stream", Action.BROADCAST_READ, stream),
    act("ask", Action.BROADCAST_DRAFT, "submitted", ask),
    act("approve", Action.BROADCAST_APPROVE, "approved", approve),
    act("start", Action.BROADCAST_SEND, "started", start),
    act("pause", Action.BROADCAST_STOP, "paused", pause),
    act("resume", Action.BROADCAST_SEND, "resumed", resume),
    act("cancel", Action.BROADCAST_STOP, "cancelled", cancel),
    act("retry", Action.BROADCAST_SEND, "retried", retry),
    act("doubt", Action.BROADCAST_SEND, "decided", decide),
]
