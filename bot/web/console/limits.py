"""Limit how many messages a person who abuses officers may send them.

Leads (supervisors) see the limits and the people's appeals against them.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.desk import ActionResult, Refused, limiting
from bot.officers.permissions import Action
from bot.web.console.case import OptionalReason
from bot.web.console.case_actions import run_action
from bot.web.console.case_forms import LimitForm
from bot.web.console.labels import REFUSALS
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.post("/cases/{case_id}/limit")
async def limit(
    context: Annotated[RequestContext, require(Action.CASE_LIMIT)],
    case_id: UUID,
    form: Annotated[LimitForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Limit or block a person's messages to officers for some days."""

    async def action() -> ActionResult:
        return await limiting.limit(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            reason=form.limit_reason,
            per_day=form.per_day,
            days=form.days,
        )

    return await run_action(context, case_id, form, reason, "limited", action)


@router.get("/limits")
async def listing(context: Annotated[RequestContext, require(Action.LIMITS_READ)]) -> Response:
    """Return the page with the mission's limits on people's messages, open appeals first."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    found = await limiting.listing(context.rt, context.officer)
    return page(context, "limits.html", status, limits=found, problem=problem)


async def _decide(
    context: RequestContext, case_id: UUID, notice: str, *, is_lifted: bool
) -> Response:
    try:
        await limiting.decide(context.rt, context.officer, case_id, is_lifted=is_lifted)
    except Refused as refused:
        return await _page(context, 422, context.say(REFUSALS[refused.why.value]))
    return redirect("/limits", notice)


@router.post("/limits/lift")
async def lift(
    context: Annotated[RequestContext, require(Action.LIMITS_DECIDE)],
    case: Annotated[UUID, Form()],
) -> Response:
    """End a limit on a person's messages earlier than planned."""
    return await _decide(context, case, "limit_lifted", is_lifted=True)


@router.post("/limits/keep")
async def keep(
    context: Annotated[RequestContext, require(Action.LIMITS_DECIDE)],
    case: Annotated[UUID, Form()],
) -> Response:
    """Reject the person's appeal against a limit on their messages; the limit remains.

    Return 404 if there is no open appeal.
    """
    return await _decide(context, case, "limit_kept", is_lifted=False)
