"""The end of a console session is stored, so that a copy of the session's cookie is useless."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.console_client import Console

LEAD = "Marat Testov"
INBOX, SIGN_IN = "/console/inbox", "/console/sign-in"


@pytest.fixture
async def console(stack: AppStack) -> AsyncIterator[Console]:
    """Yield the browser of a lead who is signed in at the console."""
    await demo_officers.enter(stack.rt)
    async with Console.signed_in(stack.url, LEAD) as console:
        yield console


@pytest.mark.requirement("S-57")
async def test_console_session_is_refused_after_sign_out(stack: AppStack, console: Console) -> None:
    (token,) = [each.value for each in console.session.cookie_jar if each.key == "console"]
    async with Console.at(stack.url) as copy:
        assert (await copy.get(INBOX, Cookie=f"console={token}")).path == INBOX
        await console.get(INBOX)
        await console.submit("/sign-out")
        assert (await copy.get(INBOX, Cookie=f"console={token}")).path == SIGN_IN


async def test_sign_out_keeps_the_settings_and_notifications_of_the_browser(
    console: Console,
) -> None:
    form = (await console.get(INBOX)).form("/sign-out")
    headers = {"Origin": console.url, "Sec-Fetch-Site": "same-origin"}
    async with console.session.post(
        console.url + form.action, data=form.fields, headers=headers, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        assert answer.headers["Clear-Site-Data"] == '"cache"'


@pytest.mark.requirement("S-57")
async def test_console_session_can_be_ended_from_another_browser(
    stack: AppStack, console: Console
) -> None:
    async with Console.signed_in(stack.url, LEAD) as other:
        page = await other.get("/console/own")
        (session,) = re.findall(r'name="session" value="([0-9a-f-]{36})"', page.html)
        await other.submit("/own/end", session=session)
        assert (await console.get(INBOX)).path == SIGN_IN
        assert (await other.get(INBOX)).path == INBOX
