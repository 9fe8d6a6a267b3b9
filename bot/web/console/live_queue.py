"""Show leads the cases that wait too long, and each officer's shift and number of cases.

A lead is an officer who supervises the cases of others.
"""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.desk import break_glass, views
from bot.desk.views import Filter, Queue
from bot.officers.permissions import Action
from bot.web.console.case_rows import rows
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.get("/now")
async def show(context: Annotated[RequestContext, require(Action.QUEUE_LIVE)]) -> Response:
    """Return the page with late cases, counts and officers' names; it has no data of people."""
    late = await views.listing(context.rt, context.officer, Filter(queue=Queue.LATE))
    return page(
        context,
        "live_queue.html",
        at=late.at,
        team=await views.team(context.rt, context.officer),
        found=late,
        rows=rows(context, late.lines),
        queues=list(Queue),
        opened=await break_glass.unseen(context.rt, context.officer),
    )
