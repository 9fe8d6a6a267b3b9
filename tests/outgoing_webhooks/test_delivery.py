"""Delivery of webhooks to a real receiver: signed, at least once, retried, then a dead letter."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import outgoing_webhooks
from bot.officers.permissions import Scope
from bot.outgoing_webhooks import delivery, endpoints, signature
from bot.outgoing_webhooks.delivery import MAX_ATTEMPTS
from bot.runtime import Runtime
from flows import lifetimes
from tests.outgoing_webhooks.subscriber import Subscriber, ahead, rows, subscriber
from tests.person_client import Guest
from tests.subscribers import TEXTS, TOPIC

PAPER = {
    "purpose": "news",
    "topic": TOPIC,
    "texts": {language: words.body for language, words in TEXTS.items()},
}


@pytest.fixture
async def system(rt: Runtime) -> AsyncIterator[Subscriber]:
    async with subscriber(rt) as found:
        yield found


def test_webhook_signature_matches_the_example_of_the_specification() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = signature.sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_webhook_case_events_are_signed_and_have_only_id_state_and_link(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    created = await system.invite()
    guest = Guest(system.rt)
    await guest.go(created["links"]["words"], "yes", "Testova asks")
    await system.deliver()
    await guest.go("/menu", "yes")
    await system.deliver()
    received = system.receiver.received
    assert [each.event["data"]["state"] for each in received] == ["open", "closed"]
    site = system.rt.settings.public_url
    for each in received:
        assert each.is_signed_by(endpoint["secret"])
        assert each.event.keys() == {"id", "type", "timestamp", "data"}
        assert each.event["id"] == each.id
        assert each.event["type"] == "case.state_changed"
        state = each.event["data"].pop("state")
        assert state in ("open", "closed")
        resource = f"{site}/api/v1/cases/{created['id']}"
        assert each.event["data"] | {"state": state} == {
            "id": created["id"],
            "state": state,
            "resource": resource,
        }
        assert b"Testova" not in each.body
        assert b"spouse" not in each.body
    assert len({each.id for each in received}) == 2


async def test_webhook_reports_a_case_as_closed_after_its_person_is_erased(
    system: Subscriber,
) -> None:
    await system.subscribe()
    created = await system.invite()
    guest = Guest(system.rt)
    await guest.go(created["links"]["words"], "yes", "Testova asks")
    await guest.go("/delete", "yes")
    await system.deliver()
    assert [each.event["data"]["state"] for each in system.receiver.received] == ["open", "closed"]


async def test_webhook_announcement_events_go_only_to_the_creating_system(rt: Runtime) -> None:
    scopes = (Scope.WEBHOOKS_MANAGE, Scope.ANNOUNCEMENTS_WRITE, Scope.ANNOUNCEMENTS_SEND)
    async with subscriber(rt, *scopes) as author, subscriber(author.rt, *scopes) as other:
        for each in (author, other):
            await each.subscribe("announcement.state_changed")
        _status, created = await author.api.post("/announcements", PAPER, key="order-000001")
        await author.api.post(f"/announcements/{created['id']}/cancel")
        # Deliver with the second system's runtime, which may call both receivers.
        await other.deliver()
        [event] = [each.event for each in author.receiver.received]
        assert event["type"] == "announcement.state_changed"
        assert event["data"]["state"] == "cancelled"
        assert event["data"]["resource"].endswith(f"/api/v1/announcements/{created['id']}")
        assert other.receiver.received == []


async def test_webhook_content_event_is_sent_when_content_is_published(system: Subscriber) -> None:
    await system.subscribe("content.published")
    assert system.rt.console is not None
    async with system.rt.console.connection() as session:
        await session.execute("UPDATE content_head SET version = version + 1")
    await system.deliver()
    [received] = system.receiver.received
    assert received.event["data"]["resource"].endswith("/info/feed.atom")


async def test_webhook_event_is_dropped_only_when_its_change_is_rolled_back(
    system: Subscriber,
) -> None:
    await system.subscribe()
    created = await system.invite()
    await Guest(system.rt).go(created["links"]["words"], "yes", "Testova asks")
    async with system.rt.pool.connection() as session:
        await session.execute("UPDATE cases SET state = 'resolved'")
        await session.rollback()
    assert len(await system.states()) == 1


async def test_webhook_retry_has_the_same_id_and_a_new_time(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    system.receiver.answers = [(500, {}), (302, {"Location": "/elsewhere"})]
    event = await system.test_event(endpoint["id"])
    await system.deliver(at=1_900_000_000)
    await system.deliver(at=1_900_000_001)
    assert await system.states() == [("pending", 1, "http_500")]
    await ahead(system.rt, "80 seconds")
    await system.deliver(at=1_900_000_080)
    assert await system.states() == [("pending", 2, "http_302")]
    await ahead(system.rt, "160 seconds")
    await system.deliver(at=1_900_000_240)
    assert await system.states() == [("delivered", 3, "")]
    received = system.receiver.received
    assert [each.id for each in received] == [event] * 3
    assert [each.headers["webhook-timestamp"] for each in received] == [
        "1900000000", "1900000080", "1900000240",
    ]  # fmt: skip
    assert all(each.is_signed_by(endpoint["secret"]) for each in received)
    assert (await system.endpoint())["failing_since"] is None


async def test_webhook_retry_after_header_delays_every_event_of_the_endpoint(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    system.receiver.answers = [(429, {"Retry-After": "600"})]
    await system.test_event(endpoint["id"])
    await system.deliver()
    await system.test_event(endpoint["id"])
    await ahead(system.rt, "590 seconds")
    await system.deliver()
    assert len(system.receiver.received) == 1
    await ahead(system.rt, "15 seconds")
    await system.deliver()
    assert [state for state, _attempt, _why in await system.states()] == ["delivered"] * 2


async def test_webhook_is_retried_when_the_year_of_retry_after_is_impossible(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    year = "9" * 20
    system.receiver.answers = [(503, {"Retry-After": f"Fri, 01 Jan {year} 00:00:00 GMT"})]
    await system.test_event(endpoint["id"])
    await system.deliver()
    assert await system.states() == [("pending", 1, "http_503")]


async def test_webhook_endpoint_is_disabled_by_a_410_response(system: Subscriber) -> None:
    endpoint = await system.subscribe()
    for _each in range(2):
        await system.test_event(endpoint["id"])
    system.receiver.answers = [(410, {}), (500, {})]
    await system.deliver()
    now = await system.endpoint()
    assert (now["state"], now["reason"], now["dead"]) == ("disabled", "gone", 2)
    [(actor, action)] = await rows(
        system.rt, "SELECT actor, action FROM audit_entries WHERE action = 'webhook.disabled'"
    )
    assert (actor, action) == ("worker", "webhook.disabled")
    await ahead(system.rt, "1 day")
    await system.deliver()
    assert len(system.receiver.received) == 2
    status, refused = await system.api.post(f"/webhooks/{endpoint['id']}/test")
    assert (status, refused["reason"]) == (409, "disabled")
    status, enabled = await system.api.post(f"/webhooks/{endpoint['id']}/enable")
    assert (status, enabled["state"]) == (200, "active")


async def test_webhook_event_is_a_dead_letter_after_the_last_attempt(system: Subscriber) -> None:
    endpoint = await system.subscribe()
    await system.test_event(endpoint["id"])
    await rows(system.rt, "UPDATE webhook_deliveries SET attempt = %s", MAX_ATTEMPTS - 1)
    system.receiver.answers = [(503, {})]
    await system.deliver()
    assert await system.states() == [("dead", MAX_ATTEMPTS, "http_503")]
    assert (await system.endpoint())["dead"] == 1


async def test_webhook_endpoint_is_disabled_after_failing_for_five_days(system: Subscriber) -> None:
    endpoint = await system.subscribe()
    system.receiver.answers = [(500, {})] * 3
    await system.test_event(endpoint["id"])
    await system.deliver()
    await ahead(system.rt, "4 days 23 hours")
    await system.deliver()
    assert (await system.endpoint())["state"] == "active"
    await ahead(system.rt, "2 hours")
    await system.deliver()
    assert (await system.endpoint())["reason"] == "failing"


async def test_webhook_events_sent_while_disabling_become_dead_letters(system: Subscriber) -> None:
    endpoint = await system.subscribe()
    system.receiver.answers = [(500, {})] * 4
    for _each in range(2):
        await system.test_event(endpoint["id"])
    await system.deliver()
    await ahead(system.rt, "5 days 1 hour")
    await system.deliver()
    now = await system.endpoint()
    assert (now["state"], now["dead"]) == ("disabled", 2)


async def test_webhook_endpoint_that_is_slow_does_not_delay_others(rt: Runtime) -> None:
    async with subscriber(rt) as slow, subscriber(slow.rt) as fast:
        slow_endpoint, fast_endpoint = await slow.subscribe(), await fast.subscribe()
        slow.receiver.free.clear()
        for _each in range(10):
            await slow.test_event(slow_endpoint["id"])
        async with outgoing_webhooks.dispatcher(fast.rt) as dispatcher:
            await dispatcher.start_due()
            await slow.receiver.arrived.wait()
            for number in range(2):
                await fast.test_event(fast_endpoint["id"])
                fast.receiver.arrived.clear()
                await dispatcher.start_due()
                await fast.receiver.arrived.wait()
                assert len(fast.receiver.received) == number + 1
                await asyncio.gather(*[
                    lane for endpoint, lane in dispatcher._endpoint_tasks.items()
                    if str(endpoint) == fast_endpoint["id"]
                ])  # fmt: skip
            assert len(slow.receiver.received) <= 5
            slow.receiver.free.set()
            await dispatcher.settle()
        assert len(slow.receiver.received) == 10


async def test_webhook_event_keeps_its_id_when_resent_after_a_worker_crash(
    system: Subscriber,
) -> None:
    endpoint = await system.subscribe()
    system.receiver.free.clear()
    event = await system.test_event(endpoint["id"])
    async with outgoing_webhooks.dispatcher(system.rt) as dispatcher:
        await dispatcher.start_due()
        await system.receiver.arrived.wait()
        await dispatcher.settle(0)  # The worker ends after the request, before it records.
    system.receiver.free.set()
    assert await system.states() == [("sending", 1, "")]
    await system.deliver()
    assert len(system.receiver.received) == 1, "the lease has not ended"
    await ahead(system.rt, "61 seconds")
    await system.deliver()
    assert [each.id for each in system.receiver.received] == [event] * 2
    assert await system.states() == [("delivered", 2, "")]


async def test_webhook_secret_rotation_signs_with_both_secrets_for_a_day(
    system: Subscriber,
) -> None:
    created = await system.subscribe()
    status, new = await system.api.post(f"/webhooks/{created['id']}/rotate")
    assert status == 200
    await system.test_event(created["id"])
    await system.deliver()
    await ahead(system.rt, f"{lifetimes.OLD_SECRET_HOURS} hours 1 minute")
    await system.test_event(created["id"])
    await system.deliver()
    before, after = system.receiver.received
    assert before.is_signed_by(created["secret"])
    assert before.is_signed_by(new["secret"])
    assert not after.is_signed_by(created["secret"])
    assert after.is_signed_by(new["secret"])


async def test_webhook_has_signatures_of_all_former_secrets_for_a_day(system: Subscriber) -> None:
    created = await system.subscribe()
    secrets = [created["secret"]]
    for _rotation in range(endpoints.MAX_OLD_SECRETS + 1):
        _status, new = await system.api.post(f"/webhooks/{created['id']}/rotate")
        secrets.append(new["secret"])
    await system.test_event(created["id"])
    await system.deliver()
    (received,) = system.receiver.received
    assert [received.is_signed_by(each) for each in secrets] == [False] + [True] * (
        endpoints.MAX_OLD_SECRETS + 1
    )


async def test_webhook_former_secret_ends_a_day_after_its_own_rotation(system: Subscriber) -> None:
    created = await system.subscribe()
    secrets = [created["secret"]]
    for _rotation in range(2):
        _status, new = await system.api.post(f"/webhooks/{created['id']}/rotate")
        secrets.append(new["secret"])
        await ahead(system.rt, f"{lifetimes.OLD_SECRET_HOURS // 2} hours 1 minute")
    await system.test_event(created["id"])
    await system.deliver()
    (received,) = system.receiver.received
    assert [received.is_signed_by(each) for each in secrets] == [False, True, True]


async def test_webhook_event_is_a_dead_letter_when_its_account_lost_the_scope(rt: Runtime) -> None:
    async with subscriber(rt) as system:
        endpoint = await system.subscribe()
        await system.test_event(endpoint["id"])
        await rows(rt, "UPDATE api_tokens SET scopes = %s", [Scope.CASES_WRITE.value])
        await system.deliver()
        assert system.receiver.received == []
        assert await system.states() == [("dead", 1, "forbidden")]


async def test_webhook_delivery_fails_when_the_answer_takes_too_long(
    system: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "CALL_SECONDS", 0.2)
    endpoint = await system.subscribe()
    system.receiver.free.clear()
    await system.test_event(endpoint["id"])
    await system.deliver()
    assert await system.states() == [("pending", 1, "timeout")]
