"""Notifications to officers by e-mail and Web Push, sent by the whole application.

An officer enables them at the console. Then a person asks for an officer and writes again.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from bot.config.settings import Settings
from bot.notifications import Kind
from bot.web.console import demo_officers
from tests.app_stack import AppStack, running_stack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console
from tests.emulators import push
from tests.emulators.push import PushService, push_service
from tests.emulators.smtp import MailServer, mail_server
from tests.notifications.notification_servers import with_servers
from tests.officer_names import MARAT, TIMUR

OFFICER, ADDRESS = "Aigul Testova", "officer@example.kz"
CANARY = "Testova Gulnar Zhanaryssova asks"


@dataclass(frozen=True, slots=True)
class _Place:
    stack: AppStack
    mail: MailServer
    push: PushService


@pytest.fixture
async def place(chosen: Settings, admin_url: str) -> AsyncIterator[_Place]:
    async with mail_server() as mail, push_service() as service:
        settings = with_servers(chosen, mail, service)
        async with running_stack(settings, admin_url) as stack:
            await demo_officers.enter(stack.rt)
            yield _Place(stack, mail, service)


async def test_new_case_notifies_an_officer_by_email_and_web_push(place: _Place) -> None:
    stack = place.stack
    async with Console.signed_in(stack.url, OFFICER) as console:
        screen = await console.get("/console/own")
        form = screen.form("/own/browser")
        browser = place.push.subscribe(_push_key(screen.html))
        keys = {"public_key": push.text(browser.public), "auth_secret": push.text(browser.auth)}
        saved = await console.send(form, endpoint=browser.endpoint, **keys)
        assert saved.status == 200
        saved = await console.submit("/own/notifications", email=ADDRESS, wanted="new_case")
        assert ADDRESS in saved.html
        wrong = await console.submit("/own/notifications", email="no address", wanted="new_case")
        assert wrong.status == 422
    async with stack.rt.pool.connection() as session:
        await session.execute("UPDATE officers SET shift_until = kosh_now() + interval '1 day'")
    visitor = await ask_officer(stack, "kk", "registration", CANARY)
    (mail,) = await place.mail.wait(1)
    (shown,) = await place.push.wait(1)
    sent = mail.as_string() + mail.get_content() + json.dumps(shown, ensure_ascii=False)
    assert not [word for word in CANARY.split() if word in sent]
    assert shown["url"] == f"{stack.rt.settings.public_url}/console/inbox"
    assert shown["url"] in mail.get_content()
    assert (place.mail.mistakes, place.push.mistakes) == ([], [])
    await close_visitor(visitor)


async def test_officer_notifications_are_sent_in_the_order_of_their_events(place: _Place) -> None:
    """Check the order of the database times of event, notification and sending, not durations."""
    stack = place.stack
    async with Console.signed_in(stack.url, OFFICER) as console:
        screen = await console.get("/console/own")
        browser = place.push.subscribe(_push_key(screen.html))
        keys = {"public_key": push.text(browser.public), "auth_secret": push.text(browser.auth)}
        await console.send(screen.form("/own/browser"), endpoint=browser.endpoint, **keys)
        await console.submit("/own/notifications", email=ADDRESS, wanted="new_case")
        fields = [("email", ADDRESS), ("wanted", "new_case"), ("wanted", "new_words")]
        form = console.screen.form("/own/notifications")
        await console.post(form.action, [*form.fields.items(), *fields])  # type: ignore[arg-type]
        await console.get("/console/inbox")
        await console.submit("/shift")
        visitor = await ask_officer(stack, "ru", "general", CANARY)
        await place.mail.wait(1)
        await place.push.wait(1)
        await console.get("/console/inbox")
        await console.submit("/next")
    await visitor.send("said", text=f"{CANARY} again")
    mails = await place.mail.wait(2)
    shown = await place.push.wait(2)
    sent = [mail.as_string() + mail.get_content() for mail in mails]
    sent.append(json.dumps(shown, ensure_ascii=False))
    assert not [word for word in CANARY.split() for each in sent if word in each]

    async def recorded() -> bool:
        return len(await _rows(stack)) == 4

    await stack.until(recorded)
    rows = await _rows(stack)
    assert [kind for kind, *_rest in rows] == ["new_case"] * 2 + ["new_words"] * 2
    assert all(event <= queued <= done for _kind, event, queued, done in rows)
    assert (place.mail.mistakes, place.push.mistakes) == ([], [])
    await close_visitor(visitor)


async def test_refused_notification_settings_are_shown_again_as_they_were_typed(
    place: _Place,
) -> None:
    async with Console.signed_in(place.stack.url, OFFICER) as console:
        await console.get("/console/own")
        screen = await console.submit(
            "/own/notifications",
            email=ADDRESS, wanted="new_case", quiet_from="22:05", digest="60",
        )  # fmt: skip
        assert screen.status == 422
        for typed in (ADDRESS, "22:05"):
            assert f'value="{typed}"' in screen.html
        assert re.findall(r'name="wanted" value="(\w+)" checked', screen.html) == ["new_case"]
        assert '<option value="60" selected>' in screen.html


@pytest.mark.parametrize(
    ("name", "kinds", "path"),
    [
        (TIMUR, (Kind.APPROVAL, Kind.CONTENT_APPROVAL), "/console"),
        (MARAT, (Kind.APPEAL,), "/console/limits"),
        (MARAT, (Kind.APPEAL, Kind.NO_SHIFT), "/console"),
    ],
)
async def test_notification_leads_to_a_page_that_its_officer_may_open(
    place: _Place, name: str, kinds: tuple[Kind, ...], path: str
) -> None:
    stack = place.stack
    async with Console.signed_in(stack.url, name) as console:
        screen = await console.get("/console/own")
        browser = place.push.subscribe(_push_key(screen.html))
        keys = {"public_key": push.text(browser.public), "auth_secret": push.text(browser.auth)}
        await console.send(screen.form("/own/browser"), endpoint=browser.endpoint, **keys)
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT id FROM officers WHERE name = %s", (name,))
            (officer_id,) = await cursor.fetchone() or (None,)
            await session.execute(
                "INSERT INTO officer_notifications (officer_id, push_subscription, kind, subject,"
                " state, due_at) SELECT %s, s.id, kind, 'x', 'pending', kosh_now()"
                " FROM push_subscriptions s, unnest(%s::text[]) kind",
                (officer_id, [each.value for each in kinds]),
            )
        (shown,) = await place.push.wait(1)
        assert shown["url"] == stack.rt.settings.public_url + path
        screen = await console.get(path)
        assert screen.status == 200


async def _rows(stack: AppStack) -> list[tuple[str, datetime, datetime, datetime]]:
    """Return (kind, times of event, enqueueing and end of sending) of each sent notification."""
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT n.kind, CASE n.kind WHEN 'new_case' THEN c.opened_at ELSE"
            " (SELECT max(m.created_at) FROM case_messages m WHERE m.case_id = c.id) END,"
            " n.created_at, n.done_at FROM officer_notifications n"
            " JOIN cases c ON c.id::text = n.subject WHERE n.state = 'sent' ORDER BY n.id"
        )
        return list(await cursor.fetchall())


def _push_key(html: str) -> str:
    return html.partition('data-push-key="')[2].partition('"')[0]
