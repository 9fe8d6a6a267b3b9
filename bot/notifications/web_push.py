"""Web Push: encrypted payloads (RFC 8291, RFC 8188) and VAPID authentication (RFC 8292)."""

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.notifications.errors import Gone, NotificationRefused, NotSent

CURVE = ec.SECP256R1()
AUTH_BYTES, SALT_BYTES = 16, 16
# Record size in bytes (RFC 8188). A payload is a single record, so its size is limited to this.
RECORD_BYTES = 4096
# Push services reject VAPID tokens that are valid for more than 24 hours (RFC 8292).
TOKEN_SECONDS = 12 * 3600
KEPT_SECONDS = 24 * 3600
CALL_SECONDS = 10
# Hosts of the push services of Chromium, Firefox, Safari and Edge.
HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser's push subscription: the endpoint URL and its keys."""

    endpoint: str
    public_key: bytes
    auth_secret: bytes


def decode(text: str) -> bytes:
    """Decode base64url without padding. Raises ValueError for any other text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def is_allowed(endpoint: str, more: tuple[str, ...] = ()) -> bool:
    """Return True for an https URL of a known push service, or a host in `more`.

    A check is needed, because the browser supplies the URL and could name an internal server.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    known = any(host == each or host.endswith(f".{each}") for each in HOSTS)
    return (parts.scheme == "https" and known) or parts.netloc in more


class Sender:
    """Sender of push messages, signed with the installation's VAPID key."""

    def __init__(self, private_key: str, contact: str) -> None:
        """Load the key: the 32 bytes of a P-256 scalar in base64url.

        Raises ValueError for an invalid key.
        """
        self._key = ec.derive_private_key(int.from_bytes(decode(private_key)), CURVE)
        self._contact = contact

    @property
    def public_key(self) -> str:
        """Return the public key in base64url, which a browser needs to subscribe."""
        return encode(_point(self._key.public_key()))

    async def send(self, http: aiohttp.ClientSession, browser: Browser, payload: bytes) -> None:
        """Send a payload to a browser. Raises Gone, NotSent or NotificationRefused."""
        headers = {
            "Authorization": f"vapid t={self._token(browser.endpoint)}, k={self.public_key}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "high",
        }
        body = encrypt(payload, browser)
        limit = aiohttp.ClientTimeout(total=CALL_SECONDS)
        try:
            async with http.post(
                browser.endpoint, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        # The error is raised outside the except clause, so that no context is chained: aiohttp's
        # errors contain the endpoint.
        if status in (404, 410):
            raise Gone
        if status in (0, 429) or status >= 500:
            raise NotSent
        if not 200 <= status < 300:
            raise NotificationRefused

    def _token(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + TOKEN_SECONDS,
            "sub": self._contact,
        }
        head, body = (
            encode(msgspec.json.encode(each)) for each in ({"typ": "JWT", "alg": "ES256"}, claims)
        )
        signed = self._key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signed)
        return f"{head}.{body}.{encode(r.to_bytes(32) + s.to_bytes(32))}"


def encrypt(payload: bytes, browser: Browser) -> bytes:
    """Return the payload as one encrypted record that only `browser` can decrypt."""
    own_key, salt = ec.generate_private_key(CURVE), os.urandom(SALT_BYTES)
    browser_key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, browser.public_key)
    public = _point(own_key.public_key())
    shared = own_key.exchange(ec.ECDH(), browser_key)
    about = b"WebPush: info\0" + browser.public_key + public
    secret = _derive_key(shared, browser.auth_secret, about, 32)
    key = _derive_key(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive_key(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4) + len(public).to_bytes(1) + public
    return head + AESGCM(key).encrypt(nonce, payload + b"\x02", None)


def new_key() -> str:
    """Return a new private key in base64url."""
    return encode(ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(32))


def _derive_key(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
