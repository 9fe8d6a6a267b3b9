"""Delivery reports on sent messages; they may arrive repeatedly and in any order."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from bot.channels import (
    BlockedByUser,
    ChannelSuspended,
    DeliveryReport,
    Refused,
    Throttled,
    UnknownRefusal,
    Unreachable,
    WindowClosed,
)
from bot.concurrency import isolation
from bot.concurrency.backoff import backoff
from bot.db import pipeline
from bot.db.pipeline import TextStatement
from bot.db.statements import execute, fetch_one, fetch_value
from bot.observability import logging
from bot.outbox import part_status, statements
from bot.outbox.enqueue import decrypt_message, say_missing
from bot.outbox.part_status import Part
from bot.people import identities
from bot.runtime import Runtime

# Reported statuses in ascending order. `delivered` is above `failed`, because a platform may report
# a delivery after a failure.
RECEIPTS = ("sent", "failed", "delivered", "read")
# Codes of temporary failures: a retry may succeed.
PASSING = {each.code for each in (Throttled, Unreachable, UnknownRefusal, ChannelSuspended)}
# Seconds before the first retry after such a failure, doubled after each further one up to the
# maximum.
RETRY_SECONDS, MAX_BACKOFF = 10, 300

_logger = logging.get()

# While a row is `sending`, the report is only stored; the process that writes the outcome then
# reads it. A report is ignored unless it names the row's current attempt. A repeated failure counts
# again while the row is still `sent`: the process that recorded it ended before `report`.
# Text: written as SQL, because SQL shows arrays of seven columns more clearly than SQLAlchemy.
_RECEIPTS = TextStatement.of("""
WITH w AS MATERIALIZED (
  SELECT * FROM unnest(%(rows)s::bigint[], %(attempts)s::int[], %(states)s::text[],
                       %(ranks)s::int[], %(ats)s::bigint[], %(codes)s::text[], %(prices)s::text[])
    AS w (id, attempt, state, rank, at, code, billing_category)
), locked AS MATERIALIZED (
  SELECT m.id FROM messages m JOIN w ON w.id = m.id WHERE m.channel = %(channel)s
  ORDER BY m.id FOR UPDATE OF m
)
UPDATE messages m SET delivery_status = w.state, delivery_status_at = to_timestamp(w.at),
  billing_category = coalesce(nullif(w.billing_category, ''), m.billing_category),
  reason = CASE WHEN w.state = 'failed' THEN w.code WHEN m.delivery_status = 'failed' THEN NULL
                ELSE m.reason END,
  state = CASE WHEN m.state = 'failed' AND m.delivery_status = 'failed' THEN 'sent'
    ELSE m.state END,
  body = CASE WHEN w.rank > 2 AND m.state <> 'sending' THEN NULL ELSE m.body END
FROM w JOIN locked ON locked.id = w.id
WHERE m.id = w.id AND m.state IN ('sending', 'sent', 'failed')
  AND w.attempt = m.attempt
  AND (w.rank > coalesce(array_position(%(order)s::text[], m.delivery_status), 0)
    OR (w.state = 'failed' AND m.state = 'sent' AND m.delivery_status = 'failed'))
