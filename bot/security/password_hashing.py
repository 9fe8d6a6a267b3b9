"""Slow hashes of what people type to prove who they are: passwords and PINs.

OWASP's smaller setting of argon2id: 18 ms and 19 MiB a try; two at once, or trying would eat the
memory. Whatever the answer is, it costs the same.
"""

import asyncio
from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turnstile = asyncio.Semaphore(2)
_NOBODYS = _hasher.hash(token_urlsafe(16))


async def hash_password(secret: str) -> str:
    """The hash to keep."""
    async with _turnstile:
        return await asyncio.to_thread(_hasher.hash, secret)


async def verify_password(stored: str | None, secret: str) -> bool:
    """Whether a secret is the one that was hashed; without one it is tried on nobody's."""
    async with _turnstile:
        try:
            await asyncio.to_thread(_hasher.verify, stored or _NOBODYS, secret)
        except VerifyMismatchError:
            return False
    return stored is not None
