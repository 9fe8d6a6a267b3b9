"""Show the audit log to an auditor, and whether its chain is unbroken."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.officers import directory
from bot.officers.permissions import Action
from bot.security import audit_log
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import QueryNumber

router = APIRouter(route_class=ConsoleRoute)


@router.get("/audit")
async def entries(
    context: Annotated[RequestContext, require(Action.AUDIT_READ)], before: QueryNumber = 0
) -> Response:
    """Return entries, newest first; officers are shown by name, everything else by id."""
    async with directory.acting(context.rt, context.officer) as transaction:
        found = await audit_log.entries(transaction, before or None)
        names = {str(each.id): each.name for each in await directory.everyone(transaction)}
        broken = await audit_log.broken(transaction)
    return page(
        context,
        "audit_log.html",
        entries=found,
        names=names,
        broken=broken,
        before=found[-1].seq if len(found) == audit_log.MAX_ENTRIES else 0,
    )
