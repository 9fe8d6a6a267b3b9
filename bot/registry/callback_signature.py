"""Signature of the registry's status callbacks: HMAC-SHA-256 over the Unix time and raw body."""

import hashlib
import hmac
import re
from collections.abc import Iterable

HEADER = "Kosh-Signature"

_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, *, at: int) -> str:
    """Return the value of the signature header for a body sent at `at` (Unix seconds)."""
    return f"t={at},v1={_mac(secret, body, at)}"


def verify(
    header: str, body: bytes, secrets: Iterable[str], *, now: float, tolerance: int = 300
) -> bool:
    """Return True if one of the secrets signed the raw body at most `tolerance` seconds from `now`.

    Several secrets are accepted while a secret is being rotated; empty secrets are ignored. All
    secrets are compared, each in constant time, so that the duration does not reveal a match.
    """
    form = _FORM.fullmatch(header)
    if form is None:
        return False
    at = int(form[1])
    matches = [hmac.compare_digest(_mac(secret, body, at), form[2]) for secret in secrets if secret]
    return any(matches) and abs(now - at) <= tolerance


def _mac(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
