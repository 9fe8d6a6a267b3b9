"""What people and officers write is shown on every page, and runs on none."""

from typing import Any

import pytest

from bot.web.console import demo_crew
from tests.browser.console_scene import answer, ask_officer, leave
from tests.console import Console
from tests.house import House
from tests.web.test_journeys import ANSWERS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DANA, AIGUL = "Dana Testova", "Aigul Testova"
# Each would leave a mark where it ran, or be noticed by the policy where it was but markup.
HOSTILE = (
    "<script>window.ran=1</script>", "<img src=x onerror=window.ran=1>", "{{7*'7'}}",
    "<svg/onload=window.ran=1>", "\"><iframe srcdoc='<script>parent.ran=1</script>'>",
    "</textarea></title><style>*{display:none}</style>", "javascript:window.ran=1",
    "<a href=javascript:window.ran=1 autofocus onfocus=window.ran=1>x</a>", "${window.ran=1}",
    "' onmouseover='window.ran=1", "<form action=https://evil.example><button>x",
)  # fmt: skip
ALL = " ".join(HOSTILE)
SHORT = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"
WATCH = """
window.noticed = [];
addEventListener('securitypolicyviolation', event => window.noticed.push(event.violatedDirective));
"""


async def _look(page: Any, url: str) -> str:
    """Open a page, give what is on it time to run, and see that nothing did."""
    await page.goto(url)
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    ran, noticed, foreign = await page.evaluate(
        "() => [window.ran, window.noticed,"
        " document.querySelectorAll('iframe, img[src=x], svg[onload], [onerror], [onfocus],"
        " [onmouseover], form[action^=https]').length]"
    )
    assert (ran, noticed, foreign) == (None, [], 0), url
    return str(await page.inner_text("body"))


async def _page(browser: Any, house: House, cookies: Any) -> Any:
    context = await browser.new_context()
    await context.add_init_script(WATCH)
    told = [{"name": each.key, "value": each.value, "url": house.url} for each in cookies]
    await context.add_cookies(told)
    page = await context.new_page()

    async def refuse(dialog: Any) -> None:
        await page.evaluate("window.ran = 'dialog'")
        await dialog.dismiss()

    page.on("dialog", refuse)
    return page


async def _written(house: House, case: str) -> list[str]:
    """Officers write it wherever they can; the pages on which it may stand."""
    async with Console.signed_in(house.url, DANA) as console:
        await console.get("/console/officers")
        await console.submit("/officers", name=SHORT, mission="general", roles="officer")
    async with Console.signed_in(house.url, AIGUL) as console:
        await console.get(f"{case}?reason=answer")
        await console.submit("/claim")
        await console.submit("/note", note=ALL)
        await console.submit("/reply", words=ALL)
        await console.get("/console/canned")
        for form in console.screen.forms:
            if form.method == "post" and "canned" in form.action:
                texts = {f"body_{code}": ALL for code in ("kk", "ru", "zh_Hans", "uz")}
                await console.send(form, name="markup", body=ALL, **texts)
                break
    return [f"{case}?reason=answer", "/console/inbox", "/console/canned", "/console/own"]


@pytest.mark.requirement("S-59", "S-60")
@pytest.mark.row(41, 95)
async def test_what_people_write_runs_nowhere(browser: Any, house: House) -> None:
    await demo_crew.enter(house.rt)
    walk = list(ANSWERS)
    walk[walk.index("1990") + 2] = SHORT
    visitor = await ask_officer(house, "ru", "general", ALL, after=())
    try:
        async with house.rt.pool.connection() as session:
            row = await (await session.execute("SELECT id FROM cases")).fetchone()
        assert row is not None
        case = f"/console/cases/{row[0]}"
        paths = await _written(house, case)
        await answer(visitor, "/cancel")
        chat = await _page(browser, house, visitor.session.cookie_jar)
        assert "window.ran=1" in await _look(chat, f"{house.url}/chat?chat={visitor.chat}")
        async with Console.signed_in(house.url, AIGUL) as console:
            desk = await _page(browser, house, console.session.cookie_jar)
            shown = [await _look(desk, house.url + path) for path in paths]
            assert "window.ran=1" in shown[0]
        async with Console.signed_in(house.url, DANA) as console:
            desk = await _page(browser, house, console.session.cookie_jar)
            for path in ("/console/officers", "/console/statistics", "/console/own"):
                shown.append(await _look(desk, house.url + path))
            assert any("onerror" in each for each in shown)
    finally:
        await leave(visitor)
