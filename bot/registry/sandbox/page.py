"""Web page of the sandbox, and its JSON interface: registrations, decisions, fault switches."""

import hashlib
from pathlib import Path
from typing import Annotated, get_args

from fastapi import APIRouter, Request
from fastapi.encoders import jsonable_encoder
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.registry.contract import Model, State, StepName, StepStatus, Subject
from bot.registry.sandbox import store
from bot.registry.sandbox.errors import Objection, parse
from bot.registry.sandbox.faults import FAULTS, Fault
from bot.registry.sandbox.life import Asking, Stepping
from bot.registry.sandbox.state import Sandbox, here
from bot.registry.sandbox.store import Verdict

SHOWN = 100
"""Maximum number of entries on the page; `/_entries` returns all."""

_LABELS = {
    "purpose": "Purpose",
    "language": "Language",
    "ethnic_kazakh": "Ethnic Kazakh",
    "birth_year": "Born",
    "citizenship": "Citizen of",
    "residence_country": "Lives in",
    "residence_region": "Region there",
    "target_region": "Wants to",
    "timeframe": "When",
    "education": "Education",
    "occupation": "Occupation",
    "kazakh_level": "Kazakh",
    "support_needed": "Support needed",
}
_HERE = Path(__file__).parent
_page = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("page.html")

routes = APIRouter(include_in_schema=False)


class Decision(Model):
    """A decision on a registration, made on the sandbox's web page."""

    state: Verdict


class Pace(Model):
    """The delay in seconds between the receipt of a registration and the decision on it."""

    seconds: Annotated[float, Field(ge=0, le=86_400)]


@routes.get("/")
async def page(request: Request) -> Response:
    """Return the sandbox's web page, or status 304 if the browser's copy is current."""
    sandbox = here(request)
    async with sandbox.pool.connection() as connection:
        entries = await store.entries(connection, SHOWN)
        counts = await store.counts(connection)
    html = _page.render(
        entries=entries,
        labels=_LABELS,
        counts={state: counts.get(state, 0) for state in get_args(State.__value__)},
        shown=SHOWN,
        subjects=get_args(Subject.__value__),
        steps=get_args(StepName.__value__),
        statuses=get_args(StepStatus.__value__),
        faults=FAULTS,
        on=sandbox.faults.on.values(),
        delay=sandbox.delay,
        calls_back=sandbox.callback_url is not None,
    )
    tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Content-Security-Policy": _policy(sandbox)}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


@routes.get("/_entries")
async def entries(request: Request) -> Response:
    """Return all registrations with their writes and callbacks, newest first."""
    async with here(request).pool.connection() as connection:
        return JSONResponse(jsonable_encoder(await store.entries(connection)))


@routes.post("/_entries/{number}/decision")
async def decide(request: Request, number: str) -> Response:
    """Make the decision on a registration immediately."""
    decision = parse(Decision, await _json_body(request))
    async with here(request).pool.connection() as connection:
        await store.set_verdict(connection, number, decision.state)
    here(request).changed.set()
    return Response(status_code=204)


@routes.post("/_entries/{number}/question")
async def ask(request: Request, number: str) -> Response:
    """Ask the person of a registration a question."""
    asking = parse(Asking, await _json_body(request))
    async with here(request).pool.connection() as connection:
        await store.ask(connection, number, asking)
    here(request).decided.set()
    return Response(status_code=204)


@routes.post("/_entries/{number}/step")
async def step(request: Request, number: str) -> Response:
    """Report a step of the Kandas platform for a registration."""
    stepping = parse(Stepping, await _json_body(request))
    async with here(request).pool.connection() as connection:
        await store.report_step(connection, number, stepping)
    here(request).decided.set()
    return Response(status_code=204)


@routes.get("/_faults")
async def faults(request: Request) -> Response:
    """Return the faults that are switched on."""
    return _switches(request)


@routes.post("/_faults")
async def switch(request: Request) -> Response:
    """Switch a fault on, or off with a count of 0."""
    here(request).faults.switch(parse(Fault, await _json_body(request)))
    return _switches(request)


@routes.delete("/_faults")
async def all_off(request: Request) -> Response:
    """Switch every fault off."""
    here(request).faults.on.clear()
    return _switches(request)


@routes.post("/_pace")
async def pace(request: Request) -> Response:
    """Set the delay in seconds between the receipt of a registration and the decision on it."""
    here(request).delay = parse(Pace, await _json_body(request)).seconds
    return Response(status_code=204)


def _switches(request: Request) -> Response:
    return JSONResponse([fault.model_dump() for fault in here(request).faults.on.values()])


async def _json_body(request: Request) -> bytes:
    # Prevents CSRF: a form of another site cannot send JSON without a CORS preflight request.
    if request.headers.get("Content-Type") != "application/json":
        raise Objection("unsupported-media-type")
    return await request.body()


def _policy(sandbox: Sandbox) -> str:
    return (
        "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
        f"frame-ancestors {sandbox.embed_from}"
    )
