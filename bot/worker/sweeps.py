"""Periodic jobs (sweeps) for due messages, registry writes, files, reminders and expired data."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID

from bot import outbox, uploads
from bot.attachments import recordings
from bot.channels.webchat import DEMO_TOPIC
from bot.concurrency import isolation
from bot.conversations import external_events, receive, registry_events, upload_events
from bot.conversations.effects import AfterCommit
from bot.db.connection import Transaction
from bot.observability import tracing
from bot.people import reminders, subscriptions
from bot.registrations import registry_writes, retention
from bot.runtime import Runtime


async def sweep(rt: Runtime) -> None:
    """Send due outbox messages, including those that a crashed process did not send."""
    while await outbox.sweep(rt) == outbox.SWEPT_AT_ONCE:
        pass


async def sweep_writes(rt: Runtime) -> None:
    """Send due writes to the registry.

    This is a sweep of its own, because a slow registry would otherwise delay messages to people.
    """
    async with rt.pool.connection() as transaction:
        due = await registry_writes.due(transaction)
    await asyncio.gather(*(_alone("registry", _write(rt, write_id)) for write_id in due))


async def sweep_files(rt: Runtime) -> None:
    """Fetch due files and recordings from messengers, and transfer due files to the registry.

    This is a sweep of its own, because a file takes seconds and would delay messages.
    """
    async with rt.pool.connection() as transaction:
        unfetched, due = await uploads.unfetched(transaction), await uploads.due(transaction)
        recorded = await recordings.due(transaction)
    transfers = [upload_events.fetch_upload(rt, each) for each in unfetched]
    transfers += [upload_events.send_upload(rt, each) for each in due]
    transfers += [upload_events.fetch_recording(rt, each) for each in recorded]
    await asyncio.gather(*(_alone("files", _deliver(rt, each)) for each in transfers))


async def _deliver(rt: Runtime, turn: Awaitable[AfterCommit | None]) -> None:
    await receive.deliver(rt, await turn)


async def _alone(kind: str, job: Awaitable[None]) -> None:
    with isolation.isolate_errors(kind):
        await job


async def remind(rt: Runtime) -> None:
    """Send the due reminders of saved checklists."""
    async for person_id in _through(rt, reminders.due):
        with isolation.isolate_errors("reminders"):
            await receive.deliver(rt, await external_events.remind(rt, person_id))


async def announce_replies(rt: Runtime) -> None:
    """Announce officers' replies that wait, because the reply window closed before they were sent.

    Without a notice, the person would get them only after writing again.
    """
    async for person_id in _through(rt, outbox.unannounced_to):
        with isolation.isolate_errors("replies"):
            delivery = await external_events.announce_waiting_reply(rt, person_id)
            await receive.deliver(rt, delivery)


async def forget_spent(rt: Runtime, *, lately: bool = False) -> None:
    """Delete the answers that people submitted, mostly 24 hours after the registry accepted them.

    While a person has an unsent change of the registration, the answers are kept, and every call
    finds the person again. Frequent calls therefore pass `lately`, which skips people whose answers
    became due over an hour ago. An hourly call without `lately` retries these people.
    """
    async for person_id in _through(rt, partial(retention.find_expired, lately=lately)):
        with isolation.isolate_errors("spent"):
            await external_events.forget_answers(rt, person_id)


async def end_registrations(rt: Runtime) -> None:
    """Delete the registrations of active people 12 months after the last change of the status."""
    async for person_id in _through(rt, retention.find_ending):
        with isolation.isolate_errors("ended"):
            await external_events.end_registration(rt, person_id)


async def forget_unfinished(rt: Runtime) -> None:
    """After 30 idle days, delete the unfinished answers of subscribers to announcements.

    The subscriptions continue.
    """
    async for person_id in _through(rt, subscriptions.idle):
        with isolation.isolate_errors("unfinished"):
            await external_events.forget_unfinished(rt, person_id)


type _Page = Callable[[Transaction, UUID], Awaitable[list[UUID]]]


async def _through(rt: Runtime, page: _Page) -> AsyncIterator[UUID]:
    """Yield the ids of all people that the query `page` finds, page by page.

    Each page begins after the last id of the page before, so that people whose processing fails are
    not repeated.
    """
    last = UUID(int=0)
    while True:
        async with rt.pool.connection() as transaction:
            found = await page(transaction, last)
        if not found:
            break
        for person_id in found:
            yield person_id
        last = found[-1]


async def _write(rt: Runtime, write_id: UUID) -> None:
    with tracing.span("job", kind="registry"):
        delivery = await registry_events.write_to_registry(rt, write_id)
    await receive.deliver(rt, delivery)
    if rt.settings.demo:
        await rt.valkey.publish(DEMO_TOPIC, b"")
