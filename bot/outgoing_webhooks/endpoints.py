"""Endpoints of external systems: register, list, delete, test, enable, replace the secret.

An external system has an account, which cannot see or change the endpoints of other accounts. URLs
and secrets are encrypted with the installation's epoch key, since a URL may contain a token.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from yarl import URL

from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.outgoing_webhooks import addresses, signature, statements
from bot.outgoing_webhooks.events import EventType, message_id
from bot.runtime import Runtime
from flows import lifetimes

MAX_ENDPOINTS = 5
# Maximum number of former secrets that still sign.
MAX_OLD_SECRETS = 4
ACTIVE = "active"


class Refused(Exception):
    """The request was refused, for the reason `why`.

    At registration, `why` is "limit" (too many endpoints) or "exists"; otherwise "disabled".
    """

    code = "E_WEBHOOK"

    def __init__(self, why: str) -> None:
        super().__init__(f"{self.code}: {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as its account and the console see it, without its secret.

    `reason` says why it is disabled. `dead` counts the events that could not be delivered.
    """

    id: UUID
    officer_id: UUID
    url: str
    events: list[str]
    state: str
    reason: str
    created_at: datetime
    succeeded_at: datetime | None
    failing_since: datetime | None
    disabled_at: datetime | None
    dead: int

    @property
    def host(self) -> str:
        """Return host and port; the rest of the URL may contain a token."""
        return host_of(self.url)


def host_of(url: str) -> str:
    """Return host and port of a URL."""
    found = URL(url)
    return f"{found.host}:{found.explicit_port}" if found.explicit_port else str(found.host)


async def check(rt: Runtime, url: str) -> None:
    """Check the URL of a new endpoint and the IP addresses of its host.

    Raises BadAddress if the URL or an address is not allowed.
    """
    resolver = addresses.PublicResolver(rt.settings.webhook_hosts)
    try:
        await addresses.check(url, resolver, rt.settings.webhook_hosts)
    finally:
        await resolver.close()


async def register(
    rt: Runtime, transaction: Transaction, owner: UUID, url: str, events: Iterable[EventType]
) -> tuple[Endpoint, str]:
    """Register an endpoint; return it with its secret, which cannot be shown again.

    Raises Refused if the account has this URL already, or has MAX_ENDPOINTS endpoints.
    """
    await execute(transaction, statements.LOCK_ACCOUNT, officer=owner)
    known = await of_account(rt, transaction, owner)
    if any(each.url == url for each in known):
        raise Refused("exists")
    if len(known) >= MAX_ENDPOINTS:
        raise Refused("limit")
    endpoint, secret = uuid4(), signature.new_secret()
    await execute(
        transaction,
        statements.ADD,
        endpoint=endpoint,
        officer=owner,
        sealed_url=seal(rt, endpoint, "url", url),
        sealed_secret=seal(rt, endpoint, "secret", secret),
        wanted=sorted({each.value for each in events}),
    )
    return await find(rt, transaction, owner, endpoint), secret


async def of_account(rt: Runtime, transaction: Transaction, owner: UUID) -> list[Endpoint]:
    """Return the endpoints of an account, the oldest first."""
    rows = await fetch_all(transaction, statements.LIST, officer=owner)
    return [read(rt, row) for row in rows]


async def find(rt: Runtime, transaction: Transaction, owner: UUID, endpoint: UUID) -> Endpoint:
    """Return an endpoint of the account `owner`. Raises LookupError if it has no such endpoint."""
    row = await fetch_one(transaction, statements.FIND, endpoint=endpoint, officer=owner)
    if row is None:
        raise LookupError("there is no such endpoint")
    return read(rt, row)


async def remove(transaction: Transaction, owner: UUID, endpoint: UUID) -> None:
    """Delete an endpoint of the account `owner` with its queued events.

    Raises LookupError if the account has no such endpoint.
    """
    values = {"endpoint": endpoint, "officer": owner}
    if await fetch_value(transaction, statements.DELETE, **values) is None:
        raise LookupError("there is no such endpoint")


