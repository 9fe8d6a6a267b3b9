"""Routes that return the counts of registered people: JSON, CSV, and a page with a bar chart."""

import csv
from io import StringIO
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import StringConstraints
from starlette.responses import HTMLResponse, Response

from bot.registry.planning import DIMENSIONS, Dimension, Figures
from bot.registry.sandbox import planning
from bot.registry.sandbox.openapi import problems
from bot.registry.sandbox.reference import REFERENCES
from bot.registry.sandbox.requests import CLIENT, ResourceRoute, wait_if_slow
from bot.registry.sandbox.state import here

routes = APIRouter(prefix="/v1", route_class=ResourceRoute, dependencies=[Depends(CLIENT)])
pages = APIRouter(include_in_schema=False)

type Officer = Annotated[
    str, Header(alias="Acting-Officer"), StringConstraints(min_length=1, max_length=100)
]
type By = Annotated[list[Dimension], Query(min_length=1, max_length=2)]

_page = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("planning.html")
_NAMES = {item.code: item.name for item in REFERENCES["regions"].items}


@routes.get("/planning", operation_id="planning", responses=problems("invalid", "not-found"))
async def figures(request: Request, officer: Officer, by: By) -> Figures:
    """Count people by one or two dimensions. Small counts are suppressed. The query is audited."""
    await wait_if_slow(request)
    return await _figures(request, by, officer)


@pages.get("/planning")
async def page(request: Request, by: Dimension = "region") -> Response:
    """Return the page with a bar chart of the counts by one dimension."""
    found = await _figures(request, [by], "page of the sandbox")
    most = max((cell.people or 0 for cell in found.cells), default=0)
    html = _page.render(found=found, by=by, dimensions=DIMENSIONS, names=_NAMES, most=most or 1)
    policy = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


@pages.get("/planning.csv")
async def table(request: Request, by: By) -> Response:
    """Return the counts as CSV; a suppressed count is an empty cell."""
    found = await _figures(request, by, "page of the sandbox")
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow((*found.by, "people"))
    for cell in found.cells:
        rows.writerow((*cell.values, "" if cell.people is None else cell.people))
    headers = {"Content-Disposition": 'attachment; filename="planning.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


async def _figures(request: Request, by: list[Dimension], officer: str) -> Figures:
    async with here(request).pool.connection() as connection:
        await planning.release(connection)
        return await planning.figures(connection, tuple(by), officer)
