"""Show the progress of an announcement, and start, pause, resume, cancel or retry it.

An announcement is a message to many people.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from bot import broadcasts
from bot.broadcasts import Broadcast, Doubt, Progress, RecipientStatus, Refusal, Refused, State
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.security.audit_log import Entry
from bot.web.console import labels as console_labels
from bot.web.console.broadcast_approval import approval_page, may, samples, title
from bot.web.console.broadcast_audience import summary
from bot.web.console.broadcast_editor import path_of
from bot.web.console.broadcast_steps import refusal
from bot.web.console.labels_broadcasts import CAUSES, STATUSES
from bot.web.console.live_updates import ChangeFeed, event
from bot.web.console.rendering import labels, page, redirect
from bot.web.console.request_context import RequestContext, authenticate
from bot.web.console.routing import ConsoleRoute, require
from bot.web.event_stream import event_stream
from bot.web.request_parsing import MAX_NUMBER_DIGITS, QueryNumber, blank_to_none, number

NOTIFICATION = "kosh_broadcast"
NOT_STARTED = (State.DRAFT, State.AWAITING)
PAGE = 25

router = APIRouter(prefix="/broadcasts", route_class=ConsoleRoute)


class RecipientsQuery(BaseModel):
    """Filters of the listed recipients; the page begins after the row number `after`."""

    status: Annotated[RecipientStatus | None, BeforeValidator(blank_to_none)] = None
    reason: Annotated[str, Field(max_length=40)] = ""
    after: Annotated[int, Field(ge=-1, lt=10**MAX_NUMBER_DIGITS)] = -1


@router.get("")
async def listing(
    context: Annotated[RequestContext, require(Action.BROADCAST_READ)], before: QueryNumber = 0
) -> Response:
    """Return the page with the announcements, newest first."""
    found = await broadcasts.listing(context.rt, context.officer, before or None)
    return page(
        context,
        "broadcasts.html",
        may=may(context),
        found=found,
        names=await directory.names(context.rt, context.officer),
        title=lambda each: title(context, each),
        before=found[-1].number if len(found) == PAGE else 0,
    )


@router.get("/{broadcast_id}")
async def show(
    context: Annotated[RequestContext, require(Action.BROADCAST_READ)],
    broadcast_id: UUID,
    query: Annotated[RecipientsQuery, Query()],
) -> Response:
    """Return the page of an announcement: the approval page before its start, then its progress."""
    return await _page(context, broadcast_id, query)


async def _page(
    context: RequestContext,
    broadcast_id: UUID,
    query: RecipientsQuery,
    status: int = 200,
    problem: str = "",
) -> Response:
    found = await broadcasts.find(context.rt, context.officer, broadcast_id)
    if found.state in NOT_STARTED:
        return await approval_page(context, found, status, problem)
    return await _progress_page(context, found, query, status, problem)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the progress bar; `at` and `length` are in thousandths of the bar's length.

    `length` is at least 1.
    """

    status: str
    count: int
    at: int
    length: int


def segments(progress: Progress) -> list[Segment]:
    """Return the progress bar's segments: one for each delivery status of the recipients."""
    total = sum(progress.statuses.values()) or 1
    found, at = [], 0.0
    for status in STATUSES:
        many = progress.statuses.get(RecipientStatus(status), 0)
        if many:
            length = 1000 * many / total
            found.append(Segment(status, many, round(at), max(1, round(at + length) - round(at))))
            at += length
    return found


async def _progress_page(
    context: RequestContext, found: Broadcast, query: RecipientsQuery, status: int, problem: str
) -> Response:
    progress = await broadcasts.progress(context.rt, context.officer, found.id)
    return page(
        context,
        "broadcast_progress.html",
        status,
        may=may(context),
        found=found,
        status_choices=labels(context, STATUSES),
        title=title(context, found),
        names=await directory.names(context.rt, context.officer),
        **_progress_values(context, progress),
        **await _recipient_values(context, found, query, progress),
        history=_history(context, await broadcasts.history(context.rt, context.officer, found.id)),
        language_names=dict(context.rt.languages.languages()),
        summary=list(summary(context, found.draft)),
        samples=list(samples(context, found)),
        problem=problem,
    )


def _progress_values(context: RequestContext, progress: Progress) -> dict[str, Any]:
    """Return the template values of the counts of recipients, and of the channels' pauses."""
    channels = console_labels.CHANNELS
    return {
        "progress": progress,
        "total": sum(progress.statuses.values()),
        "segments": segments(progress),
        "reasons": _reasons(context, progress),
        "cause": lambda reason: cause(context, reason),
        "pauses": [(channels.get(each.channel, each.channel), each) for each in progress.pauses],
    }


