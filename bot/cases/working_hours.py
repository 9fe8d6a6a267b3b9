"""Working hours of a mission: weekly shifts, holidays, night shifts, and deadlines.

A mission is an embassy, a consulate or a migration office. A shift that closes no later than it
opens ends on the next day. A holiday has no shifts, or the shifts of another weekday. A mission
without shifts counts as always open.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from bot.cases import mission_statements as statements
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.runtime import Runtime
from flows.engine.text import Country, Text, _
from flows.knowledge import missions
from flows.knowledge.contacts import CONTACTS, FAMILY_LINE
from flows.knowledge.facts import fact_texts
from flows.knowledge.offices import AKIMAT, MISSION, POLICE
from flows.knowledge.safety import UNHCR

FIRST_MINUTES, NEXT_MINUTES, RESOLVE_MINUTES, CLAIM_TIMEOUT_MINUTES = 240, 240, 2400, 120
MAX_DAYS = 400
MAX_MINUTES = 60 * 24 * 60


class Stale(Exception):
    """Another officer changed the mission's settings since they were shown; nothing was saved."""

    code = "E_STALE"


class Unusable(ValueError):
    """Invalid hours: unknown zone or weekday, overlapping shifts, or a deadline out of range."""

    code = "E_HOURS"


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift on a weekday (0 = Monday); it ends the next day unless `closes` is after `opens`."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day without shifts if `works_as` is None, otherwise with the shifts of that weekday."""

    day: date
    works_as: int | None = None


