"""Tests of the web chat in a browser: a whole registration, by keyboard, on a bad connection."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot import desk, outbox
from bot.channels import Message
from bot.outbox import Row
from bot.people import identities
from bot.web.chat_rendering import LABELS, bubble_of
from bot.web.templating import linked
from tests.app_stack import AppStack
from tests.browser.phone import PRESSED, open_phone
from tests.desk.desks import ask, insert_officer, new_idempotency_key
from tests.person_client import Guest
from tests.release_only import release_only
from tests.web.journey import ANSWERS, LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk_Arab",)))
async def test_chat_page_form_leads_to_an_accepted_registration(
    browser: Any, stack: AppStack, language: str
) -> None:
    phone = await open_phone(browser, stack)
    for answer in (language, *ANSWERS):
        await phone.answer(answer)

    async def is_accepted() -> bool:
        return [each["state"] for each in await stack.entries()] == ["ACCEPTED"]

    await stack.until(is_accepted)
    (entry,) = await stack.entries()
    await phone.page.wait_for_function(
        "() => [...document.querySelectorAll('button')].some(b => b.value === '!status')"
    )
    await phone.page.locator("button[value='!status']").last.click()
    await phone.page.wait_for_function(
        "number => document.body.innerText.includes(number)", arg=entry["number"]
    )
    assert "TESTOVA" not in await phone.page.locator("#list li.own").all_inner_texts()
    assert phone.errors == []


@pytest.mark.requirement("S-61")
async def test_chat_page_sets_a_cookie_only_after_consent(browser: Any, stack: AppStack) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[:11]):
        await phone.answer(answer)
    assert await phone.page.context.cookies() == []
    await phone.answer("yes")
    (cookie,) = await phone.page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    question = await phone.page.locator("#list li.kosh .bubble").last.inner_text()
    await phone.page.reload()
    assert await phone.page.locator("#list li.kosh .bubble").last.inner_text() == question
    storage_counts = "() => [localStorage.length, sessionStorage.length]"
    assert await phone.page.evaluate(storage_counts) == [0, 0]
    await phone.answer("yes")


async def test_chat_page_button_can_be_pressed_with_the_enter_key(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.page.locator(PRESSED).first.focus()
    before = await phone.newest()
    await phone.page.keyboard.press("Enter")
    await phone._until_after(before)
    roles = "() => [document.querySelector('[role=log]') !== null, document.documentElement.lang]"
    assert await phone.page.evaluate(roles) == [True, "kk"]


async def test_chat_page_resends_text_after_a_lost_connection(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    await phone.page.context.set_offline(True)
    await phone.page.fill("#text", "/menu")
    await phone.page.press("#text", "Enter")
    before = await phone.newest()
    await phone.page.context.set_offline(False)
    await phone._until_after(before)


async def test_chat_page_posts_the_id_of_its_last_message(browser: Any, stack: AppStack) -> None:
    phone = await open_phone(browser, stack)
    for answer, endpoint in (("ru", "pressed"), ("/menu", "said")):
        newest = await phone.newest()
        async with phone.page.expect_request(f"**/chat/{endpoint}") as posting:
            await phone.answer(answer)
        assert parse_qs((await posting.value).post_data)["last"] == [newest]


@pytest.mark.requirement("S-60")
async def test_chat_page_never_renders_user_text_as_markup(browser: Any, stack: AppStack) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    for hostile in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}"):
        await phone.answer(hostile)
    own = await phone.page.locator("#list li.own .bubble").all_inner_texts()
    assert "<script>alert(1)</script>" in own
    assert "49" not in own
    assert phone.errors == []


async def test_chat_page_without_scripts_answers_a_pressed_button(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack, java_script_enabled=False)
    await phone.page.locator("#list button", has_text="Русский").click()
    assert "этническим казахам" in await phone.page.locator("#list").inner_text()


# JavaScript that removes what the page's script needs and browsers before 2022 do not have.
OLD_BROWSER = "delete SubmitEvent.prototype.submitter; delete Element.prototype.replaceChildren;"


async def test_chat_page_in_an_old_browser_answers_a_pressed_button(
    browser: Any, stack: AppStack
) -> None:
    context = await browser.new_context()
    await context.add_init_script(OLD_BROWSER)
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(f"{stack.url}/chat")
    await page.locator("#list button", has_text="Русский").click()
    await page.get_by_text("этническим казахам").first.wait_for()


WITH_ADDRESSES = (
    "(egov.kz), x@mail.kz https://a.example/b?c=1. A.egov.kz gov.kzz",
    "egov.kz egov.kz/a,gov.kz. -gov.kz 官方网站是gov.kz、egov.kz",
    "https://egov.kz/x?a=1。evil.example http://gov.kz, егов.kz",
)


async def test_chat_page_links_the_same_addresses_with_and_without_script(
    browser: Any, stack: AppStack
) -> None:
    note = bubble_of("1-1", Message(WITH_ADDRESSES, (), "ru"))
    event = f"id: 1-1\nevent: say\ndata: {json.dumps(note)}\n\n"

    async def answer(route: Any) -> None:
        await route.fulfill(body=event, content_type="text/event-stream")

    context = await browser.new_context()
    await context.route("**/chat/stream**", answer)
    page = await context.new_page()
    await page.goto(f"{stack.url}/chat")
    shown = page.locator("#list li[data-id='1-1'] .bubble p")
    await shown.first.wait_for()
    found = [
        await each.locator("a").evaluate_all("all => all.map(a => [a.href, a.innerText])")
        for each in await shown.all()
    ]
    link = re.compile(r'href="([^"]*)"[^>]*>([^<]*)<')
    written = [link.findall(str(linked(each))) for each in WITH_ADDRESSES]
    assert found == [
        [[href if href.count("/") > 2 else f"{href}/", label] for href, label in each]
        for each in written
    ]


SAVED_LIST_ANSWERS = ("kandas_status", "UZ", "alone", "yes", "origin", "keep", "yes")
FRAME = "new Promise(done => requestAnimationFrame(done))"
IN_VIEW = """() => {
  const box = [...document.querySelectorAll('#list li.kosh')].pop().getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}"""


@pytest.mark.release
async def test_chat_page_keeps_an_edited_message_in_view(browser: Any, stack: AppStack) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", "checklist", *SAVED_LIST_ANSWERS, "tick"):
        await phone.answer(answer)
    assert await phone.page.evaluate(IN_VIEW)


@pytest.mark.release
async def test_chat_page_scrolls_to_the_top_of_a_long_welcome_message(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    async with phone.page.expect_response("**/chat/pressed"):
        await phone.answer("ru")
    # The page scrolls after it shows the message, and again after it processes the response. Both
    # happen within the next frames.
    await phone.page.evaluate(f"async () => {{ for (let n = 0; n < 10; n++) await {FRAME}; }}")
    top = await phone.page.evaluate(
        "() => [...document.querySelectorAll('#list li.kosh')].pop().getBoundingClientRect().top"
    )
    assert top >= 0


@pytest.mark.release
async def test_chat_page_counts_unseen_messages_in_title_and_button(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    for answer in ANSWERS[:4]:
        await phone.answer(answer)
    title = await phone.page.title()
    await phone.page.evaluate("() => scrollTo(0, 0)")
    await phone.page.wait_for_selector("#newest:not([hidden])")
    before = await phone.newest()
    await phone.page.evaluate(
        "() => fetch('/chat/said', { method: 'POST', headers: { 'X-Requested-With': 'kosh' },"
        " body: new URLSearchParams({ chat: document.body.dataset.chat,"
        " id: crypto.randomUUID(), text: 'мәзір' }) })"
    )
    await phone._until_after(before)
    assert await phone.page.title() == f"(1) {title}"
    assert await phone.page.get_attribute("#newest", "data-count") == "1"
    await phone.page.click("#newest")
    await phone.page.wait_for_selector("#newest", state="hidden")
    assert await phone.page.title() == title


STORAGE_LENGTH = "() => sessionStorage.length"
OWN = "#list li.own .bubble"


@pytest.mark.release
async def test_chat_page_keeps_an_anonymous_chat_over_a_reload(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[:3]):
        await phone.answer(answer)
    question = await phone.page.locator("#list li.kosh .bubble").last.inner_text()
    await phone.page.reload()
    await phone.page.wait_for_function(
        "words => [...document.querySelectorAll('#list li.kosh .bubble')].pop()?.innerText"
        " === words",
        arg=question,
    )
    await phone.answer(ANSWERS[3])
    assert phone.errors == []


async def test_quick_exit_deletes_the_chat_id_from_session_storage(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    await phone.page.wait_for_function("() => sessionStorage.length === 1")
    await phone.page.click("button.leave")
    await phone.page.wait_for_url("**/away")
    assert await phone.page.evaluate(STORAGE_LENGTH) == 0


@pytest.mark.release
async def test_chat_page_replaces_a_typed_private_answer_by_a_note(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index("TESTOVA") + 1]):
        await phone.answer(answer)
    note = stack.rt.languages.render(LABELS["hidden"], "ru")
    await phone.page.wait_for_function(
        "([own, note]) => [...document.querySelectorAll(own)].pop().innerText === note",
        arg=[OWN, note],
    )


@pytest.mark.release
async def test_chat_page_header_stays_one_line_at_double_text_size(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    for width in (320, 390):
        await phone.page.set_viewport_size({"width": width, "height": 740})
        header = await phone.page.evaluate(
            "() => { document.documentElement.style.fontSize = '212.5%';"
            " const [name, leave, top] = ['#title', '.leave', '.top']"
            ".map(each => document.querySelector(each).getBoundingClientRect());"
            " return [leave.left - name.right, innerWidth - leave.right, top.height]; }"
        )
        assert min(header) >= 0
        assert header[2] < 740 / 5


@pytest.mark.release
async def test_chat_page_field_placeholder_fits_at_double_text_size(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    for width in (320, 390):
        await phone.page.set_viewport_size({"width": width, "height": 740})
        height, line = await phone.page.evaluate(
            "() => { document.documentElement.style.fontSize = '212.5%';"
            " const text = document.getElementById('text');"
            " return [text.scrollHeight, parseFloat(getComputedStyle(text).lineHeight)]; }"
        )
        assert height < 3 * line, f"the hint takes a line for each letter at {width} px"


@pytest.mark.release
async def test_chat_page_is_no_wider_than_the_screen_at_double_text_size(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    await phone.page.set_viewport_size({"width": 320, "height": 740})
    wide = await phone.page.evaluate(
        "() => { document.documentElement.style.fontSize = '212.5%';"
        " return document.documentElement.scrollWidth - innerWidth; }"
    )
    assert wide <= 0


LONGEST_LIST_ANSWERS = ("kandas_status", "CN", "both", "yes", "yes", "unsaid")


@pytest.mark.release
async def test_chat_page_longest_checklist_fits_two_phone_screens(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.page.set_viewport_size({"width": 390, "height": 844})
    for answer in ("ru", "checklist", *LONGEST_LIST_ANSWERS):
        await phone.answer(answer)
    items = phone.page.locator("#list li.kosh", has=phone.page.locator(".item"))
    height = await items.locator(".bubble").evaluate("each => each.offsetHeight")
    assert height <= 2 * 844
    warning = items.locator("details.caution").first
    folded = await warning.evaluate("each => each.offsetHeight")
    await warning.locator("summary").click()
    assert await warning.evaluate("each => each.offsetHeight") > folded
    first = items.locator(".item").first
    assert await first.locator("p").first.is_hidden()
    await first.locator("summary").click()
    assert await first.locator("p").first.is_visible()
    await first.locator(".box").check()
    assert phone.errors == []


@pytest.mark.release
async def test_chat_page_saved_checklist_entry_can_be_ticked_without_reload(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", "checklist", *SAVED_LIST_ANSWERS):
        await phone.answer(answer)
    box = phone.page.locator(".tick").first
    await box.click()
    await phone.page.wait_for_function(
        "() => document.querySelector('.tick').value.startsWith('#untick.')"
    )
    assert (await phone.page.locator(".tick").first.inner_text()).startswith("☑")
    assert phone.errors == []


@pytest.mark.release
async def test_chat_page_edit_button_of_an_answer_opens_its_question(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[:-1]):
        await phone.answer(answer)
    await phone.page.click(".pencil[value='#change.surname']")
    await phone.page.wait_for_function(
        "() => [...document.querySelectorAll('#list li.kosh')].pop().innerText.includes('TESTOVA')"
    )
    assert phone.errors == []


@pytest.mark.release
async def test_chat_page_registration_receipt_has_a_date_and_is_printed_alone(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.page.add_init_script("window.print = () => { window.asked = true; }")
    await phone.page.reload()
    for answer in ("ru", *ANSWERS):
        await phone.answer(answer)

    async def is_accepted() -> bool:
        return [each["state"] for each in await stack.entries()] == ["ACCEPTED"]

    await stack.until(is_accepted)
    await phone.page.locator("button[value='!status']").last.click(timeout=60_000)
    card = phone.page.locator(".receipt:has(.number)").last
    await card.wait_for(timeout=60_000)
    assert await card.locator(".dated").count() == 1
    await card.locator(".print").click()
    assert await phone.page.evaluate("window.asked")
    await phone.page.emulate_media(media="print")
    assert await card.is_visible()
    assert await phone.page.locator(".dock").is_hidden()
    assert await phone.page.locator("#list li.own").first.is_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_chat_page_lists_the_browser_language_first(
    browser: Any, stack: AppStack, scripts: bool
) -> None:
    phone = await open_phone(browser, stack, locale="zh-CN", java_script_enabled=scripts)
    rows = phone.page.locator("#list .tongue")
    assert await rows.count() == 6
    assert "中文" in await rows.first.inner_text()
    heights = await rows.evaluate_all("all => all.map(each => each.offsetHeight)")
    assert max(heights) < 60
    await rows.first.click()
    large = phone.page.locator("#list .main")
    await large.first.wait_for(timeout=60_000)
    keys = [str(await each.get_attribute("value")).partition(":")[2] for each in await large.all()]
    assert keys == ["checklist", "eligibility", "officer"]
    assert await phone.page.locator("#list .quiet").count() > 3


async def test_chat_page_menu_button_opens_the_menu(browser: Any, stack: AppStack) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[:3]):
        await phone.answer(answer)
    newest = await phone.newest()
    await phone.page.click("button.menu")
    await phone._until_after(newest)
    await phone.page.locator("#list .main").first.wait_for(timeout=60_000)
    assert await phone.page.locator(".about a").count() == 3
    assert await phone.page.locator("#list li.kosh .time").count() > 3


@pytest.mark.parametrize("is_visible", [True, False], ids=["visible", "in background"])
async def test_chat_page_reports_an_answer_as_seen_only_when_visible(
    browser: Any, stack: AppStack, is_visible: bool
) -> None:
    guest, officer = Guest(stack.rt), await insert_officer(stack.rt)
    case = await ask(guest)
    claimed = await desk.claim(stack.rt, officer, case.id, case.version, key=new_idempotency_key())
    page = await (await browser.new_context()).new_page()
    await page.context.add_cookies([{"name": "kosh", "value": guest.name, "url": stack.url}])
    if not is_visible:
        hidden = "Object.defineProperty(document, 'hidden', { get: () => true })"
        await page.add_init_script(hidden)
    streams: list[str] = []
    page.on("request", lambda each: streams.append(each.url) if "/stream" in each.url else None)
    async with page.expect_response("**/chat/stream**"):
        await page.goto(f"{stack.url}/chat")
    words = "Canary answer."
    await desk.reply(
        stack.rt, officer, case.id, claimed.version, key=new_idempotency_key(), words=words
    )
    await page.get_by_text(words).wait_for(timeout=10_000)
    answer = await page.locator("#list li.officer").last.get_attribute("data-id")

    async def is_reported() -> bool:
        return parse_qs(urlsplit(streams[-1]).query)["last"] == [answer]

    if is_visible:
        await stack.until(is_reported)
    seen = [parse_qs(urlsplit(each).query).get("seen") for each in streams]
    assert seen == ([["1"], ["1"]] if is_visible else [None])


async def test_chat_page_reports_news_as_seen_up_to_its_last_message(
    browser: Any, stack: AppStack
) -> None:
    guest = Guest(stack.rt)
    await guest.consent()
    async with stack.rt.pool.connection() as transaction:
        person = await identities.find(stack.rt, transaction, "web", guest.name)
    assert person is not None
    page = await (await browser.new_context()).new_page()
    await page.context.add_cookies([{"name": "kosh", "value": guest.name, "url": stack.url}])
    streams: list[str] = []
    page.on("request", lambda each: streams.append(each.url) if "/stream" in each.url else None)
    async with page.expect_response("**/chat/stream**"):
        await page.goto(f"{stack.url}/chat")
    # As the news of a case's end: a service message, then a question of the bot.
    rows = [Row("send", Message(("News.",))), Row("send", Message(("Question?",)), epoch=0)]
    newest = 0

    async def is_reported() -> bool:
        query = parse_qs(urlsplit(streams[-1]).query)
        return query["last"] == [str(newest)] and query.get("seen") == ["1"]

    for row in rows:
        async with stack.rt.pool.connection() as transaction:
            [newest] = await outbox.enqueue(transaction, person, "web", [row])
        await outbox.deliver(stack.rt, None, person)
        await stack.until(is_reported, 10)


async def test_chat_page_tells_the_server_when_only_its_script_fetches_it(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    async with phone.page.expect_request(lambda each: each.url.endswith("/chat")) as fetched:
        restored = "new PageTransitionEvent('pageshow', { persisted: true })"
        await phone.page.evaluate(f"() => {{ dispatchEvent({restored}); }}")
    headers = await (await fetched.value).all_headers()
    assert headers["x-requested-with"] == "kosh"
    assert headers["x-kosh-chat"]
