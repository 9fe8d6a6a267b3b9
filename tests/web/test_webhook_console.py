"""The console's page of webhooks: external systems' endpoints, and dead letters to send again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bot.security import audit_log
from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.console_client import Console, Form, ru
from tests.officer_names import AIGUL, DANA, SAULE
from tests.outgoing_webhooks.subscriber import Subscriber, rows, subscriber

PAGE = "/console/webhooks"


@dataclass(frozen=True, slots=True)
class Desk:
    """The application, and an external system whose webhook endpoint has two dead letters."""

    stack: AppStack
    system: Subscriber
    endpoint: str


@pytest.fixture
async def desk(stack: AppStack) -> AsyncIterator[Desk]:
    await demo_officers.enter(stack.rt)
    async with subscriber(replace(stack.rt)) as system:
        endpoint = await system.subscribe()
        for _each in range(2):
            await rows(
                stack.rt,
                "INSERT INTO webhook_deliveries (endpoint_id, event_id, type, state, attempt,"
                " reason, done_at) VALUES (%s, gen_random_uuid(), 'webhook.test', 'dead', 20,"
                " 'http_503', kosh_now())",
                endpoint["id"],
            )
        yield Desk(stack, system, endpoint["id"])


async def test_webhook_dead_letters_are_resent_by_an_administrator(desk: Desk) -> None:
    async with Console.signed_in(desk.stack.url, DANA) as console:
        page = await console.get(PAGE)
        assert desk.system.receiver.host in page.text
        assert "token" not in page.text.partition(desk.system.receiver.host)[2]
        assert "503" in page.text
        one = await console.send(page.form("/redeliver"))
        assert ru("done_webhook_sent_again") in one.text
        await desk.stack.until(lambda: _has(desk, "pending sending delivered", 1))
        again = await console.get(PAGE)
        rest = await console.send(again.form("/redeliver"))
        assert rest.status == 200
        assert (await console.send(page.form("/redeliver"))).status == 404
    await desk.stack.until(lambda: _has(desk, "pending sending delivered", 2))
    async with desk.stack.rt.pool.connection() as session:
        actions = [each.action for each in await audit_log.entries(session)]
    assert actions.count("webhook.redelivered") == 2
    await desk.stack.until(lambda: _are_received(desk, 2))


async def _are_received(desk: Desk, count: int) -> bool:
    """Deliver again; return True if the receiver has `count` events.

    The worker of the application, which cannot reach the receiver, may take the events first.
    """
    await rows(
        desk.stack.rt, "UPDATE webhook_deliveries SET state = 'pending', due_at = kosh_now(),"
        " done_at = NULL, attempt = 0"
    )  # fmt: skip
    await rows(desk.stack.rt, "UPDATE webhook_endpoints SET resting_until = NULL")
    await desk.system.deliver()
    return len({each.id for each in desk.system.receiver.received}) == count


async def _has(desk: Desk, states: str, count: int) -> bool:
    found = await rows(
        desk.stack.rt,
        "SELECT count(*) FROM webhook_deliveries WHERE state = ANY(string_to_array(%s, ' '))",
        states,
    )
    return bool(found[0][0] == count)


async def test_dead_letter_resend_is_refused_until_its_endpoint_is_enabled(desk: Desk) -> None:
    async with Console.signed_in(desk.stack.url, DANA) as console:
        before = await console.get(PAGE)
        await rows(
            desk.stack.rt,
            "UPDATE webhook_endpoints SET state = 'disabled', reason = 'gone',"
            " disabled_at = kosh_now()",
        )
        refused = await console.send(before.form("/redeliver"))
        assert refused.status == 409
        assert ru("webhook_enable_first") in refused.text
        assert ru("webhook_gone") in refused.text
        enabled = await console.send(refused.form("/enable"))
        assert ru("done_webhook_enabled") in enabled.text
    assert (await desk.system.endpoint())["state"] == "active"


@pytest.mark.requirement("S-55")
async def test_webhook_page_actions_need_a_passkey(desk: Desk) -> None:
    async with Console.signed_in(desk.stack.url, DANA) as console:
        page = await console.get(PAGE)
        assert desk.stack.rt.console is not None
        async with desk.stack.rt.console.connection() as session:
            await session.execute("UPDATE console_sessions SET auth_method = 'code'")
        await _check_passkey_needed(console, page.form("/redeliver"))
        assert await _has(desk, "dead", 2)
        await rows(
            desk.stack.rt,
            "UPDATE webhook_endpoints SET state = 'disabled', reason = 'gone',"
            " disabled_at = kosh_now()",
        )
        page = await console.get(PAGE)
        await _check_passkey_needed(console, page.form("/enable"))
    assert (await desk.system.endpoint())["state"] == "disabled"


async def _check_passkey_needed(console: Console, form: Form) -> None:
    answer = await console.send(form)
    assert answer.path == "/console/sign-in"
    assert ru("passkey_needed") in answer.text


async def test_webhook_page_is_read_only_for_auditors_and_closed_to_officers(desk: Desk) -> None:
    async with Console.signed_in(desk.stack.url, AIGUL) as officer:
        assert (await officer.get(PAGE)).status == 403
    async with Console.signed_in(desk.stack.url, SAULE) as auditor:
        page = await auditor.get(PAGE)
        assert page.status == 200
        assert not [each for each in page.forms if "/webhooks" in each.action]
