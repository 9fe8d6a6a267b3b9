"""A runtime with a mail server and a push service, for notifications to officers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pydantic import SecretStr

from bot import notifications
from bot.config.settings import Settings
from bot.notifications import Kind, preferences, web_push
from bot.notifications.preferences import Preferences
from bot.officers import directory
from bot.officers.directory import Officer
from bot.runtime import Runtime
from tests.emulators import push
from tests.emulators.push import Browser, PushService, push_service
from tests.emulators.smtp import MailServer, mail_server

ADDRESS = "officer@example.kz"


@dataclass
class NotificationServers:
    """A runtime with a mail server and a push service."""

    rt: Runtime
    mail: MailServer
    push: PushService

    async def enable_notifications(self, officer: Officer, **more: object) -> Browser:
        """Save an e-mail address and a push subscription for an officer; return the browser."""
        sender = notifications.push_sender(self.rt)
        assert sender is not None
        browser = self.push.subscribe(sender.public_key)
        async with directory.acting(self.rt, officer) as session:
            chosen = replace(Preferences(ADDRESS), **more)  # type: ignore[arg-type]
            await preferences.save(session, officer.id, chosen)
            await preferences.subscribe(
                session,
                officer.id,
                browser.endpoint,
                push.text(browser.public),
                push.text(browser.auth),
                (self.push.host,),
            )
        return browser

    async def run(self) -> list[str]:
        """Run the queued jobs and send the due notifications; return the kinds of the jobs."""
        async with self.rt.pool.connection() as session:
            cursor = await session.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = %s RETURNING id, args",
                (notifications.TASK,),
            )
            jobs = sorted(await cursor.fetchall())
        for _id, args in jobs:
            await notifications.fan_out(self.rt, Kind(args["kind"]), args["subject"])
        await notifications.send_due(self.rt)
        return [args["kind"] for _id, args in jobs]

    async def states(self) -> list[tuple[str, str | None]]:
        """Return state and reason of each notification, oldest first."""
        async with self.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT state, reason FROM officer_notifications ORDER BY id"
            )
            return [(row[0], row[1]) for row in await cursor.fetchall()]


def with_servers(chosen: Settings, mail: MailServer, service: PushService) -> Settings:
    """Return the settings for notifications over these two servers."""
    return chosen.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.port,
            "smtp_security": "none",
            "smtp_from": "kosh@example.kz",
            "push_private_key": SecretStr(web_push.new_key()),
            "push_hosts": (service.host,),
        }
    )


@asynccontextmanager
async def open_notification_servers(rt: Runtime) -> AsyncIterator[NotificationServers]:
    """Run a mail server and a push service; yield an office that notifies over them."""
    async with mail_server() as mail, push_service() as service:
        chosen = with_servers(rt.settings, mail, service)
        yield NotificationServers(replace(rt, settings=chosen), mail, service)


async def put_on_shift(rt: Runtime, officer: Officer) -> Officer:
    """Start a shift of 8 hours; return the officer."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE officers SET shift_until = kosh_now() + interval '8 hours' WHERE id = %s",
            (officer.id,),
        )
    return officer
