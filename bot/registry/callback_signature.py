"""The signature on the registry's status callbacks: HMAC-SHA-256 over time and raw body."""

import hashlib
import hmac
import re
from collections.abc import Iterable

HEADER = "Kosh-Signature"

_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, *, at: int) -> str:
    """The header's value for a body sent at that time (seconds since 1970)."""
    return f"t={at},v1={_mac(secret, body, at)}"


def verify(
    header: str, body: bytes, secrets: Iterable[str], *, now: float, tolerance: int = 300
) -> bool:
    """Whether one of the valid secrets signed these raw bytes within `tolerance` seconds of `now`.

    Several secrets are valid while one replaces another; an empty one never is. Every secret is
    tried in constant time, whatever the outcome of the others.
    """
    form = _FORM.fullmatch(header)
    if form is None:
        return False
    at = int(form[1])
    matches = [hmac.compare_digest(_mac(secret, body, at), form[2]) for secret in secrets if secret]
    return any(matches) and abs(now - at) <= tolerance


def _mac(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
