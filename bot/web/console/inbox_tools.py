"""Save filters of the inbox as named views, and hand over several cases at once.

The inbox is the list of waiting cases, which are people's requests to officers.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from bot import desk
from bot.cases import CaseConflict
from bot.desk import Refusal, ToOfficer, ToTopic, saved_views
from bot.desk.views import Queue
from bot.officers.permissions import Action, Forbidden
from bot.web.console import labels
from bot.web.console.case_list import InboxQuery, inbox_page, query_text
from bot.web.console.forms import Line
from bot.web.console.rendering import redirect
from bot.web.console.request_context import ROOT, RequestContext
from bot.web.console.routing import ConsoleRoute, require

MAX_CASES = 25
# Outcomes of a case that was to be handed over, each with the name of its text.
OUTCOMES = ("bulk_done", "bulk_kept", "bulk_refused")

router = APIRouter(route_class=ConsoleRoute)


def _query(context: RequestContext) -> InboxQuery:
    return InboxQuery.beside(context.request, Queue.UNCLAIMED)


def _inbox(context: RequestContext) -> str:
    return _query(context).link().removeprefix(ROOT)


@router.post("/views")
async def save_view(
    context: Annotated[RequestContext, require(Action.CASE_LIST)],
    name: Annotated[Line, Form()] = "",
) -> Response:
    """Save the inbox's current filters as a view of this name; 422 if the name is rejected."""
    # A view begins at the first page: cases before the cursor may be the most urgent ones later.
    filters = {name: value for name, value in _query(context).kept.items() if name != "after"}
    query = query_text(filters).removeprefix("?")
    try:
        await saved_views.save(context.rt, context.officer, name, query)
    except desk.Refused as refused:
        problem = context.say(labels.REFUSALS[refused.why.value])
        return await inbox_page(context, _query(context), 422, problem)
    return redirect(_inbox(context), "saved")


@router.post("/views/remove")
async def remove_view(
    context: Annotated[RequestContext, require(Action.CASE_LIST)],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Delete the officer's saved view of this name."""
    await saved_views.remove(context.rt, context.officer, name)
    return redirect(_inbox(context), "saved")


class HandOverForm(BaseModel):
    """The cases to hand over as `id:version`, and the new owner as `officer:id` or `topic:key`."""

    case: list[str] = []
    to: str = ""
    key: str = ""

    def cases(self) -> list[tuple[UUID, int]]:
        """Return id and version of each chosen case. Raises ValueError if one is malformed."""
        pairs = [each.partition(":") for each in self.case]
        return [(UUID(case_id), int(version)) for case_id, _colon, version in pairs]

    def owner(self) -> ToOfficer | ToTopic:
        """Return the new owner of the cases. Raises desk.Refused for a malformed officer's id."""
        kind, _colon, name = self.to.partition(":")
        if kind == "topic":
            return ToTopic(name)
        try:
            return ToOfficer(UUID(name))
        except ValueError:
            raise desk.Refused(Refusal.NO_OFFICER) from None


@router.post("/hand-over")
async def hand_over(
    context: Annotated[RequestContext, require(Action.CASE_TRANSFER)],
    form: Annotated[HandOverForm, Form()],
) -> Response:
    """Hand over the chosen cases, each in its own transaction.

    If some cases could not be handed over, return 409 and show how many, and why.
    """
    try:
        chosen, goal = form.cases()[:MAX_CASES], form.owner()
    except (ValueError, desk.Refused):
        chosen, goal = [], None
    if not chosen or goal is None:
        problem = context.say(labels.WORDS["bulk_none"])
        return await inbox_page(context, _query(context), 422, problem)
    outcomes = [
        await _hand_over(context, case_id, version, goal, form.key) for case_id, version in chosen
    ]
    counts = {outcome: outcomes.count(outcome) for outcome in OUTCOMES}
    if counts["bulk_done"] == len(chosen):
        return redirect(_inbox(context), "handed_over")
    t = labels.Wording(context.rt.languages, context.language)
    shown = {each: many for each, many in counts.items() if many or each == "bulk_done"}
    sentences = (t(each, count=many) for each, many in shown.items())
    return await inbox_page(context, _query(context), 409, " ".join(sentences))


async def _hand_over(
    context: RequestContext, case_id: UUID, version: int, goal: ToOfficer | ToTopic, key: str
) -> str:
    """Hand over a case; return the outcome as one of OUTCOMES."""
    # An idempotency key belongs to one action on one case, so each case gets a key derived from the
    # form's key.
    own = f"{key[:31]}{case_id.hex}"
    try:
        await desk.transfer(context.rt, context.officer, case_id, version, key=own, to=goal)
    except desk.Refused as refused:
        return "bulk_refused" if refused.why is Refusal.NO_OFFICER else "bulk_kept"
    except (CaseConflict, Forbidden, LookupError):
        return "bulk_kept"
    return "bulk_done"
