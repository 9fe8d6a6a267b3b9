"""Sender: claims outbox rows, sends them and records outcomes; a periodic job recovers rows."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from bot.channels import (
    BlockedByUser,
    CannotEdit,
    ChannelCall,
    ChannelSuspended,
    NoTemplate,
    SendError,
    Throttled,
    UnknownRefusal,
    Unreachable,
    WindowClosed,
)
from bot.channels.message_ids import stored_id
from bot.concurrency import isolation
from bot.concurrency.backoff import backoff
from bot.concurrency.batching import WaitedTooLong
from bot.db import connection, pipeline
from bot.db.statements import execute, fetch_values
from bot.observability import logging, metrics, tracing
from bot.outbox import attached_files, chat_cleanup, part_status, rate_limits, statements
from bot.outbox.channel_probe import suspect, wait_until_reachable
from bot.outbox.delivery_reports import report, report_late
from bot.outbox.enqueue import WAITING_SECONDS, decrypt_message, say_missing
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.security.key_files import VaultError

LEASE_SECONDS = 60
# From this attempt on, a platform's own retry delay is combined with backoff.
MIN_ATTEMPTS = 4
MAX_BACKOFF = 300
RETRY_SECONDS = 0.5
CHANNEL_OFF = "E_SEND_CHANNEL"
UNREADABLE = "E_SEND_UNREADABLE"
FILE_GONE = "E_SEND_FILE"
WEB = "web"
# Seconds to defer a row that this process cannot decrypt, so that it does not block other rows.
SET_ASIDE_SECONDS = 60

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A claimed outbox row and its platform call; `act.closed` means a closed reply window."""

    id: int
    attempt: int
    person: Person
    channel: str
    act: ChannelCall


async def deliver(rt: Runtime, claim: ClaimedMessage | None, person: Person) -> None:
    """Send a claimed row, if any, then the person's further rows until none can be sent."""
    more = True
    while more:
        if claim is None:
            claim = await _claim(rt, person)
            if claim is None:
                return
        more = await _send(rt, claim)
        claim = None


async def sweep(rt: Runtime) -> int:
    """Send due rows, and rows whose sender crashed; return the number of people processed."""
    async with rt.pool.connection() as transaction:
        due = await fetch_values(transaction, statements.DUE, limit=statements.SWEPT_AT_ONCE)
    await asyncio.gather(*(_catch_up(rt, person_id) for person_id in due))
    return len(due)


async def _catch_up(rt: Runtime, person_id: UUID) -> None:
    """Send the due outbox rows of a person; used by the periodic job.

    After an unexpected error, defer them, so that the rows of other people are still sent.
    """
    done = False
    with isolation.isolate_errors("messages"):
        async with rt.pool.connection() as transaction:
            person = await identities.load(rt, transaction, person_id)
        if person is not None:
            await deliver(rt, None, person)
        done = True
    if not done:
        async with rt.pool.connection() as transaction:
            values = {"person": person_id, "delay": SET_ASIDE_SECONDS}
            await execute(transaction, statements.SET_ASIDE, **values)


async def _claim(rt: Runtime, person: Person) -> ClaimedMessage | None:
    while True:
        values = {"person": person.id, "lease": LEASE_SECONDS}
        async with rt.pool.connection() as transaction:
            claimed = await pipeline.run(transaction, statements.CLAIM, values)
        if not claimed:
            return None
        (row,) = claimed
        row_id, attempt, state, channel, act, body, external_id, sealed, silence = row
        if state != "sending":
            continue
        try:
            place = identities.address(person, bytes(sealed), channel)
            message = decrypt_message(person, body)
        except (VaultError, msgspec.DecodeError):
            _logger.exception("message.unreadable", message=row_id, attempt=attempt)
            claim = ClaimedMessage(row_id, attempt, person, channel, ChannelCall(act, ""))
            if await _set_aside(rt, claim):
                continue
            return None
        shut = is_window_closed(rt, channel, silence)
        there = part_status.count_sent(external_id) if external_id else 0
        mark = f"{row_id}.{attempt}" if attempt > 1 else str(row_id)
        if there:
            # Earlier attempts sent parts of this edit as new messages, so the other parts are sent
            # as new messages too.
            act = "send"
        sent = ChannelCall(act, place, message, external_id or "", mark, shut, sent=there)
        return ClaimedMessage(row_id, attempt, person, channel, sent)


async def _set_aside(rt: Runtime, claim: ClaimedMessage) -> bool:
    """Defer a row that this process cannot decrypt, since another process may have the key.

    Return True if the person's next row can be sent.
    """
    if claim.attempt % statements.MAX_ATTEMPTS == 0:
        return await _outcome(rt, claim, "failed", reason=UNREADABLE)
    return await _outcome(rt, claim, "pending", reason=UNREADABLE, delay=SET_ASIDE_SECONDS)


def is_window_closed(rt: Runtime, channel: str, silence: float | None) -> bool:
    """Return True if the reply window is closed; `silence` is seconds since the person wrote."""
    window = rt.channels[channel].window if channel in rt.channels else 0
    return bool(window) and (silence is None or silence >= window)


