"""Finds the session of an anonymous chat, also after midnight UTC, when its Valkey key changes."""

from datetime import datetime, timedelta
from uuid import uuid4

from bot.channels import Inbound
from bot.conversations import anonymous
from bot.conversations.anonymous import AnonymousSession, OpenSession
from bot.conversations.lock_renewal import LockRenewal
from bot.runtime import Runtime


async def open_session(rt: Runtime, inbound: Inbound, now: datetime) -> OpenSession:
    """Lock the session of an anonymous chat and return it.

    The key changes at midnight UTC. During the first 30 minutes of a day, a session that is stored
    under the key of the day before is moved to the key of this day. Today's key is always locked
    first, so that two updates cannot wait for each other.
    """
    key, token = rt.vault.ask_key(inbound.channel, inbound.handle, now.date()), uuid4().hex
    held = await anonymous.hold(rt, key, token)
    token = token if held else ""
    blob = held.blob if held else await anonymous.read_unlocked(rt, key)
    is_known = held is not None and held.known
    yesterday = (now - timedelta(seconds=anonymous.SESSION_SECONDS)).date()
    if not blob and not is_known and yesterday < now.date():
        old_key = rt.vault.ask_key(inbound.channel, inbound.handle, yesterday)
        ask, is_known = await _take_over(rt, old_key, key, token)
        if token and ask != AnonymousSession():
            return await open_session(rt, inbound, now)
        return OpenSession(key, token, ask, is_known)
    return OpenSession(key, token, anonymous.decode(rt, key, blob), is_known)


async def _take_over(
    rt: Runtime, old_key: str, key: str, token: str
) -> tuple[AnonymousSession, bool]:
    """Return the session of `old_key`, and True if the person's data is stored in the database.

    If `token` holds the lock of `key`, the session is first stored under `key`, which releases the
    lock, and then deleted under `old_key`. If the process ends in between, the session is not lost.
    """
    if not token:
        ask = anonymous.decode(rt, old_key, await anonymous.read_unlocked(rt, old_key))
        rt.valkey.local.pop(old_key)
        return ask, False
    try:
        async with LockRenewal(rt, key, token):
            old = await anonymous.hold(rt, old_key, token)
    except BaseException:
        await anonymous.keep(rt, key, token, AnonymousSession())
        raise
    if old is not None and old.known:
        await anonymous.mark_known(rt, old_key)
        return AnonymousSession(), True
    ask = anonymous.decode(
        rt, old_key, old.blob if old else await anonymous.read_unlocked(rt, old_key)
    )
    if ask != AnonymousSession():
        await anonymous.keep(rt, key, token, ask)
    if old is not None:
        await anonymous.keep(rt, old_key, token, AnonymousSession())
    return ask, False


async def note_seen(rt: Runtime, inbound: Inbound, now: datetime) -> None:
    """Record that an update was processed without a turn, so that its redelivery is ignored."""
    key, token, ask, is_known = await open_session(rt, inbound, now)
    if is_known:
        return await anonymous.mark_known(rt, key)
    await anonymous.keep(rt, key, token, anonymous.add_id(ask, inbound))
