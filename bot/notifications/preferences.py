"""Notification preferences of an officer: kinds, e-mail address, browsers, quiet hours, digest."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one
from bot.notifications import statements
from bot.notifications.kinds import Kind
from bot.notifications.web_push import AUTH_BYTES, CURVE, decode, is_allowed
from bot.officers.directory import Officer
from bot.officers.permissions import Role

MAX_EMAIL, MAX_ENDPOINT = 254, 1024
DIGESTS = (0, 15, 60, 240)
ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")


class BadPreference(ValueError):
    """Invalid e-mail address, quiet hours, digest or browser subscription; nothing was changed."""

    code = "E_NOTIFICATION_SETTINGS"


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of an officer; the quiet hours are in the time zone of their mission."""

    email: str = ""
    unwanted: frozenset[str] = frozenset()
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_minutes: int = 0


async def of_officer(transaction: Transaction, officer: UUID) -> Preferences:
    """Return an officer's preferences, or the defaults if none are stored."""
    row = await fetch_one(transaction, statements.SETTINGS, officer=officer)
    if row is None:
        return Preferences()
    address, unwanted, opens, closes, minutes = row
    return Preferences(address, frozenset(unwanted), opens, closes, minutes)


async def save(transaction: Transaction, officer: UUID, chosen: Preferences) -> None:
    """Save an officer's preferences. Raises BadPreference if a value is invalid."""
    address = chosen.email.strip()
    if address and (len(address) > MAX_EMAIL or not ADDRESS.fullmatch(address)):
        raise BadPreference
    if (chosen.quiet_from is None) != (chosen.quiet_until is None):
        raise BadPreference
    if chosen.digest_minutes not in DIGESTS or not chosen.unwanted <= set(Kind):
        raise BadPreference
    await execute(
        transaction,
        statements.SAVE,
        officer=officer,
        address=address,
        left_out=sorted(chosen.unwanted),
        opens=chosen.quiet_from,
        closes=chosen.quiet_until,
        minutes=chosen.digest_minutes,
    )


async def set_contact(transaction: Transaction, system: Officer, email: str) -> None:
    """Save the e-mail address of another system's operator; "" removes it.

    The operator is notified of disabled webhook endpoints only. Raises BadPreference for an invalid
    address, or for the account of an officer, who chooses notifications in the console.
    """
    if Role.INTEGRATOR not in system.roles:
        raise BadPreference
    others = frozenset(kind.value for kind in Kind if kind is not Kind.WEBHOOK_OFF)
    await save(transaction, system.id, Preferences(email, others))


async def browsers(transaction: Transaction, officer: UUID) -> list[tuple[int, datetime]]:
    """Return the id and the subscription time of each of the officer's browsers."""
    return await fetch_all(transaction, statements.BROWSERS, officer=officer)


async def subscribe(
    transaction: Transaction,
    officer: UUID,
    endpoint: str,
    public_key: str,
    auth_secret: str,
    hosts: tuple[str, ...] = (),
) -> None:
    """Store the push subscription of an officer's browser.

    Raises BadPreference if it is invalid.
    """
    try:
        public, secret = decode(public_key), decode(auth_secret)
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public)
    except ValueError:
        raise BadPreference from None
    if len(endpoint) > MAX_ENDPOINT or not is_allowed(endpoint, hosts):
        raise BadPreference
    if len(secret) != AUTH_BYTES:
        raise BadPreference
    values = {"at_endpoint": endpoint, "public": public, "secret": secret}
    await execute(transaction, statements.SUBSCRIBE, officer=officer, **values)


async def end_former(transaction: Transaction, officer: UUID, endpoint: str) -> None:
    """Delete the subscription with this endpoint, which the officer's browser has ended."""
    await execute(transaction, statements.END_FORMER, officer=officer, at_endpoint=endpoint)


async def unsubscribe(transaction: Transaction, officer: UUID, browser: int) -> None:
    """Delete the push subscription of an officer's browser."""
    await execute(transaction, statements.UNSUBSCRIBE, officer=officer, target=browser)
