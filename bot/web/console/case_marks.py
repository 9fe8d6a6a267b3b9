"""Set a case's urgency, labels and call-back time, and edit the mission's labels.

A case is a person's request to officers. Also record that an officer is writing in a case.
"""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot import desk
from bot.cases import CaseConflict
from bot.desk import ActionResult, marking, presence
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.case import OptionalReason
from bot.web.console.case_actions import run_action
from bot.web.console.case_choices import SNOOZES
from bot.web.console.case_forms import MarkForm, SnoozeForm
from bot.web.console.forms import Line
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.post("/cases/{case_id}/mark")
async def mark(
    context: Annotated[RequestContext, require(Action.CASE_MARK)],
    case_id: UUID,
    form: Annotated[MarkForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Change the labels and the urgency of a case as the officer changed them on the page.

    Since the page was shown, the person's words may have made the case urgent, and another officer
    may have changed the labels.
    """
    urgent = form.urgent if form.urgent != form.shown_urgent else None
    chosen, shown = {*form.labels}, {*form.shown_labels} - {""}

    async def action() -> ActionResult:
        if not form.shown_labels:
            raise CaseConflict
        return await marking.mark(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            urgent=urgent,
            added=chosen - shown,
            removed=shown - chosen,
        )

    return await run_action(context, case_id, form, reason, "saved", action)


@router.post("/cases/{case_id}/call-back")
async def set_call_back(
    context: Annotated[RequestContext, require(Action.CASE_CALL_BACK)],
    case_id: UUID,
    form: Annotated[SnoozeForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Put a case on the list of people to call back, or remove it if the form has no time."""
    length = SNOOZES.get(form.length)

    async def action() -> ActionResult:
        return await marking.set_call_back(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            at=context.now + length if length else None,
        )

    return await run_action(context, case_id, form, reason, "saved", action)


@router.post("/cases/{case_id}/writing")
async def note_writing(
    context: Annotated[RequestContext, require(Action.CASE_NOTE)], case_id: UUID
) -> Response:
    """Record that the officer is writing in a case, so that colleagues see this.

    Return 409 if the case has been closed.
    """
    try:
        await presence.note_writing(context.rt, context.officer, case_id)
    except CaseConflict:
        return Response(status_code=HTTPStatus.CONFLICT)
    return Response()


@router.get("/labels")
async def listing(context: Annotated[RequestContext, require(Action.CASE_LIST)]) -> Response:
    """Return the page on which a mission edits the labels that its cases can have."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    known = await marking.labels(context.rt, context.officer)
    edits = context.may(Action.LABELS_EDIT)
    return page(context, "labels.html", status, labels=known, problem=problem, edits=edits)


@router.post("/labels")
async def add(
    context: Annotated[RequestContext, require(Action.LABELS_EDIT)],
    name: Annotated[Line, Form()] = "",
) -> Response:
    """Add a label to the list of the officer's mission."""
    try:
        await marking.add_label(context.rt, context.officer, name)
    except desk.Refused as refused:
        return await _page(context, 422, context.say(console_labels.REFUSALS[refused.why.value]))
    return redirect("/labels", "saved")


@router.post("/labels/remove")
async def remove(
    context: Annotated[RequestContext, require(Action.LABELS_EDIT)],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Remove a label from the list of the officer's mission."""
    await marking.remove_label(context.rt, context.officer, name)
    return redirect("/labels", "saved")
