"""Tests of the console in a browser: a whole case, live updates, keyboard, sign-in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.embedded.server_process import free_port
from bot.i18n import Languages
from bot.notifications.web_push import Sender, new_key
from bot.web.app import create_app
from bot.web.console import demo_officers
from flows.engine.screens import PAPER_STATES, UPDATE
from flows.engine.text import Text, Value, _
from flows.papers import PASSPORT
from tests.app_stack import AppStack, serving, shared_runtime
from tests.browser.console_scene import answer as give
from tests.browser.console_scene import ask_officer, close_visitor
from tests.browser.live_cuts import CutCounts, cut
from tests.browser.officer import Officer
from tests.console_client import Console, ru
from tests.officer_names import AIGUL, DANA, MARAT
from tests.release_only import release_only
from tests.sample_files import photo
from tests.visitor import Visitor
from tests.web.journey import ANSWERS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CUT_SECONDS = 4


@pytest_asyncio.fixture(loop_scope="session")
async def office(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    return stack


@pytest_asyncio.fixture(loop_scope="session")
async def applicant(office: AppStack) -> AsyncIterator[Visitor]:
    """Yield a registered person's web chat in Kazakh, open at a question of the checklist."""
    async with Visitor.at(office.url) as visitor:
        await visitor.wait(1)
        for answer in ("kk", *ANSWERS):
            await give(visitor, answer)

        async def is_accepted() -> bool:
            return [each["state"] for each in await office.entries()] == ["ACCEPTED"]

        await office.until(is_accepted, 60)
        count = len(visitor.bubbles)
        await visitor.send("said", text="/start checklist")
        await office.until(lambda: _has_question(visitor, count), 60)
        yield visitor


async def _has_question(visitor: Visitor, count: int) -> bool:
    """Return True if a question with buttons arrived after the first `count` messages."""
    return any(":" in load for each in visitor.bubbles[count:] for load in each.buttons.values())


async def _wait_for_text(stack: AppStack, visitor: Visitor, words: str) -> None:
    async def has_text() -> bool:
        return any(words in each.text for each in visitor.bubbles)

    await stack.until(has_text)


async def test_console_case_is_handled_from_the_persons_request_to_its_close(
    browser: Any, office: AppStack, applicant: Visitor
) -> None:
    question = applicant.newest.text.splitlines()[-1]
    for answer in ("/person", "registration", "yes", "Testova: не істеуім керек?"):
        await give(applicant, answer)
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.wait_for_text("1")
    await officer.click("[data-key=KeyN]")
    await officer.wait_for_text("не істеуім керек?")

    await officer.click("#ready summary")
    await officer.click("button[value=documents-today]")
    kazakh = demo_officers.READY["documents-today"]["kk"]
    await officer.wait_for_text(kazakh)
    await officer.click("#preview .primary")
    await officer.wait_for_text(ru("done_replied"))
    await _wait_for_text(office, applicant, kazakh)

    await officer.click("#case-actions details:has(select[name=document]) summary")
    await officer.page.select_option("select[name=document]", index=0)
    await officer.click("#case-actions form[action*=document] button")
    await officer.wait_for_text(ru("done_asked"))
    asked = len(applicant.bubbles)
    await applicant.send("said", text="Рақмет, қазір жіберемін")
    await officer.wait_for_text("Рақмет, қазір жіберемін")

    await _send_photo(browser, office, applicant)
    await officer.page.wait_for_selector("#papers li")
    link = await officer.page.locator(".leaves a").first.get_attribute("href")
    picture = await officer.page.request.get(f"{office.url}{link}")
    assert (picture.status, picture.headers["content-type"]) == (200, "image/jpeg")
    assert (await picture.body()).startswith(b"\xff\xd8")
    await officer.click("#papers form .primary")
    await officer.wait_for_text(ru("done_passed"))
    await officer.page.wait_for_selector("#papers .chip.good", timeout=60_000)
    (entry,) = await office.entries()
    assert [each["kind"] for each in entry["documents"]] == ["ID_DOCUMENT"]
    await _wait_for_text(office, applicant, render_kk(UPDATE))
    await applicant.send("pressed", payload="!status")
    await _wait_for_text(
        office, applicant, render_kk(PAPER_STATES["accepted"], paper=PASSPORT.label)
    )

    await officer.click("#resolve summary")
    await officer.click("#resolve .primary")
    await officer.wait_for_text(ru("done_resolved"))
    await _wait_for_text(office, applicant, question)
    assert any(question in each.text for each in applicant.bubbles[asked:])
    assert officer.errors == []


