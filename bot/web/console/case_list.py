"""Show the inbox: waiting cases by queue with their waiting times. Claim the next case.

A case is a person's request to officers. An officer claims a case in order to answer it.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Self
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import RedirectResponse, Response

from bot import desk
from bot.desk import marking, saved_views, views
from bot.desk.views import Filter, Queue
from bot.officers import directory
from bot.officers.permissions import Action, Reason
from bot.web.console import labels as console_labels
from bot.web.console.case_rows import rows
from bot.web.console.forms import Checkbox, Line, Number
from bot.web.console.rendering import labels, page, redirect
from bot.web.console.request_context import ROOT, RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import QueryNumber
from flows.engine.text import Country

SHIFT_HOURS, MAX_SHIFT_HOURS = 8, 16
# Possible start pages. An officer's start page is the first one that the officer's roles allow.
START_PAGES = {
    "/inbox": Action.CASE_LIST,
    "/officers": Action.OFFICERS_READ,
    "/broadcasts": Action.BROADCAST_READ,
    "/audit": Action.AUDIT_READ,
    "/canned": Action.CANNED_READ,
}

router = APIRouter(route_class=ConsoleRoute)


class InboxQuery(BaseModel):
    """Filters of the cases that the inbox lists; `after` is the last case of the previous page."""

    queue: Queue = Queue.UNCLAIMED
    language: Annotated[str, Field(max_length=16)] = ""
    topic: Annotated[str, Field(max_length=64)] = ""
    channel: Annotated[str, Field(max_length=16)] = ""
    country: Annotated[str, Field(max_length=2)] = ""
    label: Annotated[str, Field(max_length=30)] = ""
    urgent: str = ""
    number: QueryNumber = 0
    after: str = ""

    def filter(self) -> Filter:
        """Return these filters in the form that the database query takes."""
        return Filter(
            queue=self.queue,
            language=self.language,
            topic=self.topic,
            channel=self.channel,
            country=self.country,
            label=self.label,
            urgent=True if self.urgent else None,
            number=self.number or None,
        )

    @classmethod
    def beside(cls, request: Request, queue: Queue) -> Self:
        """Return the filters of the list beside a case, from the query of the case's URL.

        Without filters, or with invalid filters, the list shows the cases of `queue`.
        """
        with suppress(ValidationError):
            query = cls.model_validate(dict(request.query_params))
            return query if query.model_fields_set & _LIST_FIELDS else cls(queue=queue)
        return cls(queue=queue)

    def link(self, **changed: str) -> str:
        """Return the URL of the first page of this list, with some filters changed."""
        kept = self.model_dump(exclude={"after", "number"}, mode="json") | changed
        return f"{ROOT}/inbox?{urlencode({name: value for name, value in kept.items() if value})}"

    @property
    def kept(self) -> dict[str, str]:
        """Return the URL parameters by which a case's page shows this list beside the case."""
        chosen = self.model_dump(include=_LIST_FIELDS, exclude_defaults=True, mode="json")
        return {name: str(value) for name, value in chosen.items()}


_LIST_FIELDS = {"queue", "language", "topic", "channel", "country", "label", "urgent", "after"}


class ShiftForm(BaseModel):
    """A form that starts a shift of `hours` hours, or ends the shift if `on` is not ticked."""

    on: Checkbox = False
    hours: Number = SHIFT_HOURS


@router.get("")
async def home(context: Annotated[RequestContext, require(Action.SELF)]) -> Response:
    """Redirect to the first page of START_PAGES that the officer's roles allow."""
    path = next((path for path, action in START_PAGES.items() if context.may(action)), "/own")
    return RedirectResponse(f"{ROOT}{path}", 303)


@router.get("/inbox")
async def listing(
    context: Annotated[RequestContext, require(Action.CASE_LIST)],
    query: Annotated[InboxQuery, Query()],
) -> Response:
    """Return the inbox with the cases that match the filters in the URL."""
    return await inbox_page(context, query)


