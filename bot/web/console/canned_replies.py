"""List the canned replies (prepared answers) of the officer's mission.

Officers change them in the editor of content.
"""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from bot.cases import canned_replies
from bot.content.model import Kind
from bot.editorial import drafts
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.forms import Line
from bot.web.console.rendering import page
from bot.web.console.request_context import ROOT, RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.get("/canned")
async def listing(context: Annotated[RequestContext, require(Action.CANNED_READ)]) -> Response:
    """Return the page with the canned replies of the officer's mission."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    return page(
        context,
        "canned_replies.html",
        status,
        ready=await canned_replies.listing(context.rt, context.officer),
        built=canned_replies.BUILT,
        edits=context.may(Action.CANNED_EDIT),
        item=f"{Kind.CANNED}:{context.officer.mission}.",
        problem=problem,
    )


@router.post("/canned")
async def new(
    context: Annotated[RequestContext, require(Action.CANNED_EDIT)],
    name: Annotated[Line, Form()] = "",
) -> Response:
    """Redirect to the editor of a new canned reply; 422 if its name is invalid."""
    item = f"{Kind.CANNED}:{context.officer.mission}.{name}"
    if not drafts.is_canned(item.partition(":")[2]):
        return await _page(context, 422, context.say(labels.WORDS["bad_canned"]))
    return RedirectResponse(f"{ROOT}/content/{item}", 303)
