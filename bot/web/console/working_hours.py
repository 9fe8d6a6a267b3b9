"""Working hours of a mission: shifts, holidays, promised times."""

import re
from dataclasses import dataclass
from datetime import date, time

from starlette.responses import Response

from bot.cases import working_hours
from bot.cases.working_hours import Holiday, MissionSettings, Shift, Stale, Unusable
from bot.officers import directory
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.rendering import done, page
from bot.web.console.request_context import Form, Visit
from bot.web.console.routing import get, post

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES = ("first_minutes", "next_minutes", "resolve_minutes", "return_minutes")
LINES = 2  # shifts that the form offers for each day
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Line:
    """A shift as the form shows it."""

    name: str
    opens: str = ""
    closes: str = ""


async def shown(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, status: int = 200, problem: str = "") -> Response:
    async with directory.acting(visit.rt, visit.officer) as session:
        desk = await working_hours.mission_settings(session, visit.officer.mission)
    return page(
        visit,
        "hours.html",
        status,
        desk=desk,
        unset=not desk.shifts,
        week=[(day, _lines(desk, number)) for number, day in enumerate(DAYS)],
        holidays="\n".join(each.day.isoformat() for each in desk.holidays),
        minutes=[(name, getattr(desk, name)) for name in MINUTES],
        edits=visit.may(Action.HOURS_EDIT),
        problem=problem,
    )


def _lines(desk: MissionSettings, weekday: int) -> list[Line]:
    shifts = [each for each in desk.shifts if each.weekday == weekday]
    filled = [
        Line(f"{weekday}_{at}", f"{each.opens:%H:%M}", f"{each.closes:%H:%M}")
        for at, each in enumerate(shifts)
    ]
    return filled + [Line(f"{weekday}_{at}") for at in range(len(filled), LINES)]


async def put(visit: Visit, form: Form) -> Response:
    try:
        await working_hours.put(visit.rt, visit.officer, _desk(visit, form))
    except (ValueError, Unusable):
        return await _shown(visit, 422, visit.say(labels.WORDS["bad_hours"]))
    except Stale:
        return await _shown(visit, 409, visit.say(labels.WORDS["stale"]))
    return done("/hours", "saved")


def _desk(visit: Visit, form: Form) -> MissionSettings:
    """The hours of a form; ValueError when a time, a date or a number can't be read."""
    first, following, resolve, give_back = (int(form.get(name, "")) for name in MINUTES)
    return MissionSettings(
        visit.officer.mission,
        form.get("zone", "").strip(),
        shifts=tuple(_shifts(form)),
        holidays=tuple(
            Holiday(date.fromisoformat(line)) for line in form.get("holidays", "").split()
        ),
        first_minutes=first,
        next_minutes=following,
        resolve_minutes=resolve,
        return_minutes=give_back,
        duty_chat=form.get("duty_chat", "").strip(),
        version=int(form.get("version", "")),
        gives=bool(form.get("gives")),
    )


def _shifts(form: Form) -> list[Shift]:
    found = []
    for weekday in range(len(DAYS)):
        for at in range(LINES + 2):
            opens, closes = (form.get(f"{end}_{weekday}_{at}", "") for end in ("opens", "closes"))
            if opens or closes:
                found.append(Shift(weekday, _time(opens), _time(closes)))
    return found


def _time(written: str) -> time:
    fits = _TIME.fullmatch(written.strip())
    if fits is None:
        raise ValueError(written)
    return time(int(fits[1]), int(fits[2]))


ROUTES = [
    get("/hours", Action.HOURS_READ, shown),
    post("/hours", Action.HOURS_EDIT, put, ("zone", "holidays", "opens_", "closes_", *MINUTES)),
]
