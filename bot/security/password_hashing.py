"""Password hashing with argon2id, for officers' passwords and people's PINs.

It uses the smaller setting that OWASP recommends: 18 ms and 19 MiB per hash. At most two hashes are
computed at once, since more could exhaust the memory. Success and failure take the same time.
"""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from secrets import token_urlsafe
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

MAX_AT_ONCE: Final = 2
# Added to the nice value of the hashing threads, so that many attempts do not slow the event loop.
NICENESS: Final = 10


def _lower_priority() -> None:
    """Lower the CPU priority of the current thread on Linux; do nothing on other systems.

    Elsewhere the priority belongs to the whole process.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            thread = threading.get_native_id()
            niceness = min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
            os.setpriority(os.PRIO_PROCESS, thread, niceness)


_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(MAX_AT_ONCE, "password-hashing", initializer=_lower_priority)
_DUMMY_HASH = _hasher.hash(token_urlsafe(16))


async def hash_password(secret: str) -> str:
    """Return the argon2id hash of a password or PIN, for storage."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, secret)


async def verify_password(stored: str | None, secret: str) -> bool:
    """Return True if the secret matches the stored hash.

    If `stored` is None, verify a dummy hash and return False. A missing account then takes as long
    as a wrong secret.
    """
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(_threads, _hasher.verify, stored or _DUMMY_HASH, secret)
    except VerifyMismatchError:
        return False
    return stored is not None
