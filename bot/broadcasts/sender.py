"""Sender of a shard: claim recipients, commit, make the calls, record each attempt's outcome.

A shard is a range of a broadcast's recipients. Recipients that a crashed process had claimed are
never resent automatically, since their messages may have been sent.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from bot import outbox
from bot.broadcasts import content, model, pausing, shard_statements
from bot.broadcasts.audience import push_channels, template_languages
from bot.broadcasts.error_policy import DAY, classify, consequence
from bot.broadcasts.model import OPEN, Broadcast, Purpose, RecipientStatus
from bot.broadcasts.sending_statements import REACHED
from bot.broadcasts.statements import LOCK_ROW
from bot.broadcasts.time_zones import mission_zones, zones
from bot.channels import (
    BlockedByUser,
    ChannelCall,
    Message,
    Refused,
    SendError,
    Unreachable,
)
from bot.channels.message_ids import stored_id
from bot.channels.webchat import WebChat
from bot.concurrency import shutdown
from bot.db.connection import Transaction
from bot.db.pipeline import begin, run
from bot.db.statements import fetch_all
from bot.observability import logging
from bot.outbox import rate_limits
from bot.outbox.channel_probe import suspect, wait_until_reachable
from bot.people import identities
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from flows.knowledge.missions import HOME_ZONE

SHARD = 500
AT_ONCE = 25
LEASE_SECONDS = 60
# Time limit of one shard's job in seconds, so that other jobs can run. The scheduler then queues
# the remaining recipients of the shard again.
JOB_SECONDS = 10.0
RETRY_SECONDS = 0.5
# Seconds to pause a channel that does not answer, to avoid a series of useless jobs. The pause is
# short, because it also stops processes that can reach the channel.
UNREACHABLE_SECONDS = 5.0
# At shutdown, the worker first waits for its jobs. Calls that are then still in progress get this
# number of seconds to finish. The recipients of slower calls get the status `in_doubt`.
LAST_SECONDS = 1.0
# The broadcast is paused if the last ROW calls failed, or OF_HUNDRED of the last 100 calls: then no
# single recipient is the cause.
ROW, OF_HUNDRED = 10, 20

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class ClaimedRecipient:
    """A recipient that this process claimed, and the call to make.

    `act` is None if the recipient's data could not be decrypted.
    """

    seq: int
    attempt: int
    person_id: UUID
    language: str
    act: ChannelCall | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one call to a channel; `stop` is the reason to pause the whole broadcast, or ''."""

    recipient: ClaimedRecipient
    status: RecipientStatus
    reason: str = ""
    delay: float = 0
    external_id: str | None = None
    error: SendError | None = None
    stop: str = ""
    began: float = 0


@dataclass
class Batch:
    """State of a job that sends to one shard (range of recipients) of a broadcast.

    `messages` are the broadcast's messages by written form (language in one script). `proven` has
    channel and written form of each message that a channel accepted. `failures` has a value for
    each of the last 100 calls, which is True if the call failed.
    """

    broadcast: Broadcast
    messages: dict[str, Message]
    values: dict[str, Any]
    until: float
    proven: set[tuple[str, str]] = field(default_factory=set)
    failures: deque[bool] = field(default_factory=lambda: deque(maxlen=100))

    @property
    def has_error_burst(self) -> bool:
        """Return True if so many of the last calls failed that the recipients are not the cause."""
        row = list(self.failures)[-ROW:]
        return (len(row) == ROW and all(row)) or sum(self.failures) >= OF_HUNDRED


async def send_shard(rt: Runtime, broadcast_id: UUID, shard: int) -> None:
    """Send a broadcast to one shard (range of recipients), on all channels concurrently.

    End when no recipient is due, or after JOB_SECONDS.
    """
    batch = await _load_batch(rt, broadcast_id, shard)
    channels = (_send_on_channel(rt, batch, channel) for channel in push_channels(rt))
    # Wait for all channels, so that an exception on one channel does not lose outcomes on another.
    ended = await asyncio.gather(*channels, return_exceptions=True)
    failed = [each for each in ended if isinstance(each, Exception)]
    if failed:
        raise failed[0]


