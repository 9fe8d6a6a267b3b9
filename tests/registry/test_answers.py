"""The registry client with responses that the sandbox never sends.

They are invalid bytes, broken connections and a certificate of another authority.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.registry.client import Registry
from bot.registry.errors import (
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RegistryError,
    Unavailable,
)
from bot.registry.http import ANSWER_LIMIT
from bot.registry.problems import problem
from tests.registry.conftest import CLIENT_ID, CLIENT_SECRET
from tests.registry.example import CANARY, new_key, pre_registration

TOKEN = {"access_token": "a-token-of-the-tests", "token_type": "Bearer", "expires_in": 600}
NUMBER = "KS-2026-7F3K-9Q2M"


def http(status: int, body: bytes, media_type: str = "application/json", **headers: str) -> bytes:
    head = {"Content-Type": media_type, "Content-Length": str(len(body)), "Connection": "close"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} -\r\n{lines}\r\n".encode() + body


def problem_json(status: int, type_: str = "about:blank", **more: Any) -> bytes:
    body = {"type": type_, "title": "-", "status": status} | more
    return http(status, json.dumps(body).encode(), "application/problem+json")


def acknowledgement(**changes: Any) -> bytes:
    body = {
        "number": NUMBER,
        "state": "RECEIVED",
        "version": 1,
        "received_at": "2026-11-24T10:00:00Z",
        "reason_code": None,
        "idempotency_key": "{key}",
    }
    return json.dumps(body | changes).encode()


@asynccontextmanager
async def answering(
    answer: bytes | None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Run a registry that accepts any login; yield its URL.

    To all requests except logins it responds with `answer`, or cuts the connection if this is None.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        await reader.readexactly(int(header(head, "content-length") or 0))
        if head.startswith("POST /oauth/token"):
            writer.write(http(200, json.dumps(TOKEN).encode()))
        elif answer is None:
            writer.transport.abort()
        else:
            writer.write(answer.replace(b"{key}", header(head, "idempotency-key").encode()))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def header(head: str, name: str) -> str:
    lines = (line.partition(": ") for line in head.split("\r\n"))
    return next((value for key, _, value in lines if key.lower() == name), "")


async def outcome(session: ClientSession, url: str) -> RegistryError:
    registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET, deadline=5.0)
    with pytest.raises(RegistryError) as caught:
        await registry.create(pre_registration(), key=new_key())
    return caught.value


def created(body: bytes, status: int = 201) -> bytes:
    length = len(body.replace(b"{key}", b"k" * 36))
    return http(status, body, Content_Length=str(length))


async def test_registry_client_accepts_a_response_of_the_contract(session: ClientSession) -> None:
    async with answering(created(acknowledgement())) as url:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        registration = await registry.create(pre_registration(), key=new_key())
    assert registration.number == NUMBER


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 201",
        b"nonsense\r\n\r\n",
        http(201, b"{", Content_Length="400"),
        created(acknowledgement(version="1")),
        created(acknowledgement(state="maybe")),
        created(acknowledgement(number="KS-2026-0000-IIII")),
        created(acknowledgement(idempotency_key="the-key-of-somebody-else")),
        http(201, acknowledgement(), "text/html"),
        http(201, b"<html>", "text/html"),
        http(201, b"[" * 100_000),
        http(201, b""),
        http(202, b"{}"),
        http(204, b""),
        created(acknowledgement() + b" " * ANSWER_LIMIT),
        http(201, b"\xff\xfe"),
        http(201, b"not gzip", Content_Encoding="gzip"),
        http(408, b""),
        http(500, b"", "text/plain"),
        http(502, b"<html>", "text/html"),
        http(503, b"<html>", "text/html"),
        http(503, b"{}", "application/problem+json"),
        http(504, b""),
        problem_json(500),
    ],
)
@pytest.mark.requirement("S-50")
async def test_registry_client_reports_unknown_outcome_for_a_malformed_response(
    session: ClientSession, answer: bytes | None
) -> None:
    async with answering(answer) as url:
        assert type(await outcome(session, url)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem_json(503), Unavailable),
        (problem_json(429), Unavailable),
        (http(429, b"<html>", "text/html"), Unavailable),
        (problem_json(400), Refused),
        (problem_json(404), Refused),
        (problem_json(409), Refused),
        (problem_json(422), Refused),
        (problem_json(403), Misconfigured),
        (problem_json(415), Misconfigured),
        (http(404, b"<html>", "text/html"), Misconfigured),
        (http(422, b"{}"), Misconfigured),
        (http(301, b"", Location="https://elsewhere.invalid/"), Misconfigured),
        (http(303, b"", Location="/v1/consents"), Misconfigured),
        (http(307, b"", Location="https://elsewhere.invalid/"), Misconfigured),
    ],
)
async def test_registry_client_maps_responses_to_their_error_class(
    session: ClientSession, answer: bytes, kind: type[RegistryError]
) -> None:
    async with answering(answer) as url:
        assert type(await outcome(session, url)) is kind


async def test_registry_client_rejects_a_response_about_another_registration(
    session: ClientSession,
) -> None:
    other = acknowledgement(number="KS-2026-2222-2222", idempotency_key="k" * 36)
    async with answering(http(200, other)) as url:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        with pytest.raises(Misconfigured):
            await registry.read(NUMBER)


async def test_registry_client_drops_the_text_of_an_unknown_problem_type(
    session: ClientSession,
) -> None:
    answer = problem_json(422, f"urn:other:{CANARY}", detail=CANARY, errors=[])
    async with answering(answer) as url:
        error = await outcome(session, url)
    assert isinstance(error, Refused)
    assert (error.problem, error.fields) == ("unknown", ())
    assert CANARY not in f"{error} {error.__dict__}"


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7.0),
        ("999999999999", 3600.0),
        ("-1", None),
        ("soon", None),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 3600.0),
        ("Fri, 01 Jan 2027 00:00:00", None),
        (f"Fri, 01 Jan {'9' * 20} 00:00:00 GMT", None),
    ],
)
async def test_registry_client_reads_retry_after_in_seconds_and_as_a_date(
    session: ClientSession, header: str, wait: float | None
) -> None:
    body = problem("unavailable").model_dump_json().encode()
    answer = http(503, body, "application/problem+json", Retry_After=header)
    async with answering(answer) as url:
        error = await outcome(session, url)
    assert isinstance(error, Unavailable)
    assert error.retry_after == wait


@pytest.mark.requirement("S-50")
async def test_registry_client_rejects_a_self_signed_server_certificate(
    session: ClientSession, tmp_path: Path
) -> None:
    async with answering(created(acknowledgement()), tls=self_signed(tmp_path)) as url:
        error = await outcome(session, url)
    assert (type(error), error.code) == (Misconfigured, "E_REGISTRY_TLS")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "registry.invalid",
        "ftp://registry.invalid/",
        "https://user:pass@registry.invalid/",
        "https://registry.invalid/?key=secret",
        "https://registry.invalid/#x",
        "https://[",
    ],
)
async def test_registry_client_refuses_an_invalid_url_or_extra_url_parts(
    session: ClientSession, url: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        Registry(session, url, CLIENT_ID, CLIENT_SECRET)
    assert caught.value.code == "E_REGISTRY_URL"


async def test_registry_client_sends_no_malformed_number_or_idempotency_key(
    session: ClientSession,
) -> None:
    registry = Registry(session, "http://127.0.0.1:1", CLIENT_ID, CLIENT_SECRET)
    with pytest.raises(ValueError) as number:
        await registry.withdraw("../../oauth/token", key=new_key())
    with pytest.raises(ValueError) as key:
        await registry.create(pre_registration(), key="too short")
    assert "oauth" not in str(number.value)
    assert "too short" not in str(key.value)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry.invalid")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "registry.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
