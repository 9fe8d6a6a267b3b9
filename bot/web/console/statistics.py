"""Show statistics of cases as charts that the server draws, each with its table.

A case is a person's request to officers.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.desk import statistics
from bot.desk.form_funnel import FINISHED
from bot.desk.statistics import Cell, Stage
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.rendering import labels, page, span_of
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from flows.engine.flow import Flow
from flows.engine.text import Country

HEIGHT, WIDTH, STEP = 120, 720, 24
Code = Annotated[str, Query(max_length=16)]

router = APIRouter(route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart; `count` is None if it is too small to be shown.

    `length` is 0 to 1000, in thousandths of the longest bar.
    """

    name: str
    count: int | None
    length: int
    staying: int | None = None
    lost: int = 0


@router.get("/statistics")
async def show(
    context: Annotated[RequestContext, require(Action.STATISTICS_READ)],
    language: Code = "",
    channel: Code = "",
    country: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """Return the page of case statistics: response times, cases by topic, and form funnels.

    The statistics are those of the last 30 days. A form funnel is the number of people who reached
    each question of a form.
    """
    found = await statistics.report(
        context.rt, context.officer, context.zone.key, language, channel, country
    )
    languages = dict(context.rt.languages.languages())
    topics = {key: context.say(label) for key, label in console_labels.ALL_TOPICS.items()}
    countries = {
        each.name: context.say(Country(each.name)) for each in found.countries if each.name
    }
    limit = max((max(each.opened or 0, each.closed or 0) for each in found.days), default=0)
    return page(
        context,
        "statistics.html",
        found=found,
        topics=_bars(found.topics, topics),
        language_bars=_bars(found.languages, languages),
        countries=_bars(
            found.countries, countries | {"": context.say(console_labels.CASE["intent_unsaid"])}
        ),
        ratings=_bars(found.ratings, dict(labels(context, console_labels.RATINGS))),
        funnels=_funnels(context, found.stages),
        length=lambda minutes: span_of(context)(timedelta(minutes=minutes)),
        limit=limit,
        scale=HEIGHT / limit if limit else 0,
        height=HEIGHT,
        width=WIDTH,
        step=STEP,
        live_in=[(code, context.say(Country(code))) for code in found.live_in],
        chosen={"language": language, "channel": channel, "country": country},
    )


def _bars(cells: tuple[Cell, ...], names: dict[str, str]) -> list[Bar]:
    limit = max((each.count or 0 for each in cells), default=0) or 1
    return [
        Bar(names.get(each.name, each.name), each.count, (each.count or 0) * 1000 // limit)
        for each in cells
    ]


def _funnels(context: RequestContext, stages: tuple[Stage, ...]) -> list[tuple[str, list[Bar]]]:
    found = []
    for name, flow in context.rt.flows.items():
        own = [each for each in stages if each.flow == name]
        if own:
            found.append((context.say(flow.title), _funnel(context, flow, own)))
    return found


def _funnel(context: RequestContext, flow: Flow, stages: list[Stage]) -> list[Bar]:
    names = {item.name: context.say(item.label) for item in flow.questions()}
    names[FINISHED] = context.say(console_labels.WORDS["finished"])
    limit = max((each.reached or 0 for each in stages), default=0) or 1
    return [
        Bar(
            names.get(each.question, each.question),
            each.reached,
            (each.reached or 0) * 1000 // limit,
            each.staying,
            (each.staying or 0) * 1000 // limit,
        )
        for each in stages
    ]
