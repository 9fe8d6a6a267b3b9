"""Deliver the messages of turns whose update is already acknowledged."""

from bot.conversations import receive
from bot.conversations.effects import AfterCommit
from bot.observability import logging
from bot.runtime import Runtime

_logger = logging.get()


async def deliver_or_defer(rt: Runtime, delivery: AfterCommit | None) -> None:
    """Send a turn's messages; log an error instead of raising it.

    The turn is committed and its update is acknowledged, so no caller can repeat it. The outbox
    sends the messages later.
    """
    try:
        await receive.deliver(rt, delivery)
    except Exception:
        _logger.exception("delivery.deferred")
