"""Notifications of a webhook endpoint that Kosh disabled: recipients, content and number."""

from collections.abc import AsyncIterator, Sequence
from email.message import EmailMessage

import pytest

from bot import notifications
from bot.notifications import preferences
from bot.notifications.preferences import BadPreference, Preferences
from bot.notifications.switched_off import OWN_ADDRESSES
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Role, Scope
from bot.runtime import Runtime
from bot.web.console.labels_webhooks import WEBHOOKS
from flows.engine.text import _
from tests.desk.desks import insert_officer
from tests.notifications.notification_servers import NotificationServers, open_notification_servers
from tests.outgoing_webhooks.subscriber import Subscriber, ahead, rows, subscriber

ADMINISTRATOR, AUDITOR, CONTACT = "admin@example.kz", "auditor@example.kz", "portal@example.kz"
# Longer than the pause between two notifications about the same endpoint.
PAUSED = "301 seconds"


async def _wants(rt: Runtime, officer: Officer, email: str, *unwanted: str) -> None:
    async with directory.acting(rt, officer) as session:
        chosen = Preferences(email, frozenset(unwanted))
        await preferences.save(session, officer.id, chosen)


@pytest.fixture
async def office(rt: Runtime) -> AsyncIterator[NotificationServers]:
    """Yield a mail server, an administrator and an auditor who both have an e-mail address."""
    async with open_notification_servers(rt) as found:
        administrator = await insert_officer(rt, "Admin Testova", roles=(Role.ADMINISTRATOR,))
        await _wants(rt, administrator, ADMINISTRATOR)
        await _wants(rt, await insert_officer(rt, "Auditor", roles=(Role.AUDITOR,)), AUDITOR)
        yield found


@pytest.fixture
async def system(office: NotificationServers) -> AsyncIterator[Subscriber]:
    """Yield another system whose operator has a contact address."""
    scopes = (Scope.WEBHOOKS_MANAGE, Scope.CASES_WRITE)
    async with subscriber(office.rt, *scopes) as found:
        async with directory.acting(office.rt, found.api.owner) as session:
            await preferences.set_contact(session, found.api.owner, CONTACT)
        yield found


async def _switch_off(office: NotificationServers, system: Subscriber, endpoint: str) -> None:
    """Let the endpoint answer 410 (Gone) twice, which disables it; then send the notifications."""
    for _each in range(2):
        await system.test_event(endpoint)
    system.receiver.answers = [(410, {}), (410, {})]
    await system.deliver()
    await office.run()


def _mails_to(office: NotificationServers, address: str) -> Sequence[EmailMessage]:
    return [each for each in office.mail.received if each["To"] == address]


async def test_disabled_webhook_endpoint_notifies_administrators_and_its_contact(
    office: NotificationServers, system: Subscriber
) -> None:
    created = await system.subscribe(url=f"{system.receiver.url}?token=hidden")
    await _switch_off(office, system, created["id"])
    assert sorted(each["To"] for each in office.mail.received) == [ADMINISTRATOR, CONTACT]
    [to_administrator], [to_contact] = _mails_to(office, ADMINISTRATOR), _mails_to(office, CONTACT)
    page, call = "/console/webhooks", f"POST {office.rt.settings.public_url}/api/v1/webhooks/"
    button = office.rt.languages.render(WEBHOOKS["webhook_enable"], "kk")
    text = to_administrator.get_content()
    assert system.receiver.host in text
    assert page in text
    assert button in text
    assert call not in text
    text = to_contact.get_content()
    assert system.receiver.host in text
    assert f"{call}{created['id']}/enable" in text
    assert "/console" not in text
    own = office.rt.languages.render(_(OWN_ADDRESSES.msgid, count=1), "kk")
    assert to_contact["Subject"] == f"Kosh: {own}"
    assert to_administrator["Subject"] != to_contact["Subject"]
    for mail in office.mail.received:
        for secret in ("hidden", created["secret"], "webhook.test", "evt_"):
            assert secret not in mail.as_string() + mail.get_content()
    assert office.mail.mistakes == []


async def test_disabled_webhook_endpoint_notifies_once_each_time_it_is_disabled(
    office: NotificationServers, system: Subscriber
) -> None:
    created = await system.subscribe()
    await _switch_off(office, system, created["id"])
    await ahead(office.rt, PAUSED)
    await system.deliver()
    await office.run()
    assert len(office.mail.received) == 2
    await system.api.post(f"/webhooks/{created['id']}/enable")
    await _switch_off(office, system, created["id"])
    assert len(office.mail.received) == 4


async def test_failure_of_a_webhook_endpoint_for_five_days_sends_two_emails(
    office: NotificationServers, system: Subscriber
) -> None:
    created = await system.subscribe()
    await system.test_event(created["id"])
    system.receiver.answers = [(500, {})] * 2
    await system.deliver()
    await office.run()
    assert office.mail.received == []
    await ahead(office.rt, "5 days 1 hour")
    await system.deliver()
    await office.run()
    assert len(office.mail.received) == 2


async def test_webhook_endpoint_that_is_enabled_again_in_time_causes_no_email(
    office: NotificationServers, system: Subscriber
) -> None:
    created = await system.subscribe()
    await system.test_event(created["id"])
    system.receiver.answers = [(410, {})]
    await system.deliver()
    await system.api.post(f"/webhooks/{created['id']}/enable")
    assert await office.run() == ["webhook_off"]
    assert office.mail.received == []


async def test_contact_of_an_external_system_gets_no_email_about_a_broadcast(
    office: NotificationServers, system: Subscriber
) -> None:
    owner = system.api.owner
    await rows(
        office.rt,
        "INSERT INTO broadcasts (id, state, author, canary, purpose, topic, audience)"
        " VALUES (gen_random_uuid(), 'done', %s, 50, 'news', 'events', '{}')",
        owner.id,
    )
    [(broadcast,)] = await rows(office.rt, "SELECT id FROM broadcasts")
    async with office.rt.pool.connection() as session:
        await notifications.notify(session, notifications.Kind.ENDED, broadcast)
    await office.run()
    assert office.mail.received == []


async def test_external_system_contact_is_an_email_address_and_can_be_removed(
    office: NotificationServers, system: Subscriber
) -> None:
    owner = system.api.owner
    async with directory.acting(office.rt, owner) as session:
        with pytest.raises(BadPreference):
            await preferences.set_contact(session, owner, "portal")
        await preferences.set_contact(session, owner, "")
    created = await system.subscribe()
    await _switch_off(office, system, created["id"])
    assert [each["To"] for each in office.mail.received] == [ADMINISTRATOR]