async def _load_batch(rt: Runtime, broadcast_id: UUID, shard: int) -> Batch:
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id)
    draft = broadcast.draft
    zone_tokens, places = zones(rt) if draft.quiet_hours else ([], [])
    known_missions, their_zones = mission_zones()
    messages = content.samples(rt, draft)
    values: dict[str, Any] = {
        "id": broadcast_id,
        "first": shard * SHARD,
        "last": (shard + 1) * SHARD,
        "service": draft.purpose is Purpose.SERVICE and bool(draft.rule.registration),
        "languages": list(messages),
        "templates": template_languages(rt, draft),
        "tokens": zone_tokens,
        "zones": places,
        "home": HOME_ZONE,
        "missions": known_missions,
        "mission_zones": their_zones,
        "lease": LEASE_SECONDS,
    }
    return Batch(broadcast, messages, values, monotonic() + JOB_SECONDS)


async def _send_on_channel(rt: Runtime, batch: Batch, channel: str) -> None:
    """Send to the shard (range of recipients) on one channel.

    Repeatedly acquire rate-limit tokens, claim recipients and send.
    """
    tokens = 0
    while monotonic() < batch.until:
        tokens = tokens or await rate_limits.acquire_bulk(
            rt, channel, AT_ONCE, paid=_is_paid(batch, channel)
        )
        if not await _answers(rt, channel):
            break
        limit = min(tokens, await _reachable(rt, batch, channel))
        recipients, row_count = await _claim(rt, batch, channel, limit) if limit else ([], 0)
        if not row_count:
            break
        tokens -= len(recipients)
        if recipients:
            await shutdown.finish_on_cancel(_send_all(rt, batch, channel, recipients), LAST_SECONDS)
    await rate_limits.refund(rt, channel, tokens, paid=_is_paid(batch, channel))


def _is_paid(batch: Batch, channel: str) -> bool:
    return batch.broadcast.draft.paid and channel == "telegram"


async def _answers(rt: Runtime, channel: str) -> bool:
    """Return True if the channel's platform answers; otherwise pause the channel.

    Without the pause, further claimed recipients would get the status `in_doubt`, and useless jobs
    would be queued.
    """
    if not await wait_until_reachable(rt, channel):
        return True
    async with rt.pool.connection() as transaction:
        await pausing.pause_channel(transaction, channel, UNREACHABLE_SECONDS, "unreachable")
    return False


async def _reachable(rt: Runtime, batch: Batch, channel: str) -> int:
    """Return how many more people WhatsApp's daily quota allows, at most AT_ONCE.

    If the quota is used up, pause the channel until the oldest counted message is 24 hours old.
    Return AT_ONCE if no quota applies: on another channel, if no quota is configured, or for a
    broadcast without WhatsApp templates.
    """
    tier = rt.settings.whatsapp_daily_limit
    if channel != "whatsapp" or not tier or not batch.values["templates"]:
        return AT_ONCE
    async with rt.pool.connection() as transaction:
        ((many, oldest),) = await fetch_all(transaction, REACHED, limit=tier)
        if many >= tier:
            await pausing.paused_until(transaction, channel, oldest, DAY, "reach")
    return min(AT_ONCE, max(0, tier - int(many)))


async def _claim(
    rt: Runtime, batch: Batch, channel: str, limit: int
) -> tuple[list[ClaimedRecipient], int]:
    """Claim up to `limit` due recipients; return them and the number of rows examined.

    Examined rows also include recipients that the claim skipped or postponed.
    """
    window = rt.channels[channel].window
    values = batch.values | {"channel": channel, "most": limit, "window": window}
    async with rt.pool.connection() as transaction:
        rows = await run(transaction, shard_statements.CLAIM, values)
    return [
        _recipient(rt, batch, channel, row) for row in rows if row[2] == RecipientStatus.CLAIMED
    ], len(rows)


def _recipient(rt: Runtime, batch: Batch, channel: str, row: Sequence[Any]) -> ClaimedRecipient:
    seq, attempt, _state, person_id, key, epoch, sealed, language, discreet, shut = row
    try:
        address = identities.address(
            identities.open_person(rt, person_id, key, epoch), bytes(sealed), channel
        )
    except VaultError:
        _logger.exception("broadcast.unreadable", channel=channel, attempt=attempt)
        return ClaimedRecipient(seq, attempt, person_id, language, None)
    message = batch.messages[language]
    if discreet:
        message = content.hint(rt, language, message.template.name if message.template else "")
    mark = f"b{batch.broadcast.number}.{seq}.{attempt}"
    act = ChannelCall(
        "send", address, message, row=mark, closed=shut, paid=_is_paid(batch, channel)
    )
    return ClaimedRecipient(seq, attempt, person_id, language, act)