RETURNING m.id, m.person_id, m.channel, m.reason, m.delivery_status = 'failed' AND m.state = 'sent'
""")


async def record_reports(rt: Runtime, found: Sequence[DeliveryReport]) -> None:
    """Record reports on outbox rows: one statement per channel, one per part of a split message.

    A status only advances: sent, failed, delivered, read. After a temporary failure the message is
    sent again. A split message counts as delivered when all its parts do.
    """
    for channel in dict.fromkeys(each.channel for each in found):
        best: dict[tuple[str, int], DeliveryReport] = {}
        for each in found:
            if each.row and each.channel == channel:
                place = each.row, each.part
                best[place] = max(each, best.get(place, each), key=_rank)
        whole = [each for each in best.values() if each.parts == 1]
        if whole:
            await _record(rt, channel, sorted(whole, key=_attempt))
        for each in best.values():
            if each.parts > 1:
                with isolation.isolate_errors("delivery_reports"):
                    await _record_part(rt, each)


def _rank(receipt: DeliveryReport) -> int:
    return 1 + RECEIPTS.index(receipt.state)


def _attempt(receipt: DeliveryReport) -> tuple[int, int]:
    """Return the outbox id and the attempt number in a report."""
    row, _point, attempt = receipt.row.partition(".")
    return int(row), int(attempt or 1)


async def _record(rt: Runtime, channel: str, best: Sequence[DeliveryReport]) -> None:
    rows, attempts = zip(*map(_attempt, best), strict=True)
    values = {
        "channel": channel,
        "order": list(RECEIPTS),
        "rows": list(rows),
        "attempts": list(attempts),
        "states": [each.state for each in best],
        "ranks": [_rank(each) for each in best],
        "ats": [each.at for each in best],
        "codes": [each.code for each in best],
        "prices": [each.price for each in best],
    }
    async with rt.pool.connection() as transaction:
        changed = await pipeline.run(transaction, _RECEIPTS, values)
    await report(rt, [tuple(row) for *row, failed in changed if failed])


# The status of a part (see `part_status`) for each reported status; `sent` changes nothing.
_STATES = {
    "failed": part_status.FAILED,
    "delivered": part_status.ARRIVED,
    "read": part_status.ARRIVED,
}


async def _record_part(rt: Runtime, receipt: DeliveryReport) -> None:
    row_id, attempt = _attempt(receipt)
    reported = _STATES.get(receipt.state)
    async with rt.pool.connection() as transaction:
        row = await fetch_one(
            transaction, statements.LOCK_PARTS, id=row_id, on_channel=receipt.channel
        )
        if row is None:
            return
        person_id, state, last_try, notes, before = row
        known = part_status.parse(notes)
        found = (
            part_status.after_report(known, receipt.part, attempt, reported, last_try)
            if reported
            else None
        )
        word = _word(before, receipt, found or known, state, new=bool(found))
        is_repeated = state == "sent" and _is_repeated(known, receipt, attempt)
        if not found and word == before and not is_repeated:
            return
        values = {
            "id": row_id,
            "notes": part_status.serialize(found) if found else notes,
            "word": word,
            "at": receipt.at,
            "billed": receipt.price,
            "code": receipt.code,
            "whole": part_status.have_arrived(found or known, receipt.parts),
        }
        await execute(transaction, statements.RECORD_PART, **values)
    # If this report is not the failure, `report` would not know the error code.
    if state == "sent" and word == "failed" == receipt.state:
        await report(rt, [(row_id, person_id, receipt.channel, receipt.code)])


def _is_repeated(known: Sequence[Part], receipt: DeliveryReport, attempt: int) -> bool:
    """Return True if this failure of a part is stored; `report` may not have run after it."""
    place = receipt.part - 1
    failed = Part(attempt, part_status.FAILED)
    return receipt.state == "failed" and known[place : place + 1] == [failed]


def _word(
    before: str | None, receipt: DeliveryReport, known: Sequence[Part], state: str, *, new: bool
) -> str | None:
    """Return the status of a split message after a report on one of its parts.

    `new` is True if the report changed the part's status. `before` is the message's old status.
    """
    if part_status.have_arrived(known, receipt.parts):
        return max(before or "sent", receipt.state, key=RECEIPTS.index)
    if state in ("pending", "waiting") or (state == "sending" and receipt.state == "sent"):
        # Keep the status of the whole message, because further parts may not have been sent yet.
        return before
    if receipt.state == "failed":
        return "failed" if new else before
    if before == "failed" and any(each.state == part_status.FAILED for each in known):
        return before
    if state == "sending":
        # Parts may still be unsent: if this process ends now, the next claim must not take the row
        # for sent (see `statements.CLAIM`).
        return None if before == "failed" else before
    return "sent" if before in (None, "failed") else before


async def report(rt: Runtime, failed: Iterable[tuple[int, UUID, str, str]]) -> None:
    """React to failures that the platform reported after it had accepted the messages.

    A message is sent again, waits for the person, or counts as failed, depending on the error code.
    While the platform rejects the bot's account, the number of attempts has no limit. Each tuple in
    `failed` has the outbox id, the person, the channel and the error code.
    """
    for each in failed:
        with isolation.isolate_errors("delivery_reports"):
            await _react(rt, *each)


async def _react(rt: Runtime, row_id: int, person_id: UUID, channel: str, code: str) -> None:
    """React to one failure; do nothing if this was done before, because reports are repeated."""
    _logger.info("message.failed", message=row_id, code=code, channel=channel)
    async with rt.pool.connection() as transaction:
        sent = await fetch_one(transaction, statements.LAST_ATTEMPT, id=row_id)
        sent_at, attempt, body, notes = sent or (None, 1, None, None)
        if code in (WindowClosed.code, BlockedByUser.code):
            # If the person has written since then, a report of this message does not show that
            # the person blocks the bot now.
            blocked = code == BlockedByUser.code
            await identities.mark_unreachable(
                transaction, person_id, channel, sent_at or 0.0, blocked=blocked
            )
        delay = backoff(attempt - 1, first=RETRY_SECONDS, most=MAX_BACKOFF)
        values = {
            "id": row_id,
            "code": code,
            "lost": "undeliverable" if code == BlockedByUser.code else "failed",
            "again": code in PASSING or code == WindowClosed.code,
            "unlimited": code == ChannelSuspended.code,
            "delay": delay if code in PASSING else 0,
        }
        state = await fetch_value(transaction, statements.FAIL_LATER, **values)
    if state == "failed":
        lost = part_status.first_failed(notes)
        await _say_missing(rt, person_id, channel, body, code, lost)


async def _say_missing(
    rt: Runtime, person_id: UUID, channel: str, body: bytes | None, code: str, lost: int
) -> None:
    """Tell the person that a message or its part `lost` did not arrive, as after a refused call."""
    async with rt.pool.connection() as transaction:
        person = await identities.load(rt, transaction, person_id)
    message = decrypt_message(person, body) if person else None
    if person and message:
        _logger.warning("message.incomplete", code=code, count=0)
        await say_missing(rt, person, channel, message, Refused(), lost)


async def report_late(rt: Runtime, row_id: int) -> None:
    """Forget the reported failure of a row's earlier attempt, because the row is sent again."""
    async with rt.pool.connection() as transaction:
        await execute(transaction, statements.FORGET_REPORT, id=row_id)
