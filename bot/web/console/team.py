"""Right now, for a lead: the queue, who is on shift, who holds what."""

from starlette.responses import Response

from bot import glass, reading
from bot.access import Action
from bot.reading import Filter, Queue
from bot.web.console.doors import get
from bot.web.console.pages import page
from bot.web.console.visit import Visit


async def now(visit: Visit) -> Response:
    """Numbers and names of colleagues; nothing of the people who wait."""
    late = await reading.listing(visit.rt, visit.officer, Filter(queue=Queue.LATE))
    return page(
        visit,
        "now.html",
        at=late.at,
        team=await reading.team(visit.rt, visit.officer),
        found=late,
        queues=list(Queue),
        opened=await glass.unseen(visit.rt, visit.officer),
    )


ROUTES = [get("/now", Action.QUEUE_LIVE, now)]
