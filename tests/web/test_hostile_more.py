"""More hostile requests, and events at unusual moments.

The pytest mark `row` and the numbers in docstrings name rows of tests/proof/rows.toml.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot import outbox
from bot.channels import Message
from bot.people import identities
from bot.privacy import retention
from bot.web import request_parsing
from flows.engine import screens
from flows.engine.events import Said
from flows.engine.text import Text
from flows.preregistration.after_consent import BIRTH_YEAR
from flows.preregistration.before_consent import PAPERS
from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.person_client import AFTER_CONSENT, TO_CONSENT, Guest
from tests.web import telegram_chat

ROOT = Path(__file__).parents[2]
SECRET = "X-Telegram-Bot-Api-Secret-Token"
# An address in Telegram's network, which a check by IP address would accept.
TELEGRAMS_ADDRESS = "149.154.167.220"


def _update(number: int, user_id: int, **parts: Any) -> bytes:
    sender = {"id": user_id, "is_bot": False, "first_name": "Test"}
    place = {"message_id": 1, "date": 1, "chat": {"id": user_id, "type": "private"}}
    if "data" in parts:
        query = {"id": f"q{number}", "from": sender, "message": place, "chat_instance": "1"}
        return json.dumps({"update_id": number, "callback_query": query | parts}).encode()
    return json.dumps({"update_id": number, "message": place | {"from": sender} | parts}).encode()


async def _post(stack: AppStack, body: bytes, **headers: str) -> int:
    secret = stack.rt.settings.telegram_secret
    assert secret
    sent = {"Content-Type": "application/json", SECRET: secret.get_secret_value()}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with stack.http.post(
        f"{stack.url}/webhooks/telegram", data=body, headers=sent
    ) as response:
        return response.status


async def _count(stack: AppStack, query: str) -> int:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(query)
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _render(stack: AppStack, text: Text, language: str = "ru") -> str:
    return stack.rt.languages.render(text, language)


def _payload(user: User, key: str) -> str | None:
    """Return the data of the newest message's button with this key; None if there is none."""
    buttons = [button.data or "" for row in user.last.buttons for button in row]
    return next((data for data in buttons if key in (data, data.partition(":")[2])), None)


# The secret of Telegram's webhook (rows 5 and 8 of tests/proof/rows.toml)


@pytest.mark.release
@pytest.mark.requirement("S-3")
@pytest.mark.row(5)
def test_web_server_refuses_to_start_without_a_webhook_secret() -> None:
    """Check exit code and error message, which names the setting but not the bot token.

    This is row 5 of tests/proof/rows.toml.
    """
    token = "1000000001:ATestTokenThatIsPlainlyInventedForTests"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KOSH_")}
    process = subprocess.run(
        [sys.executable, "-m", "bot", "web"],
        cwd=ROOT,
        env=clean | {"KOSH_TELEGRAM_TOKEN": token, "KOSH_DEMO": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert process.returncode == 2
    assert "E_CONFIG" in process.stderr
    assert "KOSH_TELEGRAM_SECRET" in process.stderr
    assert token not in process.stdout + process.stderr


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "True-Client-IP"]
)
@pytest.mark.requirement("S-2")
@pytest.mark.row(8)
async def test_webhook_ignores_a_forged_telegram_ip_address_in_headers(
    stack: AppStack, header: str
) -> None:
    """Claim Telegram's IP address in a header; only the secret admits an update.

    This is row 8 of tests/proof/rows.toml.
    """
    value = f"for={TELEGRAMS_ADDRESS}" if header == "Forwarded" else TELEGRAMS_ADDRESS
    forged = {header.replace("-", "_"): value}
    body = _update(700, 7200, text="/start")
    assert await _post(stack, body, **forged, **{SECRET.replace("-", "_"): "x" * 64}) == 403
    assert await _count(stack, "SELECT count(*) FROM quarantined_updates") == 0
    assert stack.telegram.journal.calls("sendMessage") == []
    assert await _post(stack, body, **forged) == 200
    assert len(stack.telegram.journal.calls("sendMessage")) == 1


# Slow clients (row 28 of tests/proof/rows.toml)