@dataclass(frozen=True, slots=True)
class MissionSettings:
    """Working settings of a mission; periods are in minutes of working time.

    The first answer is due within `first_minutes`, later ones within `next_minutes`, and the
    resolution within `resolve_minutes`. A case whose owner does not answer for
    `claim_timeout_minutes` returns to the queue. `gives`: new cases are assigned to officers
    automatically. `version` is incremented at each change.
    """

    mission: str
    zone: str
    shifts: tuple[Shift, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    first_minutes: int = FIRST_MINUTES
    next_minutes: int = NEXT_MINUTES
    resolve_minutes: int = RESOLVE_MINUTES
    claim_timeout_minutes: int = CLAIM_TIMEOUT_MINUTES
    duty_chat: str = ""
    version: int = 0
    gives: bool = False

    def calendar(self) -> "Calendar":
        week: dict[int, list[Shift]] = {}
        for shift in sorted(self.shifts, key=lambda each: each.opens):
            week.setdefault(shift.weekday, []).append(shift)
        exceptions = {each.day: each.works_as for each in self.holidays}
        return Calendar(
            ZoneInfo(self.zone), {day: tuple(each) for day, each in week.items()}, exceptions
        )


@dataclass(frozen=True, slots=True)
class Calendar:
    """Converts between a mission's working time and real time; all datetimes have a time zone."""

    zone: ZoneInfo
    week: Mapping[int, tuple[Shift, ...]] = field(default_factory=dict)
    exceptions: Mapping[date, int | None] = field(default_factory=dict)

    def spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield start and end of the mission's shifts that end after `since`, in order.

        The search ends after MAX_DAYS days.
        """
        first = since.astimezone(self.zone).date() - timedelta(days=1)
        for ahead in range(MAX_DAYS):
            day = first + timedelta(days=ahead)
            weekday = self.exceptions.get(day, day.weekday())
            for shift in self.week.get(weekday, ()) if weekday is not None else ():
                opens, closes = self._span(day, shift)
                if closes > since:
                    yield opens, closes

    def _span(self, day: date, shift: Shift) -> tuple[datetime, datetime]:
        last = day if shift.closes > shift.opens else day + timedelta(days=1)
        return self._moment(day, shift.opens), self._moment(last, shift.closes)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)

    def is_open(self, now: datetime) -> bool:
        return not self.week or any(opens <= now for opens, _closes in self._near(now))

    def _near(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        for opens, closes in self.spans(now):
            if opens > now:
                return
            yield opens, closes

    def opens_next(self, now: datetime) -> datetime | None:
        """Return the start of the mission's next shift.

        Return None if the mission is open now, or has no further shift.
        """
        if self.is_open(now):
            return None
        return next((opens for opens, _closes in self.spans(now)), None)

    def after(self, start: datetime, minutes: int) -> datetime:
        """Return the time by which `minutes` of working time have passed since `start`."""
        left = timedelta(minutes=minutes)
        if not self.week:
            return start + left
        end = start
        for opens, closes in self.spans(start):
            begins = max(opens, end)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta())
            end = max(end, closes)
        return end + left

    def minutes(self, start: datetime, end: datetime) -> int:
        """Return the whole minutes of the mission's working time between two times."""
        if not self.week:
            return max(0, int((end - start).total_seconds() // 60))
        worked, reached = timedelta(), start
        for opens, closes in self.spans(start):
            if opens >= end:
                break
            worked += max(min(closes, end) - max(opens, reached), timedelta())
            reached = max(reached, closes)
        return int(worked.total_seconds() // 60)


# Texts about the expected time of an answer, shown once when a person begins to wait

AT_WORK = _("Officers are at work now and will answer here.")
AT_WORK_MEDIAN = _("Officers are at work now. Most people get the first answer within {time}.")
BACK_AT = _("Officers are not at work now. Work begins again on {day} at {time} ({place} time).")
BACK_MEDIAN = _("Then most people get the first answer within {time}.")
WHEN_FREE = _("An officer will answer here as soon as one is free.")
URGENT = _("Your request is marked as urgent: officers see it before the others.")
IN_NEED = _(
    "Do you need help right now, and is a call safe for you? Call the emergency services of "
    "the country where you are."
)
NO_OFFICERS = _(
    "No officer works here yet, so an answer may not come. Please turn to these directly:"
)
MINUTES = _("{count} min")
HOURS = _("{count} h")


def promise(
    desk: MissionSettings, now: datetime, country: str, median: int | None, *, urgent: bool = False
) -> tuple[Text, ...]:
    """Return texts with the expected time of an answer, in the person's time zone if it is known.

    `median` is the usual time to the first answer in minutes of working time; it is not used for a
    mission without set hours. Outside working hours, an urgent request also gets emergency advice.
    """
    calendar = desk.calendar()
    opens = calendar.opens_next(now)
    usual = _rounded_duration(median) if median else None
    if opens is None:
        if usual and calendar.week:
            return (_(AT_WORK_MEDIAN.msgid, time=usual),)
        return (AT_WORK if calendar.week else WHEN_FREE,)
    zone = missions.ZONES.get(country, "")
    local = opens.astimezone(ZoneInfo(zone) if zone else calendar.zone)
    place = Country(country) if zone else missions.PLACES.get(desk.zone, desk.zone)
    back = _(BACK_AT.msgid, day=local.date(), time=f"{local:%H:%M}", place=place)
    lines = (back, _(BACK_MEDIAN.msgid, time=usual)) if usual else (back,)
    return (*lines, *_meanwhile(country, now.date())) if urgent else lines


def without_officers(country: str, today: date, *, urgent: bool = False) -> tuple[Text, ...]:
    """Return texts with contacts outside Kosh, for a person while no mission has an officer."""
    help_now = (*_help_now(country, today), *fact_texts((UNHCR,), today)) if urgent else ()
    abroad, inside = (MISSION,), (AKIMAT, POLICE)
    places = {"KZ": inside, "": (*inside, *abroad)}.get(country, abroad)
    return (*help_now, NO_OFFICERS, *fact_texts((*places, *CONTACTS), today))


def _meanwhile(country: str, today: date) -> tuple[Text, ...]:
    return (URGENT, *_help_now(country, today))


def _help_now(country: str, today: date) -> tuple[Text, ...]:
    """Return emergency advice for the country where the person lives.

    The family help line can be called only in Kazakhstan, so it is included for Kazakhstan and for
    an unknown country ('').
    """
    lines = fact_texts((FAMILY_LINE,), today) if country in ("", "KZ") else ()
    return (IN_NEED, *lines)


def _rounded_duration(minutes: int) -> Text:
    """Return a duration as text, rounded up to tens of minutes, or to hours if over 60 minutes."""
    if minutes <= 60:
        return _(MINUTES.msgid, count=max(10, -(-minutes // 10) * 10))
    return _(HOURS.msgid, count=-(-minutes // 60))


async def mission_settings(transaction: Transaction, mission: str) -> MissionSettings:
    """Return a mission's stored settings, or default ones without shifts (always open).

    The default time zone is `missions.default_zone`.
    """
    row = await fetch_one(transaction, statements.SETTINGS, of_mission=mission)
    if row is None:
        return MissionSettings(mission, missions.default_zone(mission))
    zone, first, following, resolve, give_back, chat, version, gives = row
    shifts = await fetch_all(transaction, statements.SHIFTS, of_mission=mission)
    found = tuple(Shift(*each) for each in shifts)
    days = await fetch_all(transaction, statements.HOLIDAYS, of_mission=mission)
    holidays = tuple(Holiday(*each) for each in days)
    minutes = (first, following, resolve, give_back)
    return MissionSettings(mission, zone, found, holidays, *minutes, chat, version, gives)


async def duty_chats(transaction: Transaction, everywhere: str = "") -> dict[str, frozenset[str]]:
    """Return the missions that each duty group serves, by the id of the group's chat.

    A duty group is a Telegram group of officers. An empty set means all missions. `everywhere` is
    the chat of a group that serves all missions, or "".
    """
    found = await fetch_all(transaction, statements.DUTY_CHATS)
    chats = {chat: frozenset(served) for chat, served in found}
    return chats | ({everywhere: frozenset()} if everywhere else {})


async def put(rt: Runtime, officer: Officer, desk: MissionSettings) -> None:
    """Save the settings `desk` of a mission.

    Raises Stale if the stored version is not `desk.version`, and Unusable if the settings are
    invalid.
    """
    permissions.require(officer, permissions.Action.HOURS_EDIT, permissions.Subject(desk.mission))
    check(desk)
    of_mission = desk.mission
    async with directory.acting(rt, officer) as transaction:
        await _put_mission(transaction, desk)
        await execute(transaction, statements.DELETE_SHIFTS, of_mission=of_mission)
        await execute(transaction, statements.DELETE_HOLIDAYS, of_mission=of_mission)
        for shift in desk.shifts:
            hours = {"from": shift.opens, "to": shift.closes, "on": shift.weekday}
            await execute(transaction, statements.ADD_SHIFT, of_mission=of_mission, **hours)
        for each in desk.holidays:
            day = {"on": each.day, "as_day": each.works_as}
            await execute(transaction, statements.ADD_HOLIDAY, of_mission=of_mission, **day)
        await directory.record_action(transaction, officer, "hours.changed", desk.mission)


async def _put_mission(transaction: Transaction, desk: MissionSettings) -> None:
    values = {
        "in_zone": desk.zone, "first": desk.first_minutes, "next": desk.next_minutes,
        "resolve": desk.resolve_minutes, "timeout": desk.claim_timeout_minutes,
        "chat": desk.duty_chat, "assigns": desk.gives, "of_mission": desk.mission,
        "shown_version": desk.version,
    }  # fmt: skip
    put = statements.CHANGE_SETTINGS if desk.version else statements.CREATE_SETTINGS
    if not await execute(transaction, put, **values):
        raise Stale


def check(desk: MissionSettings) -> None:
    """Raise Unusable if the settings do not form a valid calendar.

    The zone and the weekdays must exist. Each of the four deadlines must be 1 to MAX_MINUTES
    minutes. No two shifts may overlap, and no two holidays may be on the same day.
    """
    promised = (
        desk.first_minutes,
        desk.next_minutes,
        desk.resolve_minutes,
        desk.claim_timeout_minutes,
    )
    days = {each.weekday for each in desk.shifts} | {
        each.works_as for each in desk.holidays if each.works_as is not None
    }
    known = desk.zone in _zones() and days <= set(range(7))
    if not known or not all(0 < each <= MAX_MINUTES for each in promised) or _overlap(desk):
        raise Unusable("E_HOURS: there is no such zone, weekday or time, or two shifts overlap")


def _overlap(desk: MissionSettings) -> bool:
    days = [each.day for each in desk.holidays]
    spans = sorted(
        (each.weekday * 1440 + _minute(each.opens), each.weekday * 1440 + _minute(each.closes)
         + (0 if each.closes > each.opens else 1440))
        for each in desk.shifts
    )  # fmt: skip
    around = [*spans, *((start + 7 * 1440, end + 7 * 1440) for start, end in spans[:1])]
    return len(days) != len(set(days)) or any(
        before[1] > after[0] for before, after in pairwise(around)
    )


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
