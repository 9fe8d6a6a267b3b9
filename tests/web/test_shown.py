"""Kosh keeps the texts of messages to the web chat until the open page confirms their ids."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import aiohttp
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message as Asgi

from bot import desk, outbox
from bot.channels import Inbound, Message
from bot.conversations import receive
from bot.outbox import webchat_feed
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.web import chat_stream
from flows.engine.events import Said
from tests.app_stack import AppStack
from tests.desk.desks import ask, insert_officer, new_idempotency_key, stored_case
from tests.person_client import Guest

pytestmark = pytest.mark.requirement("S-9")

HUGE = "9" * 15


async def _create_person(rt: Runtime) -> tuple[Guest, Person]:
    """Create a person in the web chat who gave consent; return its client and its stored person."""
    guest = Guest(rt)
    await guest.consent()
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
    assert person is not None
    return guest, person


async def _newest_id(guest: Guest) -> int:
    return int((await guest.rows())[-1][0])


async def _send_messages(rt: Runtime, person: Person, *words: str) -> list[int]:
    """Send these messages to the person's web chat; return their ids."""
    rows = [outbox.Row("send", Message((each,))) for each in words]
    async with rt.pool.connection() as session:
        ids = await outbox.enqueue(session, person, "web", rows)
    await outbox.deliver(rt, None, person)
    return ids


async def _waiting_ids(rt: Runtime, person: Person, after: int = 0) -> list[int]:
    return [row.id for row in await outbox.waiting(rt, person, "web", after)]


def _request(rt: Runtime, guest: Guest, last: int) -> Request:
    """Return a request for the event stream after message `last`.

    The request never reports that the browser has closed the connection.
    """

    async def silence() -> Asgi:
        await asyncio.Event().wait()
        raise AssertionError

    state = SimpleNamespace(rt=rt, closing=asyncio.Event())
    headers = [(b"cookie", f"kosh={guest.name}".encode()), (b"last-event-id", b"%d" % last)]
    return Request(
        {"type": "http", "method": "GET", "path": "/chat/stream", "query_string": b"",
         "headers": headers, "app": SimpleNamespace(state=state)},
        silence,
    )  # fmt: skip


