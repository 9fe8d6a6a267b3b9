"""What remains in a chat of before we knew its person: for who wants it gone.

It lies in Valkey, sealed with the person's key, for as long as platforms let us delete it. Nothing
is promised: without Valkey it stays where it is.
"""

from collections.abc import Sequence
from contextlib import suppress

from bot.keys import VaultError
from bot.live import LiveUnavailable
from bot.people import Person
from bot.runtime import Runtime

REMAINS_SECONDS = 48 * 3600


async def keep(rt: Runtime, person: Person, channel: str, external_ids: Sequence[str]) -> None:
    """Remember these messages, theirs and ours, where the channel can delete at all."""
    if not external_ids or not rt.channels[channel].deletes:
        return
    blob = person.key.seal(",".join(external_ids).encode(), "remains", "ids", channel)
    with suppress(LiveUnavailable):
        await rt.live.lend(_key(rt, person, channel), blob, ttl_s=REMAINS_SECONDS)


async def of(rt: Runtime, person: Person, channel: str) -> tuple[str, ...]:
    """The messages that were remembered, oldest first."""
    with suppress(LiveUnavailable, VaultError):
        if blob := await rt.live.lent(_key(rt, person, channel)):
            return tuple(person.key.unseal(blob, "remains", "ids", channel).decode().split(","))
    return ()


def _key(rt: Runtime, person: Person, channel: str) -> str:
    return rt.vault.index("remains", f"{channel}:{person.id}").hex()
