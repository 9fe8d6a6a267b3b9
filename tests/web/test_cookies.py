"""Cookies over https.

Erasure and quick exit delete the chat's cookie. An anonymous chat's cookie expires in 30 minutes.
"""

import re
from collections.abc import AsyncIterator
from html import unescape
from http.cookies import Morsel
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from psycopg_pool import PoolTimeout

from bot.config.settings import Settings
from bot.people import identities, secure_links
from bot.web import chat_session
from bot.web.chat_rendering import LABELS, LEAVING
from bot.web.console import demo_officers
from tests.app_stack import AppStack, running_stack
from tests.console_client import Console, Screen
from tests.person_client import Guest
from tests.web import secure_page

pytestmark = pytest.mark.requirement("S-57", "S-61")

VISIT = "__Host-kosh-visit"
CHAT, CONSOLE, DEVICE = "__Host-kosh", "__Host-console", "console-device"


@pytest.fixture
async def https_stack(chosen: Settings, admin_url: str) -> AsyncIterator[AppStack]:
    """Yield an application whose public URL is https, as behind a proxy that terminates TLS."""
    https = chosen.model_copy(update={"public_url": "https://kosh.example"})
    async with running_stack(https, admin_url) as stack:
        yield stack


async def _post(
    stack: AppStack, name: str, endpoint: str, place: str = CHAT, **fields: str
) -> tuple[str, Morsel[str] | None]:
    """Post to /chat/`endpoint` like the page without JavaScript, with `name` as the cookie's value.

    Return the page that follows and the cookie that it sets, if any.
    """
    url, headers = f"{stack.url}/chat/{endpoint}", {"Cookie": f"{place}={name}"}
    form = {"chat": "", "id": uuid4().hex, **fields}
    async with stack.http.post(url, data=form, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text(), answer.cookies.get(place)


def _banner(page: str) -> str:
    (text,) = re.findall(r'id="banner" role="status">([^<]*)<', page)
    return unescape(text)


def _is_deleted(cookie: Morsel[str] | None) -> bool:
    """Return True if the response deletes the cookie in a way that browsers accept.

    Browsers ignore a response that deletes a cookie with the name prefix `__Host-` unless it has
    the attributes `Secure` and `Path=/` and no `Domain`.
    """
    return cookie is not None and (
        cookie["max-age"], cookie["secure"], cookie["path"], cookie["domain"],
        cookie["httponly"], cookie["samesite"],
    ) == ("0", True, "/", "", True, "strict")  # fmt: skip


async def test_chat_cookie_is_deleted_after_erasure(https_stack: AppStack) -> None:
    guest = Guest(https_stack.rt)
    await guest.consent()
    page, cookie = await _post(https_stack, guest.name, "said", text="/delete")
    assert cookie is not None
    assert (int(cookie["max-age"]), cookie["secure"]) == (chat_session.COOKIE_SECONDS, True)
    (yes,) = re.findall(r'name="payload" value="(\d+:yes)"', page)
    _page, cookie = await _post(https_stack, guest.name, "pressed", payload=yes)
    assert _is_deleted(cookie)
    async with https_stack.rt.pool.connection() as session:
        assert await identities.find(https_stack.rt, session, "web", guest.name) is None


async def test_chat_cookie_is_renewed_when_the_person_only_reads(https_stack: AppStack) -> None:
    guest = Guest(https_stack.rt)
    await guest.consent()
    for name, seconds in ((guest.name, str(chat_session.COOKIE_SECONDS)), ("x" * 32, "0")):
        headers = {"Cookie": f"{CHAT}={name}"}
        async with https_stack.http.get(f"{https_stack.url}/chat", headers=headers) as answer:
            cookie = answer.cookies.get(CHAT)
            assert (cookie and cookie["max-age"]) == seconds


def test_mark_of_a_quick_exit_lasts_as_long_as_the_chat_cookie() -> None:
    script = (Path(chat_session.__file__).parent / "static/chat.js").read_text()
    (seconds,) = re.findall(rf"`{LEAVING}=.*max-age=(\d+)", script)
    assert int(seconds) == chat_session.COOKIE_SECONDS


async def test_console_cookie_is_deleted_at_sign_out(https_stack: AppStack) -> None:
    await demo_officers.enter(https_stack.rt)
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=https_stack.url)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Accept-Language": "ru"}) as session:
        console = Console(session, https_stack.url, Screen(0, "", https_stack.url, {}))
        form = (await console.sign_in("Marat Testov")).form("/sign-out")
        assert {each.key for each in jar} == {CONSOLE, DEVICE}
        async with session.post(
            https_stack.url + form.action,
            data=form.fields,
            headers={"Origin": https_stack.url, "Sec-Fetch-Site": "same-origin"},
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303
            assert _is_deleted(answer.cookies.get(CONSOLE))


async def test_secure_page_cookie_expires_with_its_session(https_stack: AppStack) -> None:
    user = https_stack.telegram.user(7301, first_name="Test")
    await secure_page.answer_to_surname(https_stack, user)
    async with https_stack.rt.pool.connection() as session:
        person = await identities.find(https_stack.rt, session, "telegram", str(user.id))
        assert person is not None
        token = await secure_links.create_link(https_stack.rt, session, person, "telegram")
    async with https_stack.http.post(
        f"{https_stack.url}/p/{token}", data={}, allow_redirects=False
    ) as entered:
        assert CHAT not in entered.cookies
        cookie = entered.cookies[VISIT]
    assert (int(cookie["max-age"]), cookie["secure"]) == (secure_links.VISIT_MINUTES * 60, True)
    page, renewed = await _post(
        https_stack, cookie.value, "said", VISIT, text="TESTOVA", chat=chat_session.VISIT
    )
    assert "имя" in page.lower(), "the answer was taken"
    assert renewed is None, "it ends when the visit does, which nothing makes longer"


async def test_chat_page_answers_when_the_database_cannot_renew_the_cookie(
    https_stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Guest(https_stack.rt)
    await guest.consent()

    async def fail(*_args: object) -> bool:
        raise PoolTimeout

    monkeypatch.setattr(identities, "is_permanent", fail)
    page, cookie = await _post(https_stack, guest.name, "said", text="/menu")
    assert "payload" in page
    assert cookie is None
    assert (await guest.rows())[-1][2] == "sent"


@pytest.mark.parametrize(("chat", "label"), [("", "chat_ended"), ("visit:", "visit_ended")])
async def test_page_without_script_explains_that_its_chat_has_ended(
    stack: AppStack, chat: str, label: str
) -> None:
    form = {"chat": chat, "id": uuid4().hex, "text": "TESTOVA"}
    headers = {"Accept-Language": "ru"}
    async with stack.http.post(f"{stack.url}/chat/said", data=form, headers=headers) as answer:
        page = await answer.text()
    assert _banner(page) == stack.rt.languages.render(LABELS[label], "ru")
    assert '<html lang="ru"' in page


async def test_page_of_an_invitation_does_not_say_that_a_chat_has_ended(stack: AppStack) -> None:
    async with stack.http.post(f"{stack.url}/chat/said", data={"text": "KOSH"}) as answer:
        page = await answer.text()
    assert _banner(page) == ""
