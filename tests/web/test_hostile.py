"""Hostile requests get the responses that tests/proof/rows.toml lists.

The pytest mark `row` and the numbers in docstrings name rows of this file.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app_stack import AppStack
from tests.web.raw_requests import send_raw

UPDATE: dict[str, Any] = {
    "update_id": 100,
    "message": {
        "message_id": 1,
        "date": 1,
        "from": {"id": 7100, "is_bot": False, "first_name": "Test", "language_code": "kk"},
        "chat": {"id": 7100, "type": "private", "first_name": "Test"},
        "text": "/start",
    },
}


BOT: dict[str, Any] = UPDATE["message"]["from"] | {"is_bot": True}


async def _post(
    stack: AppStack, body: bytes | None = None, secret: str | None = None, **headers: str
) -> tuple[int, bytes]:
    webhook_secret = stack.rt.settings.telegram_secret
    assert webhook_secret
    sent = {
        "Content-Type": "application/json",
        "X-Telegram-Bot-Api-Secret-Token": webhook_secret.get_secret_value()
        if secret is None
        else secret,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    data = json.dumps(UPDATE).encode() if body is None else body
    async with stack.http.post(
        f"{stack.url}/webhooks/telegram", data=data, headers=sent
    ) as response:
        return response.status, await response.read()


@pytest.mark.parametrize(
    "secret", ["", "x", "WRONG" * 8, "пароль"], ids=["none", "short", "wrong", "not ascii"]
)
@pytest.mark.requirement("S-2")
@pytest.mark.row(1, 2, 3)
async def test_webhook_answers_403_without_a_body_for_a_wrong_secret(
    stack: AppStack, secret: str
) -> None:
    """Check a missing, short, wrong and non-ASCII secret (rows 1–3 of tests/proof/rows.toml)."""
    if not secret.isascii():
        response = await send_raw(
            stack, _head(f"X-Telegram-Bot-Api-Secret-Token: {secret}") + b"{}"
        )
        assert response.startswith(b"HTTP/1.1 403")
        return
    status, body = await _post(stack, secret=secret)
    assert (status, body) == (403, b"")
    assert await stack.rows("SELECT * FROM quarantined_updates") == []


@pytest.mark.requirement("S-2")
@pytest.mark.row(2, 4)
async def test_webhook_answers_403_for_an_altered_or_repeated_secret(stack: AppStack) -> None:
    """Check secrets that are cut, extended or changed, and a secret that is sent twice.

    These are rows 2 and 4 of tests/proof/rows.toml.
    """
    assert stack.rt.settings.telegram_secret
    right = stack.rt.settings.telegram_secret.get_secret_value()
    for wrong in (right[:-1], right + "0", right.upper() + "X", right[:-1] + "z"):
        assert (await _post(stack, secret=wrong))[0] == 403
    repeated = _head(*[f"X-Telegram-Bot-Api-Secret-Token: {right}"] * 2)
    assert (await send_raw(stack, repeated + b"{}")).startswith(b"HTTP/1.1 403")


UNREADABLE = {
    "E_EMPTY": [b"", b"  \n"],
    "E_JSON": [b"{", json.dumps(UPDATE).encode()[:-5], b'{"update_id": 1,}'],
    "E_SHAPE": [b"[]", b"null", b"7", b'"x"', b'{"update_id": 1, "message": 5}'],
    "E_DEPTH": [b"[" * 100_000],
    "E_NUMBER": [
        b'{"update_id": ' + b"9" * 5000 + b"}",
        b'{"update_id": 9223372036854775808}',
        b'{"update_id": -1}',
        b'{"update_id": 1.5}',
        b'{"update_id": true}',
        b'{"update_id": "1"}',
        b'{"update_id": NaN}',
    ],
    "E_DUPKEY": [b'{"update_id": 1, "update_id": 2}'],
    "E_ENCODING": [
        b"\xef\xbb\xbf{}",
        json.dumps(UPDATE).encode("utf-16"),
        b'{"update_id": 1, "x": "\xff"}',
    ],
}


@pytest.mark.parametrize("code", UNREADABLE)
@pytest.mark.requirement("S-4")
@pytest.mark.row(9, 10, 11, 12, 13, 14, 15, 16, 17)
async def test_webhook_quarantines_an_unreadable_update_and_answers_200(
    stack: AppStack, code: str
) -> None:
    """Check unreadable bodies of all kinds (rows 9–17 of tests/proof/rows.toml).

    Telegram would repeat a body that is answered with an error.
    """
    for body in UNREADABLE[code]:
        for _again in range(2):
            assert await _post(stack, body) == (200, b"")
    rows = await stack.rows("SELECT * FROM quarantined_updates")
    assert len(rows) == len(UNREADABLE[code])
    assert {row[3] for row in rows} <= {code, "E_SHAPE", "E_JSON", "E_NUMBER"}
    assert code in {row[3] for row in rows}


@pytest.mark.row(18, 19)
async def test_webhook_processes_lone_surrogates_and_nul(stack: AppStack) -> None:
    """Check texts with a lone surrogate and with NUL (rows 18 and 19 of tests/proof/rows.toml)."""
    for number, text in enumerate((r"\ud800", r"a\u0000b")):
        body = json.dumps(UPDATE | {"update_id": 200 + number}).encode()
        status, _body = await _post(stack, body.replace(b"/start", text.encode()))
        assert status == 200
    assert await stack.rows("SELECT * FROM quarantined_updates") == []


@pytest.mark.requirement("S-13")
@pytest.mark.row(20)
async def test_webhook_answers_413_while_a_too_large_body_streams(stack: AppStack) -> None:
    """Check a body above 1 MiB, with and without a Content-Length.

    This is row 20 of tests/proof/rows.toml.
    """

    async def large_body() -> AsyncIterator[bytes]:
        for _chunk in range(64):
            yield b"x" * 65536

    status, _body = await _post(stack, io.BytesIO(b"x" * (1024 * 1024 + 1)))  # type: ignore[arg-type]
    assert status == 413
    status, _body = await _post(stack, large_body())  # type: ignore[arg-type]
    assert status == 413


@pytest.mark.requirement("S-14")
@pytest.mark.row(21, 22, 26)
async def test_webhook_answers_400_for_an_ambiguous_length_or_a_wrong_host(stack: AppStack) -> None:
    """Check two lengths, a negative length, and wrong or missing Host headers.

    These are rows 21, 22 and 26 of tests/proof/rows.toml.
    """
    both = _head("Transfer-Encoding: chunked", "Content-Length: 2") + b"{}"
    two = _head("Content-Length: 2", "Content-Length: 3", length=False) + b"{}"
    negative = _head("Content-Length: -2", length=False) + b"{}"
    for request in (both, two, negative):
        assert (await send_raw(stack, request)).startswith(b"HTTP/1.1 400")
    for host in ("evil.example/admin?x=", "x" * 10_000, "evil.example"):
        request = f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        assert (await send_raw(stack, request))[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 431")
    assert (await send_raw(stack, b"GET /health HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 400")


@pytest.mark.requirement("S-14")
@pytest.mark.row(23, 24, 25)
async def test_web_server_answers_400_for_a_target_that_is_no_path(stack: AppStack) -> None:
    for target in (b"OPTIONS *", b"CONNECT localhost:443", b"GET chat"):
        answer = await send_raw(stack, target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 "), target


async def test_webhook_refuses_wrong_content_types_encodings_and_methods(stack: AppStack) -> None:
    """Check compressed bodies, other content types and other HTTP methods.

    These are rows 23 to 25 of tests/proof/rows.toml.
    """
    assert (await _post(stack, Content_Encoding="gzip"))[0] == 415
    assert (await _post(stack, Content_Type="text/plain"))[0] == 415
    for method in ("GET", "PUT", "DELETE", "TRACE"):
        async with stack.http.request(method, f"{stack.url}/webhooks/telegram") as response:
            assert response.status == 405


@pytest.mark.requirement("S-14")
@pytest.mark.row(27)
async def test_webhook_refuses_too_many_and_too_large_headers(stack: AppStack) -> None:
    """Check 200 headers, and one of 64 KiB (row 27 of tests/proof/rows.toml)."""
    many = [f"X-{number}: 1" for number in range(200)]
    assert (await send_raw(stack, _head(*many) + b"{}"))[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 400")
    assert (await send_raw(stack, _head("X-Large: " + "x" * 65536) + b"{}"))[:12] in (
        b"HTTP/1.1 431",
        b"HTTP/1.1 400",
    )


@pytest.mark.requirement("S-40")
@pytest.mark.row(30, 57)
async def test_webhook_ignores_unknown_updates_and_messages_of_bots_and_channels(
    stack: AppStack,
) -> None:
    """Check unknown kinds of updates, and messages by bots and channels.

    These are rows 30 and 57 of tests/proof/rows.toml.
    """
    for number, part in enumerate[dict[str, Any]](
        (
            {"poll": {"id": "1"}},
            {"a_kind_of_next_year": {}},
            {"message": UPDATE["message"] | {"from": BOT}},
            {"message": UPDATE["message"] | {"sender_chat": {"id": 1, "type": "channel"}}},
        )
    ):
        body = json.dumps({"update_id": 300 + number, **part}).encode()
        assert await _post(stack, body) == (200, b"")
    assert stack.telegram.journal.calls("sendMessage") == []


@pytest.mark.requirement("S-6")
@pytest.mark.row(31)
async def test_webhook_update_repeated_100_times_is_applied_once(stack: AppStack) -> None:
    """Send one update 100 times concurrently (row 31 of tests/proof/rows.toml)."""

    async def resend() -> None:
        """Resend the update while the server answers 503, as the platform does."""
        while (await _post(stack))[0] == 503:
            pass

    await asyncio.gather(*(resend() for _ in range(100)))
    assert len(stack.telegram.journal.calls("sendMessage")) == 1


@pytest.mark.requirement("S-40")
@pytest.mark.row(56)
async def test_webhook_makes_the_bot_leave_a_group(stack: AppStack) -> None:
    """Check that the bot sends no message to the group (row 56 of tests/proof/rows.toml)."""
    assert stack.rt.settings.telegram_secret
    await stack.telegram.set_webhook(
        f"{stack.url}/webhooks/telegram", stack.rt.settings.telegram_secret.get_secret_value()
    )
    await stack.telegram.user(7101).add_bot_to_group()

    async def has_left() -> bool:
        return bool(stack.telegram.journal.calls("leaveChat"))

    await stack.until(has_left)
    assert stack.telegram.journal.calls("sendMessage") == []


@pytest.mark.requirement("S-58")
@pytest.mark.row(89, 96)
async def test_chat_page_refuses_forms_of_other_sites_without_echoing_them(stack: AppStack) -> None:
    """Check forms posted from other sites, and a JSON body.

    These are rows 89 and 96 of tests/proof/rows.toml.
    """
    form = {"chat": "x", "id": "1", "text": "canary"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        async with stack.http.post(
            f"{stack.url}/chat/said", data=form, headers=headers
        ) as response:
            assert response.status == 403
            assert "canary" not in await response.text()
    async with stack.http.post(f"{stack.url}/chat/said", json=form) as response:
        assert response.status == 415


def _head(*headers: str, length: bool = True) -> bytes:
    chosen = [
        "POST /webhooks/telegram HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        *headers,
    ]
    if length and not any(each.startswith("Content-Length") for each in headers):
        chosen.append("Content-Length: 2")
    return ("\r\n".join(chosen) + "\r\n\r\n").encode()
