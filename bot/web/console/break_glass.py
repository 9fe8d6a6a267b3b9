"""Emergency access: asking for a case, opening it to a colleague, reading it, looking after."""

from uuid import UUID

from starlette.responses import Response

from bot.desk import break_glass
from bot.officers.permissions import Action, Reason
from bot.web.console import labels as console_labels
from bot.web.console.rendering import done, labels, page
from bot.web.console.request_context import Form, Visit
from bot.web.console.routing import get, post
from bot.web.request_parsing import number


async def listing(visit: Visit) -> Response:
    return await _listed(visit)


async def _listed(visit: Visit, status: int = 200, problem: str = "") -> Response:
    return page(
        visit,
        "glass.html",
        status,
        panes=await break_glass.listing(visit.rt, visit.officer),
        asks=visit.may(Action.GLASS_ASK),
        grants=visit.may(Action.GLASS_GRANT),
        reviews=visit.may(Action.GLASS_REVIEW),
        reasons=labels(visit, console_labels.REASONS),
        problem=problem,
    )


async def ask(visit: Visit, form: Form) -> Response:
    asked, reason = number(form.get("number", "")), form.get("reason", "")
    if not asked or reason not in set(Reason):
        return await _listed(visit, 422, visit.say(console_labels.REFUSALS["empty"]))
    try:
        await break_glass.ask(visit.rt, visit.officer, asked, Reason(reason))
    except LookupError:
        return await _listed(visit, 404, visit.say(console_labels.WORDS["glass_no_case"]))
    return done("/glass", "glass_asked")


async def grant(visit: Visit, form: Form) -> Response:
    await break_glass.grant(visit.rt, visit.officer, _id(form.get("pane", "")))
    return done("/glass", "glass_granted")


async def review(visit: Visit, form: Form) -> Response:
    await break_glass.review(visit.rt, visit.officer, _id(form.get("pane", "")))
    return done("/glass", "saved")


async def shown(visit: Visit) -> Response:
    """The talk and the notes of a case, and nothing to press."""
    pane, view = await break_glass.view(
        visit.rt, visit.officer, _id(visit.request.path_params["pane"])
    )
    return page(visit, "glass_case.html", pane=pane, view=view, case=view.line.case)


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise LookupError("E_CASE: there is no such wish; look at the list") from None


ROUTES = [
    get("/glass", Action.GLASS_READ, listing),
    post("/glass", Action.GLASS_ASK, ask),
    post("/glass/grant", Action.GLASS_GRANT, grant),
    post("/glass/review", Action.GLASS_REVIEW, review),
    get("/glass/{pane}", Action.GLASS_ASK, shown),
]
