"""Password hashing with argon2id, for passwords and PINs.

It uses the smaller setting of OWASP: 18 ms and 19 MiB per attempt. Two attempts run at once, since
more could exhaust the memory. Success and failure take the same time.
"""

import asyncio
from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turnstile = asyncio.Semaphore(2)
_NOBODYS = _hasher.hash(token_urlsafe(16))


async def hash_password(secret: str) -> str:
    """Return the hash to store."""
    async with _turnstile:
        return await asyncio.to_thread(_hasher.hash, secret)


async def verify_password(stored: str | None, secret: str) -> bool:
    """Return True if the secret matches; without a stored hash, check it against a dummy one."""
    async with _turnstile:
        try:
            await asyncio.to_thread(_hasher.verify, stored or _NOBODYS, secret)
        except VerifyMismatchError:
            return False
    return stored is not None
