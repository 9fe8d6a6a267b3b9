"""An announcement on its way: asked for, started, watched, held, decided about."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot import broadcasts
from bot.broadcasts import Broadcast, Doubt, Progress, RecipientStatus, Refused, State
from bot.officers.permissions import Action
from bot.security.audit_log import Entry
from bot.web.console import labels as console_labels
from bot.web.console.broadcast_approval import may, names_of, title, to_be_agreed
from bot.web.console.broadcast_editor import broadcast_id, path_of, refusal, summary
from bot.web.console.labels_broadcasts import CAUSES, FATES
from bot.web.console.live_updates import Bell, event
from bot.web.console.rendering import done, labels, page
from bot.web.console.request_context import Form, Visit, arrive
from bot.web.console.routing import get, post
from bot.web.request_parsing import number

SIGNAL = "kosh_broadcast"
BEFORE = (State.DRAFT, State.AWAITING)
PAGE = 25


async def listing(visit: Visit) -> Response:
    """Announcements, newest first."""
    asked = visit.request.query_params.get("before", "")
    before = number(asked) or None
    found = await broadcasts.listing(visit.rt, visit.officer, before)
    return page(
        visit,
        "broadcasts.html",
        may=may(visit),
        found=found,
        names=await names_of(visit),
        title=lambda each: title(visit, each),
        before=found[-1].number if len(found) == PAGE else 0,
    )


async def shown(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, status: int = 200, problem: str = "") -> Response:
    found = await broadcasts.find(visit.rt, visit.officer, broadcast_id(visit))
    show = to_be_agreed if found.state in BEFORE else _under_way
    return await show(visit, found, status, problem)


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
        many = progress.fates.get(RecipientStatus(fate), 0)
        if many:
            length = 1000 * many / total
            found.append(Segment(fate, many, round(at), max(1, round(at + length) - round(at))))
            at += length
    return found


async def _under_way(visit: Visit, found: Broadcast, status: int, problem: str) -> Response:
    asked = visit.request.query_params
    fate = RecipientStatus(asked["fate"]) if asked.get("fate", "") in set(RecipientStatus) else None
    reason, after = asked.get("reason", "")[:40], asked.get("after", "")
    progress = await broadcasts.progress(visit.rt, visit.officer, found.id)
    doubted = progress.fates.get(RecipientStatus.IN_DOUBT, 0)
    doubts = (
        await broadcasts.recipients(visit.rt, visit.officer, found.id, RecipientStatus.IN_DOUBT)
        if doubted
        else []
    )
    lines = await broadcasts.recipients(
        visit.rt,
        visit.officer,
        found.id,
        fate,
        reason=reason,
        after=number(after, otherwise=-1),
    )
    return page(
        visit,
        "broadcast.html",
        status,
        may=may(visit),
        found=found,
        fate_choices=labels(visit, FATES),
        title=title(visit, found),
        names=await names_of(visit),
        progress=progress,
        total=sum(progress.fates.values()),
        segments=segments(progress),
        reasons=_reasons(visit, progress),
        pauses=[
            (console_labels.CHANNELS.get(each.channel, each.channel), each)
            for each in progress.pauses
        ],
        cause=lambda reason: cause(visit, reason),
        doubted=doubted,
        doubts=doubts,
        lines=lines,
        fate=fate or "",
        reason=reason,
        after=lines[-1].seq if len(lines) == PAGE else 0,
        deeds=_deeds(visit, await broadcasts.history(visit.rt, visit.officer, found.id)),
        tongues=dict(visit.rt.languages.languages()),
        summary=list(summary(visit, found.draft)),
        problem=problem,
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, once or several times in a row; `at` is the last time."""

    at: datetime
    actor: str
    action: str
    details: list[str]


# Of what is noted beside an act, only this says something to a reader.
TELLING = {f"broadcast.{each}" for each in ("tested", "retried", "doubt_again", "doubt_leave")}


def _deeds(visit: Visit, history: list[Entry]) -> list[Deed]:
    tongues, found = dict(visit.rt.languages.languages()), []
    for (actor, action), run in groupby(history, lambda each: (each.actor, each.action)):
        entries = list(run)
        told = dict.fromkeys(tongues.get(each.detail, each.detail) for each in entries)
        details = [each for each in told if each] if action in TELLING else []
        found.append(Deed(entries[-1].at, actor, action, details))
    return found


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
        rang = await bell.wait(rings)


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
    seqs = [number(form["seq"], otherwise=-1)] if form.get("seq") else None
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
