"""While PostgreSQL is down, Kosh acknowledges no update, so the platform sends each again later.

A person who opens a page during the outage sees a notice, and their text is not lost.
"""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, OperationalError
from psycopg.sql import SQL, Identifier, Literal
from psycopg_pool import PoolTimeout
from structlog.testing import capture_logs

from bot import runtime
from bot.cache import Cache
from bot.channels.webchat import WebChat
from bot.conversations import receive
from bot.db import connection
from bot.operations import health
from bot.web import chat_stream
from bot.web.app import create_app
from bot.web.chat_rendering import EXIT, EXIT_URL
from bot.web.chat_session import NAME_HEADER
from bot.web.console import demo_officers, live_updates
from bot.web.secure_page import NOT_NOW
from flows.engine import screens
from tests.app_stack import AppStack, serving, shared_runtime
from tests.console_client import Console
from tests.person_client import runtime_of_other_process
from tests.web.database_faults import stopped_database

SECRET = "X-Telegram-Bot-Api-Secret-Token"


async def _post_update(stack: AppStack, number: int, user_id: int = 7300, url: str = "") -> int:
    """Post the update `number` of the person `user_id` to Telegram's webhook; return the status."""
    secret = stack.rt.settings.telegram_secret
    assert secret
    sender = {"id": user_id, "is_bot": False, "first_name": "Test", "language_code": "kk"}
    chat = {"id": user_id, "type": "private"}
    update: dict[str, Any] = {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": 1,
            "from": sender,
            "chat": chat,
            "text": "/start",
        },
    }
    sent = {"Content-Type": "application/json", SECRET: secret.get_secret_value()}
    url = f"{url or stack.url}/webhooks/telegram"
    async with stack.http.post(url, data=json.dumps(update), headers=sent) as answer:
        return answer.status


async def _status(stack: AppStack, path: str) -> int:
    async with stack.http.get(f"{stack.url}{path}") as answer:
        return answer.status


@pytest.mark.requirement("S-1", "S-5", "S-75")
async def test_webhook_answers_503_when_the_database_is_down(
    stack: AppStack, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runtime.DATABASE_SECONDS <= 3
    assert await _post_update(stack, 1) == 200
    database = stack.rt.settings.database().rsplit("/", 1)[1]
    with stopped_database(admin_url, database):
        assert await _post_update(stack, 2) == 503
        assert await _status(stack, "/ready") == 503
        assert await _status(stack, "/health") == 200

    async def is_ready() -> bool:
        return await _status(stack, "/ready") == 200

    await stack.until(is_ready, 60)
    count = len(stack.telegram.journal.calls("sendMessage"))
    for _again in range(2):
        assert await _post_update(stack, 2) == 200
    assert len(stack.telegram.journal.calls("sendMessage")) == count + 1


@contextmanager
def _make_read_only(admin_url: str, database: str) -> Iterator[None]:
    """Let a database accept no writes in the block, as a standby or one whose disk is full."""

    def set_read_only(value: str) -> None:
        statement = SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
        session.execute(statement.format(Identifier(database), Literal(value)))
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (database,),
        )

    with psycopg.connect(admin_url, autocommit=True) as session:
        set_read_only("on")
        try:
            yield
        finally:
            set_read_only("off")


@pytest.mark.requirement("S-1", "S-75")
async def test_webhook_answers_503_when_the_database_is_read_only(
    stack: AppStack, admin_url: str
) -> None:
    database = stack.rt.settings.database().rsplit("/", 1)[1]

    async def status_is(expected: int) -> bool:
        return await _status(stack, "/ready") == expected

    with _make_read_only(admin_url, database):
        await stack.until(lambda: status_is(503), 60)
        assert await _post_update(stack, 1) == 503
        found = await health.collect(stack.rt)
        assert not found.database, "the alert KoshDatabaseUnavailable fires"
    await stack.until(lambda: status_is(200), 60)
    assert await _post_update(stack, 1) == 200


def _limit_waits(monkeypatch: pytest.MonkeyPatch, backend: int) -> list[float]:
    """Limit to 0.2 s how long the program waits for an answer of this PostgreSQL process.

    Return a list. Each wait that times out appends the time limit, in seconds, that it had without
    this change.
    """
    waits: list[float] = []
    wait = AsyncConnection.wait

    async def wait_shortly(
        self: AsyncConnection[Any],
        gen: Any,
        interval: float = 0.1,
        timeout: float = 0,  # noqa: ASYNC109 — the name that it replaces
    ) -> Any:
        if self.info.backend_pid != backend:
            return await wait(self, gen, interval, timeout)
        try:
            return await wait(self, gen, interval, 0.2)
        except OperationalError:
            waits.append(timeout)
            raise

    monkeypatch.setattr(AsyncConnection, "wait", wait_shortly)
    return waits


