"""Show the audit log with filters, and report whether its hash chain is broken."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.officers import directory
from bot.officers.permissions import Action
from bot.security import audit_log
from bot.security.audit_log import EntryFilter
from bot.web.console import labels
from bot.web.console.labels_audit import KINDS
from bot.web.console.labels_common import ROLES
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import QueryNumber
from flows.engine.text import Text

DAY: Final = timedelta(days=1)
Code = Annotated[str, Query(max_length=40)]

router = APIRouter(route_class=ConsoleRoute)


@router.get("/audit")
async def entries(
    context: Annotated[RequestContext, require(Action.AUDIT_READ)],
    before: QueryNumber = 0,
    actor: Code = "",
    kind: Code = "",
    day: Code = "",
) -> Response:
    """Return a page of the audit log with the entries that match the filters, newest first.

    The page shows officers by name, and all other subjects of entries by id. `before` is the
    sequence number of the last entry on the previous page.
    """
    since = _morning(context, day)
    entry_filter = EntryFilter(actor, kind if kind in KINDS else "", since, since and since + DAY)
    async with directory.acting(context.rt, context.officer) as transaction:
        found = await audit_log.entries(transaction, before or None, entry_filter=entry_filter)
        names = {str(each.id): each.name for each in await directory.everyone(transaction)}
        broken = await audit_log.find_broken_entry(transaction)
    return page(
        context,
        "audit_log.html",
        entries=found,
        names=names,
        kinds=[(key, context.say(label)) for key, label in KINDS.items()],
        chosen={"actor": actor, "kind": kind, "day": day if since else ""},
        detail=lambda written: _detail(context, written),
        broken=broken,
        before=found[-1].seq if len(found) == audit_log.MAX_ENTRIES else 0,
    )


def _morning(context: RequestContext, day: str) -> datetime | None:
    """Return the time at which `day` (an ISO date) begins in the officer's time zone.

    Return None if `day` is not a date, or is the first or last date that Python supports.
    """
    try:
        found = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=context.zone)
    except ValueError:
        return None
    return found if date.min < found.date() < date.max else None


def _detail(context: RequestContext, written: str) -> str:
    """Return the detail of an audit entry as text, with labels instead of codes.

    The codes are those of roles, languages and reasons.
    """
    known: Mapping[str, Text] = ROLES | labels.REASONS
    own = dict(context.rt.languages.languages())
    texts = {key: context.say(label) for key, label in known.items()} | own
    groups = ("".join(part).split(",") for part in written.split(": "))
    return ": ".join(", ".join(texts.get(each, each) for each in group) for group in groups)
