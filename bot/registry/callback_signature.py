"""Signature of the registry's status callbacks: HMAC-SHA-256 over time and raw body."""

import hashlib
import hmac
import re
from collections.abc import Iterable

HEADER = "Kosh-Signature"

_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, *, at: int) -> str:
    """Return the header for a body that is sent at `at` (Unix seconds)."""
    return f"t={at},v1={_mac(secret, body, at)}"


def verify(
    header: str, body: bytes, secrets: Iterable[str], *, now: float, tolerance: int = 300
) -> bool:
    """Return True if a valid secret signed these raw bytes within `tolerance` seconds of `now`.

    Several secrets are valid while one replaces another; an empty one never is. Every secret is
    compared in constant time, regardless of the results of the others.
    """
    form = _FORM.fullmatch(header)
    if form is None:
        return False
    at = int(form[1])
    matches = [hmac.compare_digest(_mac(secret, body, at), form[2]) for secret in secrets if secret]
    return any(matches) and abs(now - at) <= tolerance


def _mac(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