async def _send_photo(browser: Any, office: AppStack, visitor: Visitor) -> None:
    """Upload the requested photo over the chat page, in a browser of the person."""
    (cookie,) = [each for each in visitor.session.cookie_jar if each.key == "kosh"]
    context = await browser.new_context()
    await context.add_cookies([{"name": "kosh", "value": cookie.value, "url": office.url}])
    page = await context.new_page()
    await page.goto(f"{office.url}/chat")
    form = page.locator("form.file:has(fieldset:not([disabled]))").last
    await form.locator("input[type=file]").set_input_files(
        {"name": "page.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    await page.get_by_text(render_kk(_("Received and readable: {count}."), count=1)).wait_for(
        timeout=60_000
    )
    await context.close()


def render_kk(text: Text, **values: Value) -> str:
    """Return a text as rendered in Kazakh."""
    return Languages(("kk",)).render(_(text.msgid, **values), "kk")


@pytest.mark.release
async def test_console_shows_a_new_case_without_reload(browser: Any, office: AppStack) -> None:
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.wait_for_text(ru("empty_queue"))
    await officer.page.wait_for_selector("#live[data-live=on]", state="attached")
    visitor = await ask_officer(office, "kk", "passport", "Testova hurries")
    await officer.page.wait_for_selector(".line.urgent")
    await office.until(officer.is_up_to_date, 60)
    await close_visitor(visitor)
    assert officer.errors == []


async def _open_case(browser: Any, office: AppStack) -> tuple[Visitor, Officer]:
    """Return a person with a question, and an officer who has opened their case."""
    visitor = await ask_officer(office, "ru", "general", "Testova asks")
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.click("[data-key=KeyN]")
    await officer.wait_for_text("Testova asks")
    return visitor, officer


@pytest.mark.release
async def test_console_keeps_draft_text_when_a_message_arrives(
    browser: Any,
    office: AppStack,
) -> None:
    visitor, officer = await _open_case(browser, office)
    await officer.page.fill("#words", "half a sentence")
    await officer.page.fill(".notes textarea", "half a note")
    await visitor.send("said", text="and one thing more")
    await officer.wait_for_text("and one thing more")
    assert await officer.page.input_value("#words") == "half a sentence"
    assert await officer.page.input_value(".notes textarea") == "half a note"
    await officer.page.focus("#words")
    await officer.page.keyboard.press("Control+Enter")
    await officer.wait_for_text(ru("done_replied"))
    await _wait_for_text(office, visitor, "half a sentence")
    assert not any("half a note" in each.text for each in visitor.bubbles)
    await close_visitor(visitor)


@pytest.mark.release
async def test_case_stays_urgent_when_a_label_is_saved_after_a_live_update(
    browser: Any, office: AppStack
) -> None:
    await _add_labels(office, "no flat")
    visitor, officer = await _open_case(browser, office)
    urgent = officer.page.locator("#marks [name=urgent]")
    await urgent.check()
    await urgent.uncheck()
    async with office.rt.pool.connection() as session:
        await session.execute("UPDATE cases SET urgent = true")
    await visitor.send("said", text="and one thing more")
    await officer.wait_for_text("and one thing more")
    assert await urgent.is_checked()
    await officer.page.check("#marks [name=labels]")
    await officer.click("#marks button")
    await officer.wait_for_text(ru("done_saved"))
    assert await _marks(office) == [(True, ["no flat"])]
    await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
async def test_ticked_label_stays_ticked_when_another_label_is_added_before_it(
    browser: Any, office: AppStack
) -> None:
    await _add_labels(office, "mmm", "zzz")
    visitor, officer = await _open_case(browser, office)
    await officer.page.get_by_label("zzz").check()
    await _add_labels(office, "nnn")
    await visitor.send("said", text="and one thing more")
    await officer.wait_for_text("nnn")
    ticked = officer.page.locator("#marks label:has([name=labels]:checked)")
    assert await ticked.all_inner_texts() == ["zzz"]
    await officer.click("#marks button")
    await officer.wait_for_text(ru("done_saved"))
    assert await _marks(office) == [(False, ["zzz"])]
    await close_visitor(visitor)
    assert officer.errors == []


async def _add_labels(office: AppStack, *names: str) -> None:
    async with Console.signed_in(office.url, MARAT) as lead:
        for name in names:
            await lead.get("/console/labels")
            await lead.submit("/labels", name=name)


async def _marks(office: AppStack) -> list[tuple[bool, list[str]]]:
    """Return urgency and labels of each case."""
    async with office.rt.pool.connection() as session:
        cursor = await session.execute("SELECT urgent, labels FROM cases")
        return [(row[0], row[1]) for row in await cursor.fetchall()]


@pytest.mark.release
async def test_console_keeps_the_reply_preview_when_a_message_arrives(
    browser: Any,
    office: AppStack,
) -> None:
    """Open the preview, which is the response to a POST: another GET would not return it."""
    visitor, officer = await _open_case(browser, office)
    await officer.page.fill("#words", "come on Monday")
    await officer.click("#reply-place button[formaction]")
    await officer.page.wait_for_selector("#preview")
    await visitor.send("said", text="and one thing more")
    await officer.wait_for_text("and one thing more")
    assert await officer.page.locator("#preview").count() == 1
    assert await officer.page.input_value("#words") == "come on Monday"
    await officer.click("#preview .primary")
    await officer.wait_for_text(ru("done_replied"))
    await _wait_for_text(office, visitor, "come on Monday")
    await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
@pytest.mark.parametrize(
    "path", release_only(["/console/inbox?queue=all", "/console/now"], keep=("/console/now",))
)
async def test_console_page_shows_case_changes_missed_while_offline(
    browser: Any,
    office: AppStack,
    path: str,
) -> None:
    officer = await Officer.at_work(browser, office, MARAT)
    await officer.page.goto(office.url + path)
    await officer.page.mouse.move(2, 2)  # rows under the pointer are not updated
    visitors = [await ask_officer(office, "ru", "general", "Testova asks") for _ in range(3)]
    await cut(office, officer.page, visitors, CUT_SECONDS, CutCounts())
    await office.until(officer.is_up_to_date, 60)
    for visitor in visitors:
        await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
async def test_console_case_can_be_found_and_answered_by_keyboard_alone(
    browser: Any, office: AppStack
) -> None:
    visitors = [await ask_officer(office, "ru", "general", "Testova asks") for _ in range(2)]
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.page.keyboard.press("Alt+Slash")
    assert await officer.page.locator("#help").is_visible()
    await officer.page.keyboard.press("Escape")
    await officer.page.keyboard.press("Alt+KeyJ")
    await officer.page.keyboard.press("Alt+KeyJ")
    focused = await officer.page.evaluate("document.activeElement.closest('.line').id")
    assert focused == await officer.page.locator(".line").nth(1).get_attribute("id")
    await officer.page.keyboard.press("Enter")
    await officer.wait_for_text(ru("why"))
    await officer.page.locator("form.card .primary").press("Enter")
    await officer.wait_for_text("Testova asks")
    await officer.page.locator("form[action*=claim] button").press("Enter")
    await officer.wait_for_text(ru("yours"))
    await officer.page.keyboard.press("Alt+KeyR")
    await officer.page.keyboard.type("by keyboard")
    await officer.page.keyboard.press("Control+Enter")
    await officer.wait_for_text(ru("done_replied"))
    for visitor in visitors:
        await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
@pytest.mark.requirement("S-61")
async def test_console_stores_nothing_in_the_browser(browser: Any, office: AppStack) -> None:
    visitor = await ask_officer(office, "ru", "general", "Testova asks")
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.click("[data-key=KeyN]")
    await officer.wait_for_text("Testova asks")
    storage_counts = (
        "async () => [localStorage.length, sessionStorage.length, (await caches.keys()).length]"
    )
    assert await officer.page.evaluate(storage_counts) == [0, 0, 0]
    cookies = await officer.page.context.cookies()
    assert {each["name"] for each in cookies} <= {"console", "console-device"}
    assert all(each["httpOnly"] and each["sameSite"] == "Strict" for each in cookies)
    await officer.click("form[action$=sign-out] button")
    await officer.page.wait_for_url("**/sign-in**")
    await officer.page.go_back()
    await officer.page.wait_for_url("**/sign-in**")
    assert "Testova asks" not in await officer.page.content()
    await close_visitor(visitor)


async def test_console_case_can_be_answered_without_scripts(browser: Any, office: AppStack) -> None:
    visitor = await ask_officer(office, "ru", "general", "Testova asks")
    officer = await Officer.at_work(browser, office, AIGUL, java_script_enabled=False)
    await officer.click("[data-key=KeyN]")
    await officer.page.fill("#words", "without a script")
    await officer.click(".writing .primary")
    assert ru("done_replied") in await officer.page.locator("#main").inner_text()
    await _wait_for_text(office, visitor, "without a script")
    await close_visitor(visitor)


@pytest.mark.release
async def test_console_inbox_is_not_reordered_while_the_pointer_is_on_a_row(
    browser: Any, office: AppStack
) -> None:
    older = await ask_officer(office, "ru", "general", "Testov asks")
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.page.locator(".line").first.hover()
    await officer.page.wait_for_selector("#live[data-live=on]", state="attached")
    urgent = await ask_officer(office, "kk", "passport", "Testova hurries")
    await officer.page.locator("#news button").wait_for()
    assert await officer.page.locator(".line").count() == 1
    await officer.page.mouse.move(2, 2)
    await officer.page.wait_for_selector(".line.urgent")
    for visitor in (older, urgent):
        await close_visitor(visitor)


@pytest.mark.release
async def test_console_fetches_only_the_inbox_list_when_another_case_changes(
    browser: Any, office: AppStack
) -> None:
    visitor, officer = await _open_case(browser, office)
    await officer.page.set_viewport_size({"width": 1390, "height": 800})
    await officer.page.wait_for_selector("#live[data-live=on]", state="attached")
    await officer.page.goto(f"{officer.page.url.partition('?')[0]}?queue=all")
    await officer.page.wait_for_selector("#live[data-live=on]", state="attached")
    asked: list[str] = []

    def record_request(request: Any) -> None:
        if request.headers.get("x-requested-with") == "kosh-live":
            asked.append(request.headers.get("x-live-part", "all"))

    await officer.page.fill("#words", "come on Monday")
    officer.page.on("request", record_request)
    other = await ask_officer(office, "ru", "general", "Testov asks")
    await officer.page.wait_for_selector(".pane .line:nth-child(2)")
    assert set(asked) == {"pane"}
    assert await officer.page.input_value("#words") == "come on Monday"
    await visitor.send("said", text="Testova adds")
    await officer.wait_for_text("Testova adds")
    assert "whole" in asked
    for each in (visitor, other):
        await close_visitor(each)


@pytest.mark.release
async def test_console_administrator_signs_in_with_a_passkey(
    browser: Any, office: AppStack
) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    settings = office.rt.settings.model_copy(update={"public_url": url})
    async with serving(create_app(shared_runtime(replace(office.rt, settings=settings))), port):
        context = await browser.new_context(extra_http_headers={"Accept-Language": "ru"})
        page = await context.new_page()
        page.set_default_timeout(60_000)
        devices = await context.new_cdp_session(page)
        await devices.send("WebAuthn.enable")
        device = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }  # fmt: skip
        await devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})
        officer = Officer(page)
        await officer.sign_in(url, DANA)
        await page.goto(f"{url}/console/own")
        await officer.click("#passkey-new button")
        await officer.wait_for_text(ru("done_passkey"))
        await officer.click("form[action$=sign-out] button")
        await page.wait_for_url("**/sign-in**")
        await officer.click("#passkey button")
        await page.wait_for_url("**/console/officers")
        await page.goto(f"{url}/console/own")
        await officer.wait_for_text(ru("strength_passkey"))
        assert officer.errors == []
        await context.close()


