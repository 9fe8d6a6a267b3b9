"""Text of people and officers is shown on pages as text, and never executed."""

from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from bot.broadcasts import Words
from bot.embedded import Databases
from bot.web.console import demo_officers
from tests import subscribers
from tests.app_stack import AppStack
from tests.browser.console_scene import answer, ask_officer, close_visitor
from tests.console_client import Console
from tests.officer_names import AIGUL, DANA, MARAT, TIMUR
from tests.registry.example import new_key, pre_registration
from tests.visitor import Visitor
from tests.web import secure_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Each text sets `window.ran` if it is executed, or violates the Content-Security-Policy if it is
# only inserted as markup.
HOSTILE = (
    "<script>window.ran=1</script>", "<img src=x onerror=window.ran=1>", "{{7*'7'}}",
    "<svg/onload=window.ran=1>", "\"><iframe srcdoc='<script>parent.ran=1</script>'>",
    "</textarea></title><style>*{display:none}</style>", "javascript:window.ran=1",
    "<a href=javascript:window.ran=1 autofocus onfocus=window.ran=1>x</a>", "${window.ran=1}",
    "' onmouseover='window.ran=1", "<form action=https://evil.example><button>x",
)  # fmt: skip
ALL = " ".join(HOSTILE)
SHORT = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"
WATCH_SCRIPT = """
window.noticed = [];
addEventListener('securitypolicyviolation', event => window.noticed.push(event.violatedDirective));
"""


async def _look(page: Any, url: str) -> str:
    """Open a page, wait for scripts, check that no hostile text was executed.

    Return the page's text.
    """
    await page.goto(url)
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    ran, notices, foreign = await page.evaluate(
        "() => [window.ran, window.noticed,"
        " document.querySelectorAll('iframe, img[src=x], svg[onload], [onerror], [onfocus],"
        " [onmouseover], form[action^=https]').length]"
    )
    assert (ran, notices, foreign) == (None, [], 0), url
    return str(await page.inner_text("body"))


async def _page(browser: Any, stack: AppStack, cookies: Any) -> Any:
    context = await browser.new_context()
    await context.add_init_script(WATCH_SCRIPT)
    cookie_fields = [{"name": each.key, "value": each.value, "url": stack.url} for each in cookies]
    await context.add_cookies(cookie_fields)
    page = await context.new_page()

    async def refuse(dialog: Any) -> None:
        await page.evaluate("window.ran = 'dialog'")
        await dialog.dismiss()

    page.on("dialog", refuse)
    return page


async def _write_texts(stack: AppStack, case: str) -> list[str]:
    """Enter hostile text as officers: a name, a note, a reply and canned replies.

    Return the paths of the pages that may show it.
    """
    async with Console.signed_in(stack.url, DANA) as console:
        await console.get("/console/officers")
        await console.submit("/officers", name=SHORT, mission="general", roles="officer")
    async with Console.signed_in(stack.url, AIGUL) as console:
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
async def test_user_text_is_never_executed_as_script_on_any_page(
    browser: Any, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "ru", "general", ALL, after=())
    try:
        async with stack.rt.pool.connection() as session:
            row = await (await session.execute("SELECT id FROM cases")).fetchone()
        assert row is not None
        case = f"/console/cases/{row[0]}"
        paths = await _write_texts(stack, case)
        await answer(visitor, "/cancel")
        chat = await _page(browser, stack, visitor.session.cookie_jar)
        assert "window.ran=1" in await _look(chat, f"{stack.url}/chat")
        async with Console.signed_in(stack.url, AIGUL) as console:
            desk = await _page(browser, stack, console.session.cookie_jar)
            texts = [await _look(desk, stack.url + path) for path in paths]
            assert "window.ran=1" in texts[0]
        async with Console.signed_in(stack.url, DANA) as console:
            desk = await _page(browser, stack, console.session.cookie_jar)
            for path in ("/console/officers", "/console/statistics", "/console/own"):
                texts.append(await _look(desk, stack.url + path))
            assert any("onerror" in each for each in texts)
    finally:
        await close_visitor(visitor)


