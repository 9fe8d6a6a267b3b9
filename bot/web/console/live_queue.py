"""Right now, for a lead: the queue, who is on shift, who holds what."""

from starlette.responses import Response

from bot.desk import break_glass, views
from bot.desk.views import Filter, Queue
from bot.officers.permissions import Action
from bot.web.console.rendering import page
from bot.web.console.request_context import Visit
from bot.web.console.routing import get


async def now(visit: Visit) -> Response:
    """Numbers and names of colleagues; nothing of the people who wait."""
    late = await views.listing(visit.rt, visit.officer, Filter(queue=Queue.LATE))
    return page(
        visit,
        "now.html",
        at=late.at,
        team=await views.team(visit.rt, visit.officer),
        found=late,
        queues=list(Queue),
        opened=await break_glass.unseen(visit.rt, visit.officer),
    )


ROUTES = [get("/now", Action.QUEUE_LIVE, now)]
