"""Turns caused by uploaded files that were received, checked, or sent to the registry."""

from collections.abc import AsyncIterator
from uuid import UUID

from bot import uploads
from bot.attachments import recordings
from bot.conversations.effects import AfterCommit
from bot.conversations.receive import take_turn
from bot.conversations.store import lock
from bot.db.connection import Transaction
from bot.people.identities import Person
from bot.registry.errors import Refused, RegistryError
from bot.runtime import Runtime
from flows.engine.events import UploadChecked, UploadStatusChanged
from flows.engine.upload_events import RECORDING, awaited_upload
from flows.engine.upload_states import Refusal


async def take_upload(
    rt: Runtime, person: Person | None, chunks: AsyncIterator[bytes], address: str = ""
) -> AfterCommit | None:
    """Sanitize and store a file from the secure page, and apply the result to the conversation.

    Raises LookupError if the conversation awaits no file, for example because the page is still
    open after its question was answered.
    """
    if person is None:
        raise LookupError
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person.id)
    place = awaited_upload(rt.flows, held.conversation) if held else None
    if place is None:
        raise LookupError
    return await _store_checked(rt, await uploads.sanitize(rt, person.id, place, chunks, address))


async def fetch_upload(rt: Runtime, upload_id: UUID) -> AfterCommit | None:
    """Attempt once to fetch a file from the messenger; sanitize and store it, and apply the result.

    Returns None if there is nothing to send to the person.
    """
    checked = await uploads.fetch(rt, upload_id)
    return None if checked is None else await _store_checked(rt, checked)


async def fetch_recording(rt: Runtime, file_id: UUID) -> AfterCommit | None:
    """Attempt once to fetch a recording for an officer; notify the person if it is unusable."""
    fetched = await recordings.fetch(rt, file_id)
    if fetched is None:
        return None
    async with rt.pool.connection() as transaction:
        await lock(rt, transaction, fetched.person.id)
        if not await recordings.keep(transaction, fetched) or fetched.contents:
            return None
        event = UploadChecked("", RECORDING, Refusal.BROKEN)
        return await take_turn(rt, transaction, fetched.person.id, event)


async def _store_checked(rt: Runtime, checked: uploads.Sanitized) -> AfterCommit | None:
    """Store a checked file, and process the result as a turn, in the same transaction."""
    with checked:
        async with rt.pool.connection() as transaction:
            verdict = await uploads.keep(rt, transaction, checked)
            if verdict is None:
                return None
            refusal = verdict.reason if isinstance(verdict, uploads.Refused) else ""
            hints = () if isinstance(verdict, uploads.Refused) else verdict.hints
            event = UploadChecked(
                checked.place.flow, checked.place.key, refusal, next(iter(hints), "")
            )
            return await take_turn(rt, transaction, checked.person_id, event)


async def send_upload(rt: Runtime, upload_id: UUID) -> AfterCommit | None:
    """Attempt once to send an uploaded file to the registry.

    Claim the file, call the registry, record the outcome, and notify the person.
    """
    upload = await uploads.claim(rt, upload_id) if rt.registry else None
    if upload is None or rt.registry is None:
        return None
    try:
        document = await uploads.call(rt, rt.registry, upload)
    except Refused as error:
        async with rt.pool.connection() as transaction:
            held = await lock(rt, transaction, upload.person.id)
            language = held.conversation.language if held else ""
            moved = await uploads.refuse(transaction, upload, error, language)
            return await _tell_moved(rt, transaction, moved)
    except RegistryError as error:
        await uploads.postpone(rt, upload, error)
        return None
    async with rt.pool.connection() as transaction:
        await lock(rt, transaction, upload.person.id)
        return await _tell_moved(
            rt, transaction, await uploads.record_outcome(transaction, upload, document)
        )


async def _tell_moved(
    rt: Runtime, transaction: Transaction, moved: uploads.Moved | None
) -> AfterCommit | None:
    if moved is None:
        return None
    return await take_turn(
        rt, transaction, moved.person_id, UploadStatusChanged(moved.paper, moved.state)
    )
