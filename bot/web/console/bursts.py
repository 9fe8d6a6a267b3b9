"""Show bursts: many cases from the web chat in a short time.

A case is a person's request to officers. An officer can close all waiting cases of one network
address, and reopen them. An address appears only as a keyed hash.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from bot.cache import CacheUnavailable
from bot.desk import bursts
from bot.desk.bursts import Report, SpamReason
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.forms import Checkbox
from bot.web.console.labels_bursts import SPAM_REASONS
from bot.web.console.rendering import labels, page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

MAX_NETWORK = 64

router = APIRouter(prefix="/bursts", route_class=ConsoleRoute)


class CloseForm(BaseModel):
    """The form that closes the cases opened from one network address.

    `network` is the keyed hash of the address in hexadecimal, `reason` a code of SpamReason. With
    `urgent`, urgent cases are closed too.
    """

    network: str = ""
    reason: str = ""
    urgent: Checkbox = False
    key: str = ""


@router.get("")
async def show(context: Annotated[RequestContext, require(Action.BURST_READ)]) -> Response:
    """Return the page: chats and cases per hour, busiest addresses, and closed bursts of cases."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    try:
        found, is_counted = await bursts.report(context.rt, context.officer), True
    except CacheUnavailable:
        found, is_counted = Report((), (), ()), False
    return page(
        context,
        "bursts.html",
        status,
        found=found,
        is_counted=is_counted,
        closes=context.may(Action.BURST_CLOSE),
        reopens=context.may(Action.BURST_REOPEN),
        reasons=labels(context, SPAM_REASONS),
        problem=problem,
    )


@router.post("/close")
async def close(
    context: Annotated[RequestContext, require(Action.BURST_CLOSE)],
    form: Annotated[CloseForm, Form()],
) -> Response:
    """Close the waiting cases of a network address as spam.

    Return 422 if the address, the reason or the idempotency key is missing or invalid.
    """
    try:
        network = bytes.fromhex(form.network[:MAX_NETWORK])
    except ValueError:
        network = b""
    if not network or form.reason not in set(SpamReason) or not form.key:
        return await _page(context, 422, context.say(console_labels.REFUSALS["empty"]))
    await bursts.close(
        context.rt,
        context.officer,
        network,
        SpamReason(form.reason),
        with_urgent=form.urgent,
        key=form.key,
    )
    return redirect("/bursts", "burst_closed")


@router.post("/reopen")
async def reopen(
    context: Annotated[RequestContext, require(Action.BURST_REOPEN)],
    burst: Annotated[UUID, Form()],
) -> Response:
    """Reopen the cases that were closed as one burst; they return to the officers' queue."""
    await bursts.reopen(context.rt, context.officer, burst)
    return redirect("/bursts", "burst_reopened")