@asynccontextmanager
async def _sockets(url: str, many: int, data: bytes) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Open `many` connections that send only `data`; yield their readers."""
    host, _, port = url.removeprefix("http://").partition(":")
    pairs = [await asyncio.open_connection(host, int(port)) for _number in range(many)]
    try:
        for _reader, writer in pairs:
            writer.write(data)
        yield [reader for reader, _writer in pairs]
    finally:
        for _reader, writer in pairs:
            writer.close()
        for _reader, writer in pairs:
            with suppress(OSError):
                await writer.wait_closed()


async def _health(stack: AppStack, url: str) -> int:
    async with stack.http.get(f"{url}/health", headers={"Connection": "close"}) as response:
        return response.status


@pytest.mark.row(28)
async def test_webhook_answers_408_for_an_unfinished_body(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check the time limit for a body (row 28 of tests/proof/rows.toml)."""
    monkeypatch.setattr(request_parsing, "BODY_SECONDS", 0.2)
    secret = stack.rt.settings.telegram_secret
    assert secret
    head = (
        "POST /webhooks/telegram HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{SECRET}: {secret.get_secret_value()}\r\nContent-Length: 1000\r\n\r\n{{"
    )
    async with _sockets(stack.url, 1, head.encode()) as (reader,):
        answer = await asyncio.wait_for(reader.read(64), 60)
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.row(28)
async def test_connections_with_unfinished_headers_block_no_other_client(stack: AppStack) -> None:
    """Open 200 connections that send unfinished headers (row 28 of tests/proof/rows.toml)."""
    async with _sockets(stack.url, 200, b"POST /webhooks/telegram HTTP/1.1\r\nHost: 127.0"):
        assert await _health(stack, stack.url) == 200
        assert await _post(stack, _update(710, 7210, text="/start")) == 200


# Order and number of updates (rows 32 and 65 of tests/proof/rows.toml)


@pytest.mark.row(32)
async def test_old_button_pressed_twice_changes_no_answer_and_gets_one_reply(
    stack: AppStack,
) -> None:
    """Press a button of an earlier question twice (row 32 of tests/proof/rows.toml)."""
    user = await stack.telegram_user(7220)
    await telegram_chat.give_answers(user, "ru", "preregistration", "self")
    old = _payload(user, "yes")
    assert old
    await telegram_chat.give_answers(user, "yes", "information", "CN", "unsaid", "long")
    question = user.last.text
    assert _payload(user, "yes"), "another question with the same answers"
    before = len(stack.telegram.journal.calls("sendMessage"))
    for _again in range(2):
        assert await _post(stack, _update(1, user.id, data=old)) == 200
    await user.wait(lambda chat: _render(stack, screens.OLD_BUTTON) in user.last.text)
    assert question.splitlines()[-1] in user.last.text
    assert await _post(stack, _update(2, user.id, text="нет")) == 200
    await user.wait(lambda chat: _render(stack, PAPERS.text) in user.last.text)
    assert len(stack.telegram.journal.calls("sendMessage")) == before + 2


@pytest.mark.release
@pytest.mark.row(65)
@pytest.mark.requirement("S-19")
async def test_webhook_accepts_100_concurrent_messages_of_one_person(
    stack: AppStack,
) -> None:
    """Send 100 messages concurrently; each gets a reply, as does another person's.

    This is row 65 of tests/proof/rows.toml.
    """
    user = await stack.telegram_user(7230)
    await telegram_chat.give_answers(user, *TO_CONSENT, "yes")
    assert await _count(stack, "SELECT count(*) FROM people") == 1
    count = len(stack.telegram.journal.calls("sendMessage"))

    async def resend(number: int) -> None:
        """Resend the update until the server accepts it, as the platform does."""
        while await _post(stack, _update(2_000 + number, user.id, text="?")) != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    other = stack.telegram.user(7231, first_name="Test")
    flood = asyncio.gather(*(resend(number) for number in range(100)))
    await other.start()
    await other.wait_for_message(1)
    await flood

    async def are_all_sent() -> bool:
        return await _count(stack, "SELECT count(*) FROM messages WHERE state <> 'sent'") == 0

    await stack.until(are_all_sent, 60)
    assert len(stack.telegram.journal.calls("sendMessage")) == count + 101, (
        "one each, and one other"
    )
    await telegram_chat.give_answers(user, "/menu")
    assert _render(stack, screens.MENU_TEXT) in user.last.text


# A message about danger (row 64 of tests/proof/rows.toml)


@pytest.mark.row(64)
async def test_request_for_an_officer_after_a_danger_message_is_urgent(stack: AppStack) -> None:
    """Check also that the reply does not repeat the message about danger, and opens no case.

    This is row 64 of tests/proof/rows.toml.
    """
    words = "мне угрожают"
    user = await stack.telegram_user(7240)
    await telegram_chat.give_answers(user, "ru", "preregistration", "self", words)
    assert words not in user.last.text
    assert "угро" not in user.last.text.lower()
    assert await _count(stack, "SELECT count(*) FROM people") == 0, "nothing before consent"
    assert await _count(stack, "SELECT count(*) FROM cases") == 0, "only if the person asks for it"
    await telegram_chat.give_answers(user, "Срочно: специалист", "yes", "Пожалуйста, ответьте")
    assert await _count(stack, "SELECT count(*) FROM cases") == 1
    urgent = "SELECT count(*) FROM cases WHERE urgent AND topic = 'danger' AND state = 'queued'"
    assert await _count(stack, urgent) == 1
    assert any(_render(stack, screens.WAITING) in message.text for message in user.received)


