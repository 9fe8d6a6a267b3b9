"""Keep a message in each duty group with the number of waiting cases per mission.

A duty group is a Telegram group of officers. The message has only counts and a link, and is edited
when counts change. When a new urgent case arrives, a new message replaces it, because Telegram
notifies the group only of new messages.
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Integer, bindparam, cast, extract, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot import outbox
from bot.cases import working_hours
from bot.channels import ChannelCall, Message, SendError
from bot.channels.telegram.client import Telegram
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, ago, execute, fetch_all, fetch_one, statement
from bot.observability import logging
from bot.runtime import Runtime
from flows.engine.text import Text, _
from flows.knowledge.offices import desk_name

_logger = logging.get()

# Minimum seconds between two updates of a group's message. Telegram allows a bot 20 messages per
# minute in a group, edits included, and a replacement takes two calls.
CARD_SECONDS = 8
_FIRST = UUID(int=0)
TITLE = _("Open cases by team")
COUNTED = _("{desk}: waiting {waiting}, urgent {urgent}, late {late}, longest {minutes} min")
NOTHING = _("Nobody is waiting.")


@dataclass(frozen=True, slots=True)
class _Count:
    mission: str
    waiting: int
    urgent: int
    late: int
    minutes: int


_SECONDS = cast(extract("epoch", NOW - func.min(t.Case.waiting_since)), Integer)
_COUNTS = statement(
    select(
        t.Case.mission,
        func.count(),
        func.count().filter(t.Case.urgent),
        func.count().filter(or_(t.Case.answer_due < NOW, t.Case.escalated_at.is_not(None))),
        _SECONDS.op("/")(60),
    )
    .where(t.Case.state.in_(["queued", "claimed", "snoozed"]), t.Case.waiting_since.is_not(None))
    .group_by(t.Case.mission)
    .order_by(t.Case.mission)
)
_CHAT = bindparam("of_chat", type_=t.DutyMessage.chat.type)
_RECORD_UPDATE = statement(
    update(t.DutyMessage)
    .where(t.DutyMessage.chat == _CHAT)
    .values(external_id=bindparam("sent"), digest=bindparam("shown"), urgent=bindparam("count"))
)
_ENTER = statement(
    insert(t.DutyMessage).values(chat=_CHAT, updated_at=ago(hours=1)).on_conflict_do_nothing()
)
_RESERVE_UPDATE = statement(
    update(t.DutyMessage)
    .where(
        t.DutyMessage.chat == _CHAT,
        t.DutyMessage.digest != bindparam("shown"),
        t.DutyMessage.updated_at <= ago(seconds=CARD_SECONDS),
    )
    .values(updated_at=NOW)
    .returning(t.DutyMessage.external_id, t.DutyMessage.urgent)
)


async def update_duty_group(rt: Runtime) -> int:
    """Update the message of every duty group; return the number of calls to Telegram."""
    channel = rt.channels.get(Telegram.name)
    if channel is None:
        return 0
    async with rt.pool.connection() as transaction:
        chats = await working_hours.duty_chats(transaction, rt.settings.telegram_duty_chat)
        counts = await _counts(transaction)
    calls = 0
    for chat, missions in chats.items():
        shown = [each for each in counts if not missions or each.mission in missions]
        calls += await _show(rt, chat, shown)
    return calls


async def _counts(transaction: Transaction) -> list[_Count]:
    return [_Count(*row) for row in await fetch_all(transaction, _COUNTS)]


async def _show(rt: Runtime, chat: str, counts: list[_Count]) -> int:
    message, digest = _card(rt, counts)
    urgent = sum(each.urgent for each in counts)
    async with rt.pool.connection() as transaction:
        before = await _reserve_update(transaction, chat, digest)
    if before is None:
        return 0
    external_id, known = before
    try:
        sent, calls = await _update_message(rt, chat, external_id, message, notify=urgent > known)
    except SendError as error:
        _logger.warning("duty_group.failed", code=error.code)
        return 1
    async with rt.pool.connection() as transaction:
        values = {"sent": sent, "shown": digest, "count": urgent}
        await execute(transaction, _RECORD_UPDATE, of_chat=chat, **values)
    return calls


async def _reserve_update(
    transaction: Transaction, chat: str, digest: bytes
) -> tuple[str, int] | None:
    """Reserve the next update of a group's message for this process.

    Return the message's id, and the number of urgent cases that the message shows. Return None if
    no count changed, or if the minimum interval has not passed.
    """
    await execute(transaction, _ENTER, of_chat=chat)
    return await fetch_one(transaction, _RESERVE_UPDATE, of_chat=chat, shown=digest)


async def _update_message(
    rt: Runtime, chat: str, external_id: str, message: Message, *, notify: bool
) -> tuple[str, int]:
    """Edit the group's message, or replace it if the group must be notified (`notify`).

    Return the message's id and the number of calls to Telegram.
    """
    if external_id and not notify:
        act = ChannelCall("edit", chat, message, external_id)
        return await outbox.perform(rt, Telegram.name, act), 1
    if external_id:
        await outbox.perform(rt, Telegram.name, ChannelCall("delete", chat, None, external_id))
    sent = await outbox.perform(rt, Telegram.name, ChannelCall("send", chat, message))
    return sent, 2 if external_id else 1


def _card(rt: Runtime, counts: list[_Count]) -> tuple[Message, bytes]:
    """Return the message in the first two of the installation's languages, and a hash of its text.

    The hash detects changes. Waiting minutes are rounded down to tens, so that the hash does not
    change each minute.
    """
    link = f"{rt.settings.public_url}/console"
    languages = rt.settings.languages[:2]
    lines = tuple(
        "\n".join(rt.languages.render(line, language) for line in _lines(counts))
        for language in languages
    )
    digest = sha256("\0".join(lines).encode()).digest()
    return Message((*lines, link), language=languages[0]), digest


def _lines(counts: list[_Count]) -> tuple[Text, ...]:
    lines = tuple(
        _(
            COUNTED.msgid,
            desk=desk_name(each.mission),
            waiting=each.waiting,
            urgent=each.urgent,
            late=each.late,
            minutes=each.minutes // 10 * 10,
        )
        for each in counts
    )
    return (TITLE, *(lines or (NOTHING,)))
