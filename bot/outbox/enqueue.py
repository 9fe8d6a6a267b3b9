"""Queue of outgoing messages: add rows, requeue waiting rows, drop unsent rows."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bot.channels import Message, SendError
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_value, fetch_values
from bot.outbox import statements
from bot.outbox.rendering import Row, missing_notice
from bot.people.identities import Person
from bot.runtime import Runtime
from flows import lifetimes

WAITING_SECONDS = lifetimes.WAITING_MESSAGE_DAYS * 24 * 3600

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


def seal(person: Person, message: Message | None) -> bytes | None:
    return None if message is None else person.key.seal(_encode(message), "messages", "body", "")


def decrypt_message(person: Person, body: bytes | None) -> Message | None:
    return _decode(person.key.unseal(bytes(body), "messages", "body", "")) if body else None


async def enqueue(
    transaction: Transaction,
    person: Person,
    channel: str,
    written: Sequence[Row],
    *,
    waits: bool = False,
) -> list[int]:
    """Queue outbox rows, such as an officer's reply; return their ids in order.

    The sender finds the rows after the commit. If `waits`, the rows are sent once the person writes
    or opens the notice that announces them, and dropped after WAITING_SECONDS.
    """
    ids = []
    for row in written:
        found = await fetch_value(
            transaction,
            statements.ENQUEUE,
            person=person.id,
            on_channel=channel,
            call=row.act,
            sealed=seal(person, row.message),
            owned=row.epoch,
            external=row.external_id or None,
            case=row.case_id,
            by_officer=row.officer,
            in_state="waiting" if waits else "pending",
            delay=WAITING_SECONDS if waits else 0,
        )
        assert found is not None
        ids.append(found)
    return ids


async def say_missing(
    rt: Runtime, person: Person, channel: str, message: Message, error: SendError, lost: int = 0
) -> None:
    """Queue a notice to the person that a message, or the rest of it, could not be delivered.

    `lost` is the number of a part whose failure was reported later.
    """
    notice = missing_notice(rt, message, error, lost)
    if notice is not None:
        async with rt.pool.connection() as transaction:
            await enqueue(transaction, person, channel, (Row("send", notice),))


async def requeue_waiting(transaction: Transaction, person: Person, channel: str) -> None:
    """Requeue waiting messages, because the person wrote or opened the notice about them.

    Their ids are lower than those of new messages, so they are sent first.
    """
    await execute(transaction, statements.REQUEUE_WAITING, person=person.id, on_channel=channel)


async def drop_bot_messages(transaction: Transaction, person_id: UUID, owner: UUID) -> None:
    """Drop unsent messages of the bot, and of officers other than `owner`.

    Service messages (see `rendering.Row`) are kept.
    """
    await execute(transaction, statements.DROP_OTHERS, person=person_id, owner=owner)


async def release(rt: Runtime, person_id: UUID, ids: Sequence[int]) -> None:
    """Make the delayed messages `ids` due now, because the person wrote nothing more in time.

    Otherwise `retract` drops them, and one answer replaces them.
    """
    async with rt.pool.connection() as transaction:
        await execute(transaction, statements.RELEASE, person=person_id, ids=list(ids))


async def retract(transaction: Transaction, person_id: UUID, ids: Sequence[int]) -> bool:
    """Drop the delayed messages `ids`.

    If one of them may have been sent already, drop none and return False.
    """
    if not ids:
        return True
    values = {"person": person_id, "ids": list(ids)}
    dropped = await fetch_values(transaction, statements.RETRACT, **values)
    return len(dropped) == len(ids)


async def after_restore(transaction: Transaction) -> None:
    """Drop the messages that are unsent in a restored backup.

    They were probably sent after the backup was made.
    """
    await execute(transaction, statements.DROP_RESTORED)
    await execute(transaction, statements.SKIP_IDS)
