"""Ready answers of a mission: one text for each language."""

from starlette.responses import Response

from bot import canned
from bot.access import Action
from bot.hours import Stale
from bot.web.console import words
from bot.web.console.doors import get, post
from bot.web.console.pages import done, page
from bot.web.console.visit import Form, Visit
from bot.web.door import number


async def listing(visit: Visit) -> Response:
    return await _listed(visit)


async def _listed(visit: Visit, status: int = 200, problem: str = "") -> Response:
    return page(
        visit,
        "canned.html",
        status,
        ready=await canned.listing(visit.rt, visit.officer),
        built=canned.BUILT,
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
        return await _listed(visit, 422, visit.say(words.REFUSALS["empty"]))
    version = number(form.get("version", ""))
    try:
        await canned.put(visit.rt, visit.officer, name, given, version)
    except canned.Unusable:
        return await _listed(visit, 422, visit.say(words.WORDS["bad_canned"]))
    except Stale:
        return await _listed(visit, 409, visit.say(words.WORDS["stale"]))
    return done("/canned", "saved")


async def drop(visit: Visit, form: Form) -> Response:
    await canned.drop(visit.rt, visit.officer, form.get("name", ""))
    return done("/canned", "saved")


ROUTES = [
    get("/canned", Action.CANNED_READ, listing),
    post("/canned", Action.CANNED_EDIT, put, ("text_",)),
    post("/canned/remove", Action.CANNED_EDIT, drop),
]
