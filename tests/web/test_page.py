"""The secure page, where a person gives private answers without the messenger.

The messenger shows a link to it that works once.
"""

import hashlib
import hmac
import re
import time
from functools import partial
from html import unescape
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import aiohttp
import pytest
from psycopg_pool import PoolTimeout

from bot.conversations import receive, store
from bot.conversations.anonymous import Overloaded
from bot.people import identities
from bot.privacy import erasure
from bot.web.chat_rendering import EXIT, EXIT_URL, LEAVING
from bot.web.chat_session import COOKIE_SECONDS, VISIT, VISIT_SECONDS
from flows.engine.events import Joined
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.emulators.telegram import User
from tests.visitor import Visitor
from tests.web import secure_page, telegram_chat
from tests.web.journey import ANSWERS_TO_CONSENT

CANARY = "CANARYOVA"


async def test_secure_page_keeps_private_answers_out_of_the_messenger(stack: AppStack) -> None:
    user = stack.telegram.user(7101, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    pages = await secure_page.answer_on_page(link, stack, CANARY, "GULNAR")
    assert CANARY not in b"".join(stack.telegram.journal.lines(0)).decode()
    await user.wait(lambda chat: "родились" in user.last.text)
    assert secure_page.CLOSED in pages[-1]
    assert not any(name in page for page in pages for name in (CANARY, "GULNAR")), (
        "kept on the page"
    )


async def test_secure_page_keeps_advice_about_danger_off_the_messenger(stack: AppStack) -> None:
    user = stack.telegram.user(7117, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    count = len(user.received)
    pages = await secure_page.answer_on_page(link, stack, "меня избивает муж", CANARY, "GULNAR")
    assert "прочитайте это, когда" in pages[0]
    assert [secure_page.CLOSED in page for page in pages] == [False, False, True]
    await user.wait(lambda chat: "родились" in user.last.text)
    assert not any("прочитайте это" in each.text for each in user.received[count:])


async def test_secure_page_does_not_confirm_an_erasure_as_saved(stack: AppStack) -> None:
    user = stack.telegram.user(7118, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    (page,) = await secure_page.answer_on_page(link, stack, "удалить")
    assert "Сохранено" not in page
    assert secure_page.CLOSED in page
    await user.wait(lambda chat: "Удалить всё" in user.last.text)


async def test_secure_link_works_once_and_on_one_device(stack: AppStack) -> None:
    user = stack.telegram.user(7102, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as first, Visitor.at(stack.url) as second:
        assert (await secure_page.enter(first, link))[0] == 200
        status, page = await secure_page.enter(second, link)
        assert status == 410
        assert "сілтеме" in page.lower()
        async with second.session.get(link) as looked:
            assert looked.status == 410
        async with first.session.get(link) as again:
            assert again.url.path == "/chat"


@pytest.mark.parametrize("error", [Overloaded, PoolTimeout])
async def test_secure_link_works_again_after_a_failure(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    user = stack.telegram.user(7123, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor, Visitor.at(stack.url) as second:
        with monkeypatch.context() as patch:
            patch.setattr(receive, "receive", AsyncMock(side_effect=error))
            status, page = await secure_page.enter(visitor, link)
        assert status == 503
        assert "Ничего не потеряно" in page
        assert (await secure_page.enter(second, link))[0] == 410
        assert (await secure_page.enter(visitor, link))[0] == 200

        async def is_asked() -> bool:
            async with visitor.session.get(f"{stack.url}/chat") as shown:
                return "фамилию" in await shown.text()

        await stack.until(is_asked)


async def test_secure_link_is_not_consumed_by_previews_but_expires(stack: AppStack) -> None:
    user = stack.telegram.user(7103, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        for _preview in range(3):
            async with visitor.session.get(link) as looked:
                assert looked.status == 200
        await stack.ahead("11 minutes")
        assert (await secure_page.enter(visitor, link))[0] == 410


async def test_advice_on_an_expired_link_leads_to_a_new_one(stack: AppStack) -> None:
    user = stack.telegram.user(7119, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    await stack.ahead("11 minutes")
    async with Visitor.at(stack.url) as visitor, visitor.session.get(link) as looked:
        page = await looked.text()
    (word,) = re.findall("«(новая [^»]*)»", page)
    await telegram_chat.wait_for_reply(user, partial(user.say, word))
    assert [button.url for row in user.last.buttons for button in row if button.url]
    async with stack.rt.pool.connection() as transaction:
        person = await identities.find(stack.rt, transaction, "telegram", str(user.id))
        assert person is not None
        held = await store.lock(stack.rt, transaction, person.id)
    assert held is not None
    assert "surname" not in held.conversation.forms["preregistration"].answers


async def test_secure_page_session_ends_after_half_an_hour(stack: AppStack) -> None:
    user = stack.telegram.user(7104, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        assert (await secure_page.enter(visitor, link))[0] == 200
        await stack.ahead("31 minutes")
        async with visitor.session.get(f"{stack.url}/chat") as page:
            assert "фамили" not in (await page.text()).lower()


async def test_secure_page_keeps_the_web_chat_of_the_browser(stack: AppStack) -> None:
    user = stack.telegram.user(7109, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    before = await _web_messages(stack, visitor.secret)
    assert (await secure_page.enter(visitor, link))[0] == 200
    async with visitor.session.get(f"{stack.url}/chat") as answer:
        page = await answer.text()
    assert f'data-chat="{VISIT}"' in page
    assert "фамили" in page.lower()
    await stack.ahead("31 minutes")
    late = {"chat": VISIT, "id": "late", "text": CANARY}
    async with visitor.session.post(f"{stack.url}/chat/said", data=late) as answer:
        assert f'name="chat" value="{VISIT}' in await answer.text()
    assert await _web_messages(stack, visitor.secret) == before
    async with visitor.session.get(f"{stack.url}/chat") as answer:
        page = await answer.text()
    assert 'data-chat=""' in page
    assert "фамили" not in page.lower()
    await close_visitor(visitor)


async def test_expired_link_does_not_open_another_persons_chat(stack: AppStack) -> None:
    user = stack.telegram.user(7120, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    await stack.ahead("11 minutes")
    owner = await ask_officer(stack, "ru", "general", "Testova asks")
    async with owner.session.get(link) as looked:
        assert (looked.status, looked.url.path) == (410, urlsplit(link).path)
    await close_visitor(owner)


async def test_used_link_does_not_open_another_persons_visit(stack: AppStack) -> None:
    links = []
    for number in (7121, 7122):
        user = stack.telegram.user(number, first_name="Test")
        await secure_page.answer_to_surname(stack, user)
        links.append(await secure_page.new_link(stack, user))
    async with Visitor.at(stack.url) as visitor:
        for link in links:
            assert (await secure_page.enter(visitor, link))[0] == 200
        statuses = []
        for link in links:
            async with visitor.session.get(link) as looked:
                statuses.append(looked.status)
        assert statuses == [410, 200]


async def _visit_beside_own_chat(stack: AppStack, user_id: int) -> tuple[User, Visitor, str]:
    """Open the secure page of a Telegram user in the browser of a person with a web chat.

    Return the user, the browser, and the secret name of the browser's own chat.
    """
    user = stack.telegram.user(user_id, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    secret = visitor.secret
    assert (await secure_page.enter(visitor, link))[0] == 200
    return user, visitor, secret


async def test_open_web_chat_page_stays_in_its_chat_during_a_visit(stack: AppStack) -> None:
    _user, visitor, _secret = await _visit_beside_own_chat(stack, 7110)
    before = await _web_messages(stack, visitor.secret)
    form = {"chat": "", "id": "hers", "text": "/menu"}
    async with visitor.session.post(f"{stack.url}/chat/said", data=form) as answer:
        assert 'name="chat" value=""' in await answer.text()
    assert await _web_messages(stack, visitor.secret) > before
    await close_visitor(visitor)


async def test_erasure_during_a_visit_keeps_the_web_chat_of_the_browser(stack: AppStack) -> None:
    user, visitor, secret = await _visit_beside_own_chat(stack, 7111)
    async with stack.rt.pool.connection() as transaction:
        person = await identities.find(stack.rt, transaction, "telegram", str(user.id))
        assert person is not None
        await erasure.erase(stack.rt, transaction, person)
    form = {"chat": VISIT, "id": "late", "text": CANARY}
    async with visitor.session.post(f"{stack.url}/chat/said", data=form) as answer:
        assert answer.status == 200
    cookies = {each.key: each.value for each in visitor.session.cookie_jar}
    assert cookies == {"kosh": secret}
    await close_visitor(visitor)


async def test_quick_exit_during_a_visit_deletes_both_cookies(stack: AppStack) -> None:
    _user, visitor, _secret = await _visit_beside_own_chat(stack, 7112)
    assert len(visitor.session.cookie_jar) == 2
    form = {"chat": VISIT, "id": "one", "payload": EXIT}
    async with visitor.session.post(f"{stack.url}/chat/pressed", data=form) as answer:
        assert answer.status == 200
    assert len(visitor.session.cookie_jar) == 0
    await close_visitor(visitor)


@pytest.mark.parametrize(("mark", "ended"), [("1", "kosh"), (VISIT, "kosh-visit")])
async def test_lost_quick_exit_ends_only_the_chat_that_the_page_showed(
    stack: AppStack, mark: str, ended: str
) -> None:
    _user, visitor, _secret = await _visit_beside_own_chat(stack, 7115)
    names = {each.key: each.value for each in visitor.session.cookie_jar}
    headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in names.items())}
    headers["Cookie"] += f"; {LEAVING}={mark}"

    async def has_ended(key: str) -> bool:
        async with stack.rt.pool.connection() as transaction:
            return await identities.find(stack.rt, transaction, "web", names[key]) is None

    for _ in range(2):
        async with stack.http.get(f"{stack.url}{EXIT_URL}", headers=headers) as answer:
            await answer.read()
        await stack.until(partial(has_ended, ended))
    assert [key for key in names if await has_ended(key)] == [ended]
    await close_visitor(visitor)


async def test_consent_after_a_visit_keeps_the_web_chat_of_the_browser(stack: AppStack) -> None:
    _user, visitor, secret = await _visit_beside_own_chat(stack, 7116)
    await stack.ahead("31 minutes")
    page = await _consent_after_visit(stack, visitor)
    cookies = {each.key: each for each in visitor.session.cookie_jar}
    assert cookies["kosh"].value == secret
    assert f'data-chat="{VISIT}"' in page
    async with stack.rt.pool.connection() as transaction:
        web = await identities.find(stack.rt, transaction, "web", cookies["kosh-visit"].value)
        assert web is not None, "the new chat can be opened again"
    assert int(cookies["kosh-visit"]["max-age"]) == VISIT_SECONDS
    await close_visitor(visitor)


async def test_consent_after_a_visit_is_kept_as_a_web_chat(stack: AppStack) -> None:
    user = stack.telegram.user(7123, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session, stack.url)
        assert (await secure_page.enter(visitor, link))[0] == 200
        await stack.ahead("31 minutes")
        page = await _consent_after_visit(stack, visitor)
    (cookie,) = session.cookie_jar
    assert (cookie.key, int(cookie["max-age"])) == ("kosh", COOKIE_SECONDS)
    assert 'data-chat=""' in page
    async with stack.rt.pool.connection() as transaction:
        assert await identities.find(stack.rt, transaction, "web", cookie.value) is not None


async def _consent_after_visit(stack: AppStack, visitor: Visitor) -> str:
    """Begin a form and consent on the page of a visit that is over; return the last page."""
    page = ""
    for key in ("/start", "ru", *ANSWERS_TO_CONSENT):
        payloads = re.findall(r'name="payload" value="(\d+:[^"]*)"', page)
        payload = next((each for each in payloads if each.partition(":")[2] == key), "")
        chat = re.search(r'name="chat" value="([^"]*)"', page)
        form = {"chat": unescape(chat[1]) if chat else VISIT, "id": uuid4().hex}
        form |= {"payload": payload} if payload else {"text": key}
        endpoint = "pressed" if payload else "said"
        async with visitor.session.post(f"{stack.url}/chat/{endpoint}", data=form) as answer:
            page = await answer.text()
    return page


async def _web_messages(stack: AppStack, secret: str) -> int:
    """Return the number of messages of the person whose web chat has this secret name."""
    async with stack.rt.pool.connection() as transaction:
        person = await identities.find(stack.rt, transaction, "web", secret)
        assert person is not None
        cursor = await transaction.execute(
            "SELECT count(*) FROM messages WHERE person_id = %s", (person.id,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_expired_secure_page_session_continues_in_the_messenger(stack: AppStack) -> None:
    user = stack.telegram.user(7108, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        assert (await secure_page.enter(visitor, link))[0] == 200
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT person_id FROM conversations")
        (person_id,) = await cursor.fetchone() or (None,)
    assert person_id is not None
    await stack.ahead("31 minutes")
    async with stack.rt.pool.connection() as session:
        await session.execute("DELETE FROM handles WHERE expires_at < kosh_now()")
        delivery = await receive.take_turn(stack.rt, session, person_id, Joined())
    await telegram_chat.wait_for_reply(user, partial(receive.deliver, stack.rt, delivery))


async def test_secure_link_is_revoked_by_a_new_one(stack: AppStack) -> None:
    user = stack.telegram.user(7105, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    old, new = await secure_page.new_link(stack, user), ""
    await telegram_chat.wait_for_reply(user, partial(user.say, "/help"))
    new = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        assert (await secure_page.enter(visitor, old))[0] == 410
        assert (await secure_page.enter(visitor, new))[0] == 200


def _signed_data(stack: AppStack, user_id: int, *, at: float | None = None) -> str:
    """Return the data that Telegram passes to a Mini App, signed as its documentation says.

    `at` is the time in the data, in Unix seconds (None: now).
    """
    token = stack.rt.settings.telegram_token
    assert token
    fields: dict[str, Any] = {
        "auth_date": str(int(at or time.time())),
        "user": f'{{"id":{user_id},"first_name":"Test"}}',
    }
    checked = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hmac.new(b"WebAppData", token.get_secret_value().encode(), hashlib.sha256).digest()
    fields["hash"] = hmac.new(secret, checked.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)


def _with_wrong_signature(signed: str) -> str:
    """Return a Mini App's data with a wrong signature: its last digit is changed."""
    return signed[:-1] + ("1" if signed.endswith("0") else "0")


@pytest.mark.requirement("S-2")
async def test_secure_link_in_a_mini_app_admits_only_its_person(stack: AppStack) -> None:
    user = stack.telegram.user(7106, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        for init in (
            _signed_data(stack, 7999),
            _signed_data(stack, 7106, at=time.time() - 3600),
            _with_wrong_signature(_signed_data(stack, 7106)),
            "nonsense",
        ):
            assert (await secure_page.enter(visitor, link, init=init))[0] == 403
        assert (await secure_page.enter(visitor, link, init=_signed_data(stack, 7106)))[0] == 200
