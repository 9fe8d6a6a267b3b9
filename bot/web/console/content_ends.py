"""Show the facts that end on a day, and the texts that people read from the following day on.

A fact is a sentence with a source and a last valid day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.content import endings
from bot.officers.permissions import Action
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from flows.engine.edition import Edition
from flows.knowledge.facts import Fact
from flows.replies import REPLIES

DAYS = 400

router = APIRouter(prefix="/content", route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class Ending:
    """A fact whose validity ends: its sentence, and the sentences that replace it."""

    key: str
    words: str
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """An answer that changes because a fact ends, with its new opening sentences."""

    label: str
    then: tuple[str, ...]


@router.get("/ends")
async def ends(
    context: Annotated[RequestContext, require(Action.CONTENT_READ)], day: str = ""
) -> Response:
    """Return the page of the days on which facts end, with the facts that end on the chosen day."""
    edition = context.rt.content.on(context.now.date())
    days = endings.last_days(edition, DAYS)
    chosen = _date(day) or next(iter(days), context.now.date())
    return page(
        context,
        "content_ends.html",
        days=days,
        chosen=chosen,
        ends=[_ending(context, fact, edition) for fact in endings.on_day(chosen, edition)],
        answers=list(_changed_answers(context, chosen, edition)),
    )


def _date(text: str) -> date | None:
    """Return the day that the text (an ISO date) names; None if it is not a date.

    Also return None for the first and the last date that Python supports, because the page needs
    the days before and after.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min < day < date.max else None


def _ending(context: RequestContext, fact: Fact, edition: date) -> Ending:
    then = tuple(context.say(each) for each in endings.afterwards(fact, edition))
    return Ending(fact.key, context.say(fact.text), then)


def _changed_answers(context: RequestContext, day: date, edition: date) -> Iterator[Changed]:
    """Yield the answers whose opening sentences on `day` and on the following day differ."""
    last = endings.after(date.fromordinal(day.toordinal() - 1), edition)
    following = endings.after(day, edition)
    published = edition.replies if isinstance(edition, Edition) else {}
    for reply in {**REPLIES, **published}.values():
        before, then = reply.opening(last, ""), reply.opening(following, "")
        if reply.label is not None and before != then:
            yield Changed(context.say(reply.label), tuple(context.say(each) for each in then))
