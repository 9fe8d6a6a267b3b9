"""Client of Kosh's HTTP API, for other systems; this file needs only aiohttp and can be copied.

`verify` checks the signature of a webhook that Kosh sent. A test compares the dataclasses and
operations of this file with the API's OpenAPI document.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self

import aiohttp

TIMEOUT_SECONDS = 30.0
TOLERANCE_SECONDS = 300
ROOT = "/api/v1"


# Not frozen, because Python sets an exception's traceback when it is raised.
@dataclass(eq=False)
class Problem(Exception):
    """An error response (RFC 9457).

    `retry_after` is the header Retry-After in seconds, or None if the response has no such
    header.
    """

    type: str
    title: str
    status: int
    reason: str = ""
    field: str = ""
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class AnnouncementStatus:
    """The current state of an announcement."""

    id: str
    number: int
    state: str
    reason: str
    total: int | None


@dataclass(frozen=True, slots=True)
class AnnouncementProgress(AnnouncementStatus):
    """The state of an announcement, and the number of recipients by delivery status."""

    statuses: Mapping[str, int]
    rate: float
    blockers: list[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """The number of people who would get an announcement, and of people excluded, by reason."""

    included: list[Mapping[str, Any]]
    excluded: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class InvitedCase:
    """The state of a case that a system started: invited, expired, open or closed."""

    id: str
    state: str
    topic: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class NewCase(InvitedCase):
    """A new invitation to open a case, with one-time links; show the links only to the person."""

    links: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of the cases of a mission over the last 30 days; None for a count below 5."""

    opened: int | None
    came_back: int | None
    topics: list[Mapping[str, Any]]
    languages: list[Mapping[str, Any]]
    countries: list[Mapping[str, Any]]
    days: list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook endpoint, to which Kosh sends events; its secret is not included."""

    id: str
    url: str
    events: list[str]
    state: str
    reason: str
    created_at: str
    succeeded_at: str | None
    failing_since: str | None
    dead: int


@dataclass(frozen=True, slots=True)
class NewWebhook(Webhook):
    """A new webhook endpoint with its secret, which cannot be read again."""

    secret: str


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A new secret of an endpoint; until `old_secret_until`, the old secret signs events too."""

    secret: str
    old_secret_until: str


class BadSignature(Exception):
    """The webhook has no valid signature, or is not from the last 5 minutes; ignore its content."""


def verify(headers: Mapping[str, str], body: bytes, secrets: str | Iterable[str]) -> dict[str, Any]:
    """Return the event in a webhook's raw body, after checking that a known secret signed it.

    Raises BadSignature without a valid signature, or if the time of sending differs from the
    current time by more than 5 minutes. An event may arrive twice, so the caller should store the
    `id` of each handled event.
    """
    lowercase = {name.lower(): value for name, value in headers.items()}
    sent_at = lowercase.get("webhook-timestamp", "")
    is_recent = sent_at.isdecimal() and abs(time.time() - int(sent_at)) <= TOLERANCE_SECONDS
    content = f"{lowercase.get('webhook-id', '')}.{sent_at}.".encode() + body
    known = [secrets] if isinstance(secrets, str) else list(secrets)
    expected = [
        b"v1," + base64.b64encode(hmac.digest(_key(each), content, hashlib.sha256))
        for each in known
    ]
    signatures = lowercase.get("webhook-signature", "").encode().split(b" ")
    matches = [hmac.compare_digest(one, other) for one in expected for other in signatures]
    if not is_recent or not any(matches):
        raise BadSignature
    return dict(json.loads(body))


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


