"""Notifications of a kind that a newer version added wait for a worker of that version."""

import procrastinate

from bot import notifications
from bot.db import job_queue
from bot.worker import main
from tests.desk.desks import insert_officer
from tests.jobs import run_waiting
from tests.notifications.notification_servers import NotificationServers


async def test_job_of_an_unknown_notification_kind_waits_for_a_newer_worker(
    office: NotificationServers,
) -> None:
    rt = office.rt
    async with rt.pool.connection() as session:
        await job_queue.defer(session, notifications.TASK, kind="newer", subject="x")
        await job_queue.defer(session, notifications.TASK, kind="no_shift", subject="general")
    app = procrastinate.App(connector=procrastinate.PsycopgConnector())
    main.register_notification_task(app, rt)
    await run_waiting(app, rt)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT args ->> 'kind', status::text, scheduled_at > now() FROM procrastinate_jobs"
        )
        assert await cursor.fetchall() == [("newer", "todo", True)]


async def test_notification_of_an_unknown_kind_delays_no_other_notification(
    office: NotificationServers,
) -> None:
    officer = await insert_officer(office.rt)
    await office.enable_notifications(officer)
    async with office.rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO officer_notifications (officer_id, kind, subject, state)"
            " VALUES (%s, 'newer', 'x', 'pending'), (%s, 'no_shift', 'general', 'pending')",
            (officer.id, officer.id),
        )
    await notifications.send_due(office.rt)
    assert len(office.mail.received) == 1
    assert await office.states() == [("pending", None), ("sent", None)]
