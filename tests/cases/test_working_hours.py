"""Working time: weeks, holidays, nights past midnight, and daylight-saving changes."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cases import working_hours
from bot.cases.working_hours import Holiday, MissionSettings, Shift, Stale, Unusable
from bot.officers.permissions import Forbidden, Role
from bot.runtime import Runtime
from flows.engine.text import Country, Text
from tests.desk.desks import insert_officer

OFFICE = tuple(Shift(day, time(9), time(18)) for day in range(5))
ALMATY = MissionSettings("general", "Asia/Almaty", OFFICE)  # UTC+5
NIGHT = MissionSettings("general", "Asia/Almaty", (Shift(4, time(22), time(6)),))
# A week in which Wednesday is a holiday and Saturday is worked with the hours of a Monday.
HOLIDAY_WEEK = MissionSettings(
    "general",
    "Asia/Almaty",
    OFFICE,
    (Holiday(date(2026, 11, 25)), Holiday(date(2026, 11, 28), works_as=0)),
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time in November 2026 in Almaty; 24 November is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ALMATY.calendar().zone)


@pytest.mark.parametrize(
    ("desk", "moment", "is_open"),
    [
        (ALMATY, at(24, 9), True),
        (ALMATY, at(24, 18), False),
        (ALMATY, at(28, 12), False),
        (HOLIDAY_WEEK, at(25, 12), False),
        (HOLIDAY_WEEK, at(28, 12), True),
        (NIGHT, at(28, 5, 59), True),
        (NIGHT, at(28, 6), False),
        (NIGHT, at(27, 21, 59), False),
        (MissionSettings("general", "UTC"), at(28, 3), True),
    ],
)
def test_mission_calendar_is_open_during_its_working_hours(
    desk: MissionSettings, moment: datetime, is_open: bool
) -> None:
    assert desk.calendar().is_open(moment) is is_open


@pytest.mark.parametrize(
    ("desk", "moment", "opens"),
    [
        (ALMATY, at(24, 12), None),
        (ALMATY, at(27, 20), at(30, 9)),
        (HOLIDAY_WEEK, at(24, 20), at(26, 9)),
        (HOLIDAY_WEEK, at(27, 20), at(28, 9)),
        (NIGHT, at(24, 12), at(27, 22)),
    ],
)
def test_mission_calendar_returns_the_next_opening(
    desk: MissionSettings, moment: datetime, opens: datetime | None
) -> None:
    assert desk.calendar().opens_next(moment) == opens


@pytest.mark.parametrize(
    ("desk", "start", "minutes", "end"),
    [
        (ALMATY, at(24, 17), 120, at(25, 10)),
        (ALMATY, at(27, 17), 120, at(30, 10)),
        (HOLIDAY_WEEK, at(24, 17), 120, at(26, 10)),
        (NIGHT, at(27, 23), 420, at(28, 6)),
        (MissionSettings("general", "UTC"), at(24, 23), 120, at(25, 1)),
    ],
)
def test_mission_calendar_counts_deadlines_in_working_time(
    desk: MissionSettings, start: datetime, minutes: int, end: datetime
) -> None:
    assert desk.calendar().after(start, minutes) == end
    assert desk.calendar().minutes(start, end) == minutes


def test_mission_calendar_counts_one_hour_less_or_more_at_a_clock_change() -> None:
    night = MissionSettings("de", "Europe/Berlin", (Shift(5, time(22), time(6)),))
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    lengths = [
        night.calendar().minutes(day, day.replace(day=day.day + 1)) for day in (spring, autumn)
    ]
    assert lengths == [7 * 60, 9 * 60]


@given(
    st.integers(0, 7 * 24 * 60),
    st.integers(1, 10_000),
    st.sampled_from([ALMATY, HOLIDAY_WEEK, NIGHT]),
)
def test_mission_calendar_adds_and_counts_working_minutes_consistently(
    start: int, minutes: int, desk: MissionSettings
) -> None:
    begins = datetime.fromtimestamp(at(23, 0).timestamp() + start * 60, UTC)
    calendar = desk.calendar()
    assert calendar.minutes(begins, calendar.after(begins, minutes)) == minutes


@pytest.mark.parametrize(
    "wrong",
    [
        MissionSettings("general", "Asia/Nowhere"),
        MissionSettings("general", "UTC", (Shift(7, time(9), time(18)),)),
        MissionSettings(
            "general", "UTC", (Shift(0, time(9), time(18)), Shift(0, time(17), time(19)))
        ),
        MissionSettings(
            "general", "UTC", (Shift(0, time(22), time(6)), Shift(1, time(5), time(9)))
        ),
        MissionSettings(
            "general", "UTC", (Shift(6, time(22), time(6)), Shift(0, time(5), time(9)))
        ),
        MissionSettings(
            "general", "UTC", OFFICE, (Holiday(date(2026, 1, 1)), Holiday(date(2026, 1, 1), 0))
        ),
        MissionSettings("general", "UTC", OFFICE, first_minutes=0),
    ],
)
def test_working_hours_check_refuses_invalid_opening_hours(wrong: MissionSettings) -> None:
    with pytest.raises(Unusable):
        working_hours.check(wrong)


def _message_ids(
    desk: MissionSettings, now: datetime, country: str, median: int | None
) -> list[str]:
    return [each.msgid for each in working_hours.promise(desk, now, country, median)]


def test_expected_answer_time_depends_on_working_hours_and_median() -> None:
    assert _message_ids(ALMATY, at(24, 12), "CN", None) == [working_hours.AT_WORK.msgid]
    assert _message_ids(ALMATY, at(24, 12), "CN", 38) == [working_hours.AT_WORK_MEDIAN.msgid]
    assert _message_ids(ALMATY, at(24, 20), "CN", 38) == [
        working_hours.BACK_AT.msgid,
        working_hours.BACK_MEDIAN.msgid,
    ]
    assert _message_ids(MissionSettings("general", "UTC"), at(24, 12), "CN", None) == [
        working_hours.WHEN_FREE.msgid
    ]


def test_expected_answer_time_names_no_working_hours_when_none_are_set() -> None:
    desk = MissionSettings("general", "UTC")
    assert _message_ids(desk, at(24, 3), "CN", 38) == [working_hours.WHEN_FREE.msgid]


def _opening_values(country: str) -> dict[str, object]:
    (text,) = working_hours.promise(ALMATY, at(24, 20), country, None)
    return dict(text.values)


def test_expected_answer_time_is_in_the_time_zone_of_the_country() -> None:
    assert _opening_values("CN") == {
        "day": date(2026, 11, 25),
        "time": "12:00",
        "place": Country("CN"),
    }
    assert _opening_values("TR") == {
        "day": date(2026, 11, 25),
        "time": "07:00",
        "place": Country("TR"),
    }
    # Russia has several time zones, so the mission's time is shown instead.
    assert _opening_values("RU") == {
        "day": date(2026, 11, 25),
        "time": "09:00",
        "place": Country("KZ"),
    }


@pytest.mark.parametrize(
    ("median", "expected"), [(3, ("min", 10)), (38, ("min", 40)), (61, ("h", 2)), (240, ("h", 4))]
)
def test_expected_answer_time_rounds_the_median_up(median: int, expected: tuple[str, int]) -> None:
    (text,) = working_hours.promise(ALMATY, at(24, 12), "", median)
    ((_name, value),) = text.values
    assert isinstance(value, Text)
    assert (value.msgid.rpartition(" ")[2], dict(value.values)["count"]) == expected


async def test_lead_changes_working_hours_of_their_own_mission_only(rt: Runtime) -> None:
    lead = await insert_officer(rt, roles=(Role.LEAD,))
    await working_hours.put(rt, lead, HOLIDAY_WEEK)
    async with rt.pool.connection() as session:
        found = await working_hours.mission_settings(session, "general")
    assert (found.shifts, found.holidays, found.version) == (
        HOLIDAY_WEEK.shifts,
        HOLIDAY_WEEK.holidays,
        1,
    )
    with pytest.raises(Stale):
        await working_hours.put(rt, lead, HOLIDAY_WEEK)
    await working_hours.put(rt, lead, found)
    with pytest.raises(Forbidden):
        await working_hours.put(rt, lead, MissionSettings("tr_ankara", "Europe/Istanbul", OFFICE))
    officer = await insert_officer(rt, "Officer Other")
    with pytest.raises(Forbidden):
        await working_hours.put(rt, officer, found)


async def test_mission_without_hours_has_the_time_zone_of_its_place(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        zones = [
            (await working_hours.mission_settings(session, mission)).zone
            for mission in ("cn_beijing", "general")
        ]
    assert zones == ["Asia/Shanghai", "Asia/Almaty"]