async def rotate(
    rt: Runtime, transaction: Transaction, owner: UUID, endpoint: UUID
) -> tuple[str, datetime]:
    """Replace an endpoint's secret; return the new secret, and the time when the old one expires.

    Until that time, webhooks are signed with both secrets. Earlier secrets also sign, each until
    its own end: a second rotation may follow before the receiver has got a secret. Raises
    LookupError if the account `owner` has no such endpoint.
    """
    found = await fetch_one(transaction, statements.LOCK_SECRETS, endpoint=endpoint, officer=owner)
    if found is None:
        raise LookupError("there is no such endpoint")
    current, former = unseal_secrets(rt, endpoint, *found)
    secret = signature.new_secret()
    until: datetime = found[-1] + timedelta(hours=lifetimes.OLD_SECRET_HOURS)
    kept = [(current, until), *former][:MAX_OLD_SECRETS]
    await execute(
        transaction,
        statements.ROTATE,
        endpoint=endpoint,
        officer=owner,
        sealed_secret=seal(rt, endpoint, "secret", secret),
        sealed_old=_seal_former(rt, endpoint, kept),
        until=until,
    )
    return secret, until


async def enable(rt: Runtime, transaction: Transaction, owner: UUID, endpoint: UUID) -> Endpoint:
    """Enable an endpoint of the account `owner` again.

    Raises LookupError if the account has no such endpoint.
    """
    await find(rt, transaction, owner, endpoint)
    await execute(transaction, statements.ENABLE, endpoint=endpoint)
    return await find(rt, transaction, owner, endpoint)


async def send_test(rt: Runtime, transaction: Transaction, owner: UUID, endpoint: UUID) -> str:
    """Queue a test event; return the value of its header `webhook-id`.

    Raises LookupError if the account `owner` has no such endpoint, or Refused if the endpoint is
    disabled.
    """
    found = await find(rt, transaction, owner, endpoint)
    if found.state != ACTIVE:
        raise Refused("disabled")
    event = uuid4()
    await execute(
        transaction,
        statements.QUEUE,
        endpoint=endpoint,
        event=event,
        kind=EventType.TEST.value,
        about=str(endpoint),
    )
    return message_id(event)


async def reseal(rt: Runtime, transaction: Transaction) -> int:
    """Re-encrypt URLs and secrets that are encrypted with an older epoch key (key rotation).

    Return the number of endpoints.
    """
    found = await fetch_all(transaction, statements.LOCK_OTHER_KEYS, version=rt.vault.epoch)
    for endpoint, url, secret, old in found:
        await execute(
            transaction,
            statements.RESEAL,
            endpoint=endpoint,
            sealed_url=rt.vault.reseal_transient(url, _place(endpoint, "url")),
            sealed_secret=rt.vault.reseal_transient(secret, _place(endpoint, "secret")),
            sealed_old=rt.vault.reseal_transient(old, _place(endpoint, "secret")) if old else None,
        )
    return len(found)


def seal(rt: Runtime, endpoint: UUID, column: str, plain: str) -> bytes:
    return rt.vault.seal_transient(plain.encode(), _place(endpoint, column))


def unseal(rt: Runtime, endpoint: UUID, column: str, sealed: bytes) -> str:
    return rt.vault.unseal_transient(sealed, _place(endpoint, column)).decode()


def unseal_secrets(
    rt: Runtime, endpoint: UUID, secret: bytes, old: bytes | None, now: datetime
) -> tuple[str, list[tuple[str, datetime]]]:
    """Decrypt the columns `statements.SECRETS`; return the secret, and former ones with their ends.

    Former secrets that have ended are omitted.
    """
    words = unseal(rt, endpoint, "secret", old).split() if old else []
    pairs = (word.split(":") for word in words)
    former = [(key, datetime.fromtimestamp(int(end), UTC)) for key, end in pairs]
    current = unseal(rt, endpoint, "secret", secret)
    return current, [(key, end) for key, end in former if end > now]


def _seal_former(rt: Runtime, endpoint: UUID, former: Iterable[tuple[str, datetime]]) -> bytes:
    """Encrypt former secrets, separated by spaces, each with its end in Unix seconds after a colon.

    For example `whsec_…:1798761600 whsec_…:1798675200`.
    """
    words = (f"{key}:{int(end.timestamp())}" for key, end in former)
    return seal(rt, endpoint, "secret", " ".join(words))


def read(rt: Runtime, row: tuple[Any, ...]) -> Endpoint:
    """Convert a row of the columns `statements.ENDPOINT` to an endpoint."""
    endpoint, owner, url, *rest = row
    return Endpoint(endpoint, owner, unseal(rt, endpoint, "url", url), *rest)


def _place(endpoint: UUID, column: str) -> str:
    """Return the encryption's associated data, which binds a value to its endpoint and column."""
    return f"webhook|{endpoint}|{column}"
