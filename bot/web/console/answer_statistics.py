"""Show which share of cases got its first answer within the promised time; export it as a file.

A case is a person's request to officers. The shares are grouped by mission, topic, language and
hour.
"""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator
from starlette.responses import Response

from bot.desk import answer_statistics
from bot.desk.answer_statistics import Group, Period
from bot.officers.permissions import Action
from bot.web import spreadsheets
from bot.web.console import labels as console_labels
from bot.web.console.rendering import PAGE_HEADERS, page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import blank_to_none
from flows.knowledge.missions import GENERAL, MISSIONS
from flows.knowledge.offices import desk_name

OptionalDay = Annotated[date | None, BeforeValidator(blank_to_none)]

router = APIRouter(route_class=ConsoleRoute)


class PeriodQuery(BaseModel):
    """The first and the last day of the period; None for the default period."""

    first: OptionalDay = None
    last: OptionalDay = None


@router.get("/statistics/answers")
async def show(
    context: Annotated[RequestContext, require(Action.STATISTICS_READ)],
    query: Annotated[PeriodQuery, Query()],
) -> Response:
    """Return the page with the shares of cases that got their first answer in time.

    The shares are those of one period, grouped by mission, topic, language and hour.
    """
    period = _period(context, query)
    found = await answer_statistics.report(context.rt, context.officer, period)
    return page(
        context,
        "answer_statistics.html",
        groups=found,
        names=_names(context),
        first=period.first.isoformat(),
        last=period.last.isoformat(),
    )


@router.get("/statistics/answers.{kind}")
async def export(
    context: Annotated[RequestContext, require(Action.STATISTICS_READ)],
    kind: Literal["csv", "xlsx"],
    query: Annotated[PeriodQuery, Query()],
) -> Response:
    """Return the first-answer statistics of a period as CSV or XLSX, only as counts of cases."""
    period = _period(context, query)
    found: dict[str, tuple[Group, ...]] = await answer_statistics.report(
        context.rt, context.officer, period
    )
    words = console_labels.WORDS
    head = [context.say(words[each]) for each in ("group_by", "what", "opened_count", "answered",
                                                  "in_time")]  # fmt: skip
    rows = answer_statistics.table({**found}, _names(context), head)
    write = spreadsheets.to_csv if kind == "csv" else spreadsheets.to_xlsx
    media = spreadsheets.CSV_TYPE if kind == "csv" else spreadsheets.XLSX_TYPE
    name = f"kosh-{period.first}-{period.last}.{kind}"
    headers = PAGE_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(write(rows), media_type=media, headers=headers)


def _period(context: RequestContext, query: PeriodQuery) -> Period:
    today = context.now.astimezone(context.zone).date()
    return answer_statistics.latest(today, context.zone, query.first, query.last)


def _names(context: RequestContext) -> dict[str, dict[str, str]]:
    """Return the labels of the rows of the first-answer statistics.

    The cases are grouped by mission, topic, language or hour. For each of these kinds of group, the
    result maps a group's key to the group's label. The entry "kind" has the labels of the kinds.
    """
    say, words = context.say, console_labels.WORDS
    missions = (GENERAL, *(each.key for each in MISSIONS))
    return {
        "mission": {key: say(desk_name(key)) for key in missions},
        "topic": {key: say(label) for key, label in console_labels.ALL_TOPICS.items()},
        "language": dict(context.rt.languages.languages()),
        "hour": {str(hour): f"{hour:02}:00" for hour in range(24)},
        "kind": {kind: say(words[f"by_{kind}"]) for kind in answer_statistics.BY},
    }