class _EventStream:
    """An open event stream of the web chat; `read` returns the ids of the next messages."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def read(self, count: int) -> list[int]:
        found: list[int] = []
        async with asyncio.timeout(60):
            while len(found) < count:
                event = (await self._content.readuntil(b"\n\n")).decode()
                found += [int(each) for each in re.findall(r"^id: (\d+)$", event, re.MULTILINE)]
        return found


@asynccontextmanager
async def _line(stack: AppStack, guest: Guest, last: str) -> AsyncIterator[_EventStream]:
    """Open the event stream after message `last` for the block; then cut its connection."""
    headers, params = {"Cookie": f"kosh={guest.name}"}, {"last": last}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{stack.url}/chat/stream", params=params) as answer,
    ):
        yield _EventStream(answer.content)


async def _post_text(stack: AppStack, guest: Guest, **fields: str) -> None:
    headers = {"Cookie": f"kosh={guest.name}", "X-Requested-With": "kosh"}
    form = {"chat": "", "id": uuid4().hex, "text": "TESTOVA", **fields}
    async with stack.http.post(f"{stack.url}/chat/said", data=form, headers=headers) as answer:
        assert answer.status == 202


async def test_chat_stream_keeps_messages_sent_over_a_dead_connection(rt: Runtime) -> None:
    guest, person = await _create_person(rt)
    before = await _newest_id(guest)
    unseen = await _send_messages(rt, person, "ten", "eleven")
    answer = await chat_stream.stream(_request(rt, guest, before))
    assert isinstance(answer, StreamingResponse)
    async with aclosing(cast(AsyncGenerator[str], answer.body_iterator)) as events:
        event_text = "".join([await anext(events) for _open_and_two in range(3)])
        assert "ten" in event_text
        assert "eleven" in event_text
        (later,) = await _send_messages(rt, person, "twelve")
        # On a busy machine, comments that keep the connection open may come first.
        async with asyncio.timeout(60):
            while "twelve" not in await anext(events):
                pass
    assert await _waiting_ids(rt, person, before) == [*unseen, later]


async def test_chat_stream_marks_an_officers_message_with_its_time(rt: Runtime) -> None:
    guest, _person = await _create_person(rt)
    officer = await insert_officer(rt)
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    claimed = await stored_case(rt, case.id)
    before = await _newest_id(guest)
    await desk.reply(
        rt, officer, case.id, claimed.version, key=new_idempotency_key(), words="An answer."
    )
    answer = await chat_stream.stream(_request(rt, guest, before))
    assert isinstance(answer, StreamingResponse)
    async with aclosing(cast(AsyncGenerator[str], answer.body_iterator)) as events:
        event_text = ""
        while "An answer." not in event_text:
            event_text = await anext(events)
    shown = json.loads(event_text.partition("data: ")[2])
    assert shown["officer"]
    assert shown["at"] > 0


async def test_chat_stream_resumes_after_the_clients_last_id(stack: AppStack) -> None:
    guest, person = await _create_person(stack.rt)
    before = await _newest_id(guest)
    unseen = await _send_messages(stack.rt, person, "ten", "eleven")
    async with _line(stack, guest, str(before)) as line:
        assert await line.read(2) == unseen
        (later,) = await _send_messages(stack.rt, person, "twelve")
        assert await line.read(1) == [later]
    async with _line(stack, guest, str(before)) as line:
        assert await line.read(3) == [*unseen, later]
    async with _line(stack, guest, str(later)):
        assert await _waiting_ids(stack.rt, person) == [later], "it has said now what it has"


async def test_chat_post_deletes_waiting_messages_before_the_last_one_shown(
    stack: AppStack,
) -> None:
    guest, person = await _create_person(stack.rt)
    earlier, newest = await _send_messages(stack.rt, person, "ten", "eleven")
    await _post_text(stack, guest)
    assert {earlier, newest} <= {*await _waiting_ids(stack.rt, person)}, (
        "without the script none go"
    )
    await _post_text(stack, guest, last=str(newest))
    assert (await _waiting_ids(stack.rt, person))[0] == newest


async def test_chat_post_deletes_no_message_for_an_invalid_last_id(stack: AppStack) -> None:
    (guest, person), (_other, other) = (
        await _create_person(stack.rt),
        await _create_person(stack.rt),
    )
    own_ids = await _send_messages(stack.rt, person, "ten", "eleven")
    foreign_ids = await _send_messages(stack.rt, other, "twelve", "thirteen")
    waiting_ids = await _waiting_ids(stack.rt, person), await _waiting_ids(stack.rt, other)
    for last in (HUGE, str(foreign_ids[-1]), "-1", "1e9", "x", f"{own_ids[-1]}-0"):
        await _post_text(stack, guest, last=last)
        async with _line(stack, guest, last):
            pass
    assert (await _waiting_ids(stack.rt, person))[: len(waiting_ids[0])] == waiting_ids[0]
    assert await _waiting_ids(stack.rt, other) == waiting_ids[1]


async def test_chat_page_without_scripts_gets_the_newest_waiting_messages(rt: Runtime) -> None:
    _guest, person = await _create_person(rt)
    (first,) = await _send_messages(rt, person, "the first")
    ids = await _send_messages(rt, person, *map(str, range(webchat_feed.MAX_WAITING)))
    found = await outbox.waiting(rt, person, "web", after=0)
    assert [each.id for each in found] == ids
    earlier = await outbox.waiting(rt, person, "web", after=first - 1)
    assert [each.id for each in earlier] == [first, *ids][: webchat_feed.MAX_WAITING]


async def test_repeated_post_is_processed_once_when_the_version_changed(stack: AppStack) -> None:
    guest, _person = await _create_person(stack.rt)
    await guest.go("yes")
    post_id, name = uuid4().hex, guest.name
    # The id under which the previous version processed the post, whose response was lost.
    first = Inbound("web", f"{name}:{post_id}", name, name, Said("TESTOVA"), message_id=post_id)
    await receive.deliver(stack.rt, await receive.receive(stack.rt, first))
    before = await guest.conversation()
    form = {"chat": "", "id": post_id, "text": "TESTOVA"}
    headers = {"Cookie": f"kosh={name}", "X-Requested-With": "kosh"}
    async with stack.http.post(f"{stack.url}/chat/said", data=form, headers=headers) as answer:
        assert answer.status == 202
    assert await guest.conversation() == before
