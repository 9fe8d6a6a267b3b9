"""Show the answers that the person gave in forms, and answer a question for the person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot import desk
from bot.desk import ActionResult, views
from bot.officers.permissions import Action, DenialReason, Forbidden, Reason
from bot.web.console.case import OptionalReason
from bot.web.console.case_actions import run_action
from bot.web.console.case_forms import AnswersForm, FillForm
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(prefix="/cases/{case_id}", route_class=ConsoleRoute)


@router.post("/answers")
async def answers(
    context: Annotated[RequestContext, require(Action.CASE_ANSWERS)],
    case_id: UUID,
    form: Annotated[AnswersForm, Form()],
) -> Response:
    """Show the answers that the person gave in the chat's forms, such as the registration form.

    The officer must choose a reason for this access, which is recorded in the audit log.
    """
    if form.reason is None:
        raise Forbidden(DenialReason.OWNER)
    return await _answers_page(context, case_id, form.reason, unmasked=form.unmasked)


async def _answers_page(
    context: RequestContext,
    case_id: UUID,
    reason: Reason,
    status: int = 200,
    problem: str = "",
    *,
    unmasked: bool = False,
    typed: FillForm | None = None,
) -> Response:
    """Return the page of the person's answers.

    A refused answer `typed` is shown in its form, or in a field to copy it from if the officer may
    no longer answer this question.
    """
    rt, officer = context.rt, context.officer
    found = await views.answers(rt, officer, case_id, reason, unmasked=unmasked)
    view = await views.view(rt, officer, case_id, reason)
    fillable = {each.key for each in found if each.fillable and Action.CASE_FILL in view.may}
    return page(
        context,
        "answers.html",
        status,
        view=view,
        case=view.line.case,
        case_id=case_id,
        reason=reason,
        found=found,
        unmasked=unmasked,
        fillable=fillable,
        problem=problem,
        typed=typed,
    )


@router.post("/fill")
async def fill(
    context: Annotated[RequestContext, require(Action.CASE_FILL, keep=("value",))],
    case_id: UUID,
    form: Annotated[FillForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Answer, on behalf of the person, a question of the form that is open in the person's chat.

    If the answer is refused, the page of the answers shows what the officer typed.
    """

    async def action() -> ActionResult:
        return await desk.fill(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            question=form.question,
            value=form.value,
        )

    async def show(status: int, problem: str) -> Response:
        assert reason is not None
        return await _answers_page(context, case_id, reason, status, problem, typed=form)

    return await run_action(
        context, case_id, form, reason, "filled", action, show if reason else None
    )
