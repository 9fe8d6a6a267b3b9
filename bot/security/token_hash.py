"""Hash of a secret token; the database stores only the hash, so a copy of it gives no access."""

from hashlib import sha256


def token_hash(token: str) -> bytes:
    """Return the SHA-256 hash of a random token, which is too long to guess even without a key."""
    return sha256(token.encode()).digest()