@pytest.mark.requirement("S-5")
async def test_request_times_out_when_its_database_connection_freezes(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop the connection's PostgreSQL process: the request must get 503 within REQUEST_SECONDS."""
    assert connection.REQUEST_SECONDS <= 3 < connection.SILENCE_SECONDS
    async with runtime.pool(stack.rt.settings.database(), 1) as own:
        web = runtime_of_other_process(replace(stack.rt, pool=own))
        async with serving(create_app(shared_runtime(web))) as url:
            assert await _post_update(stack, 1, url=url) == 200
            async with own.connection() as transaction:
                backend = transaction.info.backend_pid
            waits = _limit_waits(monkeypatch, backend)
            os.kill(backend, signal.SIGSTOP)
            try:
                assert await _post_update(stack, 2, url=url) == 503
                assert 0 < sum(waits) <= connection.REQUEST_SECONDS
            finally:
                os.kill(backend, signal.SIGCONT)

            async def is_accepted() -> bool:
                return await _post_update(stack, 2, url=url) == 200

            await stack.until(is_accepted, 60)


PAGE_HEADERS = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.release
async def test_pages_answer_503_when_the_database_is_down(stack: AppStack, admin_url: str) -> None:
    form = {"text": "Where is my paper?", "id": "the-same-id-as-before"}
    with stopped_database(admin_url, stack.rt.settings.database().rsplit("/", 1)[1]):
        assert await _check_outage_page(stack, f"{stack.url}/p/an-invented-link") == 503
        async with stack.http.get(f"{stack.url}/chat", headers=PAGE_HEADERS) as answer:
            assert answer.status == 200, "the greeting needs no database"
        async with stack.http.post(
            f"{stack.url}/chat/said", data=form, headers=PAGE_HEADERS
        ) as answer:
            assert answer.status == 503
            html = await answer.text()
        async with stack.http.post(
            f"{stack.url}/chat/said", data=form, headers={"X-Requested-With": "kosh"}
        ) as answer:
            assert (answer.status, await answer.json()) == (503, {"error": "E_UNAVAILABLE"})
        for field in ({"text": "exit"}, {"payload": EXIT}):
            endpoint = "said" if "text" in field else "pressed"
            async with stack.http.post(
                f"{stack.url}/chat/{endpoint}",
                data=field,
                headers=PAGE_HEADERS,
                allow_redirects=False,
            ) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, EXIT_URL)
    assert ">Where is my paper?</textarea>" in html
    assert 'name="id" value="the-same-id-as-before"' in html


@pytest.mark.requirement("S-81")
async def test_chat_page_answers_when_valkey_is_down(stack: AppStack) -> None:
    nowhere = Cache.at("redis://127.0.0.1:9")
    channels = {**stack.rt.channels, WebChat.name: WebChat(nowhere, stack.rt.vault)}
    alone = replace(stack.rt, valkey=nowhere, channels=channels)
    async with serving(create_app(shared_runtime(alone))) as url:
        async with stack.http.get(f"{url}/chat", headers=PAGE_HEADERS) as answer:
            assert answer.status == 200
            page = await answer.text()
        (name,) = set(re.findall(r'name="chat" value="([^"]+)"', page))
        (russian,) = re.findall(r'name="payload" value="([^"]+:ru)"', page)
        pressed = {"payload": russian, "chat": name}
        async with stack.http.post(
            f"{url}/chat/pressed", data=pressed, headers=PAGE_HEADERS
        ) as answer:
            assert answer.status == 200
            menu = stack.rt.languages.render(screens.MENU_TEXT, "ru")
            assert menu in unescape(await answer.text())


async def _check_outage_page(stack: AppStack, url: str) -> int:
    """Check that the page reports the outage in all languages; return its HTTP status."""
    async with stack.http.get(url, headers=PAGE_HEADERS) as answer:
        html = await answer.text()
        for code, _own in stack.rt.languages.languages():
            assert stack.rt.languages.render(NOT_NOW, code) in unescape(html)
        assert answer.headers["Retry-After"]
        return answer.status


async def _fail_for_lack_of_a_connection(*_arguments: object) -> None:
    raise PoolTimeout


async def test_chat_stream_ends_without_an_error_when_the_database_is_down(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_stream, "unread_notes", _fail_for_lack_of_a_connection)
    headers = {NAME_HEADER: "x" * 32}
    async with stack.http.get(f"{stack.url}/chat/stream", headers=headers) as response:
        assert await response.text() == ": open\n\n"


async def test_console_stream_ends_without_an_error_when_the_database_is_down(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await demo_officers.enter(stack.rt)
    monkeypatch.setattr(live_updates.ChangeFeed, "changes", _fail_for_lack_of_a_connection)
    async with Console.signed_in(stack.url, "Aigul Testova") as console:
        response = await console.session.get(f"{stack.url}/console/stream")
        assert (await response.text()).endswith(": open\n\n")


async def test_webhook_answers_200_when_the_reply_cannot_be_sent(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "deliver", _fail_for_lack_of_a_connection)
    with capture_logs() as logs:
        assert await _post_update(stack, 1) == 200

        async def is_logged() -> bool:
            return any(each["event"] == "delivery.deferred" for each in logs)

        await stack.until(is_logged)
