"""Officers' replies that wait without a notice, so that the person does not know of them.

A reply in a closed reply window is queued together with a notice that it waits. A reply whose
window closed before it was sent has no such notice yet, and the sending of a notice can fail.
"""

from uuid import UUID

from sqlalchemy import Text, Uuid, and_, bindparam, select, update

from bot.channels import WindowClosed
from bot.channels.webchat import WebChat
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_value, fetch_values, statement
from bot.outbox.statements import SWEPT_AT_ONCE

# A reply that was queued together with its notice has no reason.
_UNANNOUNCED = (
    t.Message.state == "waiting",
    t.Message.officer.is_not(None),
    t.Message.reason == WindowClosed.code,
)
# If the person now writes on another messenger, the notice would go there, and opening it would not
# release the reply. After a visit to the secure page, the conversation's channel may still be the
# page.
_ON_CURRENT_CHANNEL = and_(
    t.Conversation.person_id == t.Message.person_id,
    t.Conversation.channel.in_([t.Message.channel, WebChat.name]),
)
_UNANNOUNCED_TO = statement(
    select(t.Message.person_id)
    .distinct()
    .join(t.Conversation, _ON_CURRENT_CHANNEL)
    .where(*_UNANNOUNCED, t.Message.person_id > bindparam("after", type_=Uuid()))
    .order_by(t.Message.person_id)
    .limit(SWEPT_AT_ONCE)
)
_TAKE = statement(
    update(t.Message)
    .where(
        t.Message.person_id == bindparam("person", type_=Uuid()),
        t.Message.channel == bindparam("on_channel", type_=Text()),
        *_UNANNOUNCED,
    )
    .values(reason=None)
    .returning(t.Message.case_id)
)
# A notice about a case is a message of the case without an officer.
_NEWEST_NOTICE = statement(
    select(t.Message.state.in_(["failed", "undeliverable"]))
    .where(
        t.Message.person_id == bindparam("person", type_=Uuid()),
        t.Message.case_id.is_not(None),
        t.Message.officer.is_(None),
    )
    .order_by(t.Message.id.desc())
    .limit(1)
)


async def is_notice_lost(transaction: Transaction, person_id: UUID) -> bool:
    """Return True if the newest notice to the person about a case could not be delivered."""
    return bool(await fetch_value(transaction, _NEWEST_NOTICE, person=person_id))


async def unannounced_to(transaction: Transaction, after: UUID) -> list[UUID]:
    """Return ids of people to whom such replies wait: the next ones above `after`, ascending."""
    return await fetch_values(transaction, _UNANNOUNCED_TO, after=after)


async def take_unannounced(transaction: Transaction, person_id: UUID, channel: str) -> UUID | None:
    """Mark the person's unannounced replies as announced; return a case of them.

    Returns None if no such reply waits, or if their cases were deleted.
    """
    found = await fetch_values(transaction, _TAKE, person=person_id, on_channel=channel)
    return next((each for each in found if each is not None), None)
