"""A form with a file must arrive within time limits."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from bot.web import multipart
from bot.web.request_parsing import Refused

BEGIN = b'--x\r\nContent-Disposition: form-data; name="chat"\r\n\r\n'
PIECES = 1000


def _request(first: bytes, piece: bytes) -> Request:
    """Return a request whose body arrives in PIECES pieces: `first`, then `piece` repeatedly."""
    sent = 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        await asyncio.sleep(0)
        sent += 1
        body = first if sent == 1 else piece
        return {"type": "http.request", "body": body, "more_body": sent < PIECES}

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


@pytest.mark.requirement("S-89")
async def test_multipart_form_with_slow_fields_is_refused_with_408(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(multipart, "FIELDS_SECONDS", 0.0)
    with pytest.raises(Refused) as error:
        await multipart.opened(_request(BEGIN, b"a"), limit=10_000)
    assert error.value.status == 408