# The bot is blocked during a conversation (row 67 of tests/proof/rows.toml)


async def _send_to_all(stack: AppStack) -> None:
    """Enqueue a message to each person, and run the periodic job that sends queued messages."""
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM people")
        for (person_id,) in await cursor.fetchall():
            person = await identities.load(stack.rt, session, person_id)
            assert person is not None
            message = Message(("A word of ours",), language="ru")
            await outbox.enqueue(session, person, "telegram", [outbox.Row("send", message)])
    await outbox.sweep(stack.rt)


@pytest.mark.requirement("S-12")
@pytest.mark.row(67)
async def test_blocked_bot_sends_nothing_and_keeps_the_answers_for_30_days(stack: AppStack) -> None:
    """Check late updates, messages to the person, and the person's return.

    This is row 67 of tests/proof/rows.toml.
    """
    user = await stack.telegram_user(7250)
    await telegram_chat.give_answers(user, *TO_CONSENT, "yes", "yes", "TESTOVA")
    await user.block()

    async def blocked() -> bool:
        return await _count(stack, "SELECT count(*) FROM handles WHERE blocked") == 1

    await stack.until(blocked)
    before = len(stack.telegram.journal.calls("sendMessage"))
    # An update that Telegram sent before the person blocked the bot may still arrive.
    assert await _post(stack, _update(3, user.id, text="GULNAR")) == 200

    async def nothing_queued() -> bool:
        waiting = "SELECT count(*) FROM messages WHERE state IN ('pending', 'sending')"
        return await _count(stack, waiting) == 0

    await stack.until(nothing_queued)
    await retention.retain(stack.rt)
    assert await _count(stack, "SELECT count(*) FROM people") == 1
    # One more call is possible: Kosh sends the reply to the late update before it knows of the
    # block.
    assert len(stack.telegram.journal.calls("sendMessage")) <= before + 1
    await _send_to_all(stack)
    await stack.until(nothing_queued)
    assert len(stack.telegram.journal.calls("sendMessage")) <= before + 1
    await user.start()
    await user.wait(lambda chat: _payload(user, "preregistration"))
    await telegram_chat.give_answers(user, "preregistration")
    assert _render(stack, BIRTH_YEAR.text) in user.last.text, "the answers are still there"
    await user.block()
    await stack.until(blocked)
    await stack.ahead("31 days")
    await retention.retain(stack.rt)
    assert await _count(stack, "SELECT count(*) FROM people") == 0


# Two people register with the same details (row 68 of tests/proof/rows.toml)


async def _received_texts(stack: AppStack, guest: Guest) -> list[tuple[str, ...]]:
    """Return the paragraphs of each message that the person's web chat got since consent."""
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "web", guest.name)
    assert person is not None
    rows = await outbox.waiting(stack.rt, person, "web", 0)
    return [row.message.paragraphs for row in rows if row.message]


def _without_numbers(messages: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the messages without their registration numbers, which differ for each person."""
    return [tuple(re.sub(r"KS-[\w-]+", "KS", each) for each in one) for one in messages]


@pytest.mark.release
@pytest.mark.row(68)
async def test_equal_details_in_two_registrations_open_a_case_for_officers(stack: AppStack) -> None:
    """Check that officers get a case, while both people get the same messages.

    This is row 68 of tests/proof/rows.toml.
    """
    guests = [Guest(stack.rt), Guest(stack.rt)]
    for guest in guests:
        await guest.consent()
        await guest.go(*AFTER_CONSENT, "submit")

    async def is_accepted() -> bool:
        return [entry["state"] for entry in await stack.entries()] == ["ACCEPTED"] * 2

    async def are_equal() -> bool:
        one, other = [await _received_texts(stack, guest) for guest in guests]
        return one == other and any(_render(stack, screens.UPDATE) in each for each in one)

    await stack.until(is_accepted)
    await stack.until(are_equal)
    assert await _count(stack, "SELECT count(*) FROM cases WHERE topic = 'same_details'") == 1
    assert await _count(stack, "SELECT count(*) FROM cases") == 1
    exports = []
    for guest in guests:
        before = len(await _received_texts(stack, guest))
        await guest.do(Said("/status"))
        await guest.do(Said("/mydata"))
        exports.append((await _received_texts(stack, guest))[before:])
    assert _without_numbers(exports[0]) == _without_numbers(exports[1]), (
        "status and data tell the two apart"
    )
