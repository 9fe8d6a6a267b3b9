"""Hints by e-mail or SMS to people who left an address: a neutral notice that news waits.

A hint names no service and has no link, because other people may read it.
"""

import asyncio

from bot.concurrency import isolation
from bot.concurrency.backoff import backoff
from bot.notifications import email, sms
from bot.notifications.errors import Gone, NotificationError, Unanswered
from bot.observability import logging, metrics
from bot.people import hint_contacts
from bot.people.hint_contacts import ClaimedHint, DueHint
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from flows.engine import screens
from flows.engine.language_protocol import Refusal
from flows.engine.text import Text, _

# Seconds for which a process claims an e-mail or SMS: longer than the timeout of any call, so that
# no other process sends it during the call.
LEASE_SECONDS = 60
# Maximum attempts per hint. With the backoff, they are spread over half an hour.
MAX_ATTEMPTS = 6
FIRST_SECONDS, MAX_BACKOFF = 30, 1800
SUBJECT = _("There is an update")
CODE_SUBJECT = _("Your code")
CODE = _("Code: {code}")
CODE_ENDS = _("If you did not ask for a code, please ignore this message.")
HOW_TO_OPEN = _("Open the chat in which you left this address.")
HOW_TO_END = _("To end these messages, use the menu of that chat.")

_logger = logging.get()


async def send_hints(rt: Runtime) -> int:
    """Claim and send due e-mails and SMS to people: hints that a message waits, and codes.

    A code confirms the address that a person left. Return the number of e-mails and SMS.
    """
    if not rt.settings.hint_channels:
        return 0
    async with rt.pool.connection() as transaction:
        due = await hint_contacts.claim(transaction, LEASE_SECONDS)
    await asyncio.gather(*(_send_alone(rt, each) for each in due))
    return len(due)


async def _send_alone(rt: Runtime, hint: ClaimedHint) -> None:
    with isolation.isolate_errors("hints"):
        await _send(rt, hint)


async def _send(rt: Runtime, hint: ClaimedHint) -> None:
    why, delay = "", None
    try:
        await _call(rt, hint_contacts.decrypt(rt, hint))
    except (NotificationError, VaultError) as error:
        _logger.warning("hint.failed", code=error.code, channel=hint.way, attempt=hint.attempt)
        why = error.code
        # Do not resend a code that may have arrived, because each SMS costs money, and a mistyped
        # address belongs to somebody else.
        is_spent = bool(hint.code) and isinstance(error, Unanswered)
        # A missing key may come back, for example after an incomplete restore.
        is_passing = isinstance(error, VaultError) or error.retry
        if is_passing and not is_spent and hint.attempt < MAX_ATTEMPTS:
            delay = backoff(hint.attempt, first=FIRST_SECONDS, most=MAX_BACKOFF)
    metrics.HINTS.labels(hint.way, why or "ok").inc()
    async with rt.pool.connection() as transaction:
        if why:
            await hint_contacts.note_failed(transaction, hint, delay)
        else:
            await hint_contacts.note_sent(transaction, hint)


async def _call(rt: Runtime, hint: DueHint) -> None:
    if hint.way not in rt.settings.hint_channels:
        raise Gone
    if hint.way == "sms":
        if isinstance(rt.languages.mobile(hint.address, rt.settings.sms_countries), Refusal):
            raise Gone
        text = _lines(rt, hint, _opening(hint))
        return await sms.send(rt.http, rt.settings, hint.address, text)
    rest = (CODE_ENDS,) if hint.code else (HOW_TO_OPEN, HOW_TO_END)
    subject = rt.languages.render(CODE_SUBJECT if hint.code else SUBJECT, hint.language)
    text = _lines(rt, hint, _opening(hint), *rest)
    sender = rt.settings.hint_email_from
    await email.send(rt.settings, hint.address, subject, text, sender=sender)


def _opening(hint: DueHint) -> Text:
    return _(CODE.msgid, code=hint.code) if hint.code else screens.UPDATE


def _lines(rt: Runtime, hint: DueHint, *texts: Text) -> str:
    return "\n".join(rt.languages.render(text, hint.language) for text in texts)
