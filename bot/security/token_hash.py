"""Hash of a secret token. A stolen database gives no access, because it has only the hash."""

from hashlib import sha256


def token_hash(token: str) -> bytes:
    """Return the SHA-256 hash of a token; it needs no key, as random tokens are unguessable."""
    return sha256(token.encode()).digest()
