"""Error policy of broadcasts: effects of an error on recipient, person, channel and broadcast."""

from datetime import datetime
from uuid import UUID

from bot.broadcasts import pausing
from bot.broadcasts.model import RecipientStatus
from bot.channels import (
    BlockedByUser,
    ChannelSuspended,
    NoTemplate,
    OptedOut,
    SendError,
    TemporarilyRestricted,
    Throttled,
    Unreachable,
    WindowClosed,
)
from bot.concurrency.backoff import backoff
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.people import identities, subscriptions

MAX_ATTEMPTS = 5
MAX_BACKOFF = 300
DAY = 24 * 3600.0
OPT_OUT_TASK = "broadcasts.opt_out"


def classify(
    channel: str, error: SendError, attempt: int, *, template: bool, known: bool
) -> tuple[RecipientStatus, str, float, str]:
    """Return the effects of a send error on the recipient and the broadcast.

    The effects are the recipient's new status, its reason, the delay of a retry in seconds, and the
    reason to pause the whole broadcast ('' to continue). `template`: the text has a WhatsApp
    template. `known`: the channel accepted the same text for other recipients, so the text is not
    the cause.
    """
    match error:
        case BlockedByUser():
            return RecipientStatus.FAILED, "blocked", 0, ""
        case OptedOut():
            return RecipientStatus.FAILED, "opted_out", 0, ""
        case TemporarilyRestricted():
            return RecipientStatus.HELD, "not_now", DAY, ""
        case WindowClosed():
            status = RecipientStatus.PLANNED if template else RecipientStatus.SKIPPED
            return status, "" if template else "no_template", 0, ""
        case Throttled():
            alone = channel == "whatsapp" and not error.wide
            return RecipientStatus.PLANNED, "throttled", error.delay or 1 if alone else 0, ""
        case ChannelSuspended():
            return RecipientStatus.PLANNED, "held", 0, "held"
        case NoTemplate():
            return RecipientStatus.PLANNED, "template", 0, "template"
        case Unreachable() if not error.certain:
            return RecipientStatus.IN_DOUBT, "unreachable", 0, ""
        case Unreachable() if attempt < MAX_ATTEMPTS:
            return RecipientStatus.PLANNED, "unreachable", backoff(attempt, most=MAX_BACKOFF), ""
        case Unreachable():
            return RecipientStatus.FAILED, "unreachable", 0, ""
        case _ if known:
            return RecipientStatus.FAILED, "refused", 0, ""
        case _:
            return RecipientStatus.PLANNED, "content", 0, "content"


async def consequence(
    transaction: Transaction, channel: str, person_id: UUID, error: SendError, at: datetime | float
) -> None:
    """Apply the effects of a send error on the person and on the channel.

    Mark the person as unreachable, unsubscribe the person, or pause the channel. A job ends the
    subscription in the conversation, too, since only `bot.conversations` changes conversations.
    `at` is the database time at which the failed message was sent, or, as a float, the seconds
    since then.
    """
    match error:
        case BlockedByUser():
            await identities.mark_unreachable(transaction, person_id, channel, at, blocked=True)
        case WindowClosed():
            await identities.mark_unreachable(transaction, person_id, channel, at)
        case OptedOut():
            await subscriptions.unsubscribe(transaction, person_id)
            await job_queue.defer(transaction, OPT_OUT_TASK, person=str(person_id))
        case Throttled() if error.wide or channel == "telegram":
            await pausing.pause_channel(transaction, channel, error.delay or 1, "throttled")
        case _:
            pass
