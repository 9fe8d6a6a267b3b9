"""Break-glass access, an officer's emergency access to a case with a colleague's approval.

A case is a person's request to officers. An officer requests access to a case, a colleague grants
it, the officer reads the case, and a lead (supervisor) reviews the access afterwards.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from bot.desk import break_glass
from bot.officers.permissions import Action, Reason
from bot.web.console import labels as console_labels
from bot.web.console.forms import Number
from bot.web.console.rendering import labels, page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(prefix="/break-glass", route_class=ConsoleRoute)


class AccessForm(BaseModel):
    """The number of the requested case, and the code of the reason to read it."""

    number: Number = 0
    reason: str = ""


@router.get("")
async def listing(
    context: Annotated[RequestContext, require(Action.BREAK_GLASS_READ)],
) -> Response:
    """Return the page with all requests for emergency access to cases."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    return page(
        context,
        "break_glass.html",
        status,
        requests=await break_glass.listing(context.rt, context.officer),
        asks=context.may(Action.BREAK_GLASS_ASK),
        grants=context.may(Action.BREAK_GLASS_GRANT),
        reviews=context.may(Action.BREAK_GLASS_REVIEW),
        reasons=labels(context, console_labels.REASONS),
        problem=problem,
    )


@router.post("")
async def ask(
    context: Annotated[RequestContext, require(Action.BREAK_GLASS_ASK)],
    form: Annotated[AccessForm, Form()],
) -> Response:
    """Request emergency access to a case.

    Return 422 if the case number or the reason is missing, and 404 if no case has this number.
    """
    if form.number <= 0 or form.reason not in set(Reason):
        return await _page(context, 422, context.say(console_labels.REFUSALS["empty"]))
    try:
        await break_glass.ask(context.rt, context.officer, form.number, Reason(form.reason))
    except LookupError:
        no_case = context.say(console_labels.WORDS["break_glass_no_case"])
        return await _page(context, 404, no_case)
    return redirect("/break-glass", "break_glass_asked")


@router.post("/grant")
async def grant(
    context: Annotated[RequestContext, require(Action.BREAK_GLASS_GRANT)],
    request_id: Annotated[UUID, Form()],
) -> Response:
    """Grant a colleague's request for emergency access."""
    await break_glass.grant(context.rt, context.officer, request_id)
    return redirect("/break-glass", "break_glass_granted")


@router.post("/review")
async def review(
    context: Annotated[RequestContext, require(Action.BREAK_GLASS_REVIEW)],
    request_id: Annotated[UUID, Form()],
) -> Response:
    """Record that the officer reviewed an emergency access."""
    await break_glass.review(context.rt, context.officer, request_id)
    return redirect("/break-glass", "saved")


@router.get("/{request_id}")
async def show(
    context: Annotated[RequestContext, require(Action.BREAK_GLASS_ASK)], request_id: UUID
) -> Response:
    """Return the messages and notes of the requested case, read-only.

    Raises Forbidden unless the officer's request was granted and the access has not expired.
    """
    access, view = await break_glass.view(context.rt, context.officer, request_id)
    return page(context, "break_glass_case.html", access=access, view=view, case=view.line.case)
