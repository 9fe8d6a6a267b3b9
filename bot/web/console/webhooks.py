"""Show other systems' endpoints and the events that could not be delivered to them (dead letters).

Officers can send dead letters again and enable disabled endpoints.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.officers import directory
from bot.officers.permissions import Action
from bot.outgoing_webhooks import dead_letters
from bot.outgoing_webhooks.endpoints import Refused
from bot.web.console.labels import WORDS
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.get("/webhooks")
async def listing(context: Annotated[RequestContext, require(Action.WEBHOOK_READ)]) -> Response:
    """Return the page of other systems' endpoints, which shows only the host of each URL."""
    return await _page(context)


@router.post("/webhooks/redeliver")
async def redeliver(
    context: Annotated[RequestContext, require(Action.WEBHOOK_EDIT)],
    endpoint: Annotated[UUID, Form()],
    letter: Annotated[int | None, Form(ge=1, lt=2**63)] = None,
) -> Response:
    """Send one dead letter of an endpoint again, or, if `letter` is missing, all of them.

    Return 409 if the endpoint is disabled.
    """
    try:
        await dead_letters.redeliver(context.rt, context.officer, endpoint, letter)
    except Refused:
        return await _page(context, 409, context.say(WORDS["webhook_enable_first"]))
    return redirect("/webhooks", "webhook_sent_again")


@router.post("/webhooks/enable")
async def enable(
    context: Annotated[RequestContext, require(Action.WEBHOOK_EDIT)],
    endpoint: Annotated[UUID, Form()],
) -> Response:
    """Enable an endpoint that Kosh disabled after failed deliveries."""
    await dead_letters.enable(context.rt, context.officer, endpoint)
    return redirect("/webhooks", "webhook_enabled")


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    return page(
        context,
        "webhooks.html",
        status,
        found=await dead_letters.listing(context.rt, context.officer),
        names=await directory.names(context.rt, context.officer),
        edits=context.may(Action.WEBHOOK_EDIT),
        problem=problem,
    )
