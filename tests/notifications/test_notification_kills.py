"""A worker is killed at random moments while it notifies officers by e-mail and Web Push.

`NOTIFICATION_KILLS=50 pytest tests/notifications/test_notification_kills.py` kills 50 times.
"""

import asyncio
import os
import random
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.notifications.kinds import LINES, Kind
from bot.runtime import Runtime
from flows.engine.text import _
from tests.clock import advance_database_clock
from tests.desk.desks import ask, insert_officer
from tests.editorial.served import ServedProcess
from tests.notifications.notification_servers import (
    NotificationServers,
    open_notification_servers,
    put_on_shift,
)
from tests.person_client import Guest

pytestmark = pytest.mark.release

KILLS = int(os.environ.get("NOTIFICATION_KILLS", "6"))
SEED = 28
# A number that no text contains, to find the place of the count in a rendered text.
COUNT = 777
# Longer than the lease of a notification.
EXPIRED = "61 seconds"
START_SECONDS, END_SECONDS = 60.0, 90.0


def _notified(office: NotificationServers, texts: list[str]) -> int:
    """Return the number of new cases that all notifications together announce."""
    languages = office.rt.settings.languages
    line = office.rt.languages.render(_(LINES[Kind.NEW_CASE].msgid, count=COUNT), languages[0])
    pattern = re.escape(line).replace(str(COUNT), r"(\d+)")
    return sum(int(count) for each in texts for count in re.findall(pattern, each))


def _mails(office: NotificationServers) -> int:
    return _notified(office, [str(each.get_content()) for each in office.mail.received])


def _pushes(office: NotificationServers) -> int:
    return _notified(office, [str(each["body"]) for each in office.push.shown])


async def _wait(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 — the worker sends no signal
            await asyncio.sleep(0.05)


async def _is_settled(rt: Runtime) -> bool:
    """Let the leases of killed workers expire; return True if no notification or job is pending."""
    await advance_database_clock(rt, EXPIRED)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT (SELECT count(*) FROM procrastinate_jobs),"
            " (SELECT count(*) FROM officer_notifications WHERE state <> 'sent')"
        )
        return await cursor.fetchone() == (0, 0)


async def test_officer_notifications_arrive_despite_killed_workers(
    rt: Runtime, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    async with open_notification_servers(rt) as office:
        officer = await insert_officer(rt, languages=frozenset(), topics=frozenset())
        await put_on_shift(rt, officer)
        await office.enable_notifications(officer)
        worker = ServedProcess("worker 1", office.rt.settings, tmp_path)
        try:
            for kill in range(KILLS):
                worker.child.start()
                await _wait(lambda: asyncio.to_thread(lambda: worker.child.up), START_SECONDS)
                await ask(Guest(rt, f"person-{kill}"))
                if kill % 2:
                    # Kill the worker after the mail server accepted a message, while the worker
                    # records the outcome.
                    await office.mail.wait(len(office.mail.received) + 1)
                else:
                    await asyncio.sleep(chance.uniform(0, 1.5))
                worker.child.kill()
            worker.child.start()
            await _wait(lambda: _is_settled(rt), END_SECONDS)
        finally:
            worker.child.kill()
        assert KILLS <= _mails(office) <= 2 * KILLS
        assert KILLS <= _pushes(office) <= 2 * KILLS
        assert office.mail.mistakes == []
        assert office.push.mistakes == []
