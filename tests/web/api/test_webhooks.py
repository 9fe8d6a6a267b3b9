"""External systems manage their webhook endpoints over the API.

Kosh restricts the endpoints' URLs and number. A token needs the scope of each event type, and
other accounts cannot see the endpoints.
"""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.officers.permissions import Scope
from bot.operations import key_rotation
from bot.outgoing_webhooks import addresses
from bot.outgoing_webhooks.endpoints import MAX_ENDPOINTS
from bot.runtime import Runtime
from tests.outgoing_webhooks.subscriber import Subscriber, rows, subscriber

PRIVATE = (
    "https://127.0.0.1/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://0.0.0.0/",
    "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/", "https://[fe80::1]/",
    "https://[fc00::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://127.1/", "https://2130706433/", "https://localhost/",
    "https://192.0.0.8/",
)  # fmt: skip
UNUSABLE = (
    "http://example.kz/", "ftp://example.kz/", "https://user:word@example.kz/", "https:///path",
    "https://example.kz/#part", "https://example.kz:99999/", "no address", "",
)  # fmt: skip


@pytest.fixture
async def system(rt: Runtime) -> AsyncIterator[Subscriber]:
    async with subscriber(rt) as found:
        yield found


async def _post_refused(system: Subscriber, **what: Any) -> tuple[int, str]:
    body = {"url": system.receiver.url, "events": ["case.state_changed"], **what}
    status, answer = await system.api.post("/webhooks", body)
    return status, answer["reason"]


@pytest.mark.parametrize("url", PRIVATE)
async def test_webhook_url_with_a_private_address_is_refused(system: Subscriber, url: str) -> None:
    assert await _post_refused(system, url=url) == (409, "address")


@pytest.mark.parametrize("url", UNUSABLE)
async def test_webhook_url_that_is_not_plain_https_is_refused(system: Subscriber, url: str) -> None:
    assert await _post_refused(system, url=url) == (409, "url")


async def test_webhook_host_that_later_gets_a_private_address_is_not_called(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
        return [{"hostname": host, "host": answers[0], "port": port, "family": socket.AF_INET}]

    answers = ["93.184.215.14"]
    monkeypatch.setattr(addresses, "_addresses", answer)
    async with subscriber(rt) as system:
        port = system.receiver.host.rpartition(":")[2]
        endpoint = await system.subscribe(url=f"https://rebinding.example:{port}/kosh")
        answers[0] = "127.0.0.1"
        await system.test_event(endpoint["id"])
        await system.deliver()
        assert system.receiver.received == []
        assert await system.states() == [("pending", 1, "address")]


async def test_webhook_endpoint_needs_the_scope_of_each_event_type(rt: Runtime) -> None:
    async with subscriber(rt, Scope.WEBHOOKS_MANAGE, Scope.CASES_WRITE) as system:
        assert await _post_refused(system, events=["announcement.state_changed"]) == (403, "scope")
    async with subscriber(rt, Scope.CASES_WRITE) as system:
        assert await _post_refused(system) == (403, "scope")


async def test_webhook_endpoints_of_an_account_are_limited_in_number(system: Subscriber) -> None:
    for number in range(MAX_ENDPOINTS):
        await system.subscribe(url=f"{system.receiver.url}&number={number}")
    assert await _post_refused(system) == (409, "limit")


async def test_webhook_url_cannot_be_registered_twice(system: Subscriber) -> None:
    await system.subscribe()
    assert await _post_refused(system) == (409, "exists")


async def test_webhook_endpoint_is_invisible_to_other_accounts(rt: Runtime) -> None:
    async with subscriber(rt) as owner, subscriber(owner.rt) as other:
        endpoint = await owner.subscribe()
        assert (await other.api.get("/webhooks"))[1] == {"webhooks": []}
        for verb in ("rotate", "test", "enable"):
            status, _answer = await other.api.post(f"/webhooks/{endpoint['id']}/{verb}")
            assert status == 404
        async with other.api.http.delete(f"/api/v1/webhooks/{endpoint['id']}") as answer:
            assert answer.status == 404
        assert (await owner.endpoint())["id"] == endpoint["id"]
        assert "secret" not in await owner.endpoint()


async def test_webhook_endpoint_deletion_also_deletes_its_waiting_events(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    await system.test_event(endpoint["id"])
    async with system.api.http.delete(f"/api/v1/webhooks/{endpoint['id']}") as answer:
        assert answer.status == 204
    await system.deliver()
    assert system.receiver.received == []
    assert await system.states() == []


async def test_webhook_url_and_secret_stay_encrypted_after_a_key_rotation(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    await system.api.post(f"/webhooks/{endpoint['id']}/rotate")
    await key_rotation.create(system.rt, "epoch")
    await key_rotation.rewrap_all(system.rt)
    assert await key_rotation.usage(system.rt, "epoch", 1) == 0
    [stored] = await rows(system.rt, "SELECT url, secret, old_secret FROM webhook_endpoints")
    assert not any(b"whsec_" in each or b"token" in each for each in stored)
    await system.test_event(endpoint["id"])
    await system.deliver()
    [received] = system.receiver.received
    assert received.is_signed_by(endpoint["secret"])


async def test_webhook_changes_are_in_the_audit_log_without_the_url(system: Subscriber) -> None:
    endpoint = await system.subscribe()
    await system.api.post(f"/webhooks/{endpoint['id']}/rotate")
    entries = await rows(
        system.rt,
        "SELECT action, subject, detail FROM audit_entries"
        " WHERE action = 'webhook.subscribe' ORDER BY seq",
    )
    assert entries == [
        ("webhook.subscribe", endpoint["id"], "api: created case.state_changed"),
        ("webhook.subscribe", endpoint["id"], "api: secret rotated"),
    ]