async def _send(rt: Runtime, claim: ClaimedMessage) -> bool:
    """Send a row by one platform call; record the outcome; return True if the next may be sent."""
    if claim.channel not in rt.channels:
        return await _outcome(rt, claim, "undeliverable", reason=CHANNEL_OFF)
    template = claim.act.message and claim.act.message.template
    if claim.act.closed and not template:
        return await _wait(rt, claim)
    wait = await wait_until_reachable(rt, claim.channel) or await rate_limits.acquire(
        rt, claim.channel, claim.act
    )
    if wait:
        return await _outcome(rt, claim, "pending", delay=wait, untried=1)
    act = await chat_cleanup.expand(rt, claim.person.id, claim.channel, claim.act)
    file = claim.act.message.file if claim.act.message else None
    if file and claim.channel != WEB:
        row = claim.id, claim.attempt
        found = await attached_files.load(rt, claim.person, *row, UUID(file.id))
        if found is None:
            return await _outcome(rt, claim, "failed", reason=FILE_GONE)
        act = replace(act, contents=found.contents)
    began = time.monotonic()
    try:
        external_id = await _call(rt, claim.channel, act)
    except SendError as error:
        return await _record_failure(rt, claim, error, began)
    rt.accepted_at[claim.channel] = time.monotonic()
    ids, note = stored_id(rt.channels[claim.channel], external_id), None
    if claim.act.kind == "send" and claim.act.external_id:
        # Earlier attempts sent the first parts, so prepend their ids. If the reply window is
        # closed, this attempt sent the whole message again, as a template.
        ids = "" if claim.act.closed else ids and ",".join((*_earlier(claim), ids))
        note = _note(claim, claim.act.sent + sum(map(bool, external_id.split(","))))
    return await _outcome(rt, claim, "sent", external_id=ids, note=note)


def _note(claim: ClaimedMessage, there: int, ids: Sequence[str] = ()) -> str | None:
    """Return the platform's ids of the parts that this attempt sent, and a note for `part_status`.

    The note has the numbers of the first and the last of these parts; `there` is the last one.
    """
    note = part_status.attempt_note(claim.act.sent + 1, there, claim.attempt)
    return ",".join((*ids, note)) if note else None


def _earlier(claim: ClaimedMessage) -> list[str]:
    """Return the platform ids of the message's parts that earlier attempts sent."""
    return part_status.platform_ids(claim.act.external_id) if claim.act.sent else []


async def perform(rt: Runtime, channel: str, act: ChannelCall) -> str:
    """Make a platform call that has no outbox row.

    It is never retried, so a suspect channel delays it by at most 2 s.
    """
    await wait_until_reachable(rt, channel)
    await rate_limits.acquire_or_send(rt, channel, act)
    return await _call(rt, channel, act)


async def _call(rt: Runtime, channel: str, act: ChannelCall) -> str:
    """Make a platform call; if a message can no longer be edited, send it as a new one."""
    with metrics.time_call(channel), tracing.span("send", channel=channel):
        try:
            try:
                return await rt.channels[channel].send(act)
            except CannotEdit:
                act = replace(act, kind="send")
            return await rt.channels[channel].send(act)
        except Unreachable as error:
            if not error.certain:
                suspect(rt, channel)
                if act.kind == "send":
                    _logger.warning("message.in_doubt", channel=channel)
            raise


async def _record_failure(
    rt: Runtime, claim: ClaimedMessage, error: SendError, began: float
) -> bool:
    _logger.info("message.failed", message=claim.id, code=error.code, attempt=claim.attempt)
    note = _note(claim, error.sent, error.external_ids)
    match error:
        case BlockedByUser():
            await _shut(rt, claim, began, blocked=True)
            return await _outcome(rt, claim, "undeliverable", reason=error.code)
        case WindowClosed():
            template = claim.act.message and claim.act.message.template
            if await _shut(rt, claim, began) and not template:
                return await _wait(rt, claim, note)
            # If the message has a template, the next attempt sends it. Otherwise the person has
            # written since the claim, so the window is open again. Their message did not requeue
            # this row, because it was claimed.
            await _outcome(rt, claim, "pending", reason=error.code, note=note)
            return True
        case NoTemplate() if claim.act.closed:
            return await _wait(rt, claim, note, error)
        case Throttled():
            await rate_limits.penalize(rt, claim.channel, error)
        case _:
            pass
    if not error.retry or (
        claim.attempt % statements.MAX_ATTEMPTS == 0 and not _keeps_retrying(rt, claim, error)
    ):
        if message := claim.act.message:
            _logger.warning(
                "message.incomplete", message=claim.id, code=error.code, count=error.sent
            )
            await say_missing(rt, claim.person, claim.channel, message, error)
        message_ids = ",".join((*_earlier(claim), *error.external_ids)) or None
        return await _outcome(rt, claim, "failed", reason=error.code, external_id=message_ids)
    delay = error.delay or 0
    if not delay or claim.attempt >= MIN_ATTEMPTS:
        delay = max(delay, backoff(claim.attempt - 1, most=MAX_BACKOFF))
    return await _outcome(rt, claim, "pending", reason=error.code, delay=delay, note=note)