# JavaScript that replaces the push service, which a headless browser does not have. As in browsers,
# a worker that is not active cannot subscribe, and a subscription keeps its key.
PUSH_SERVICE = """async old => {
  const made = async key => {
    const curve = { name: 'ECDH', namedCurve: 'P-256' };
    const pair = await crypto.subtle.generateKey(curve, true, ['deriveBits']);
    const point = await crypto.subtle.exportKey('raw', pair.publicKey);
    const keys = { p256dh: point, auth: new Uint8Array(16).buffer };
    const endpoint = `https://fcm.googleapis.com/fcm/send/${key}`;
    const unsubscribe = async () => { held = null; return true; };
    return { key, endpoint, getKey: name => keys[name], unsubscribe };
  };
  let held = old && await made(old);
  const service = registration => ({
    getSubscription: async () => held,
    subscribe: async ({ applicationServerKey: key }) => {
      if (!registration.active) throw new DOMException('no active worker', 'AbortError');
      if (held && held.key !== key) throw new DOMException('another key', 'InvalidStateError');
      return held ||= await made(key);
    },
  });
  const { prototype } = ServiceWorkerRegistration;
  Object.defineProperty(prototype, 'pushManager', { get() { return service(this); } });
}"""


async def _subscribe(browser: Any, office: AppStack, key: str, old_key: str) -> None:
    """Let an officer press “Notify this browser” once, in a browser with a subscription."""
    settings = office.rt.settings.model_copy(update={"push_private_key": SecretStr(key)})
    async with serving(create_app(shared_runtime(replace(office.rt, settings=settings)))) as url:
        officer = await Officer.at_work(browser, replace(office, url=url), AIGUL)
        await officer.page.goto(f"{url}/console/own")
        await officer.page.evaluate(PUSH_SERVICE, old_key)
        await officer.click("#browser-new button")
        await officer.page.wait_for_url("**/own?*")
        assert officer.errors == []
        await officer.page.context.close()


