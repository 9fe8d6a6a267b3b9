"""Show the registry's planning figures as chart, table and map, and export them as a file.

The registry is the state's list of ethnic Kazakhs abroad. Planning figures are numbers of
registered people by properties such as region or age.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.desk import planning
from bot.officers.permissions import Action
from bot.registry.errors import Refused, RegistryError, Unavailable
from bot.registry.planning import DIMENSIONS, Cell, Dimension, Figures
from bot.web import spreadsheets
from bot.web.console import planning_map
from bot.web.console.labels import WORDS
from bot.web.console.planning_names import ALL, axis_names, region_names, value_names
from bot.web.console.rendering import PAGE_HEADERS, page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import blank_to_none
from flows.engine.text import Text

SHADES = 4

router = APIRouter(route_class=ConsoleRoute)


class PlanningQuery(BaseModel):
    """The dimensions (properties) by which people are counted; the second one is optional."""

    first: Dimension = "region"
    second: Annotated[Dimension | None, BeforeValidator(blank_to_none)] = None

    @property
    def by(self) -> tuple[Dimension, ...]:
        """Return the chosen dimensions without repetition, in the order of the registry's API."""
        return tuple(each for each in DIMENSIONS if each in (self.first, self.second))


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart; `people` is None if the registry hides the count.

    `length` is 0 to 1000, in thousandths of the longest bar.
    """

    name: str
    people: int | None
    length: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell of a two-dimensional table; `people` is None if the registry hides the count.

    `shade` is 0 to 4, higher for more people.
    """

    people: int | None
    shade: int


@router.get("/planning")
async def show(
    context: Annotated[RequestContext, require(Action.PLANNING_READ)],
    query: Annotated[PlanningQuery, Query()],
) -> Response:
    """Return the page with planning figures by one or two dimensions.

    If the figures are not available, the page shows the reason.
    """
    return _page(context, query, await _figures(context, query))


@router.get("/planning.{kind}")
async def export(
    context: Annotated[RequestContext, require(Action.PLANNING_READ)],
    kind: Literal["csv", "xlsx", "parquet"],
    query: Annotated[PlanningQuery, Query()],
) -> Response:
    """Return the planning figures as a file, in which hidden counts are empty cells.

    If the figures are not available, return the page with the reason and status 503. Raises
    HTTPException 404 for Parquet if its package is not installed.
    """
    if kind == "parquet" and not spreadsheets.has_parquet():
        raise HTTPException(404)
    found = await _figures(context, query)
    if isinstance(found, Text):
        return _page(context, query, found, 503)
    media, content = _file(context, kind, found)
    name = f"kosh-planning-{'-'.join(found.by)}-{found.released_at:%Y-%m-%d}.{kind}"
    headers = PAGE_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)


def _file(context: RequestContext, kind: str, found: Figures) -> tuple[str, bytes]:
    """Return the media type and the content of the planning figures as a file."""
    if kind == "parquet":
        return spreadsheets.PARQUET_TYPE, spreadsheets.to_parquet(_columns(found))
    axes, names = axis_names(context), value_names(context, found)
    head = [*(axes[each] for each in found.by), context.say(WORDS["planning_people"])]
    rows = [
        [*_labels(names, each), "" if each.people is None else str(each.people)]
        for each in found.cells
    ]
    if kind == "csv":
        return spreadsheets.CSV_TYPE, spreadsheets.to_csv([head, *rows])
    return spreadsheets.XLSX_TYPE, spreadsheets.to_xlsx([head, *rows])


def _columns(found: Figures) -> dict[str, list[str] | list[int | None]]:
    """Return the columns of a Parquet file, with the registry's names and codes instead of labels.

    The code "*" means a total.
    """
    columns: dict[str, list[str] | list[int | None]] = {
        axis: [cell.values[place] for cell in found.cells] for place, axis in enumerate(found.by)
    }
    return columns | {"people": [cell.people for cell in found.cells]}


async def _figures(context: RequestContext, query: PlanningQuery) -> Figures | Text:
    """Return the planning figures, or a text with the reason why they are not available."""
    try:
        found = await planning.figures(context.rt, context.officer, query.by)
    except RegistryError as error:
        return _reason(error)
    return found or WORDS["planning_off"]


def _reason(error: RegistryError) -> Text:
    match error:
        case Unavailable():
            return WORDS["planning_away"]
        case Refused(problem="not-found"):
            return WORDS["planning_none"]
        case _:
            return Text(WORDS["planning_unfit"].msgid, (("code", error.code),))


def _page(
    context: RequestContext, query: PlanningQuery, found: Figures | Text, status: int = 200
) -> Response:
    values: dict[str, Any] = {"bars": [], "tiles": [], "columns": [], "rows": []}
    if isinstance(found, Text):
        values |= {"problem": context.say(found), "found": None}
    elif len(found.by) == 1:
        values |= _chart(context, found) | {"found": found}
    else:
        values |= _table(context, found) | {"found": found}
    axes = axis_names(context)
    counted = query.by if isinstance(found, Text) else found.by
    return page(
        context,
        "planning.html",
        status,
        axes=axes,
        chosen=(query.first, query.second or ""),
        heads=[axes[each] for each in counted],
        has_parquet=spreadsheets.has_parquet(),
        query=f"?first={query.first}&second={query.second or ''}",
        map_size=(planning_map.WIDTH, planning_map.HEIGHT, planning_map.SIDE),
        **values,
    )


def _labels(names: list[dict[str, str]], cell: Cell) -> list[str]:
    return [known[value] for value, known in zip(cell.values, names, strict=True)]


def _chart(context: RequestContext, found: Figures) -> dict[str, Any]:
    """Return the bars for figures by one dimension.

    For figures by region, return also the tiles of the map.
    """
    names, limit = value_names(context, found), _largest(found)
    bars = [
        Bar(_labels(names, each)[0], each.people, (each.people or 0) * 1000 // limit)
        for each in found.cells
    ]
    if found.by != ("region",):
        return {"bars": bars}
    counts = {each.values[0]: each.people for each in found.cells}
    shades = {region: _shade(people, limit) for region, people in counts.items()}
    return {"bars": bars, "tiles": planning_map.tiles(counts, shades, region_names(context))}


def _table(context: RequestContext, found: Figures) -> dict[str, Any]:
    """Return the table of figures by two dimensions, as template values.

    The dimension with more values is shown as rows, the other dimension as columns.
    """
    counts = {each.values: each.people for each in found.cells}
    down, across = value_names(context, found)
    if turned := len(across) > len(down):
        down, across = across, down
    limit = _largest(found)

    def at(row: str, column: str) -> Shown | None:
        place = (column, row) if turned else (row, column)
        if place not in counts:
            return None
        return Shown(counts[place], 0 if ALL in place else _shade(counts[place], limit))

    return {
        "columns": across.values(),
        "rows": [(name, [at(row, column) for column in across]) for row, name in down.items()],
        "turned": turned,
    }


def _largest(found: Figures) -> int:
    """Return the largest count in the figures, without totals.

    The result is at least 1, because lengths and shades are computed by dividing by it.
    """
    return max((each.people or 0 for each in found.cells if ALL not in each.values), default=0) or 1


def _shade(people: int | None, limit: int) -> int:
    return -(-(people or 0) * SHADES // limit)
