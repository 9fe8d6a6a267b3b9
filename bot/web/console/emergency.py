"""Emergency access: asking for a case, opening it to a colleague, reading it, looking after."""

from uuid import UUID

from starlette.responses import Response

from bot import glass
from bot.access import Action, Reason
from bot.web.console import words
from bot.web.console.doors import get, post
from bot.web.console.pages import done, labels, page
from bot.web.console.visit import Form, Visit
from bot.web.door import number


async def listing(visit: Visit) -> Response:
    return await _listed(visit)


async def _listed(visit: Visit, status: int = 200, problem: str = "") -> Response:
    return page(
        visit,
        "glass.html",
        status,
        panes=await glass.listing(visit.rt, visit.officer),
        asks=visit.may(Action.GLASS_ASK),
        grants=visit.may(Action.GLASS_GRANT),
        reviews=visit.may(Action.GLASS_REVIEW),
        reasons=labels(visit, words.REASONS),
        problem=problem,
    )


async def ask(visit: Visit, form: Form) -> Response:
    asked, reason = number(form.get("number", "")), form.get("reason", "")
    if not asked or reason not in set(Reason):
        return await _listed(visit, 422, visit.say(words.REFUSALS["empty"]))
    try:
        await glass.ask(visit.rt, visit.officer, asked, Reason(reason))
    except LookupError:
        return await _listed(visit, 404, visit.say(words.WORDS["glass_no_case"]))
    return done("/glass", "glass_asked")


async def grant(visit: Visit, form: Form) -> Response:
    await glass.grant(visit.rt, visit.officer, _id(form.get("pane", "")))
    return done("/glass", "glass_granted")


async def review(visit: Visit, form: Form) -> Response:
    await glass.review(visit.rt, visit.officer, _id(form.get("pane", "")))
    return done("/glass", "saved")


async def shown(visit: Visit) -> Response:
    """The talk and the notes of a case, and nothing to press."""
    pane, view = await glass.view(visit.rt, visit.officer, _id(visit.request.path_params["pane"]))
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