def _keeps_retrying(rt: Runtime, claim: ClaimedMessage, error: SendError) -> bool:
    """Return True if retries continue after MAX_ATTEMPTS, because the platform is at fault."""
    if isinstance(error, Unreachable | UnknownRefusal):
        return time.monotonic() - rt.accepted_at.get(claim.channel, -inf) > MAX_BACKOFF
    return isinstance(error, ChannelSuspended)


async def _wait(
    rt: Runtime,
    claim: ClaimedMessage,
    note: str | None = None,
    why: SendError | None = None,
) -> bool:
    """Let a row wait until the person writes; the person's later rows can still be sent."""
    code = why.code if why else WindowClosed.code
    return await _outcome(rt, claim, "waiting", reason=code, delay=WAITING_SECONDS, note=note)


async def _shut(rt: Runtime, claim: ClaimedMessage, began: float, *, blocked: bool = False) -> bool:
    person, channel = claim.person.id, claim.channel
    async with rt.pool.connection() as transaction:
        # Compute the seconds since the message was sent only here, so that they include the wait
        # for the connection.
        ago = time.monotonic() - began
        return await identities.mark_unreachable(transaction, person, channel, ago, blocked=blocked)


async def _outcome(
    rt: Runtime,
    claim: ClaimedMessage,
    state: str,
    *,
    external_id: str | None = None,
    reason: str | None = None,
    delay: float = 0,
    untried: int = 0,
    note: str | None = None,
) -> bool:
    """Record the outcome of a claimed row; return True if the person's next row can be sent now."""
    values: dict[str, Any] = {
        "id": claim.id,
        "attempt": claim.attempt,
        "state": state,
        "external_id": external_id,
        "note": note,
        "reason": reason,
        "final": state not in ("pending", "waiting"),
        "held": state == "sent" and _may_be_wanted(rt, claim.channel),
        "delay": delay,
        "untried": untried,
    }
    written = await _write_outcome(rt, values)
    if not written:
        await _take_back(rt, claim, external_id or note)
        return False
    ((more, receipt, status),) = written
    if state == "sent" and receipt == "failed":
        await report(rt, [(claim.id, claim.person.id, claim.channel, status)])
    elif receipt == "failed":
        await report_late(rt, claim.id)
    return bool(more) and state != "pending"


async def _take_back(rt: Runtime, claim: ClaimedMessage, notes: str | None) -> None:
    """Delete a message from the chat if its person was erased while it was being sent."""
    ids = [*_earlier(claim), *part_status.platform_ids(notes)]
    if not ids or not rt.channels[claim.channel].deletes:
        return
    async with rt.pool.connection() as transaction:
        if await identities.load(rt, transaction, claim.person.id) is not None:
            return
    await take_back(rt, claim.channel, claim.act.address, ids)


async def take_back(rt: Runtime, channel: str, address: str, ids: Sequence[str]) -> None:
    """Delete messages from a chat; ignore failures."""
    with suppress(SendError):
        await perform(rt, channel, ChannelCall("delete", address, None, ",".join(ids)))


async def _write_outcome(rt: Runtime, values: dict[str, Any]) -> pipeline.Rows:
    """Write an outcome; retry while the database is down, for half of the lease.

    A sent message whose outcome is lost would be sent again.
    """
    until = time.monotonic() + LEASE_SECONDS / 2
    while True:
        try:
            return await rt.outcomes(values, partial(_write, rt))
        except (psycopg.OperationalError, PoolTimeout, WaitedTooLong):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(RETRY_SECONDS)


async def _write(
    rt: Runtime, outcomes: Sequence[dict[str, Any]]
) -> Sequence[pipeline.Rows | Exception]:
    """Write outcomes of several people in one transaction, locking rows by ascending id.

    If that fails, write each in its own transaction. Return the written rows, or the errors, in the
    order of `outcomes`. Raises an error if the database is unavailable.
    """
    order = sorted(range(len(outcomes)), key=lambda at: int(outcomes[at]["id"]))
    try:
        async with rt.pool.connection() as transaction:
            calls = ((statements.OUTCOME, outcomes[at]) for at in order)
            rows = await pipeline.execute_pipeline(transaction, *calls)
    except Exception as error:
        if connection.is_unavailable(error):
            raise
        if len(outcomes) == 1:
            return [error]
        # One outcome that cannot be written must not keep the other outcomes from being written.
        return [(await _write(rt, [each]))[0] for each in outcomes]
    found = dict(zip(order, rows, strict=True))
    return [found[at] for at in range(len(outcomes))]


def _may_be_wanted(rt: Runtime, channel: str) -> bool:
    """Return True if the text of a sent message must be kept.

    The page of the web chat still has to fetch it, or a retry may need it.
    """
    return channel == WEB or bool(rt.channels[channel].window)
