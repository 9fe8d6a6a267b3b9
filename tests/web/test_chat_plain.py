"""The web chat without JavaScript says why it rejected a text, and keeps it in the field."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, make_dataclass
from html import unescape

import aiohttp
import pytest

from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.people import identities
from bot.web import chat, chat_rendering
from flows.engine import safety
from flows.engine.commands import MAX_RELAYED
from flows.engine.conversation import step
from flows.engine.events import Event, Pressed, Said, Unreadable
from tests.app_stack import AppStack
from tests.web.journey import ANSWERS, ANSWERS_TO_CONSENT

DANGER = "меня бьют, мне страшно"
WORDS = 'where is "the office" & <when>?'


def _hidden_value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return unescape(found[1])


async def test_chat_page_without_scripts_offers_to_resend_rejected_text(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_on_words(flows, words, conversation, event, today, page):  # type: ignore[no-untyped-def]
        if event == Said(WORDS):
            raise ZeroDivisionError
        return step(flows, words, conversation, event, today, page)

    for module in (receive, conversation_store):
        monkeypatch.setattr(module, "step", fail_on_words)
    async with stack.http.get(f"{stack.url}/chat") as answer:
        page = await answer.text()
    for words in ("ru", WORDS):
        form = {"text": words, "chat": _hidden_value(page, "chat"), "id": _hidden_value(page, "id")}
        async with stack.http.post(f"{stack.url}/chat/said", data=form) as answer:
            page = await answer.text()
    assert (answer.status, answer.content_type) == (503, "text/html")
    assert stack.rt.languages.render(chat_rendering.TROUBLE, "ru") in page
    typed = re.search(r'<textarea id="text"[^>]*>([^<]*)</textarea>', page)
    assert typed is not None
    assert unescape(typed[1]) == WORDS
    again = {
        "text": unescape(typed[1]),
        "chat": _hidden_value(page, "chat"),
        "id": _hidden_value(page, "id"),
    }
    assert again == form

    monkeypatch.undo()
    async with stack.http.post(f"{stack.url}/chat/said", data=again) as answer:
        page = await answer.text()
    assert answer.status == 200
    assert stack.rt.languages.render(chat_rendering.TROUBLE, "ru") not in page


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def _post(
    session: aiohttp.ClientSession, stack: AppStack, page: str, endpoint: str, **fields: str
) -> str:
    form = {"chat": _hidden_value(page, "chat"), "id": _hidden_value(page, "id"), **fields}
    async with session.post(f"{stack.url}/chat/{endpoint}", data=form) as answer:
        assert answer.status == 200
        return await answer.text()


async def _press(session: aiohttp.ClientSession, stack: AppStack, page: str, key: str) -> str:
    """Press the open question's button with this key."""
    payloads = re.findall(r'name="payload" value="(\d+:[^"]*)"', page)
    payload = next(each for each in payloads if each.partition(":")[2] == key)
    return await _post(session, stack, page, "pressed", payload=payload)


def _own_texts(page: str) -> list[str]:
    return re.findall(r'<li class="said own".*?<p [^>]*>([^<]*)</p>', page, re.DOTALL)


async def test_chat_page_without_scripts_shows_the_message_just_sent(stack: AppStack) -> None:
    async with _session() as session:
        async with session.get(f"{stack.url}/chat") as answer:
            page = await answer.text()
        page = await _post(session, stack, page, "pressed", payload="1:ru")
        assert _own_texts(page) == ["Русский"]
        page = await _post(session, stack, page, "said", text=WORDS)
    assert [unescape(each) for each in _own_texts(page)] == [WORDS]
    assert page.index('<li class="said own"') < page.rindex('<li class="said kosh"')


