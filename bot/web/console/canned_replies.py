"""Ready answers of a mission: one text for each language."""

from starlette.responses import Response

from bot.cases import canned_replies
from bot.cases.working_hours import Stale
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.rendering import done, page
from bot.web.console.request_context import Form, Visit
from bot.web.console.routing import get, post
from bot.web.request_parsing import number


async def listing(visit: Visit) -> Response:
    return await _listed(visit)


async def _listed(visit: Visit, status: int = 200, problem: str = "") -> Response:
    return page(
        visit,
        "canned.html",
        status,
        ready=await canned_replies.listing(visit.rt, visit.officer),
        built=canned_replies.BUILT,
        edits=visit.may(Action.CANNED_EDIT),
        problem=problem,
    )


async def put(visit: Visit, form: Form) -> Response:
    """Keep a ready answer; empty texts are languages in which it can't be sent."""
    name = form.get("name", "").strip()
    texts = {
        code: form.get(f"text_{code}", "").replace("\r\n", "\n").strip()
        for code, _own in visit.rt.languages.languages()
    }
    given = {code: text for code, text in texts.items() if text}
    if not name or not given:
        return await _listed(visit, 422, visit.say(labels.REFUSALS["empty"]))
    version = number(form.get("version", ""))
    try:
        await canned_replies.put(visit.rt, visit.officer, name, given, version)
    except canned_replies.Unusable:
        return await _listed(visit, 422, visit.say(labels.WORDS["bad_canned"]))
    except Stale:
        return await _listed(visit, 409, visit.say(labels.WORDS["stale"]))
    return done("/canned", "saved")


async def drop(visit: Visit, form: Form) -> Response:
    await canned_replies.drop(visit.rt, visit.officer, form.get("name", ""))
    return done("/canned", "saved")


ROUTES = [
    get("/canned", Action.CANNED_READ, listing),
    post("/canned", Action.CANNED_EDIT, put, ("text_",)),
    post("/canned/remove", Action.CANNED_EDIT, drop),
]
