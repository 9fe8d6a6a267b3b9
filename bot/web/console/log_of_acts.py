"""The audit log as an auditor reads it, and whether its chain is whole."""

from starlette.responses import Response

from bot import audit, officers
from bot.access import Action
from bot.web.console.doors import get
from bot.web.console.pages import page
from bot.web.console.visit import Visit
from bot.web.door import number


async def entries(visit: Visit) -> Response:
    """Newest first; officers by name, everything else by id."""
    before = visit.request.query_params.get("before", "")
    async with officers.acting(visit.rt, visit.officer) as session:
        found = await audit.entries(session, number(before) or None)
        names = {str(each.id): each.name for each in await officers.everyone(session)}
        broken = await audit.broken(session)
    return page(
        visit,
        "audit.html",
        entries=found,
        names=names,
        broken=broken,
        before=found[-1].seq if len(found) == audit.MOST_ENTRIES else 0,
    )


ROUTES = [get("/audit", Action.AUDIT_READ, entries)]
