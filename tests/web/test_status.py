"""The public status page reports which parts of Kosh work, in all languages, without any counts."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from bot.embedded import Databases
from bot.operations.health import Health, Status
from bot.runtime import Runtime, pool
from bot.web.app import create_app
from bot.web.health import page_values
from tests.app_stack import serving, shared_runtime
from tests.clock import advance_database_clock
from tests.observability.test_alarms import a_message_that_nobody_sends


@asynccontextmanager
async def _get(rt: Runtime, path: str, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        serving(create_app(shared_runtime(rt))) as url,
        aiohttp.ClientSession() as http,
        http.get(f"{url}{path}", headers=headers) as answer,
    ):
        yield answer


async def _read(rt: Runtime, path: str, **headers: str) -> tuple[int, str]:
    async with _get(rt, path, **headers) as answer:
        return answer.status, await answer.text()


async def _status_json(rt: Runtime) -> dict[str, object]:
    async with _get(rt, "/status.json") as answer:
        return dict(await answer.json())


async def test_status_page_reports_each_part_as_working_when_all_work(rt: Runtime) -> None:
    status = await _status_json(rt)
    assert status["overall"] == "works"
    assert status["channels"] == {"web": "works", "telegram": "works", "whatsapp": "works"}
    assert status["incidents"] == []
    assert re.fullmatch(r"[0-9][0-9a-z.]*", str(status["version"]))


def test_status_page_shows_the_time_of_the_last_delivery_in_utc(rt: Runtime) -> None:
    found = Status(Health.WORKS, (), None, 0, "2026-11-28T08:05+00:00", "2026.12.0", "", ())
    assert "2026-11-28 08:05 UTC" in str(page_values(rt, found, "ru")["facts"])


async def test_status_page_reports_late_messages_in_minutes_without_counts(
    rt: Runtime, databases: Databases
) -> None:
    await a_message_that_nobody_sends(rt, databases)
    status = await _status_json(rt)
    assert status["overall"] == "slow"
    assert status["channels"] == {"web": "slow", "telegram": "works", "whatsapp": "works"}
    assert status["oldest_minutes"] == 6
    assert status["incidents"] == ["web"]
    await advance_database_clock(rt, "10 minutes")
    assert (await _status_json(rt))["channels"] == {
        "web": "down",
        "telegram": "works",
        "whatsapp": "works",
    }


@pytest.mark.release
async def test_status_page_reports_an_outage_when_the_database_is_unreachable(rt: Runtime) -> None:
    unreachable = pool("postgresql://kosh_app@127.0.0.1:9/kosh", 1)
    await unreachable.open(wait=False)
    status = await _status_json(replace(rt, pool=unreachable, registry=None))
    await unreachable.close()
    assert status["overall"] == "down"
    assert status["incidents"] == ["database"]


@pytest.mark.parametrize(
    ("accept", "words", "direction"),
    [
        ("ru-RU,ru;q=0.9", "Всё работает.", "ltr"),
        ("zh-CN", "一切正常。", "ltr"),
        ("kk-CN", "ءبارى جۇمىس ىستەپ تۇر.", "rtl"),
        ("uz", "Hammasi ishlayapti.", "ltr"),
        ("fr", "Бәрі жұмыс істеп тұр.", "ltr"),
    ],
)
async def test_status_page_uses_the_readers_language(
    rt: Runtime, accept: str, words: str, direction: str
) -> None:
    status, html = await _read(rt, "/status", **{"Accept-Language": accept})
    assert status == 200
    assert words in html
    assert f'dir="{direction}"' in html


async def test_status_page_language_can_be_chosen(rt: Runtime) -> None:
    _status, html = await _read(rt, "/status?lang=ru", **{"Accept-Language": "zh"})
    assert "Всё работает." in html


async def test_status_page_may_be_cached_separately_for_each_language(rt: Runtime) -> None:
    async with _get(rt, "/status") as answer:
        assert answer.headers["Cache-Control"].startswith("public")
        assert "Accept-Language" in answer.headers["Vary"]