async def _send_all(
    rt: Runtime, batch: Batch, channel: str, recipients: Sequence[ClaimedRecipient]
) -> None:
    outcomes = await asyncio.gather(
        *(_send(rt, batch, channel, recipient) for recipient in recipients)
    )
    for each in outcomes:
        batch.failures.append(isinstance(each.error, Unreachable | Refused))
        if each.error is None:
            batch.proven.add((channel, each.recipient.language))
    await _write_outcomes(rt, batch, channel, outcomes)


async def _send(rt: Runtime, batch: Batch, channel: str, recipient: ClaimedRecipient) -> Outcome:
    began = monotonic()
    if recipient.act is None:
        # The person's data could not be decrypted, so the message was certainly not sent. Count a
        # failed call nevertheless, because a missing encryption key may affect all recipients.
        lost = Unreachable(certain=True)
        return Outcome(recipient, RecipientStatus.FAILED, "unreachable", error=lost, began=began)
    try:
        external_id = await _call(rt, channel, recipient.person_id, recipient.act)
    except SendError as error:
        if isinstance(error, Unreachable) and not error.certain:
            suspect(rt, channel)
        known = (channel, recipient.language) in batch.proven
        template = recipient.act.message is not None and recipient.act.message.template is not None
        status, reason, delay, stop = classify(
            channel, error, recipient.attempt, template=template, known=known
        )
        if status is RecipientStatus.PLANNED and error.external_ids:
            # Delete the parts of the message that arrived, because the retry sends the whole
            # message again.
            await outbox.take_back(rt, channel, recipient.act.address, error.external_ids)
        return Outcome(recipient, status, reason, delay, None, error, stop, began)
    except Exception:
        _logger.exception("broadcast.call_failed", channel=channel)
        return Outcome(recipient, RecipientStatus.IN_DOUBT, "unreachable", error=Unreachable())
    return Outcome(
        recipient,
        RecipientStatus.ACCEPTED,
        external_id=stored_id(rt.channels[channel], external_id),
    )


async def _call(rt: Runtime, channel: str, person_id: UUID, act: ChannelCall) -> str:
    """Make one call of the channel and return the message's id.

    For the web chat, put the message into the outbox instead, from which the person's browser
    fetches it.
    """
    if channel != WebChat.name:
        return await rt.channels[channel].send(act)
    async with rt.pool.connection() as transaction:
        person = await identities.load(rt, transaction, person_id)
        if person is None:
            raise BlockedByUser
        (row,) = await outbox.enqueue(
            transaction, person, channel, (outbox.Row("send", act.message),)
        )
    await outbox.deliver(rt, None, person)
    return str(row)


async def _write_outcomes(
    rt: Runtime, batch: Batch, channel: str, outcomes: Sequence[Outcome]
) -> None:
    """Write outcomes of calls to the database; retry as long as the database is unavailable.

    Only this process knows the outcomes. Writing them twice changes nothing.
    """
    while True:
        try:
            async with rt.pool.connection() as transaction:
                if any(each.error for each in outcomes):
                    await _consequences(transaction, batch, channel, outcomes)
                else:
                    await run(transaction, shard_statements.OUTCOMES, _values(batch, outcomes))
            return
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout):
            _logger.warning("broadcast.outcome_deferred", channel=channel, count=len(outcomes))
            await asyncio.sleep(RETRY_SECONDS)


def _values(batch: Batch, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "id": batch.broadcast.id,
        "seqs": [each.recipient.seq for each in outcomes],
        "attempts": [each.recipient.attempt for each in outcomes],
        "new_states": [each.status for each in outcomes],
        "reasons": [each.reason for each in outcomes],
        "external_ids": [each.external_id for each in outcomes],
        "delays": [each.delay for each in outcomes],
    }


async def _consequences(
    transaction: Transaction, batch: Batch, channel: str, outcomes: Sequence[Outcome]
) -> None:
    """Write outcomes, and apply the effects of failures to people, channel and broadcast.

    If a recipient gets the status `planned` again after the broadcast has ended, the broadcast is
    set to running again.
    """
    stop = next(
        (each.stop for each in outcomes if each.stop), "storm" if batch.has_error_burst else ""
    )
    again = any(each.status in OPEN for each in outcomes)
    values = _values(batch, outcomes)
    locked = [(LOCK_ROW, values)] if stop or again else []
    await begin(transaction, *locked, (shard_statements.OUTCOMES, values))
    for each in outcomes:
        if each.error is not None:
            ago = monotonic() - each.began
            await consequence(transaction, channel, each.recipient.person_id, each.error, ago)
    if again:
        await pausing.reopen(transaction, batch.broadcast.id)
    if stop:
        await pausing.halt(transaction, batch.broadcast.id, stop)
