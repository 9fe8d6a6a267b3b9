"""Delivery of notifications to officers by e-mail and Web Push.

All due notifications for the same officer and the same e-mail address or browser become one
message.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from bot.concurrency import isolation
from bot.concurrency.backoff import backoff
from bot.db.statements import execute, fetch_all, fetch_one
from bot.notifications import email, preferences, statements
from bot.notifications.errors import Gone, NotificationError
from bot.notifications.fan_out import EMAIL
from bot.notifications.kinds import LINES, OF_BROADCASTS, OF_CONTENT, Kind
from bot.notifications.switched_off import CONTACT, OWN_ADDRESSES, SwitchedOff, next_steps
from bot.notifications.web_push import Browser, Sender
from bot.observability import logging, metrics
from bot.officers.permissions import Role
from bot.runtime import Runtime
from flows.engine.text import Text, _

LEASE_SECONDS = 60
# Maximum attempts per notification. With the backoff, they are spread over 1.5 hours.
MAX_ATTEMPTS = 8
FIRST_SECONDS, MAX_BACKOFF = 30, 1800
OPEN_CONSOLE = _("Open the console: {address}")
WHY = _("You chose these notifications in your account of the console.")
# The page about events of each kind. Events of the other kinds concern cases, in the inbox.
PAGES: Mapping[Kind, str] = {
    Kind.APPEAL: "/console/limits",
    Kind.WEBHOOK_OFF: "/console/webhooks",
    **dict.fromkeys(OF_CONTENT, "/console/content"),
    **dict.fromkeys(OF_BROADCASTS, "/console/broadcasts"),
}
HOME = "/console"

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Claimed notifications for one officer and target, which are sent as one message.

    The target is an e-mail address or a browser. `attempt` is the highest attempt number among the
    notifications, for the log and the backoff. `disabled` are the disabled webhook endpoints that
    they name.
    """

    officer: UUID
    target: int
    ids: list[int]
    kinds: Counter[Kind]
    attempt: int
    disabled: list[SwitchedOff]


@dataclass(frozen=True, slots=True)
class _Target:
    email: str
    language: str
    roles: list[str]
    browser: Browser | None

    @property
    def is_contact(self) -> bool:
        """Return True for the operator of another computer system, who cannot open the console."""
        return Role.INTEGRATOR in self.roles


def push_sender(rt: Runtime) -> Sender | None:
    """Return the sender of Web Push messages; None if no key is configured."""
    key = rt.settings.push_private_key
    return Sender(key.get_secret_value(), rt.settings.push_contact) if key else None


async def send_due(rt: Runtime) -> int:
    """Claim and send the due notifications; return the number of messages, failed ones included."""
    async with rt.pool.connection() as transaction:
        rows = await fetch_all(transaction, statements.CLAIM, lease=LEASE_SECONDS)
    bundles = list(_bundles(rows))
    await asyncio.gather(*(_send_alone(rt, each) for each in bundles))
    return len(bundles)


def _bundles(rows: Iterable[tuple[int, UUID, int, str, str, int]]) -> Iterable[Bundle]:
    together = defaultdict[tuple[UUID, int], list[tuple[int, Kind, str, int]]](list)
    for row_id, officer, target, kind, subject, attempt in rows:
        together[officer, target].append((row_id, Kind(kind), subject, attempt))
    for (officer, target), found in together.items():
        ids, kinds, subjects, attempts = zip(*found, strict=True)
        disabled = [
            SwitchedOff.parse(subject)
            for kind, subject in zip(kinds, subjects, strict=True)
            if kind is Kind.WEBHOOK_OFF
        ]
        yield Bundle(officer, target, [*ids], Counter(kinds), max(attempts), disabled)


async def _send_alone(rt: Runtime, bundle: Bundle) -> None:
    with isolation.isolate_errors("notifications"):
        await _send(rt, bundle)