async def test_press_keeps_the_text_in_the_writing_field_of_a_plain_page(stack: AppStack) -> None:
    async with _session() as session:
        async with session.get(f"{stack.url}/chat") as answer:
            page = await answer.text()
        page = await _press(session, stack, page, "ru")
        page = await _post(session, stack, page, "pressed", payload="!menu", text=WORDS)
    assert WORDS not in [unescape(each) for each in _own_texts(page)]
    typed = re.search(r'<textarea id="text"[^>]*>([^<]*)</textarea>', page)
    assert typed is not None
    assert unescape(typed[1]) == WORDS


async def test_second_post_of_a_page_without_scripts_is_processed(stack: AppStack) -> None:
    async with _session() as session:
        async with session.get(f"{stack.url}/chat") as answer:
            page = await answer.text()
        page = await _post(session, stack, page, "pressed", payload="1:ru")
        payloads = re.findall(r'name="payload" value="(\d+:[^"]*)"', page)
        await _post(session, stack, page, "pressed", payload=payloads[0])
        second = await _post(session, stack, page, "said", text=DANGER)
    assert stack.rt.languages.render(safety.READ_ALONE, "ru") in unescape(second)
    assert second.rindex('<li class="said own"') < second.rindex('<li class="said kosh"')


async def test_quick_exit_as_second_post_of_a_page_ends_the_chat(stack: AppStack) -> None:
    async with _session() as session:
        async with session.get(f"{stack.url}/chat") as answer:
            page = await answer.text()
        for key in ("ru", *ANSWERS_TO_CONSENT):
            page = await _press(session, stack, page, key)
        secret = next(each.value for each in session.cookie_jar if each.key == "kosh")
        await _post(session, stack, page, "pressed", payload="!menu")
        await _post(session, stack, page, "pressed", payload="!exit")
    async with stack.rt.pool.connection() as transaction:
        assert await identities.find(stack.rt, transaction, "web", secret) is None


async def test_repeated_post_of_a_page_without_scripts_is_processed_once(stack: AppStack) -> None:
    async with _session() as session:
        async with session.get(f"{stack.url}/chat") as answer:
            page = await answer.text()
        page = await _post(session, stack, page, "pressed", payload="1:ru")
        first = await _post(session, stack, page, "said", text=WORDS)
        again = await _post(session, stack, page, "said", text=WORDS)
    assert again.count('<li class="said kosh"') == first.count('<li class="said kosh"')


@pytest.mark.parametrize("event", [Said("дом"), Pressed("3:yes"), Unreadable("document")])
def test_id_of_a_post_is_the_same_when_the_next_version_adds_a_field(event: Event) -> None:
    kind = type(event)
    newer = make_dataclass(kind.__name__, [("note", str, "")], bases=(kind,), frozen=True)
    values = {each.name: getattr(event, each.name) for each in fields(event)}
    ids = {chat._update_id("7", each) for each in (event, newer(**values))}
    assert len(ids) == 1
    assert chat._update_id("8", event) not in ids
    assert chat._update_id("7", Said("да")) not in ids
    assert chat._update_id("7", Pressed("3:no")) not in ids


async def test_chat_page_without_scripts_hides_a_private_answer(stack: AppStack) -> None:
    async with _session() as session:
        async with session.get(f"{stack.url}/chat") as answer:
            page = await answer.text()
        for key in ("ru", *ANSWERS[: ANSWERS.index("TESTOVA")]):
            page = await _press(session, stack, page, key)
        assert _own_texts(page) != []
        page = await _post(session, stack, page, "said", text="TESTOVA")
    assert _own_texts(page) == []


@pytest.mark.parametrize("length", [MAX_RELAYED, MAX_RELAYED + 2000])
async def test_chat_accepts_a_chinese_text_as_long_as_an_officer_may_get(
    stack: AppStack, length: int
) -> None:
    """Send a text of 9 bytes per letter; a longer one must reach the answer that it is too long."""
    words = "我" * length
    async with _session() as session, session.get(f"{stack.url}/chat") as answer:
        page = await answer.text()
        page = await _post(session, stack, page, "said", text="zh_Hans")
        assert words in await _post(session, stack, page, "said", text=words)
