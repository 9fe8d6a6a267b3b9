"""Anonymous conversations: stored encrypted in Valkey for half an hour.

There is no guarantee: if Valkey loses its data, people start at the menu again.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from bot import cache, outbox
from bot.broadcasts import archive
from bot.cache import Busy, CacheUnavailable
from bot.channels import ChannelCall, Inbound, SendError
from bot.conversations import deletable_messages
from bot.observability import logging, metrics
from bot.printing import share_links
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from flows.engine.events import DeleteInput, Forget, NotUnderstood, QuickExit, Say
from flows.engine.state import Conversation, Turn

HELD_TRIES = 200
HELD_PAUSE = 0.025

_logger = logging.get()
_encode = msgspec.json.Encoder().encode


class Overloaded(Exception):
    """The update was not accepted; the platform should deliver it again (HTTP 503)."""

    code = "E_OVERLOADED"


class AnonymousSession(msgspec.Struct, frozen=True):
    """An anonymous conversation, ids of processed updates, and ids of chat messages (`sent`)."""

    conversation: Conversation = Conversation()
    seen: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(AnonymousSession).decode


async def hold(rt: Runtime, key: str, token: str) -> cache.LockAcquired | None:
    """Wait for the session's lock; return None without Valkey. Raises Overloaded."""
    try:
        for _try in range(HELD_TRIES):
            held = await rt.live.hold(key, token)
            if not isinstance(held, Busy):
                return held
            await asyncio.sleep(HELD_PAUSE)
    except CacheUnavailable:
        return None
    raise Overloaded


async def keep(rt: Runtime, key: str, token: str, ask: AnonymousSession) -> None:
    with suppress(CacheUnavailable):
        await rt.live.keep(key, token, rt.vault.seal_transient(_encode(ask), key))


async def mark_known(rt: Runtime, key: str) -> None:
    with suppress(CacheUnavailable):
        await rt.live.settle(key)


def asked(rt: Runtime, key: str, blob: bytes | None) -> AnonymousSession:
    if not blob:
        return AnonymousSession()
    try:
        return _decode(rt.vault.unseal_transient(blob, key))
    except (VaultError, msgspec.DecodeError):
        return AnonymousSession()


async def answer(
    rt: Runtime, inbound: Inbound, ask: AnonymousSession, turn: Turn
) -> tuple[str, ...]:
    """Send the answers; return the ids of the messages in the chat, for a quick exit."""
    pressed = inbound.message_id if inbound.press_id else ""
    typed = "" if inbound.press_id else inbound.message_id
    stands = [*ask.sent, typed]
    notices: tuple[Say, ...] = ()
    for effect in turn.effects:
        match effect:
            case QuickExit() | Forget():
                await _delete(rt, inbound, (*stands, pressed))
                stands = []
                notices = outbox.undeleted(rt, [inbound.channel], turn.conversation.language)
            case DeleteInput():
                await _delete(rt, inbound, (inbound.message_id,))
                stands = [each for each in stands if each != inbound.message_id]
            case NotUnderstood(language, step):
                metrics.NOT_UNDERSTOOD.labels(language, step).inc()
            case _:
                pass
    says, sheet = share_links.linked(rt, turn)
    if sheet is not None:
        await share_links.create_link(rt, sheet)
    if archive.is_requested(turn):
        async with rt.pool.connection() as transaction:
            says = (*await archive.render(transaction, turn), *says)
    for row in outbox.rows(rt, (*says, *notices), inbound.channel, 0, pressed):
        act = ChannelCall(row.act, inbound.address, row.message, row.external_id)
        stands.append(await perform(rt, inbound.channel, act))
    return tuple(dict.fromkeys(each for each in stands if each))[-deletable_messages.MAX_KEPT :]


async def _delete(rt: Runtime, inbound: Inbound, external_ids: Iterable[str]) -> None:
    for row in outbox.deletion(rt, inbound.channel, external_ids):
        await perform(
            rt, inbound.channel, ChannelCall("delete", inbound.address, None, row.external_id)
        )


async def perform(rt: Runtime, channel: str, act: ChannelCall) -> str:
    """Call the platform without a delivery guarantee: failures are counted, not retried."""
    try:
        return await outbox.perform(rt, channel, act)
    except SendError as error:
        _logger.info("message.failed", code=error.code, channel=channel)
        return ""
