"""Quarantine (dead letter table) of updates that could not be processed; apology to the sender."""

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from bot import outbox
from bot.channels import ChannelCall, Inbound, Message
from bot.conversations import store as conversation_store
from bot.conversations.anonymous import Overloaded
from bot.conversations.effects import AfterCommit
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_value, statement
from bot.observability import logging
from bot.runtime import Runtime
from flows.engine.text import _

POISON_AFTER = 5
APOLOGY = _(
    "Something went wrong on our side. Your answers are safe. Please try again, or write “menu”."
)

_logger = logging.get()

_KEEP = statement(
    insert(t.QuarantinedUpdate)
    .values(
        channel=bindparam("on_channel"),
        key=bindparam("update"),
        reason=bindparam("code"),
        size=bindparam("bytes"),
    )
    .on_conflict_do_update(
        index_elements=[t.QuarantinedUpdate.channel, t.QuarantinedUpdate.key],
        set_={"attempts": t.QuarantinedUpdate.attempts + 1},
    )
    .returning(t.QuarantinedUpdate.attempts)
)


async def quarantine(
    rt: Runtime, transaction: Transaction, channel: str, external_id: str, reason: str, size: int
) -> int:
    """Record an update that could not be processed, without its content.

    Returns how many times this update has been recorded, which is its number of failed attempts.
    """
    key = conversation_store.update_keys(rt, channel, external_id)[0]
    attempts = await fetch_value(
        transaction, _KEEP, on_channel=channel, update=key, code=reason, bytes=size
    )
    assert attempts is not None
    return attempts


def apology(rt: Runtime, language: str) -> Message:
    """Return the apology for a failed update in `language`, or in all languages if it is ""."""
    codes = [language] if language else [code for code, _own in rt.languages.languages()]
    lines = [rt.languages.render(APOLOGY, code) for code in codes]
    return Message(tuple(lines), language=language)


async def handle_failure(rt: Runtime, inbound: Inbound, error: Exception) -> AfterCommit | None:
    """Count a failed update; after the fifth failure, leave it quarantined and return an apology.

    Before the fifth failure, raise Overloaded, so that the platform delivers the update again.
    """
    _logger.exception("update.failed", channel=inbound.channel)
    async with rt.pool.connection() as transaction:
        attempts = await quarantine(
            rt, transaction, inbound.channel, inbound.external_id, "E_FAILED", 0
        )
    if attempts < POISON_AFTER:
        raise Overloaded from error
    try:
        return await _apologize(rt, inbound)
    except (psycopg.OperationalError, PoolTimeout):
        raise
    except Exception:
        # The update stays quarantined, which raises an alert. Raising here would only make the
        # platform deliver it again.
        _logger.exception("apology.failed", channel=inbound.channel)
        return None


async def _apologize(rt: Runtime, inbound: Inbound) -> AfterCommit | None:
    async with rt.pool.connection() as transaction:
        held, fresh, _clock = await conversation_store.claim(rt, transaction, inbound)
        if held is not None and fresh:
            held = await conversation_store.note_inbound(rt, transaction, held, inbound)
            message = apology(rt, held.conversation.language)
            row = outbox.Row("send", message)
            claimed_message = await conversation_store.save(
                rt, transaction, held, held.conversation, (row,)
            )
            return AfterCommit(held.person, claimed_message)
    act = ChannelCall("send", inbound.address, apology(rt, ""))
    return AfterCommit(None, None, ((inbound.channel, act),)) if held is None else None
