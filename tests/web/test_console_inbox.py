"""The inbox and a case beside its list, without a script."""

from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.web.console import demo_officers
from tests.app_stack import House
from tests.browser.console_scene import ask_officer, leave
from tests.console_client import Console, ru

AIGUL = "Aigul Testova"


@pytest.fixture
async def desk(house: House) -> AsyncIterator[House]:
    """Yield a desk where two people wait, with different topics."""
    await demo_officers.enter(house.rt)
    visitors = [
        await ask_officer(house, "ru", topic, f"Testova asks of {topic}")
        for topic in ("general", "spouse")
    ]
    yield house
    for visitor in visitors:
        await leave(visitor)


async def test_case_keeps_the_list_that_it_was_opened_from(desk: House) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        screen = await console.get("/console/inbox?queue=all&topic=spouse")
        assert screen.html.count('class="line') == 1
        link = unescape(screen.html.partition('class="what" href="')[2].partition('"')[0])
        await console.get(f"{link}&reason=answer")
        screen = await console.submit("/claim")
        assert ru("done_claimed") in screen.text
        assert screen.html.count('class="line') == 1
        assert 'aria-current="true"' in screen.html
        assert "queue=all&amp;topic=spouse" in screen.html
        screen = await console.submit("/resolve", where="menu")
        assert "queue=all&topic=spouse" in screen.url
        assert ru("done_resolved") in screen.text


@pytest.mark.parametrize("list_of", ["queue=nonsense", "after=x&queue=mine", "topic=" + "x" * 99])
async def test_case_opens_with_an_unreadable_list(desk: House, list_of: str) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        screen = await console.submit("/next")
        screen = await console.get(f"{screen.path}?{list_of}")
        assert screen.status == 200
        assert ru("yours") in screen.text


async def test_canned_replies_are_found_without_a_script(desk: House) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        path = console.screen.path
        wanted = demo_officers.READY["documents-today"]["ru"]
        screen = await console.get(f"{path}/canned?search={wanted[:20].upper()}")
        assert screen.html.count('name="canned"') == 1
        screen = await console.submit("/preview", canned="documents-today")
        assert 'id="preview"' in screen.html
        screen = await console.get(f"{path}/canned?search=zzzzzz")
        assert ru("nothing") in screen.text
        assert 'name="canned"' not in screen.html


async def test_canned_page_is_closed_to_an_officer_without_the_case(desk: House) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        path = unescape(console.screen.html.partition('class="what" href="')[2].partition('"')[0])
        screen = await console.get(f"{path}/canned?reason=answer")
        assert screen.status == 403
