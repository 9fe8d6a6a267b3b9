"""Delivery reports of broadcasts: a platform reports whether a message arrived.

A report sets a recipient's status if it was unknown whether the message was sent. It corrects the
status `accepted` if the platform could not deliver the message after all. A status only advances:
accepted, failed, delivered, read. A report belongs to the attempt that `ChannelCall.row` names.
"""

import re
from collections.abc import Sequence
from typing import Any

from bot.broadcasts import pausing, sending_statements, statements
from bot.broadcasts.error_policy import classify, consequence
from bot.broadcasts.model import OPEN, RecipientStatus
from bot.channels import (
    BlockedByUser,
    ChannelSuspended,
    DeliveryReport,
    NoTemplate,
    OptedOut,
    Refused,
    SendError,
    TemporarilyRestricted,
    Throttled,
    Unreachable,
    WindowClosed,
)
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_one, fetch_value
from bot.runtime import Runtime

MARK = re.compile(r"b([0-9]{1,18})\.([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)
STATUSES = {
    "sent": RecipientStatus.ACCEPTED,
    "delivered": RecipientStatus.DELIVERED,
    "read": RecipientStatus.READ,
}
RANKS = {"sent": 1, "failed": 2, "delivered": 3, "read": 4}
RETRY_SECONDS = 10.0


def is_broadcast(receipt: DeliveryReport) -> bool:
    """Return True if the report is about a broadcast, not about a single message of the outbox."""
    return MARK.fullmatch(receipt.row) is not None


async def record_reports(rt: Runtime, found: Sequence[DeliveryReport]) -> None:
    """Record delivery reports as the recipients' statuses.

    Reports of success take one statement per channel; each failure has a transaction of its own.
    """
    for channel in dict.fromkeys(each.channel for each in found):
        best: dict[str, DeliveryReport] = {}
        for each in found:
            if each.channel == channel:
                best[each.row] = max(each, best.get(each.row, each), key=_rank)
        arrived = [each for each in best.values() if each.state != "failed"]
        if arrived:
            async with rt.pool.connection() as transaction:
                values = _values(channel, arrived)
                await execute(transaction, sending_statements.REPORT_ARRIVED, **values)
        for each in best.values():
            if each.state == "failed":
                async with rt.pool.connection() as transaction:
                    await _record_failure(transaction, each)


def _rank(receipt: DeliveryReport) -> int:
    return RANKS[receipt.state]


def _parse_mark(receipt: DeliveryReport) -> tuple[int, int, int]:
    mark = MARK.fullmatch(receipt.row)
    assert mark is not None
    return int(mark[1]), int(mark[2]), int(mark[3])


def _values(channel: str, arrived: Sequence[DeliveryReport]) -> dict[str, Any]:
    numbers, seqs, attempts = zip(*map(_parse_mark, arrived), strict=True)
    return {
        "on_channel": channel,
        "number": list(numbers),
        "seq": list(seqs),
        "attempt": list(attempts),
        "status": [STATUSES[each.state].value for each in arrived],
        "rank": [_rank(each) for each in arrived],
    }


async def _record_failure(transaction: Transaction, receipt: DeliveryReport) -> None:
    """Record a reported failure, with the same effects as if the call itself had failed."""
    number, seq, attempt = _parse_mark(receipt)
    error = _error(receipt.code)
    status, reason, delay, stop = classify(
        receipt.channel,
        error,
        attempt,
        template=await _has_template(transaction, number),
        known=True,
    )
    if status is RecipientStatus.PLANNED:
        delay = max(delay, RETRY_SECONDS)
    if status in OPEN:
        # This recipient gets the message again. Lock the broadcast, so that it cannot end before
        # the recipient has the status `planned`.
        await execute(transaction, statements.LOCK_NUMBER, number=number)
    values = {"try": attempt, "on_channel": receipt.channel, "new_state": status.value,
              "why": reason, "delay": delay}  # fmt: skip
    row = await fetch_one(
        transaction, sending_statements.REPORT_FAILED, number=number, seq=seq, **values
    )
    if row is None:
        return
    person_id, broadcast_id, sent_at = row
    await consequence(transaction, receipt.channel, person_id, error, sent_at)
    if status in OPEN:
        await pausing.reopen(transaction, broadcast_id)
    if stop:
        await pausing.halt(transaction, broadcast_id, stop)


async def _has_template(transaction: Transaction, number: int) -> bool:
    return bool(await fetch_value(transaction, sending_statements.HAS_TEMPLATES, number=number))


def _error(code: str) -> SendError:
    """Return the error that the channel would have raised for this code of a delivery report.

    An unknown code is returned as Refused.
    """
    match code:
        case Throttled.code:
            return Throttled(RETRY_SECONDS)
        case Unreachable.code:
            return Unreachable(certain=True)
        case _:
            kinds = (
                WindowClosed,
                ChannelSuspended,
                NoTemplate,
                TemporarilyRestricted,
                OptedOut,
                BlockedByUser,
            )
            return next((each() for each in kinds if each.code == code), Refused())