async def _recipient_values(
    context: RequestContext, found: Broadcast, query: RecipientsQuery, progress: Progress
) -> dict[str, Any]:
    """Return the template values of the recipients: the listed ones, and those in doubt."""
    doubted = progress.statuses.get(RecipientStatus.IN_DOUBT, 0)
    recipients = partial(broadcasts.recipients, context.rt, context.officer, found.id)
    lines = await recipients(query.status, reason=query.reason, after=query.after)
    return {
        "doubted": doubted,
        "doubts": await recipients(RecipientStatus.IN_DOUBT) if doubted else [],
        "lines": lines,
        "recipient_status": query.status or "",
        "reason": query.reason,
        "after": lines[-1].seq if len(lines) == PAGE else 0,
    }


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An officer's action in the history of an announcement.

    If the same officer did the same action several times in a row, it is one entry, and `at` is the
    time of the last action.
    """

    at: datetime
    actor: str
    action: str
    details: list[str]


# Actions whose detail, such as a language, means something to an officer. The history omits the
# details of all other actions.
DETAILED = {f"broadcast.{each}" for each in ("tested", "retried", "doubt_again", "doubt_leave")}


def _history(context: RequestContext, entries: list[Entry]) -> list[HistoryEntry]:
    languages, found = dict(context.rt.languages.languages()), []
    for (actor, action), run in groupby(entries, lambda each: (each.actor, each.action)):
        same = list(run)
        shown = dict.fromkeys(languages.get(each.detail, each.detail) for each in same)
        details = [each for each in shown if each] if action in DETAILED else []
        found.append(HistoryEntry(same[-1].at, actor, action, details))
    return found


def cause(context: RequestContext, reason: str) -> str:
    """Return the text for a reason code of a failed, waiting or paused delivery.

    An unknown code is returned unchanged.
    """
    known = CAUSES.get(reason.partition(":")[0])
    return context.say(known) if known else reason


def _reasons(context: RequestContext, progress: Progress) -> list[tuple[str, str, str, int]]:
    """Return the eight most frequent reasons why people were not reached.

    Each item has the delivery status, the code and the text of the reason, and the number of
    people.
    """
    found = sorted(progress.reasons.items(), key=lambda each: -each[1])
    return [(status, reason, cause(context, reason), many) for (status, reason), many in found[:8]]


@router.get("/{broadcast_id}/stream")
async def stream(
    context: Annotated[RequestContext, require(Action.BROADCAST_READ)], broadcast_id: UUID
) -> Response:
    """Return an event stream that reports each change of the announcement's progress.

    On each event the page reloads its content.
    """
    return event_stream(_events(context))


async def _events(context: RequestContext) -> AsyncGenerator[str]:
    request, state = context.request, context.request.app.state
    feed = ChangeFeed.of(context.rt, state, NOTIFICATION)
    yield "retry: 1000\n: open\n\n"
    # A change between the page's rendering and the start of this stream would be missed. So the
    # first event reports a change in any case.
    changed = True
    while not state.closing.is_set() and not await request.is_disconnected():
        if isinstance(await authenticate(request), Response):
            yield event("over")
            return
        version = feed.version
        yield event("change" if changed else "still")
        changed = await feed.wait(version)


# Routes of the actions that change the state of an announcement

type _Do = Callable[[Runtime, Officer, UUID], Awaitable[object]]


async def _act(
    context: RequestContext, broadcast_id: UUID, notice: str, action: Awaitable[object]
) -> Response:
    """Execute an action on an announcement; redirect to the announcement's page with `notice`.

    If the action is rejected, return the page with the reason. The status is 409 if the
    announcement was changed after the officer's page was loaded, else 422.
    """
    try:
        await action
    except Refused as refused:
        problem = refusal(context, refused.why, refused.detail)
        status = 409 if refused.why is Refusal.CHANGED else 422
        return await _page(context, broadcast_id, RecipientsQuery(), status, problem)
    found = await broadcasts.find(context.rt, context.officer, broadcast_id)
    # The page of a scheduled announcement says when it begins; nothing is being sent yet.
    return redirect(path_of(found), "" if found.state is State.SCHEDULED else notice)


def _add_action(path: str, permission: Action, do: _Do, notice: str) -> None:
    """Add a POST route for an action that needs no input besides the announcement's id."""

    async def act(
        context: Annotated[RequestContext, require(permission)], broadcast_id: UUID
    ) -> Response:
        return await _act(
            context, broadcast_id, notice, do(context.rt, context.officer, broadcast_id)
        )

    router.add_api_route(f"/{{broadcast_id}}/{path}", act, methods=["POST"], name=path)


_add_action("ask", Action.BROADCAST_DRAFT, broadcasts.ask_approval, "submitted")
_add_action("start", Action.BROADCAST_SEND, broadcasts.start, "started")
_add_action("pause", Action.BROADCAST_STOP, broadcasts.pause, "paused")
_add_action("resume", Action.BROADCAST_SEND, broadcasts.resume, "resumed")
_add_action("cancel", Action.BROADCAST_STOP, broadcasts.cancel, "cancelled")
_add_action("retry", Action.BROADCAST_SEND, broadcasts.retry_failed, "retried")


@router.post("/{broadcast_id}/approve")
async def approve(
    context: Annotated[RequestContext, require(Action.BROADCAST_APPROVE)],
    broadcast_id: UUID,
    content_hash: Annotated[str, Form(alias="hash")] = "",
) -> Response:
    """Approve the version of the announcement that the page showed, identified by its hash.

    The approval is rejected if the announcement was changed after the page was loaded.
    """
    try:
        shown = bytes.fromhex(content_hash)
    except ValueError:
        shown = b""
    action = broadcasts.approve(context.rt, context.officer, broadcast_id, shown)
    return await _act(context, broadcast_id, "approved", action)


@router.post("/{broadcast_id}/doubt")
async def decide_unknown(
    context: Annotated[RequestContext, require(Action.BROADCAST_SEND)],
    broadcast_id: UUID,
    decision: Annotated[str, Form()] = Doubt.LEAVE,
    seq: Annotated[str, Form()] = "",
) -> Response:
    """Decide whether to resend the message to recipients whose delivery is in doubt.

    In doubt means that it is unknown whether the message arrived. `seq` limits the decision to the
    recipient with this number. Without it, the decision applies to all recipients in doubt.
    """
    chosen = Doubt.AGAIN if decision == Doubt.AGAIN else Doubt.LEAVE
    recipients = [number(seq, otherwise=-1)] if seq else None
    action = broadcasts.decide_in_doubt(
        context.rt, context.officer, broadcast_id, chosen, recipients
    )
    return await _act(context, broadcast_id, "decided", action)
