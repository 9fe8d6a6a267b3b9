"""Edit a mission's working hours: shifts, holidays and promised response times.

A mission is an embassy, a consulate or a migration office.
"""

import re
from dataclasses import dataclass
from datetime import date, time
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from bot.cases import working_hours
from bot.cases.working_hours import Holiday, MissionSettings, Shift, Stale, Unusable
from bot.officers import directory
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.forms import Checkbox, Line
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES = ("first_minutes", "next_minutes", "resolve_minutes", "claim_timeout_minutes")
MIN_ROWS = 2  # rows that the form offers for each day
MAX_ROWS = MIN_ROWS + 2
KEEP = ("zone", "holidays", "opens_", "closes_", *MINUTES)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")

router = APIRouter(route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A row of the form for one shift, with times as HH:MM; "" for the times of an unused row."""

    name: str
    opens: str = ""
    closes: str = ""


class HoursForm(BaseModel):
    """The form of a mission's working hours.

    Times of shifts arrive in fields named `opens_<weekday>_<row>` and `closes_<weekday>_<row>`.
    """

    model_config = ConfigDict(extra="allow")

    zone: Line = ""
    holidays: str = ""
    first_minutes: str = ""
    next_minutes: str = ""
    resolve_minutes: str = ""
    claim_timeout_minutes: str = ""
    duty_chat: Line = ""
    version: str = ""
    gives: Checkbox = False

    def desk(self, mission: str) -> MissionSettings:
        """Return the form's values as the settings (hours, holidays, promised times) of `mission`.

        Raises ValueError for an invalid time, date or number.
        """
        return MissionSettings(
            mission,
            self.zone,
            shifts=tuple(self._shifts()),
            holidays=tuple(Holiday(date.fromisoformat(each)) for each in self.holidays.split()),
            first_minutes=int(self.first_minutes),
            next_minutes=int(self.next_minutes),
            resolve_minutes=int(self.resolve_minutes),
            claim_timeout_minutes=int(self.claim_timeout_minutes),
            duty_chat=self.duty_chat,
            version=int(self.version),
            gives=self.gives,
        )

    def _shifts(self) -> list[Shift]:
        return [
            Shift(weekday, _time(each.opens), _time(each.closes))
            for weekday in range(len(DAYS))
            for each in self.rows(weekday)
            if each.opens or each.closes
        ]

    def rows(self, weekday: int) -> list[ShiftRow]:
        """Return the rows of a weekday as typed; at least MIN_ROWS rows."""
        sent, found = self.model_extra or {}, []
        for row in range(MAX_ROWS):
            name = f"{weekday}_{row}"
            opens, closes = (str(sent.get(f"{end}_{name}", "")) for end in ("opens", "closes"))
            if opens or closes or row < MIN_ROWS:
                found.append(ShiftRow(name, opens, closes))
        return found


@router.get("/hours")
async def show(context: Annotated[RequestContext, require(Action.HOURS_READ)]) -> Response:
    """Return the page with the working hours of the officer's mission."""
    return await _page(context)


async def _page(
    context: RequestContext, status: int = 200, problem: str = "", typed: HoursForm | None = None
) -> Response:
    """Return the page of the working hours; after a refused form, with the values typed in it.

    If a colleague changed the hours meanwhile (409), the form has the colleague's values, and the
    typed values that differ from them are beside it.
    """
    async with directory.acting(context.rt, context.officer) as transaction:
        desk = await working_hours.mission_settings(transaction, context.officer.mission)
    stored = _values(desk)
    shown = _typed_values(typed) if typed and status == HTTPStatus.UNPROCESSABLE_ENTITY else stored
    unsent = _differences(context, typed, stored) if typed and shown is stored else ""
    return page(
        context,
        "working_hours.html",
        status,
        mission=desk.mission,
        unset=not desk.shifts,
        edits=context.may(Action.HOURS_EDIT),
        problem=problem,
        unsent=unsent,
        **shown,
    )


def _values(desk: MissionSettings) -> dict[str, Any]:
    return {
        "desk": desk,
        "week": [(day, _rows(desk, number)) for number, day in enumerate(DAYS)],
        "holidays": "\n".join(each.day.isoformat() for each in desk.holidays),
        "minutes": [(name, str(getattr(desk, name))) for name in MINUTES],
    }


def _typed_values(form: HoursForm) -> dict[str, Any]:
    return {
        "desk": form,
        "week": [(day, form.rows(number)) for number, day in enumerate(DAYS)],
        "holidays": form.holidays,
        "minutes": [(name, getattr(form, name)) for name in MINUTES],
    }


def _differences(context: RequestContext, form: HoursForm, stored: dict[str, Any]) -> str:
    """Return the typed values that differ from the stored ones, one a line with its label."""
    t = labels.Wording(context.rt.languages, context.language)
    now = _texts(stored)
    typed = _texts(_typed_values(form)).items()
    return "\n".join(f"{t(name)}: {text or '—'}" for name, text in typed if text != now[name])


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """Return the values of the form as texts, by the names of their labels."""
    week = {
        day: ", ".join(
            f"{each.opens} – {each.closes}" for each in rows if each.opens or each.closes
        )
        for day, rows in values["week"]
    }
    desk, holidays = values["desk"], " ".join(values["holidays"].split())
    gives = "✓" if desk.gives else ""
    return {
        "zone": desk.zone,
        **week,
        "holidays": holidays,
        **dict(values["minutes"]),
        "gives": gives,
    }


def _rows(desk: MissionSettings, weekday: int) -> list[ShiftRow]:
    shifts = [each for each in desk.shifts if each.weekday == weekday]
    filled = [
        ShiftRow(f"{weekday}_{row}", f"{each.opens:%H:%M}", f"{each.closes:%H:%M}")
        for row, each in enumerate(shifts)
    ]
    return filled + [ShiftRow(f"{weekday}_{row}") for row in range(len(filled), MIN_ROWS)]


@router.post("/hours")
async def save(
    context: Annotated[RequestContext, require(Action.HOURS_EDIT, keep=KEEP)],
    form: Annotated[HoursForm, Form()],
) -> Response:
    """Save the working hours of the officer's mission.

    Return 422 if they are invalid, and 409 if a colleague changed them after the page was loaded.
    """
    try:
        await working_hours.put(context.rt, context.officer, form.desk(context.officer.mission))
    except (ValueError, Unusable):
        return await _page(context, 422, context.say(labels.WORDS["bad_hours"]), form)
    except Stale:
        return await _page(context, 409, context.say(labels.WORDS["stale"]), form)
    return redirect("/hours", "saved")


def _time(text: str) -> time:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return time(int(match[1]), int(match[2]))
