"""Channel calls of anonymous conversations: retried, then stored in order in the session."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from bot import outbox
from bot.channels import BlockedByUser, ChannelCall, Message, SendError
from bot.observability import logging
from bot.runtime import Runtime

# Seconds before each retry of a call. All retries together take at most MAX_SECONDS, because the
# platform waits for the response to its update.
PAUSES = (0.2, 0.5, 1.0)
MAX_SECONDS = 2.5
MAX_UNSENT = 8

_logger = logging.get()


class UnsentCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """A channel call that the platform has not accepted; `sent` counts the parts it delivered."""

    kind: Literal["send", "edit", "delete", "leave"]
    message: Message | None = None
    external_id: str = ""
    sent: int = 0

    @property
    def row(self) -> outbox.Row:
        """Return this call as an outbox row, once the person's data is stored in the database."""
        kind = "send" if self.kind == "leave" else self.kind
        return outbox.Row(kind, self.message, external_id=self.external_id)


class UnsentRest(NamedTuple):
    """An anonymous chat with failed channel calls to retry; `key` is its session's Valkey key."""

    key: str
    channel: str
    address: str


def of_row(row: outbox.Row) -> UnsentCall:
    """Convert an outbox row, which is not stored, to the channel call that it describes."""
    return UnsentCall(row.act, row.message, row.external_id)


async def send(
    rt: Runtime, channel: str, address: str, calls: Sequence[UnsentCall]
) -> tuple[tuple[UnsentCall, ...], list[str]]:
    """Make calls in order; retry temporary errors for at most MAX_SECONDS.

    Returns the calls that remain unsent, and the ids of the messages sent. A message that the
    platform rejects is replaced by a notice that a message is missing. If there are more than
    MAX_UNSENT messages, one such notice replaces the oldest ones.
    """
    left, ids = _limit_messages(rt, channel, calls), list[str]()
    until, pauses = time.monotonic() + MAX_SECONDS, iter(PAUSES)
    while left:
        try:
            platform_ids = await outbox.perform(rt, channel, _call(left[0], address))
        except SendError as error:
            _logger.info("message.failed", code=error.code, channel=channel)
            ids += error.external_ids
            left[0] = replace(left[0], sent=max(left[0].sent, error.sent))
            wait = max(next(pauses, math.inf), error.delay or 0)
            if not error.retry:
                left[:1] = _notice(rt, left[0], error)
            elif time.monotonic() + wait > until:
                break
            else:
                await asyncio.sleep(wait)
        else:
            ids += platform_ids.split(",") if left.pop(0).kind in ("send", "edit") else []
    return tuple(left), ids


def _limit_messages(rt: Runtime, channel: str, calls: Sequence[UnsentCall]) -> list[UnsentCall]:
    """Return the calls; if they send too many messages, replace the oldest ones by one notice.

    Deletions are never dropped, because they remove private text from the chat.
    """
    messages = [at for at, call in enumerate(calls) if call.message is not None]
    if len(messages) <= MAX_UNSENT:
        return list(calls)
    dropped = messages[: 1 - MAX_UNSENT]
    notices = [each for at in dropped if (each := _notice(rt, calls[at], SendError()))]
    _logger.warning("message.dropped", channel=channel, count=len(notices))
    result = [call for at, call in enumerate(calls) if at not in dropped]
    result[dropped[0] : dropped[0]] = notices[0] if notices else ()
    return result


def _call(call: UnsentCall, address: str) -> ChannelCall:
    return ChannelCall(call.kind, address, call.message, call.external_id, sent=call.sent)


def _notice(rt: Runtime, refused: UnsentCall, error: SendError) -> tuple[UnsentCall, ...]:
    """Return the notice that the message of the call `refused` is missing.

    Returns nothing for a call without a message, if the person blocked the bot, or if the message
    is itself such a notice.
    """
    if refused.message is None or isinstance(error, BlockedByUser):
        return ()
    notice = outbox.missing_notice(rt, refused.message, error)
    return () if notice is None else (UnsentCall("send", notice),)
