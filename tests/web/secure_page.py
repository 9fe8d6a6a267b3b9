"""Steps of a person who opens the secure page by its link and answers on it."""

import re
from functools import partial
from uuid import uuid4

import aiohttp

from bot.web.chat_session import VISIT
from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.visitor import Visitor
from tests.web import telegram_chat
from tests.web.journey import ANSWERS

# Index of the answer to the first private question.
SURNAME = ANSWERS.index("TESTOVA")
CLOSED = "Теперь можно закрыть эту страницу"


async def answer_to_surname(stack: AppStack, user: User) -> None:
    """Answer the form over Telegram up to the question for the surname."""
    await stack.receive_telegram()
    await user.start("")
    await user.wait_for_message(1)
    await telegram_chat.press(user, "ru")
    await telegram_chat.give_answers(user, *ANSWERS[:SURNAME])


async def new_link(stack: AppStack, user: User) -> str:
    """Press the button for the secure page; return its link, with this test server's URL."""
    await telegram_chat.wait_for_reply(user, partial(user.press, "!page"))
    (url,) = [button.url for row in user.last.buttons for button in row if button.url]
    return link_to(stack, url)


def link_to(stack: AppStack, url: str) -> str:
    """Return a link to the secure page as the person got it, with this test server's URL."""
    return stack.url + "/p/" + url.rsplit("/p/", 1)[1]


async def enter(visitor: Visitor, link: str, **fields: str) -> tuple[int, str]:
    """Open the secure page by its link, which works once; return the status and the page."""
    async with visitor.session.post(link, data=fields) as answer:
        return answer.status, await answer.text()


async def answer_on_page(link: str, stack: AppStack, *answers: str | bytes) -> list[str]:
    """Open the link on a new device, and answer with texts, button keys (`-`, `done`) or files.

    Return the page after each answer.
    """
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session, stack.url)
        async with session.get(link) as response:
            assert response.status == 200
        status, page = await enter(visitor, link)
        assert status == 200, page
        pages = []
        for answer in answers:
            endpoint, form = answer_form(page, answer)
            async with session.post(f"{stack.url}/chat/{endpoint}", data=form) as after:
                assert after.status == 200
                page = await after.text()
            pages.append(page)
        return pages


def answer_form(page: str, answer: str | bytes) -> tuple[str, aiohttp.FormData]:
    """Return the endpoint of the chat and the form that sends this answer to a page's question."""
    form = aiohttp.FormData({"chat": VISIT, "id": uuid4().hex})
    assert f'name="chat" value="{VISIT}"' in page
    if isinstance(answer, bytes):
        assert 'type="file"' in page
        form.add_field("file", answer, filename="page.jpg")
        return "file", form
    buttons = re.findall(rf'name="payload" value="(\d+:{answer})"', page)
    form.add_field(*(("payload", buttons[-1]) if buttons else ("text", answer)))
    return ("pressed" if buttons else "said"), form
