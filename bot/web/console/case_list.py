"""The inbox: who waits, in which queue, how long already; taking the next."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from bot import desk
from bot.desk import views
from bot.desk.views import Filter, Queue
from bot.officers import directory
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.rendering import done, labels, page
from bot.web.console.request_context import ROOT, Form, Visit
from bot.web.console.routing import get, post
from bot.web.request_parsing import number

SHIFT_HOURS, MAX_SHIFT = 8, 16
HOUR = timedelta(hours=1)


async def home(visit: Visit) -> Response:
    """The first page that the officer's roles open."""
    starts = {"/inbox": Action.CASE_LIST, "/officers": Action.OFFICERS_READ}
    starts |= {"/broadcasts": Action.BROADCAST_READ, "/audit": Action.AUDIT_READ}
    starts |= {"/canned": Action.CANNED_READ}
    path = next((path for path, action in starts.items() if visit.may(action)), "/own")
    return RedirectResponse(f"{ROOT}{path}", 303)


async def listing(visit: Visit) -> Response:
    return await _listed(visit)


async def _listed(visit: Visit, status: int = 200, problem: str = "") -> Response:
    chosen = _filter(visit)
    after = visit.request.query_params.get("after", "")
    found = await views.listing(visit.rt, visit.officer, chosen, after)
    return page(
        visit,
        "inbox.html",
        status,
        found=found,
        filter=chosen,
        queues=[(queue, _link(chosen, queue)) for queue in Queue],
        next_page=f"{_link(chosen, chosen.queue)}&{urlencode({'after': found.after})}",
        first_page=_link(chosen, chosen.queue),
        paged=bool(after),
        on_shift=visit.officer.shift_until is not None and visit.officer.shift_until > visit.now,
        at=found.at,
        topics=labels(visit, console_labels.TOPICS),
        problem=problem,
    )


def _filter(visit: Visit) -> Filter:
    asked = visit.request.query_params
    queue = asked.get("queue", "")
    return Filter(
        queue=Queue(queue) if queue in set(Queue) else Queue.UNCLAIMED,
        language=asked.get("language", "")[:16],
        topic=asked.get("topic", "")[:64],
        channel=asked.get("channel", "")[:16],
        urgent=True if asked.get("urgent") else None,
        number=number(asked.get("number", "")) or None,
    )


def _link(chosen: Filter, queue: Queue) -> str:
    kept = {"queue": queue.value, "language": chosen.language, "topic": chosen.topic}
    kept |= {"channel": chosen.channel, "urgent": "1" if chosen.urgent else ""}
    return f"{ROOT}/inbox?{urlencode({name: value for name, value in kept.items() if value})}"


async def find(visit: Visit, form: Form) -> Response:
    """The case of a number that was told; a form, for a receipt belongs in no address."""
    found = await views.find(visit.rt, visit.officer, form.get("number", "").strip())
    if found is None:
        return done("/inbox?queue=all", "no_case")
    return RedirectResponse(f"{ROOT}{case_path(found)}", 303)


async def take_next(visit: Visit, form: Form) -> Response:
    """The most urgent case that is this officer's to take."""
    taken = await desk.take_next(visit.rt, visit.officer, key=form.get("key", ""))
    if taken is None:
        return done("/inbox", "no_next")
    return done(case_path(taken.case_id), "claimed")


async def shift(visit: Visit, form: Form) -> Response:
    """Begin or end the officer's shift; its end gives the cases back to the queue."""
    hours = form.get("hours", "")
    until = None
    if form.get("on"):
        length = number(hours) or SHIFT_HOURS
        until = visit.now + min(length, MAX_SHIFT) * HOUR
    await directory.set_shift(visit.rt, visit.officer, until)
    return done("/inbox", "saved")


def case_path(case_id: UUID) -> str:
    return f"/cases/{case_id}"


ROUTES = [
    get("", Action.SELF, home),
    get("/inbox", Action.CASE_LIST, listing),
    post("/find", Action.CASE_LIST, find),
    post("/next", Action.CASE_CLAIM, take_next),
    post("/shift", Action.SHIFT, shift),
]
