"""The audit log as an auditor reads it, and whether its chain is whole."""

from starlette.responses import Response

from bot.officers import directory
from bot.officers.permissions import Action
from bot.security import audit_log
from bot.web.console.rendering import page
from bot.web.console.request_context import Visit
from bot.web.console.routing import get
from bot.web.request_parsing import number


async def entries(visit: Visit) -> Response:
    """Newest first; officers by name, everything else by id."""
    before = visit.request.query_params.get("before", "")
    async with directory.acting(visit.rt, visit.officer) as session:
        found = await audit_log.entries(session, number(before) or None)
        names = {str(each.id): each.name for each in await directory.everyone(session)}
        broken = await audit_log.broken(session)
    return page(
        visit,
        "audit.html",
        entries=found,
        names=names,
        broken=broken,
        before=found[-1].seq if len(found) == audit_log.MAX_ENTRIES else 0,
    )


ROUTES = [get("/audit", Action.AUDIT_READ, entries)]
