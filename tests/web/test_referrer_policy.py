"""The referrer policy: other sites get no referrer, and Kosh's own forms name their origin."""

import re

import pytest

from tests.app_stack import AppStack
from tests.visitor import Visitor
from tests.web import secure_page

PAGES = ("/", "/chat", "/info", "/status", "/console/sign-in", "/p/unknown", "/nowhere")


@pytest.mark.parametrize("path", PAGES)
async def test_page_sends_no_referrer_to_other_sites(stack: AppStack, path: str) -> None:
    async with stack.http.get(stack.url + path) as answer:
        policy, page = answer.headers["referrer-policy"], await answer.text()
    assert policy == "same-origin"
    assert set(re.findall(r'<meta name="referrer" content="([^"]*)"', page)) <= {policy}


async def _origin(stack: AppStack, path: str) -> dict[str, str]:
    """Return the origin that a page's form posts according to the Fetch standard.

    A browser without Sec-Fetch-Site sends no other header that names the page's site.
    """
    async with stack.http.get(stack.url + path) as answer:
        policy = answer.headers["referrer-policy"]
    return {"Origin": "null" if policy == "no-referrer" else stack.url}


async def test_old_browser_opens_the_secure_page(stack: AppStack) -> None:
    user = stack.telegram.user(7301, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    headers = await _origin(stack, link.removeprefix(stack.url))
    async with (
        Visitor.at(stack.url) as visitor,
        visitor.session.post(link, data={"init": ""}, headers=headers) as answer,
    ):
        assert answer.status == 200
        assert "фамили" in (await answer.text()).lower()


@pytest.mark.parametrize(
    ("page", "path", "fields"),
    [
        ("/chat", "/chat/said", {"chat": "", "id": "one", "text": "/start"}),
        ("/console/sign-in", "/console/sign-in", {"name": "Testova", "password": "wrong"}),
    ],
)
async def test_old_browser_posts_forms_without_script(
    stack: AppStack, page: str, path: str, fields: dict[str, str]
) -> None:
    headers = await _origin(stack, page)
    async with stack.http.post(stack.url + path, data=fields, headers=headers) as answer:
        assert answer.status != 403
        assert await answer.text()
    async with stack.http.post(stack.url + path, data=fields, headers={"Origin": "null"}) as answer:
        assert answer.status == 403