async def test_console_notifies_a_browser_after_one_press(browser: Any, office: AppStack) -> None:
    await _subscribe(browser, office, new_key(), "")
    async with office.rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM push_subscriptions")
        assert await cursor.fetchone() == (1,)


async def test_console_replaces_the_browsers_subscription_for_a_former_key(
    browser: Any, office: AppStack
) -> None:
    former, key = new_key(), new_key()
    await _subscribe(browser, office, former, "")
    await _subscribe(browser, office, key, Sender(former, "").public_key)
    async with office.rt.pool.connection() as session:
        cursor = await session.execute("SELECT endpoint FROM push_subscriptions")
        ((endpoint,),) = await cursor.fetchall()
    assert endpoint.endswith(Sender(key, "").public_key)


@pytest.mark.release
async def test_console_hides_and_keeps_draft_text_when_the_session_ends(
    browser: Any, office: AppStack
) -> None:
    visitor, officer = await _open_case(browser, office)
    gate, main = officer.page.locator("#over"), officer.page.locator("#main")
    title, note = await officer.page.title(), "e => e.value = e.defaultValue = 'Testov notes'"
    assert MARAT in await main.inner_html(), "one may pass the case on to him"
    for name, expected in ((AIGUL, "come on Monday"), (MARAT, "")):
        await officer.page.fill("#words", "come on Monday")
        await officer.page.locator(".notes textarea").evaluate(note)
        await officer.page.evaluate("window.sameDocument = true")
        await office.ahead("16 minutes")
        await officer.page.evaluate("dispatchEvent(new Event('online'))")
        await gate.wait_for()
        assert not await officer.page.locator("#words").is_visible()
        assert "Testova asks" not in await officer.page.content()
        page_text = await main.inner_html() + await officer.page.input_value(".notes textarea")
        assert [each for each in (MARAT, "Testov notes", "passport") if each in page_text] == []
        assert await officer.page.title() == ru("console"), "the title had the case's number"
        await officer.page.keyboard.press("Alt+KeyB")

        async with officer.page.expect_popup() as popup:
            # Wait for the new page only: the click itself would wait until the page is loaded.
            await gate.locator("a").click(no_wait_after=True)
        other = Officer(await popup.value)
        await other.page.locator(".crew button", has_text=name).click()
        await other.page.wait_for_url("**/console/inbox")
        if expected:  # the page must retry this failed request
            await officer.page.route("**/cases/**", lambda route: route.abort(), times=1)
        await officer.page.evaluate("dispatchEvent(new Event('focus'))")
        await gate.wait_for(state="hidden")
        await officer.page.wait_for_load_state()
        same = await officer.page.evaluate("window.sameDocument === true")
        assert same == (name == AIGUL), "who comes after gets a page of their own"
        field = officer.page.locator("#words")
        assert (await field.input_value() if await field.count() else "") == expected
        if same:
            assert await officer.page.title() == title
            await office.until(officer.is_up_to_date, 60)
            assert await officer.page.input_value(".notes textarea") == ""
    await close_visitor(visitor)


