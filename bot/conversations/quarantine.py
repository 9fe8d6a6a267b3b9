"""Quarantine (dead letter table) of updates that could not be processed, and the apology."""

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from bot.channels import Message
from bot.conversations import store as conversation_store
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_value, statement
from bot.runtime import Runtime
from flows.engine.text import _

APOLOGY = _(
    "Something went wrong on our side. Your answers are safe. Please try again, or write “menu”."
)

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
    """Record that an update could not be processed, without its content.

    Returns the attempt count.
    """
    key = conversation_store.update_keys(rt, channel, external_id)[0]
    attempts = await fetch_value(
        transaction, _KEEP, on_channel=channel, update=key, code=reason, bytes=size
    )
    assert attempts is not None
    return attempts


def apology(rt: Runtime, language: str) -> Message:
    """Return the apology in the person's language, or in all languages if it is unknown."""
    codes = [language] if language else [code for code, _own in rt.languages.languages()]
    lines = [rt.languages.render(APOLOGY, code) for code in codes]
    return Message(tuple(lines), language=language)
