"""Signature of webhooks: HMAC-SHA256 by the Standard Webhooks specification."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new random secret in the format of the Standard Webhooks specification."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(keys: Iterable[str], message_id: str, at: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature for each secret.

    `at` is the time of the attempt in Unix seconds.
    """
    content = f"{message_id}.{at}.".encode() + body
    return " ".join(f"v1,{_mac(each, content)}" for each in keys)


def _mac(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