async def test_console_asks_before_it_leaves_a_page_with_unsent_text(
    browser: Any, office: AppStack
) -> None:
    visitor, officer = await _open_case(browser, office)
    page, asked = officer.page, asyncio.Queue[str]()

    async def stay(dialog: Any) -> None:
        await dialog.dismiss()
        asked.put_nowait(dialog.type)

    page.on("dialog", stay)
    await page.focus("#words")
    await page.keyboard.type("half an answer")
    path = page.url
    await page.keyboard.press("Alt+KeyB")
    assert await asyncio.wait_for(asked.get(), 60) == "beforeunload"
    assert (page.url, await page.input_value("#words")) == (path, "half an answer")
    await officer.click("#reply-place button[formaction]")
    await page.wait_for_selector("#preview")
    await page.keyboard.press("Alt+KeyB")
    assert await asyncio.wait_for(asked.get(), 60) == "beforeunload"
    await officer.click("#preview .primary")
    await officer.wait_for_text(ru("done_replied"))
    await page.keyboard.press("Alt+KeyB")
    await page.wait_for_url("**/console/inbox*")
    assert asked.empty()
    await close_visitor(visitor)


@pytest.mark.release
async def test_console_keeps_draft_text_when_a_colleague_takes_the_case(
    browser: Any, office: AppStack
) -> None:
    visitor, officer = await _open_case(browser, office)
    await officer.page.fill("#words", "half a sentence")
    path = urlsplit(officer.page.url).path
    async with Console.signed_in(office.url, MARAT) as lead:
        await lead.get(f"{path}?reason=answer")
        await lead.submit("/take-over")
        kept_text = officer.page.locator(".typed textarea")
        await officer.wait_for_text(ru("kept_gone"))
        assert await officer.page.locator("#words").count() == 0
        await lead.submit("/release")
        await officer.wait_for_text(ru("nobodys"))
    assert await kept_text.input_value() == "half a sentence"
    assert await kept_text.get_attribute("readonly") is not None
    await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
