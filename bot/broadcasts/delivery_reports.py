"""What a platform reports of announcements later: it ends doubts, and takes back what seemed sent.

Only upwards: accepted, failed, delivered, read. Receipts are known by the mark of the attempt.
"""

import re
from collections.abc import Sequence
from typing import Any, LiteralString

from bot.broadcasts import pausing
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
from bot.runtime import Runtime

MARK = re.compile(r"b([0-9]{1,18})\.([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)
FATES = {
    "sent": RecipientStatus.ACCEPTED,
    "delivered": RecipientStatus.DELIVERED,
    "read": RecipientStatus.READ,
}
RANKS = {"sent": 1, "failed": 2, "delivered": 3, "read": 4}
AGAIN_SECONDS = 10.0

_RECEIPTS: LiteralString = """
WITH w AS MATERIALIZED (
  SELECT b.id AS broadcast_id, w.* FROM unnest(
    %(numbers)s::bigint[], %(seqs)s::int[], %(attempts)s::int[], %(fates)s::text[],
    %(ranks)s::int[]
  ) AS w (number, seq, attempt, fate, rank) JOIN broadcasts b ON b.number = w.number
), locked AS MATERIALIZED (
  SELECT r.broadcast_id, r.seq FROM recipients r
  JOIN w ON w.broadcast_id = r.broadcast_id AND w.seq = r.seq
  WHERE r.channel = %(channel)s ORDER BY 1, 2 FOR UPDATE OF r
)
UPDATE recipients r SET state = w.fate, reason = '', at = kosh_now(), lease_until = NULL
FROM w JOIN locked l ON l.broadcast_id = w.broadcast_id AND l.seq = w.seq
WHERE r.broadcast_id = w.broadcast_id AND r.seq = w.seq AND r.attempt = w.attempt
  AND w.rank > CASE r.state WHEN 'claimed' THEN 0 WHEN 'in_doubt' THEN 0 WHEN 'accepted' THEN 1
    WHEN 'failed' THEN 2 WHEN 'delivered' THEN 3 ELSE 9 END
"""

_FAILED: LiteralString = """
UPDATE recipients r SET state = %(fate)s, reason = %(reason)s, at = kosh_now(),
  lease_until = NULL, external_id = NULL,
  not_before = CASE WHEN %(delay)s > 0 THEN kosh_now() + make_interval(secs => %(delay)s) END
FROM broadcasts b, recipients sent
WHERE b.number = %(number)s AND r.broadcast_id = b.id AND r.seq = %(seq)s
  AND sent.broadcast_id = b.id AND sent.seq = %(seq)s
  AND r.attempt = %(attempt)s AND r.channel = %(channel)s
  AND r.state IN ('claimed', 'in_doubt', 'accepted')
RETURNING r.person_id, b.id, extract(epoch FROM kosh_now() - sent.at)::float
"""

_LOCK: LiteralString = "SELECT FROM broadcasts WHERE number = %s FOR NO KEY UPDATE"


def is_broadcast(receipt: DeliveryReport) -> bool:
    """Whether it is about an announcement, and not about a message of a conversation."""
    return MARK.fullmatch(receipt.row) is not None


async def record_reports(rt: Runtime, found: Sequence[DeliveryReport]) -> None:
    """What platforms report of announcements, in one statement for each channel."""
    for channel in dict.fromkeys(each.channel for each in found):
        best: dict[str, DeliveryReport] = {}
        for each in found:
            if each.channel == channel:
                best[each.row] = max(each, best.get(each.row, each), key=_rank)
        arrived = [each for each in best.values() if each.state != "failed"]
        if arrived:
            async with rt.pool.connection() as transaction:
                await transaction.execute(_RECEIPTS, _values(channel, arrived))
        for each in best.values():
            if each.state == "failed":
                async with rt.pool.connection() as transaction:
                    await _failed(transaction, each)


def _rank(receipt: DeliveryReport) -> int:
    return RANKS[receipt.state]


def _place(receipt: DeliveryReport) -> tuple[int, int, int]:
    mark = MARK.fullmatch(receipt.row)
    assert mark is not None
    return int(mark[1]), int(mark[2]), int(mark[3])


def _values(channel: str, arrived: Sequence[DeliveryReport]) -> dict[str, Any]:
    numbers, seqs, attempts = zip(*map(_place, arrived), strict=True)
    return {
        "channel": channel,
        "numbers": list(numbers),
        "seqs": list(seqs),
        "attempts": list(attempts),
        "fates": [FATES[each.state] for each in arrived],
        "ranks": [_rank(each) for each in arrived],
    }


async def _failed(transaction: Transaction, receipt: DeliveryReport) -> None:
    """It certainly did not arrive: the same as if the call had said so."""
    number, seq, attempt = _place(receipt)
    error = _error(receipt.code)
    fate, reason, delay, _stop = classify(
        receipt.channel, error, attempt, template=await _templated(transaction, number), known=True
    )
    if fate is RecipientStatus.PLANNED:
        delay = max(delay, AGAIN_SECONDS)
    if fate in OPEN:
        # Else it could end at this moment without this one, seen by neither.
        await transaction.execute(_LOCK, (number,))
    cursor = await transaction.execute(
        _FAILED,
        {"number": number, "seq": seq, "attempt": attempt, "channel": receipt.channel,
         "fate": fate, "reason": reason, "delay": delay},
    )  # fmt: skip
    row = await cursor.fetchone()
    if row is None:
        return
    person_id, broadcast_id, ago = row
    await consequence(transaction, receipt.channel, person_id, error, ago)
    if fate in OPEN:
        await pausing.reopen(transaction, broadcast_id)


async def _templated(transaction: Transaction, number: int) -> bool:
    cursor = await transaction.execute(
        "SELECT EXISTS (SELECT FROM broadcast_texts t JOIN broadcasts b ON b.id = t.broadcast_id"
        " WHERE b.number = %s AND t.template <> '')",
        (number,),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


def _error(code: str) -> SendError:
    """The error of a code; what is not known is a refusal."""
    match code:
        case Throttled.code:
            return Throttled(AGAIN_SECONDS)
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