# Announcements by officers


async def _announced(stack: AppStack, databases: Databases) -> list[str]:
    """Put hostile text into a waiting and a sent announcement; return the pages' paths."""
    officers = await subscribers.create_officers(stack.rt)
    other = {code: Words(f"{each.body} 2") for code, each in subscribers.TEXTS.items()}
    # Before the other one is sent: its people have no chat at the platform, so they become
    # unreachable then.
    waiting = await subscribers.approve(stack.rt, officers, subscribers.new_draft(texts=other))
    sent = await subscribers.start(stack.rt, officers, subscribers.new_draft())
    # Written with SQL, because the form rejects brackets in an announcement.
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute("UPDATE broadcast_texts SET body = %s", (ALL,))
        session.execute("UPDATE broadcasts SET urgent_reason = %s", (ALL,))
    async with Console.signed_in(stack.url, MARAT) as console:
        await console.get("/console/broadcasts/new")
        await console.submit("/broadcasts", purpose="news", topic=subscribers.TOPIC, why=ALL)
        await console.submit("/audience", channels="telegram")
        await console.submit(
            "/text", stay="1", **{f"text_{code}": ALL for code in subscribers.TEXTS}
        )
        path = console.screen.path
    steps = ("text", "test", "time")
    paths = [path.replace("/write/text", f"/write/{step}") for step in steps]
    base = "/console/broadcasts"
    return [base, f"{base}/{sent.id}", f"{base}/{waiting.id}", *paths]


@pytest.mark.release
@pytest.mark.requirement("S-59", "S-60")
@pytest.mark.row(41, 95)
async def test_broadcast_text_is_never_executed_as_script_on_any_page(
    browser: Any, stack: AppStack, databases: Databases
) -> None:
    await demo_officers.enter(stack.rt)
    await subscribers.create_subscribers(stack.rt, 1)
    paths = await _announced(stack, databases)
    for name, looked_at in ((MARAT, paths), (TIMUR, paths[1:3])):
        async with Console.signed_in(stack.url, name) as console:
            desk = await _page(browser, stack, console.session.cookie_jar)
            texts = [await _look(desk, stack.url + path) for path in looked_at]
            assert sum("window.ran=1" in each for each in texts) >= len(texts) - 2, name
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        await visitor.say("/news")
        chat = await _page(browser, stack, visitor.session.cookie_jar)
        await chat.context.set_extra_http_headers({"X-Kosh-Chat": visitor.chat})
        assert "window.ran=1" in await _look(chat, f"{stack.url}/chat")


# Pages other than those of console and chat


@pytest.mark.release
@pytest.mark.requirement("S-59", "S-60")
@pytest.mark.row(41, 95)
async def test_url_and_registry_text_is_never_executed_as_script(
    browser: Any, stack: AppStack
) -> None:
    """Check the secure page, the status page, an expired print page, and the registry's page."""
    page = await _page(browser, stack, ())
    encoded = quote(ALL, safe="")
    for path in (f"/status?lang={encoded}", f"/p/{encoded}", f"/print/{encoded}", f"/{encoded}"):
        await _look(page, stack.url + path)
    registry = stack.rt.registry
    assert registry
    names = {"surname": SHORT, "given_name": HOSTILE[4], "name_kk": HOSTILE[5]}
    await registry.create(pre_registration(**names), key=new_key())
    assert "onerror" in await _look(page, stack.sandbox)
    user = stack.telegram.user(7109, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    await _look(page, f"{await secure_page.new_link(stack, user)}#tgWebAppData={quote(SHORT)}")
    await page.evaluate("document.getElementById('init').value = ''")
    await page.click("main form button")
    await page.fill("textarea, input[name=text]", SHORT)
    await page.press("textarea, input[name=text]", "Enter")
    await page.wait_for_function("() => document.body.innerText.includes('onerror')")
    await _look(page, f"{stack.url}/chat")