async def test_console_case_is_answered_with_three_keyboard_shortcuts(
    browser: Any, office: AppStack
) -> None:
    """Count all key presses except typing: claim the case, focus the answer, send."""
    visitor = await ask_officer(office, "ru", "general", "Testova asks")
    officer = await Officer.at_work(browser, office, AIGUL)
    keyboard = officer.page.keyboard
    await keyboard.press("n")
    await officer.wait_for_text("Testova asks")
    await keyboard.press("r")
    await keyboard.type("jn, kn / rn?")
    assert await officer.page.input_value("#words") == "jn, kn / rn?", "no key acts in a field"
    assert not await officer.page.locator("#help").is_visible()
    await keyboard.press("Control+Enter")
    await officer.wait_for_text(ru("done_replied"))
    await _wait_for_text(office, visitor, "jn, kn / rn?")
    await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
async def test_console_slash_key_searches_canned_replies(browser: Any, office: AppStack) -> None:
    visitor, officer = await _open_case(browser, office)
    keyboard, ready = officer.page.keyboard, officer.page.locator("#ready")
    replies = ready.locator(".replies li:visible")
    await keyboard.press("r")
    await keyboard.press("/")
    assert await ready.get_attribute("open") is not None
    every = await replies.count()
    text = demo_officers.READY["documents-today"]["ru"]
    await keyboard.type(text[:24])
    await officer.page.wait_for_function(
        "() => document.querySelectorAll('#ready .replies li:not([hidden])').length === 1"
    )
    assert every > 1
    await keyboard.press("Escape")
    assert await officer.page.evaluate("document.activeElement.id") == "words"
    await keyboard.press("/")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await officer.page.wait_for_selector("#preview")
    await keyboard.press("Enter")
    await officer.wait_for_text(ru("done_replied"))
    await _wait_for_text(office, visitor, text)
    await close_visitor(visitor)
    assert officer.errors == []