class Client:
    """Calls the API with a token; use it as `async with Client(address, token) as kosh`.

    Each method raises Problem for an error response. A call with an idempotency key can be retried
    with the same key.
    """

    def __init__(self, address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._http = aiohttp.ClientSession(address, headers=headers, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def create_announcement(
        self, announcement: Mapping[str, Any], key: str
    ) -> AnnouncementStatus:
        """Create an announcement; `key` is the idempotency key."""
        found = await self._call("POST", "/announcements", announcement, key)
        return _read(AnnouncementStatus, found)

    async def count_audience(self, announcement: Mapping[str, Any]) -> AudienceCount:
        """Count who would receive an announcement; no announcement is stored."""
        found = await self._call("POST", "/announcement-counts", announcement)
        return _read(AudienceCount, found)

    async def read_announcement(self, announcement: str) -> AnnouncementProgress:
        """Return the progress of an announcement by its id."""
        return _read(
            AnnouncementProgress, await self._call("GET", f"/announcements/{announcement}")
        )

    async def ask_approval(self, announcement: str) -> AnnouncementStatus:
        """Ask officers to approve an announcement."""
        found = await self._call("POST", f"/announcements/{announcement}/ask")
        return _read(AnnouncementStatus, found)

    async def change_announcement(self, announcement: str, verb: str) -> AnnouncementStatus:
        """Apply an action to an announcement: start, pause, resume or cancel."""
        found = await self._call("POST", f"/announcements/{announcement}/{verb}")
        return _read(AnnouncementStatus, found)

    async def look_up_status(self, number: str, pin: str) -> str:
        """Return the state of the registration with this number and PIN.

        Raises Problem with status 404 if the number or the PIN is wrong or cannot be checked.
        """
        found = await self._call("POST", "/status", {"number": number, "pin": pin})
        return str(found["state"])

    async def invite_person(
        self, topic: str, language: str, key: str, country: str = ""
    ) -> NewCase:
        """Create one-time links by which a person asks an officer for help.

        `key` is the idempotency key.
        """
        body = {"topic": topic, "language": language, "country": country}
        return _read(NewCase, await self._call("POST", "/cases", body, key))

    async def read_case(self, case: str) -> InvitedCase:
        """Return the state of a case by the id that `invite_person` returned."""
        return _read(InvitedCase, await self._call("GET", f"/cases/{case}"))

    async def read_statistics(self) -> Statistics:
        """Return counts of the cases of the account's mission over the last 30 days."""
        return _read(Statistics, await self._call("GET", "/statistics"))

    async def create_webhook(self, url: str, events: Iterable[str]) -> NewWebhook:
        """Register an endpoint for events of these types; only this result contains its secret."""
        body = {"url": url, "events": list(events)}
        return _read(NewWebhook, await self._call("POST", "/webhooks", body))

    async def list_webhooks(self) -> list[Webhook]:
        """Return the webhook endpoints of the token's account."""
        found = await self._call("GET", "/webhooks")
        return [_read(Webhook, each) for each in found["webhooks"]]

    async def delete_webhook(self, webhook: str) -> None:
        """Delete a webhook endpoint by its id."""
        await self._call("DELETE", f"/webhooks/{webhook}")

    async def rotate_webhook_secret(self, webhook: str) -> NewSecret:
        """Replace the secret of an endpoint; for 24 hours the former secret signs events too."""
        return _read(NewSecret, await self._call("POST", f"/webhooks/{webhook}/rotate"))

    async def send_test_event(self, webhook: str) -> str:
        """Send a test event to an endpoint; return the event's id."""
        return str((await self._call("POST", f"/webhooks/{webhook}/test"))["id"])

    async def enable_webhook(self, webhook: str) -> Webhook:
        """Enable an endpoint that Kosh disabled after failed deliveries."""
        return _read(Webhook, await self._call("POST", f"/webhooks/{webhook}/enable"))

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        async with self._http.request(method, ROOT + path, json=body, headers=headers) as answer:
            if answer.status == 204:
                return {}
            if answer.status < 400:
                return dict(await answer.json())
            wait = answer.headers.get("Retry-After", "")
            retry_after = int(wait) if wait.isdecimal() else None
            if answer.content_type != "application/problem+json":
                raise Problem("about:blank", "", answer.status, retry_after=retry_after)
            problem = await answer.json(content_type=None)
            known = {name: problem[name] for name in ("reason", "field") if name in problem}
            raise Problem(
                problem["type"], problem["title"], answer.status, retry_after=retry_after, **known
            )


def _read[T](record: type[T], found: Mapping[str, Any]) -> T:
    """Convert a response to an instance of the class `record`; ignore unknown members."""
    names = [each.name for each in fields(record)]  # type: ignore[arg-type]
    return record(**{name: found[name] for name in names})
