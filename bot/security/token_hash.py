"""Hash of a secret token; the database has only the hash, so a copy of it gives no access."""

from hashlib import sha256


def token_hash(token: str) -> bytes:
    """Return the SHA-256 hash of a token; it needs no key, as random tokens are unguessable."""
    return sha256(token.encode()).digest()