@pytest.mark.release
async def test_console_officer_can_turn_off_single_key_shortcuts(
    browser: Any, office: AppStack
) -> None:
    visitor, officer = await _open_case(browser, office)
    await officer.page.keyboard.press("Shift+Slash")
    await officer.page.locator("#single-keys").uncheck()
    await officer.page.keyboard.press("Escape")
    await officer.page.reload()
    await officer.page.keyboard.press("r")
    assert await officer.page.evaluate("document.activeElement.id") != "words"
    await officer.page.keyboard.press("Alt+KeyR")
    assert await officer.page.evaluate("document.activeElement.id") == "words"
    await close_visitor(visitor)


@pytest.mark.release
@pytest.mark.parametrize(
    ("width", "beside"),
    [(1280, True), (1600, True), (600, False)],
)
async def test_console_shows_case_and_inbox_side_by_side_on_wide_screens(
    browser: Any, office: AppStack, width: int, beside: bool
) -> None:
    visitors = [await ask_officer(office, "ru", "general", "Testova asks " * 150) for _ in range(2)]
    officer = await Officer.at_work(browser, office, AIGUL)
    await officer.page.set_viewport_size({"width": width, "height": 800})
    await officer.page.goto(f"{office.url}/console/inbox?queue=all")
    await officer.click("[data-key=KeyN]")
    await officer.wait_for_text("Testova asks")
    await officer.page.goto(f"{officer.page.url.partition('?')[0]}?queue=all")
    rows, dock = officer.page.locator(".pane .line"), officer.page.locator("#reply-place")
    assert await rows.count() == 2
    assert await rows.first.is_visible() is beside
    await officer.page.evaluate("scrollTo(0, 0)")
    box = await dock.bounding_box()
    assert abs(box["y"] + box["height"] - 800) <= 1, "the composer is docked at the bottom"
    if beside:
        pane = await officer.page.locator(".pane").bounding_box()
        thread = await officer.page.locator("#thread").bounding_box()
        assert pane["x"] + pane["width"] <= thread["x"]
        await officer.page.keyboard.press("j")
        focused = await officer.page.evaluate("document.activeElement.closest('.line')?.id")
        assert focused in ("case-1", "case-2")
    assert await officer.faults() == []
    for visitor in visitors:
        await close_visitor(visitor)
    assert officer.errors == []
