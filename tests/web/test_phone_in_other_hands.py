"""A phone that another person may hold: its chat after a quick exit, and officers' replies."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from html import unescape
from uuid import UUID

import pytest

from bot import desk
from bot.channels.webchat import WebChat
from bot.desk import views
from bot.officers.directory import Officer
from bot.people import identities
from bot.privacy import retention
from bot.web.chat_rendering import EXIT, EXIT_URL, LEAVING
from bot.web.console import labels
from flows import lifetimes
from flows.engine import screens
from flows.engine.questions import YES
from tests.app_stack import AppStack
from tests.console_client import Console
from tests.desk.desks import insert_officer, new_idempotency_key
from tests.emulators.telegram import User
from tests.person_client import TO_CONSENT, Guest
from tests.visitor import Visitor
from tests.web import telegram_chat
from tests.web.database_faults import stopped_database
from tests.web.test_attacks import GENERAL_LEAD
from tests.web.test_attacks import office as opened_office

office = opened_office

ANSWER = "Please bring the paper of Testova to the office"
EXITS = [("said", {"text": "выход"}), ("pressed", {"payload": EXIT})]


# The quick exit in the web chat


@pytest.mark.parametrize(("endpoint", "fields"), EXITS, ids=["word", "button"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.requirement("S-84")
async def test_quick_exit_deletes_the_cookie_and_the_id_of_the_web_chat(
    stack: AppStack, endpoint: str, fields: dict[str, str], script: bool
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.give_answers(*TO_CONSENT)
        await visitor.press("yes")
        await visitor.say("TESTOVA")
        secret = visitor.secret
    headers = {"Cookie": f"kosh={secret}"} | ({"X-Requested-With": "kosh"} if script else {})
    form = {"chat": "", "id": "the-exit", **fields}
    async with stack.http.post(
        f"{stack.url}/chat/{endpoint}", data=form, headers=headers, allow_redirects=False
    ) as response:
        assert response.status == (202 if script else 303)
        assert response.cookies["kosh"]["max-age"] == "0"
    async with stack.http.get(f"{stack.url}/chat", headers=headers) as page:
        assert stack.rt.languages.render(screens.CHOOSE_LANGUAGE, "ru") in await page.text()
    async with stack.rt.pool.connection() as session:
        assert await identities.find(stack.rt, session, WebChat.name, secret) is None
        cursor = await session.execute("SELECT count(*) FROM messages WHERE body IS NOT NULL")
        assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("cookies", "site", "ends"),
    [
        (f"; {LEAVING}=1", {"Sec-Fetch-Site": "same-origin"}, True),
        (f"; {LEAVING}=1", {"Sec-Fetch-Site": "none"}, True),
        (f"; {LEAVING}=1", {}, True),
        (f"; {LEAVING}=1", {"Sec-Fetch-Site": "cross-site"}, False),
        ("", {"Sec-Fetch-Site": "same-origin"}, False),
    ],
)
@pytest.mark.requirement("S-84")
async def test_away_page_ends_the_chat_only_when_its_script_leads_there(
    stack: AppStack, cookies: str, site: dict[str, str], *, ends: bool
) -> None:
    guest = Guest(stack.rt)
    await guest.consent()
    headers = {"Cookie": f"kosh={guest.name}{cookies}", **site}
    async with stack.http.get(f"{stack.url}{EXIT_URL}", headers=headers) as page:
        assert page.status == 200
        assert ("kosh" in page.cookies) is ends
        await page.read()

    async def has_ended() -> bool:
        async with stack.rt.pool.connection() as transaction:
            return await identities.find(stack.rt, transaction, "web", guest.name) is None

    if ends:
        await stack.until(has_ended)
    assert await has_ended() is ends


@pytest.mark.parametrize(("endpoint", "fields"), EXITS, ids=["word", "button"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.requirement("S-37", "S-84")
async def test_quick_exit_deletes_the_chat_cookie_when_the_database_is_down(
    stack: AppStack, admin_url: str, endpoint: str, fields: dict[str, str], script: bool
) -> None:
    guest = Guest(stack.rt)
    await guest.consent()
    headers = {"Cookie": f"kosh={guest.name}"} | ({"X-Requested-With": "kosh"} if script else {})
    with stopped_database(admin_url, stack.rt.settings.database().rsplit("/", 1)[1]):
        async with stack.http.post(
            f"{stack.url}/chat/{endpoint}", data=fields, headers=headers, allow_redirects=False
        ) as response:
            assert response.status == (202 if script else 303)
            if script:
                assert (await response.json())["leave"] == EXIT_URL
            assert response.cookies["kosh"]["max-age"] == "0"


@pytest.mark.requirement("S-84")
async def test_quick_exit_page_is_multilingual_and_does_not_name_the_service(
    stack: AppStack,
) -> None:
    async with stack.http.get(f"{stack.url}/away", headers={"Accept-Language": "zh-CN"}) as answer:
        page = await answer.text()
    assert '<html lang="zh-Hans" dir="ltr">' in page
    assert '<meta name="viewport"' in page
    assert "<title>…</title>" not in page
    assert page.count("<p lang=") == 6
    assert "kosh" not in page.lower()


# The quick exit on Telegram


@pytest.mark.requirement("S-37")
async def test_quick_exit_deletes_the_typed_command_when_the_database_is_down(
    stack: AppStack, admin_url: str
) -> None:
    user = await telegram_chat.user_with_case(stack, 7021)
    with stopped_database(admin_url, stack.rt.settings.database().rsplit("/", 1)[1]):
        await user.say("выход")
        await user.wait(lambda chat: next(e for e in chat if e.text == "выход").deleted)


@pytest.mark.requirement("S-30", "S-84")
async def test_quick_exit_masks_names_in_a_later_data_export_on_telegram(stack: AppStack) -> None:
    user = await telegram_chat.register(stack, 7022)
    for word in ("/mydata", "выход", "/start"):
        await telegram_chat.wait_for_reply(user, partial(user.say, word))
    masked = stack.rt.languages.render(screens.MASKED, "ru")
    count = len(user.chat)
    await user.say("/mydata")
    await user.wait(lambda chat: any(masked in each.text for each in chat[count:]))
    hidden = stack.rt.languages.render(screens.HIDDEN, "ru")
    await user.wait(lambda chat: any(hidden in each.text for each in chat[count:]))
    assert not any("TESTOVA" in each.text for each in user.chat[count:])


@pytest.mark.requirement("S-32", "S-84")
async def test_quick_exit_after_erasure_deletes_the_last_message(stack: AppStack) -> None:
    user = await telegram_chat.register(stack, 7023)
    # Wait for the registry's decision, which could otherwise arrive between the erasure and the
    # quick exit.
    update = stack.rt.languages.render(screens.UPDATE, "ru")
    await user.wait(lambda chat: any(update in each.text for each in chat))
    await telegram_chat.wait_for_reply(user, partial(user.say, "/delete"))
    await user.press(stack.rt.languages.render(YES.label, "ru"))
    done = stack.rt.languages.render(screens.DELETED, "ru")
    await user.wait(lambda chat: any(done in each.text for each in chat))
    await user.say("выход")
    phrase = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
    await user.wait(lambda chat: [each.text for each in chat if not each.deleted] == [phrase])


# How an officer's reply arrives


async def _claim(stack: AppStack) -> tuple[Officer, UUID, int]:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT id, version FROM cases")
        found = await cursor.fetchone()
    assert found is not None
    officer = await insert_officer(stack.rt)
    result = await desk.claim(stack.rt, officer, found[0], found[1], key=new_idempotency_key())
    return officer, found[0], result.version


async def _wait_until_away(stack: AppStack, user: User) -> None:
    await stack.ahead(f"{views.PRESENT_MINUTES + 1} minutes")


ABSENCES: dict[str, Callable[[AppStack, User], Awaitable[object]]] = {
    "stop": lambda _stack, user: telegram_chat.wait_for_reply(user, partial(user.say, "стоп")),
    "exit": lambda _stack, user: user.say("выход"),
    "silence": _wait_until_away,
}


@pytest.mark.parametrize("reason", ABSENCES)
@pytest.mark.requirement("S-36", "S-66", "S-83")
async def test_officer_reply_arrives_as_a_notice_when_the_person_may_be_away(
    stack: AppStack, reason: str
) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7024), stack.rt.languages.render
    officer, case_id, version = await _claim(stack)
    joined = render(screens.JOINED, "ru")
    await user.wait(lambda chat: any(joined in each.text for each in chat))
    await ABSENCES[reason](stack, user)
    if reason == "exit":
        phrase = render(screens.EXIT_TEXT, "ru")
        await user.wait(lambda chat: [e.text for e in chat if not e.deleted] == [phrase])
    for words in (ANSWER, f"{ANSWER} again"):
        result = await desk.reply(
            stack.rt, officer, case_id, version, key=new_idempotency_key(), words=words
        )
        version = result.version
    notice = render(screens.UPDATE, "ru")
    await user.wait(lambda chat: any(notice in each.text for each in chat))
    assert sum(notice in each.text for each in user.chat) == 1
    assert not any(ANSWER in each.text for each in user.chat)
    await user.press(render(screens.OPEN, "ru"))
    await user.wait(lambda chat: sum(ANSWER in each.text for each in chat) == 2)
    assert all(each.protected for each in user.chat if ANSWER in each.text)


@pytest.mark.requirement("S-83")
async def test_officer_reply_that_is_withheld_is_kept_until_opened(stack: AppStack) -> None:
    user, render = await telegram_chat.user_with_case(stack, 7027), stack.rt.languages.render
    officer, case_id, version = await _claim(stack)
    await _wait_until_away(stack, user)
    await desk.reply(stack.rt, officer, case_id, version, key=new_idempotency_key(), words=ANSWER)
    notice = render(screens.UPDATE, "ru")
    await user.wait(lambda chat: any(notice in each.text for each in chat))
    await stack.ahead(f"{lifetimes.WAITING_MESSAGE_DAYS - 1} days")
    await retention.retain(stack.rt)
    await user.press(render(screens.OPEN, "ru"))
    await user.wait(lambda chat: any(ANSWER in each.text for each in chat))


@pytest.mark.requirement("S-66", "S-83")
async def test_officer_reply_to_an_active_person_is_shown_and_not_forwardable(
    stack: AppStack,
) -> None:
    user = await telegram_chat.user_with_case(stack, 7025)
    officer, case_id, version = await _claim(stack)
    await desk.reply(stack.rt, officer, case_id, version, key=new_idempotency_key(), words=ANSWER)
    await user.wait(lambda chat: any(ANSWER in each.text for each in chat))
    assert all(each.protected for each in user.chat if ANSWER in each.text)


# The console's sentence about how a reply will arrive


async def _delivery_sentence(stack: AppStack, case_id: str) -> str:
    """Return the console's sentence above the reply field about how the reply will arrive.

    Claim the case first if it is unclaimed.
    """
    async with Console.signed_in(stack.url, GENERAL_LEAD) as console:
        screen = await console.get(f"/console/cases/{case_id}?reason=answer")
        if "/claim" in screen.html:
            screen = await console.send(screen.form("/claim"))
        found = re.search(r'id="arrives">([^<]*)<', screen.html)
    assert found is not None
    return unescape(found[1])


@pytest.mark.requirement("S-83")
async def test_console_shows_that_a_web_chat_reply_is_never_withheld(
    office: tuple[AppStack, str],
) -> None:
    stack, case_id = office
    wording = labels.Wording(stack.rt.languages, "ru")
    assert await _delivery_sentence(stack, case_id) == wording("arrives_whole")
    await stack.ahead(f"{views.PRESENT_MINUTES + 1} minutes")
    assert await _delivery_sentence(stack, case_id) == wording("arrives_whole")


@pytest.mark.parametrize(
    ("channel", "present"), [("telegram", "arrives_protected"), ("whatsapp", "arrives_whole")]
)
@pytest.mark.requirement("S-83")
async def test_console_shows_when_a_messenger_reply_will_be_withheld(
    office: tuple[AppStack, str], channel: str, present: str
) -> None:
    """Move the case to a messenger.

    If the person was silent for PRESENT_MINUTES, another person may be looking at the phone.
    """
    stack, case_id = office
    wording = labels.Wording(stack.rt.languages, "ru")
    await _delivery_sentence(stack, case_id)
    async with stack.rt.pool.connection() as session:
        await session.execute("UPDATE handles SET channel = %s, spoke_at = kosh_now()", (channel,))
        await session.execute("UPDATE conversations SET channel = %s", (channel,))
    assert await _delivery_sentence(stack, case_id) == wording(present)
    await stack.ahead(f"{views.PRESENT_MINUTES + 1} minutes")
    assert await _delivery_sentence(stack, case_id) == wording("arrives_withheld")
