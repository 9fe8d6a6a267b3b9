"""Emulator of a push service and a browser (RFC 8030, 8188, 8291, 8292), strict by these RFCs."""

import asyncio
import hmac
import json
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
DAY = 24 * 3600


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(written: str) -> bytes:
    return urlsafe_b64decode(written + "=" * (-len(written) % 4))


def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """Derive up to 32 bytes (RFC 5869) in one block, as in RFC 8291."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")[:length]


@dataclass
class Browser:
    """A browser with a subscription; it decrypts the pushes sent to it."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, body: bytes) -> bytes:
        """Return the decrypted text of a push; its body has one encrypted record (RFC 8188)."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender_key, record = body[21 : 21 + length], body[21 + length :]
        assert size >= len(record) >= 18
        sender = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender_key)
        shared = self.key.exchange(ec.ECDH(), sender)
        secret = hkdf(self.auth, shared, b"WebPush: info\0" + self.public + sender_key, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert plain.endswith(b"\x02"), "the last record ends with 2"
        return plain[:-1]


@dataclass
class PushService:
    """The emulated push service; `answers` are statuses to return in place of the normal one."""

    host: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)
    shown: list[dict[str, Any]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    vapid: str = ""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def subscribe(self, vapid: str) -> Browser:
        """Return a new browser that accepts only pushes signed with this VAPID key."""
        self.vapid = vapid
        name = text(os.urandom(16))
        self.browsers[name] = Browser(f"http://{self.host}/push/{name}")
        return self.browsers[name]

    async def wait(self, count: int, seconds: float = 60) -> list[dict[str, Any]]:
        """Return the decrypted pushes as soon as there are `count` of them."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: len(self.shown) >= count)
        return self.shown

    async def take(self, request: web.Request) -> web.Response:
        browser = self.browsers.get(request.match_info["name"])
        if browser is None:
            return web.Response(status=410)
        if self.answers:
            return web.Response(status=self.answers.pop(0))
        if wrong := self._mistake(request):
            self.mistakes.append(wrong)
            return web.Response(status=400)
        if not self._is_signed(request.headers["Authorization"]):
            self.mistakes.append("signature")
            return web.Response(status=403)
        body = await request.read()
        async with self.changed:
            self.shown.append(json.loads(browser.read(body)))
            self.changed.notify_all()
        return web.Response(status=201, headers={"Location": f"http://{self.host}/m/1"})

    def _mistake(self, request: web.Request) -> str:
        if request.headers.get("Content-Encoding") != "aes128gcm":
            return "encoding"
        if not request.headers.get("TTL", "").isdecimal():
            return "TTL"
        if not 0 < (request.content_length or 0) <= 4096:
            return "size"
        return "" if request.headers.get("Authorization", "").startswith("vapid ") else "vapid"

    def _is_signed(self, header: str) -> bool:
        parameters = dict(part.strip().split("=", 1) for part in header[6:].split(","))
        if parameters["k"] != self.vapid:
            return False
        signed, _dot, signature = parameters["t"].rpartition(".")
        head, claims = (json.loads(raw(part)) for part in signed.split("."))
        r, s = (int.from_bytes(raw(signature)[at : at + 32]) for at in (0, 32))
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw(parameters["k"]))
        try:
            key.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        seconds_left = claims["exp"] - time.time()
        contact = claims["sub"].startswith(("mailto:", "http"))
        is_own_audience = claims["aud"] == f"http://{self.host}"
        return bool(
            head["alg"] == "ES256" and 0 < seconds_left <= DAY and is_own_audience and contact
        )


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    app = web.Application()
    app.router.add_post("/push/{name}", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    service.host = f"{host}:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
