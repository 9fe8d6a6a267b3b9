"""Progress of a broadcast, from counters that database triggers maintain; no rows are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.broadcasts import model
from bot.broadcasts import sending_statements as statements
from bot.broadcasts.audience import Count
from bot.broadcasts.model import OPEN, Broadcast, Draft, RecipientStatus, State, Words
from bot.broadcasts.statements import FIND, LATEST_ANNOUNCEMENTS, NOT_RETRIED
from bot.db.connection import Transaction
from bot.db.pipeline import execute_pipeline
from bot.db.statements import fetch_all
from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.outbox.rate_limits import PAID_RATE, RESERVE
from bot.runtime import Runtime
from bot.security import audit_log

PAGE = 25
DAY = 24 * 3600
# Price in Stars of a Telegram message that is sent faster than Telegram's free rate.
STARS = 0.1


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of all broadcasts on a channel, for example after a platform's rate limit error."""

    channel: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Counters of a broadcast.

    `statuses` counts recipients by status; its sum is the total. `channels` counts them by channel
    and status, `reasons` by status and reason. `rate` (recent) and `average` are in messages per
    second. `eta` is the number of seconds to the end, None if unknown.
    """

    broadcast: Broadcast
    now: datetime
    statuses: Mapping[RecipientStatus, int]
    channels: Mapping[tuple[str, RecipientStatus], int]
    reasons: Mapping[tuple[RecipientStatus, str], int]
    rate: float
    average: float
    eta: float | None
    pauses: tuple[Pause, ...]

    @property
    def open(self) -> int:
        return sum(self.statuses.get(status, 0) for status in OPEN)

    @property
    def retriable(self) -> int:
        """Return the number of failed recipients to whom a retry sends the message again."""
        failed = RecipientStatus.FAILED
        kept = sum(self.reasons.get((failed, reason), 0) for reason in NOT_RETRIED)
        return self.statuses.get(failed, 0) - kept


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient, identified by a sequence number that does not reveal the person."""

    seq: int
    channel: str
    language: str
    status: RecipientStatus
    reason: str
    attempt: int
    not_before: datetime | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PastAnnouncement:
    """A past announcement: the time of its start, and its text by language."""

    at: datetime
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimate for sending a broadcast: `seconds` of sending for each channel, and the cost.

    `stars` is the cost in Telegram Stars. `billed` is the number of messages that WhatsApp bills,
    because they use a template.
    """

    seconds: Mapping[str, float]
    stars: float
    billed: int


async def progress(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Progress:
    """Return the progress of a broadcast, in one round trip to the database."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        return await of(transaction, broadcast_id)


async def of(transaction: Transaction, broadcast_id: UUID) -> Progress:
    values = {"id": broadcast_id}
    found, counts, speeds, waits = await execute_pipeline(
        transaction,
        (FIND, values),
        (statements.COUNTS, values),
        (statements.SPEEDS, values),
        (statements.PAUSES, values),
    )
    broadcast = model.single(found)
    statuses: dict[RecipientStatus, int] = {}
    channels: dict[tuple[str, RecipientStatus], int] = {}
    reasons: dict[tuple[RecipientStatus, str], int] = {}
    for channel, state, reason, many in counts:
        status = RecipientStatus(state)
        statuses[status] = statuses.get(status, 0) + many
        channels[channel, status] = channels.get((channel, status), 0) + many
        if reason:
            reasons[status, reason] = reasons.get((status, reason), 0) + many
    now, rate, average = speeds[0]
    waiting = sum(statuses.get(status, 0) for status in OPEN)
    moving = broadcast.state is State.RUNNING and rate > 0
    pauses = tuple(Pause(*row) for row in waits)
    # A pause delays the end only if its channel has recipients who still have to get the message.
    halts = [
        (each.until - now).total_seconds()
        for each in pauses
        if any(channels.get((each.channel, status)) for status in OPEN)
    ]
    eta = 0.0 if not waiting else max([0.0, *halts]) + waiting / rate if moving else None
    return Progress(broadcast, now, statuses, channels, reasons, rate, average, eta, pauses)


async def recipients(
    rt: Runtime,
    officer: Officer,
    broadcast_id: UUID,
    status: RecipientStatus | None = None,
    *,
    reason: str = "",
    after: int = -1,
    limit: int = PAGE,
) -> list[Recipient]:
    """Return the recipients with a number above `after`, at most `limit`.

    `status` and `reason` restrict them to one status and one reason of failure.
    """
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    values = {"id": broadcast_id, "after": after, "reason": reason, "limit": limit}
    found = statements.RECIPIENTS_OF_STATUS if status else statements.RECIPIENTS
    async with rt.pool.connection() as transaction:
        rows = await fetch_all(transaction, found, status=status and status.value, **values)
    return [Recipient(row[0], row[1], row[2], RecipientStatus(row[3]), *row[4:]) for row in rows]


async def history(rt: Runtime, officer: Officer, broadcast_id: UUID) -> list[audit_log.Entry]:
    """Return the audit entries about a broadcast, oldest first."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        return await audit_log.about(transaction, str(broadcast_id))


async def latest_announcements(
    transaction: Transaction, limit: int, person_id: UUID | None = None
) -> list[PastAnnouncement]:
    """Return announcements of the last 12 months that the person may read, newest first.

    These are the announcements that addressed no specific group, and those that the person got.
    Announcements that an officer paused or cancelled are omitted.
    """
    rows = await fetch_all(transaction, LATEST_ANNOUNCEMENTS, limit=limit, person=person_id)
    return [PastAnnouncement(*row) for row in rows]


def estimate(rt: Runtime, draft: Draft, count: Count) -> Estimate:
    """Estimate how long sending a draft to the counted recipients takes, and what it costs.

    The estimate assumes that no call fails.
    """
    seconds: dict[str, float] = {}
    for channel in dict.fromkeys(name for _, name in count.included):
        rate = rt.channels[channel].rates.whole * (1 - RESERVE)
        if draft.paid and channel == "telegram":
            rate = PAID_RATE
        seconds[channel] = count.on(channel) / rate if rate else 0.0
    billed = count.on("whatsapp") if any(each.template for each in _words(draft)) else 0
    tier = rt.settings.whatsapp_daily_limit
    if tier and billed > tier:
        # WhatsApp limits how many people are reached in 24 hours; the first day's quota is
        # available at once.
        seconds["whatsapp"] = max(seconds["whatsapp"], (billed - 1) // tier * float(DAY))
    stars = count.on("telegram") * STARS if draft.paid else 0.0
    return Estimate(seconds, stars, billed)


def _words(draft: Draft) -> list[Words]:
    return list(draft.texts.values())
