"""Statistics as pictures that the server draws, each with its table."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from bot.desk import statistics
from bot.desk.form_funnel import FINISHED
from bot.desk.statistics import Cell, Stage
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.rendering import page, span_of
from bot.web.console.request_context import Visit
from bot.web.console.routing import get
from flows.engine.flow import Flow
from flows.engine.text import Country

HEIGHT, WIDTH, STEP = 120, 720, 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of 0 to 1000; `count` is None where it is too small to be told."""

    name: str
    count: int | None
    length: int
    staying: int | None = None
    lost: int = 0


async def shown(visit: Visit) -> Response:
    """The last 30 days: how fast, how many, about what; and where people are in the form."""
    asked = visit.request.query_params
    language, channel = asked.get("language", "")[:16], asked.get("channel", "")[:16]
    country = asked.get("country", "")[:2]
    found = await statistics.report(visit.rt, visit.officer, language, channel, country)
    tongues = dict(visit.rt.languages.languages())
    topics = {key: visit.say(label) for key, label in console_labels.TOPICS.items()}
    countries = {each.name: visit.say(Country(each.name)) for each in found.countries if each.name}
    limit = max((max(each.opened or 0, each.closed or 0) for each in found.days), default=0)
    return page(
        visit,
        "statistics.html",
        found=found,
        topics=_bars(found.topics, topics),
        tongues=_bars(found.languages, tongues),
        countries=_bars(found.countries, countries | {"": "–"}),
        ratings=_bars(
            found.ratings, {key: visit.say(v) for key, v in console_labels.RATINGS.items()}
        ),
        funnels=_funnels(visit, found.stages),
        length=lambda minutes: span_of(visit)(timedelta(minutes=minutes)),
        limit=limit,
        scale=HEIGHT / limit if limit else 0,
        height=HEIGHT,
        width=WIDTH,
        step=STEP,
        live_in=[(code, visit.say(Country(code))) for code in found.live_in],
        chosen={"language": language, "channel": channel, "country": country},
    )


def _bars(cells: tuple[Cell, ...], names: dict[str, str]) -> list[Bar]:
    limit = max((each.count or 0 for each in cells), default=0) or 1
    return [
        Bar(names.get(each.name, each.name), each.count, (each.count or 0) * 1000 // limit)
        for each in cells
    ]


def _funnels(visit: Visit, stages: tuple[Stage, ...]) -> list[tuple[str, list[Bar]]]:
    found = []
    for name, flow in visit.rt.flows.items():
        own = [each for each in stages if each.flow == name]
        if own:
            found.append((visit.say(flow.title), _funnel(visit, flow, own)))
    return found


def _funnel(visit: Visit, flow: Flow, stages: list[Stage]) -> list[Bar]:
    labels = {item.name: visit.say(item.label) for item in flow.questions()}
    labels[FINISHED] = visit.say(console_labels.WORDS["finished"])
    limit = max((each.reached or 0 for each in stages), default=0) or 1
    return [
        Bar(
            labels.get(each.question, each.question),
            each.reached,
            (each.reached or 0) * 1000 // limit,
            each.staying,
            (each.staying or 0) * 1000 // limit,
        )
        for each in stages
    ]


ROUTES = [get("/statistics", Action.STATISTICS_READ, shown)]