async def _send(rt: Runtime, bundle: Bundle) -> None:
    channel = "email" if bundle.target == EMAIL else "push"
    state, why, retry = "sent", None, False
    try:
        await _call(rt, bundle)
    except NotificationError as error:
        _logger.warning(
            "notification.failed", code=error.code, channel=channel, attempt=bundle.attempt
        )
        state, why, retry = "failed", error.code, error.retry
    metrics.NOTIFICATIONS.labels(channel, why or "ok").inc(len(bundle.ids))
    delay = backoff(bundle.attempt, first=FIRST_SECONDS, most=MAX_BACKOFF)
    values = {"ids": bundle.ids, "next_state": state, "why": why, "retry": retry, "delay": delay}
    async with rt.pool.connection() as transaction:
        await execute(transaction, statements.OUTCOME, max_attempts=MAX_ATTEMPTS, **values)
        # Without a key the browser was not asked.
        if why == Gone.code and bundle.target != EMAIL and push_sender(rt):
            # The browser may belong to another officer by now, whose subscription must remain.
            await preferences.unsubscribe(transaction, bundle.officer, bundle.target)


async def _call(rt: Runtime, bundle: Bundle) -> None:
    target = await _target(rt, bundle)
    lines = _lines(rt, bundle, target)
    address = f"{rt.settings.public_url}{_path(bundle.kinds, target.roles)}"
    if bundle.target == EMAIL:
        if not target.email or rt.settings.smtp_host is None:
            raise Gone
        body = "\n".join((*lines, "", *_closing(rt, bundle, target, address)))
        return await email.send(rt.settings, target.email, f"Kosh: {lines[0]}", body)
    sender = push_sender(rt)
    if target.browser is None or sender is None:
        raise Gone
    payload = msgspec.json.encode({"title": "Kosh", "body": "\n".join(lines), "url": address})
    return await sender.send(rt.http, target.browser, payload)


async def _target(rt: Runtime, bundle: Bundle) -> _Target:
    async with rt.pool.connection() as transaction:
        row = await fetch_one(
            transaction, statements.TARGET, officer=bundle.officer, target=bundle.target
        )
    if row is None:
        raise Gone
    address, language, roles, endpoint, public_key, secret = row
    browser = Browser(endpoint, bytes(public_key), bytes(secret)) if endpoint else None
    return _Target(address, language or rt.settings.languages[0], roles, browser)


def _lines(rt: Runtime, bundle: Bundle, target: _Target) -> list[str]:
    lines = {**LINES, Kind.WEBHOOK_OFF: OWN_ADDRESSES} if target.is_contact else LINES
    counts = [
        rt.languages.render(_(line.msgid, count=bundle.kinds[kind]), target.language)
        for kind, line in lines.items()
        if bundle.kinds[kind]
    ]
    return counts + [each.host for each in bundle.disabled]


def _closing(rt: Runtime, bundle: Bundle, target: _Target, address: str) -> list[str]:
    """Return the end of an e-mail: the next step, a link, and the reason for the e-mail."""

    def say(text: Text) -> str:
        return rt.languages.render(text, target.language)

    lines = []
    if bundle.disabled:
        step, calls = next_steps(bundle.disabled, target.roles, rt.settings.public_url)
        lines += [say(step), *calls]
    if not target.is_contact:
        lines.append(say(_(OPEN_CONSOLE.msgid, address=address)))
    return [*lines, "", "-- ", say(CONTACT if target.is_contact else WHY)]


def _path(kinds: Counter[Kind], roles: list[str]) -> str:
    """Return the path of the page about all events of these kinds.

    If no page is about all of them, return the console's root, which redirects to the first page
    that the officer's roles allow.
    """
    pages = {PAGES.get(kind, "/console/inbox") for kind in kinds}
    if Kind.WEBHOOK_OFF in kinds and Role.ADMINISTRATOR not in roles:
        return HOME
    return pages.pop() if len(pages) == 1 else HOME
