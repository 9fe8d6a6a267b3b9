"""Tests of the API client that Kosh ships.

It can call every operation, and its dataclasses have the fields of the OpenAPI document.
"""

import time
from dataclasses import fields
from inspect import iscoroutinefunction

import pytest

from bot.officers.permissions import Role, Scope
from bot.outgoing_webhooks import signature
from bot.runtime import Runtime
from bot.web import api
from bot.web.api import client
from bot.web.api.client import Client, Problem
from tests.subscribers import TEXTS, TOPIC
from tests.web.api.integrator import integrator

ROLES = (Role.EDITOR, Role.LEAD, Role.INTEGRATOR)
PAPER = {
    "purpose": "news",
    "topic": TOPIC,
    "texts": {language: words.body for language, words in TEXTS.items()},
}
RECORDS = (
    *("AnnouncementStatus", "AnnouncementProgress", "AudienceCount", "InvitedCase", "NewCase"),
    *("Webhook", "NewWebhook", "NewSecret"),
)


async def test_api_client_calls_every_operation(rt: Runtime) -> None:
    async with (
        integrator(rt, *Scope, roles=ROLES) as system,
        Client(system.url, system.token) as kosh,
    ):
        created = await kosh.create_announcement(PAPER, "order-000001")
        assert (await kosh.count_audience(PAPER)).included == []
        assert (await kosh.read_announcement(created.id)).state == "draft"
        with pytest.raises(Problem) as error:
            await kosh.ask_approval(created.id)
        assert (error.value.status, error.value.reason) == (409, "untested")
        assert (await kosh.change_announcement(created.id, "cancel")).state == "cancelled"
        with pytest.raises(Problem) as unknown:
            await kosh.look_up_status("KS-2026-ABCD-2345", "204611")
        assert unknown.value.type == "urn:kosh:problem:not-found"
        case = await kosh.invite_person("spouse", "ru", "portal-000001", "TR")
        assert (await kosh.read_case(case.id)).state == "invited"
        assert (await kosh.read_statistics()).opened is None
        hook = await kosh.create_webhook("https://93.184.215.14/kosh", ["case.state_changed"])
        assert await kosh.send_test_event(hook.id)
        assert (await kosh.rotate_webhook_secret(hook.id)).secret != hook.secret
        assert (await kosh.enable_webhook(hook.id)).state == "active"
        assert [each.id for each in await kosh.list_webhooks()] == [hook.id]
        await kosh.delete_webhook(hook.id)
        assert await kosh.list_webhooks() == []


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        ({}, True),
        ({"webhook-signature": "v1,bm9uZQ=="}, False),
        ({"webhook-id": "evt_2"}, False),
        ({"webhook-timestamp": str(int(time.time()) - 301)}, False),
        ({"webhook-timestamp": "soon"}, False),
    ],
)
def test_api_client_verifies_signature_id_and_time_of_a_webhook(
    change: dict[str, str], is_valid: bool
) -> None:
    secrets, body = [signature.new_secret(), signature.new_secret()], b'{"id":"evt_1"}'
    at = int(change.get("webhook-timestamp", "0").replace("soon", "0")) or int(time.time())
    signed = {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": signature.sign(secrets[1:], "evt_1", at, body),
    }
    headers = {name.lower(): value for name, value in signed.items()} | change
    if is_valid:
        assert client.verify(signed, body, secrets) == {"id": "evt_1"}
        with pytest.raises(client.BadSignature):
            client.verify(signed, body + b" ", secrets)
    else:
        with pytest.raises(client.BadSignature):
            client.verify(headers, body, secrets)


async def test_api_client_error_contains_the_seconds_to_wait(rt: Runtime) -> None:
    async with (
        integrator(rt, Scope.STATISTICS_READ, minute_limit=1) as system,
        Client(system.url, system.token) as kosh,
    ):
        await kosh.read_statistics()
        with pytest.raises(Problem) as error:
            await kosh.read_statistics()
    assert error.value.status == 429
    assert error.value.retry_after is not None


def test_api_client_has_every_operation_and_field_of_the_openapi_document() -> None:
    document = api.openapi()
    operations = {
        each["operationId"] for path in document["paths"].values() for each in path.values()
    }
    methods = {
        name
        for name, each in vars(Client).items()
        if iscoroutinefunction(each) and not name.startswith("_")
    }
    assert methods == operations
    for name in (*RECORDS, "Statistics"):
        known = {each.name for each in fields(getattr(client, name))}
        assert known == document["components"]["schemas"][name]["properties"].keys(), name
