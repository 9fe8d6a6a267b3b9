"""Webhooks: a system registers an endpoint, to which Kosh sends signed events.

Events contain only ids and states of cases, announcements and content. A system can subscribe to
event types whose resource its token may read. A token gives access only to the endpoints of its own
account.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request
from pydantic import Field

from bot.db.connection import Transaction
from bot.officers.api_tokens import ApiToken
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Scope
from bot.outgoing_webhooks import addresses, endpoints
from bot.outgoing_webhooks.addresses import BadAddress
from bot.outgoing_webhooks.endpoints import Endpoint
from bot.outgoing_webhooks.events import SCOPE_OF, EventType
from bot.runtime import Runtime
from bot.web.api.problems import Refusal, ResponseBody, problems
from bot.web.api.requests import RequestBody, api_router, needs, note

type Subscribed = Literal[
    "case.state_changed",
    "announcement.state_changed",
    "content.published",
]


class WebhookRequest(RequestBody):
    """The URL of a new endpoint, and the types of events that Kosh sends to it."""

    url: Annotated[str, Field(max_length=addresses.MAX_URL)]
    """An https address on a public host, without user name, password and fragment."""
    events: Annotated[list[Subscribed], Field(min_length=1, max_length=10)]
    """Types of events; each needs the scope with which the token can read its resource."""


class Webhook(ResponseBody):
    """A webhook endpoint, without its secret."""

    id: UUID
    """Id for the other calls."""
    url: str
    """The address that receives the events."""
    events: list[str]
    """Types of events that it receives."""
    state: Literal["active", "disabled"]
    reason: str
    """Why it is disabled: `gone` (it answered 410) or `failing`; empty otherwise."""
    created_at: datetime
    """Time of its registration."""
    succeeded_at: datetime | None
    """Time of the last successful delivery; null if there was none."""
    failing_since: datetime | None
    """Time since which every attempt failed; null if the last attempt succeeded."""
    dead: int
    """Number of events that could not be delivered, over the last 30 days."""


class Webhooks(ResponseBody):
    """The webhook endpoints of the token's account."""

    webhooks: list[Webhook]
    """The endpoints, the oldest first."""


class NewWebhook(Webhook):
    """A new endpoint with its secret, which no other response contains."""

    secret: str
    """Secret that signs the events: `whsec_` and base64."""


class NewSecret(ResponseBody):
    """The new secret of an endpoint, which no other response contains."""

    secret: str
    """Secret that signs the events from now on: `whsec_` and base64."""
    old_secret_until: datetime
    """Time until which the former secret signs them too."""


class QueuedEvent(ResponseBody):
    """A test event that was queued for an endpoint."""

    id: str
    """Value of the header `webhook-id` of the event."""


router = api_router("webhooks")
Manager = Annotated[Officer, needs(Scope.WEBHOOKS_MANAGE)]


@router.post("", status_code=201, responses=problems("refused", body=True))
async def create_webhook(request: Request, what: WebhookRequest, system: Manager) -> NewWebhook:
    """Register an endpoint for events of these types; only this response shows its secret.

    Return 409 with a reason: `url` (invalid URL), `address` (its IP address is not public),
    `unresolved` (no IP address was found), `exists` (already registered) or `limit` (too many
    endpoints).
    """
    rt: Runtime = request.app.state.rt
    events = [EventType(each) for each in what.events]
    _require_scopes(request.state.token, events)
    try:
        await endpoints.check(rt, what.url)
        async with rt.pool.connection() as transaction:
            endpoint, secret = await endpoints.register(
                rt, transaction, system.id, what.url, events
            )
            await _note(transaction, system, endpoint.id, f"created {','.join(endpoint.events)}")
    except (BadAddress, endpoints.Refused) as error:
        raise Refusal("refused", error.why, "url") from None
    return NewWebhook(**_to_webhook(endpoint).model_dump(), secret=secret)


@router.get("", responses=problems())
async def list_webhooks(request: Request, system: Manager) -> Webhooks:
    """Return the endpoints of this account, with their state and without their secrets."""
    rt: Runtime = request.app.state.rt
    async with rt.pool.connection() as transaction:
        found = await endpoints.of_account(rt, transaction, system.id)
    return Webhooks(webhooks=[_to_webhook(each) for each in found])


@router.delete("/{id}", status_code=204, responses=problems("not-found"))
async def delete_webhook(request: Request, id: UUID, system: Manager) -> None:
    """Delete an endpoint of this account, and the queued events for the endpoint."""
    rt: Runtime = request.app.state.rt
    async with rt.pool.connection() as transaction:
        await endpoints.remove(transaction, system.id, id)
        await _note(transaction, system, id, "deleted")


@router.post("/{id}/rotate", responses=problems("not-found"))
async def rotate_webhook_secret(request: Request, id: UUID, system: Manager) -> NewSecret:
    """Replace the secret of an endpoint; for 24 hours the former secret signs the events too."""
    rt: Runtime = request.app.state.rt
    async with rt.pool.connection() as transaction:
        secret, until = await endpoints.rotate(rt, transaction, system.id, id)
        await _note(transaction, system, id, "secret rotated")
    return NewSecret(secret=secret, old_secret_until=until)


@router.post("/{id}/test", status_code=202, responses=problems("not-found", "refused"))
async def send_test_event(request: Request, id: UUID, system: Manager) -> QueuedEvent:
    """Queue an event of the type `webhook.test`; 409 if the endpoint is disabled."""
    rt: Runtime = request.app.state.rt
    async with rt.pool.connection() as transaction:
        try:
            event = await endpoints.send_test(rt, transaction, system.id, id)
        except endpoints.Refused as error:
            raise Refusal("refused", error.why) from None
    return QueuedEvent(id=event)


@router.post("/{id}/enable", responses=problems("not-found"))
async def enable_webhook(request: Request, id: UUID, system: Manager) -> Webhook:
    """Enable an endpoint that Kosh disabled; events since it was disabled are not sent."""
    rt: Runtime = request.app.state.rt
    async with rt.pool.connection() as transaction:
        found = await endpoints.enable(rt, transaction, system.id, id)
        await _note(transaction, system, id, "enabled")
    return _to_webhook(found)


def _require_scopes(token: ApiToken, events: list[EventType]) -> None:
    """Raise Refusal if the token lacks a scope that one of the event types requires."""
    for each in events:
        if SCOPE_OF[each] not in token.scopes:
            raise Refusal("forbidden", "scope", SCOPE_OF[each])


def _to_webhook(endpoint: Endpoint) -> Webhook:
    return Webhook.model_validate(endpoint)


async def _note(transaction: Transaction, system: Officer, endpoint: UUID, outcome: str) -> None:
    await note(transaction, system, Action.WEBHOOK_SUBSCRIBE, str(endpoint), outcome)