async def inbox_page(
    context: RequestContext, query: InboxQuery, status: int = 200, problem: str = ""
) -> Response:
    """Return the inbox with the cases that match the query."""
    rt, officer = context.rt, context.officer
    found = await views.listing(rt, officer, query.filter(), query.after)
    shift_until = context.officer.shift_until
    return page(
        context,
        "inbox.html",
        status,
        problem=problem,
        found=found,
        rows=rows(
            context, found.lines, query_text(query.kept), bulk=query.queue is not Queue.RESOLVED
        ),
        filter=query.filter(),
        queues=[(queue, query.link(queue=queue.value)) for queue in Queue],
        next_page=query.link(after=found.after),
        first_page=query.link(),
        paged=bool(query.after),
        on_shift=shift_until is not None and shift_until > context.now,
        at=found.at,
        topics=labels(context, console_labels.TOPICS),
        kept=query_text(query.kept),
        filtered=bool(query.kept.keys() - {"queue", "after"}),
        countries=[
            (code, context.say(Country(code))) for code in await views.countries(rt, officer)
        ],
        labels=[(name, name) for name in await marking.labels(rt, officer)],
        edits_labels=context.may(Action.LABELS_EDIT),
        saved=[
            (name, f"{ROOT}/inbox?{saved}")
            for name, saved in await saved_views.listing(rt, officer)
        ],
        hands_over=query.queue is not Queue.RESOLVED,
        goals=await _goals(context),
    )


async def _goals(context: RequestContext) -> list[tuple[str, str]]:
    """Return colleagues and topics to which chosen cases can be handed over, as value and label."""
    colleagues = [
        (f"officer:{each.id}", each.name)
        for each in await directory.colleagues(context.rt, context.officer)
    ]
    topics = labels(context, console_labels.TOPICS)
    return [*colleagues, *((f"topic:{key}", label) for key, label in topics)]


@router.post("/find")
async def find(
    context: Annotated[RequestContext, require(Action.CASE_LIST)],
    number: Annotated[Line, Form()] = "",
) -> Response:
    """Redirect to the case with this case number, or with this receipt number of a registration.

    The number is posted in a form, because a receipt number must not appear in a URL.
    """
    found = await views.find(context.rt, context.officer, number)
    if found is None:
        return redirect("/inbox?queue=all", "no_case")
    return RedirectResponse(f"{ROOT}{case_path(found)}", 303)


@router.post("/next")
async def take_next(
    context: Annotated[RequestContext, require(Action.CASE_CLAIM)],
    key: Annotated[str, Form()] = "",
) -> Response:
    """Claim the most urgent case that the officer's topics and languages allow."""
    next_case = await desk.take_next(context.rt, context.officer, key=key)
    if next_case is None:
        return redirect("/inbox", "no_next")
    return redirect(case_path(next_case.case_id), "claimed")


@router.post("/shift")
async def set_shift(
    context: Annotated[RequestContext, require(Action.SHIFT)],
    form: Annotated[ShiftForm, Form()],
) -> Response:
    """Start or end the officer's shift.

    After a shift's end, a sweep returns the officer's claimed cases to the queue.
    """
    hours = min(form.hours if form.hours > 0 else SHIFT_HOURS, MAX_SHIFT_HOURS)
    until = context.now + timedelta(hours=hours) if form.on else None
    await directory.set_shift(context.rt, context.officer, until)
    return redirect("/inbox", "saved")


def case_path(case_id: UUID) -> str:
    """Return the path of a case, relative to the console's root."""
    return f"/cases/{case_id}"


def query_text(fields: Mapping[str, str]) -> str:
    """Return the fields as a URL query that begins with "?"; "" without fields."""
    return f"?{urlencode(fields)}" if fields else ""


def list_query(context: RequestContext, *, own: bool) -> InboxQuery:
    """Return the filters of the list beside a case, from the query of the page's URL.

    Without such a query, the list has the officer's own cases if `own`, otherwise unclaimed cases.
    """
    return InboxQuery.beside(context.request, Queue.MINE if own else Queue.UNCLAIMED)


def addresses(query: InboxQuery, reason: Reason | None) -> dict[str, Any]:
    """Return the inbox's URL, and URL parameters with its filters and the reason for access."""
    parameters = query.kept | ({"reason": reason.value} if reason else {})
    return {
        "inbox": query.link(),
        "kept": list(parameters.items()),
        "kept_query": query_text(query.kept),
        "asked": query_text(parameters),
    }
