"""The console's statistics: the share of cases that officers first answered in time, by period.

They show no personal data and no small numbers.
"""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from bot.desk import answer_statistics
from bot.desk.answer_statistics import Group
from bot.web import spreadsheets
from bot.web.console import demo_officers
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.console_client import Console, ru
from tests.officer_names import AIGUL, MARAT, SAULE

OTHER_MISSION = "mn_ulaanbaatar"


async def _cases(
    stack: AppStack, mission: str, topic: str, count: int, minutes: int | None
) -> None:
    """Insert `count` closed cases, opened ten days ago.

    An officer first answered each case after `minutes` of working time; None means never.
    """
    async with stack.rt.pool.connection() as session:
        await session.execute(
            "WITH made AS (INSERT INTO people (id, key, key_version)"
            " SELECT gen_random_uuid(), '', 1 FROM generate_series(1, %(n)s) RETURNING id)"
            " INSERT INTO cases (id, person_id, mission, topic, urgent, language, state,"
            " opened_at, state_at, answered_at, answer_minutes)"
            " SELECT id, id, %(mission)s, %(topic)s, false, 'kk', 'resolved',"
            " date_trunc('day', kosh_now()) - interval '10 days' + interval '9 hours',"
            " kosh_now(), kosh_now(), %(minutes)s FROM made",
            {"n": count, "mission": mission, "topic": topic, "minutes": minutes},
        )


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    await _cases(stack, GENERAL, "general", 33, 10)
    await _cases(stack, GENERAL, "general", 11, 9000)
    await _cases(stack, GENERAL, "spouse", 4, 10)
    await _cases(stack, OTHER_MISSION, "general", 20, None)
    return stack


async def test_officer_answer_statistics_show_no_small_counts(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        screen = await lead.get("/console/statistics/answers")
        assert "75 %" in screen.text
        assert ru("few") in screen.text
        row = screen.html.partition('id="by-topic"')[2]
        assert ">40<" in row
        assert ">4<" not in screen.html
        nothing = await lead.get("/console/statistics/answers?first=2020-01-01&last=2020-02-01")
        assert ru("nothing") in nothing.text
        wrong = await lead.get("/console/statistics/answers?first=yesterday")
        assert wrong.status == 422


async def test_officer_answer_statistics_show_100_only_when_none_was_late(
    desk: AppStack,
) -> None:
    await _cases(desk, GENERAL, "passport", 2000, 10)
    await _cases(desk, GENERAL, "passport", 9, 9000)
    async with Console.signed_in(desk.url, MARAT) as lead:
        text = (await lead.get("/console/statistics/answers.csv")).html
    rows = [row for row in csv.reader(io.StringIO(text)) if row[2] == "2005"]
    assert [row[2:] for row in rows] == [["2005", "2005", "99"]]


@pytest.mark.parametrize(
    "query", ["last=0001-01-01", "first=0001-01-01", "first=9999-12-31&last=9999-12-31"]
)
async def test_officer_answer_statistics_accept_every_day_of_the_calendar(
    desk: AppStack, query: str
) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        for path in ("answers", "answers.csv"):
            assert (await lead.get(f"/console/statistics/{path}?{query}")).status == 200


async def test_officer_answer_statistics_are_forbidden_to_the_role_officer(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as officer:
        for path in ("answers", "answers.csv", "answers.xlsx"):
            assert (await officer.get(f"/console/statistics/{path}")).status == 403


async def test_officer_answer_statistics_compare_missions_only_for_auditors(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        text = (await lead.get("/console/statistics/answers.csv")).html
        assert text.count(ru("by_mission")) == 1
    async with Console.signed_in(desk.url, SAULE) as auditor:
        text = (await auditor.get("/console/statistics/answers.csv")).html
        assert text.count(ru("by_mission")) == 2


async def test_officer_answer_statistics_csv_and_xlsx_have_the_same_rows(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        screen = await lead.get("/console/statistics/answers.csv")
        assert "attachment" in screen.headers["Content-Disposition"]
        rows = list(csv.reader(io.StringIO(screen.html.removeprefix("\ufeff"))))
        address = f"{desk.url}/console/statistics/answers.xlsx"
        async with lead.session.get(address) as answer:
            found = _cells(await answer.read())
    assert found == rows
    assert rows[0][0] == ru("group_by")
    assert [row[2:] for row in rows if row[0] == ru("by_topic")] == [["40", "40", "75"], [""] * 3]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((4, 4, 4), (None, None, None)),
        ((7, 7, 7), (5, 5, 100)),
        ((20, 12, 9), (20, 10, None)),
        ((20, 12, 0), (20, 10, 0)),
        ((0, 0, 0), (0, 0, None)),
        ((23, 20, 10), (20, 20, 50)),
        ((2000, 2000, 1991), (2000, 2000, 99)),
    ],
)
def test_officer_answer_statistics_round_counts_and_hide_small_groups(
    counts: tuple[int, int, int], expected: tuple[int | None, ...]
) -> None:
    assert answer_statistics._group("x", *counts) == Group("x", *expected)


def test_spreadsheet_export_stores_formula_like_text_as_text() -> None:
    for formula in ("=1+1", "\n=1+1", "＝1+1"):
        assert f"'{formula}".encode() in spreadsheets.to_csv([[formula]])
    book = spreadsheets.to_xlsx([["=1+1", "7"]])
    assert _cells(book) == [["=1+1", "7"]]
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        assert b"<f>" not in file.read("xl/worksheets/sheet1.xml")


def test_spreadsheet_export_is_reproducible_byte_for_byte() -> None:
    assert spreadsheets.to_xlsx([["a", "1"]]) == spreadsheets.to_xlsx([["a", "1"]])


def _cells(book: bytes) -> list[list[str]]:
    """Return the texts of the cells in the first sheet of a workbook."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        shared = ElementTree.fromstring(file.read("xl/sharedStrings.xml"))
        sheet = ElementTree.fromstring(file.read("xl/worksheets/sheet1.xml"))
    texts = ["".join(each.itertext()) for each in shared.iter(f"{space}si")]
    return [
        [
            texts[int("".join(cell.itertext()))]
            if cell.get("t") == "s"
            else "".join(cell.itertext())
            for cell in row
        ]
        for row in sheet.iter(f"{space}row")
    ]
