"""Intake of uploaded files: fetches and sanitizes them, and stores them encrypted in chunks.

No transaction is open while a file is fetched or sanitized. `keep` stores the file in the caller's
transaction, in which the conversation also answers the person about the file.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

import msgspec

from bot.channels import Channel, DoesNotFit, SendError
from bot.concurrency.backoff import backoff, with_jitter
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.db.pipeline import Rows
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value, fetch_values
from bot.file_sanitizer.pdf_writer import picture_of
from bot.file_sanitizer.sanitizer import MAX_BYTES as MAX_FILE_BYTES
from bot.file_sanitizer.sanitizer import Clean, Refused, Verdict
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.uploads import statements
from bot.uploads.statements import LISTING
from flows.engine.events import Awaited
from flows.engine.upload_states import Hint, Refusal, State

FETCH_TASK = "uploads.fetch"
PIECE = 256 * 1024
# Limits on the files of one person in any 24 hours: number of files, and bytes in total.
MAX_FILES = 30
MAX_BYTES = 100 * 1024 * 1024

# Maximum number of attempts to fetch a file from a messenger, and maximum backoff between two
# attempts in seconds.
MAX_FETCHES = 5
MAX_BACKOFF = 60


class _Source(msgspec.Struct, frozen=True, array_like=True):
    """The origin of an uploaded file: `flow` and `key` of the question that the file answers.

    `ref` is the file's id at the messenger, and `size` its size in bytes (0: unknown).
    """

    flow: str
    key: str
    ref: str
    size: int = 0


_source = msgspec.json.Decoder(_Source).decode


@dataclass(frozen=True, slots=True)
class Sanitized:
    """A file that is sanitized and not stored yet; leaving its `with` block frees the memory.

    `upload_id` and `attempt` are set only for a file from a messenger, whose row exists already
    (see `fetch`).
    """

    person_id: UUID
    place: Awaited
    verdict: Verdict
    upload_id: UUID | None = None
    attempt: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self.verdict, Clean):
            self.verdict.contents.close()


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored file, with hints about its quality, such as `blurred`."""

    upload_id: UUID
    pages: int
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """An uploaded file in the list that the person sees, and that officers see in the case."""

    id: UUID
    paper: str
    state: State
    pages: int | None
    at: datetime


async def begin(
    transaction: Transaction,
    person: Person,
    place: Awaited,
    channel: str,
    ref: str,
    *,
    size: int = 0,
    delay: float = 0,
) -> UUID:
    """Record a file that is still at a messenger, and enqueue the job that fetches it.

    Both happen in the caller's transaction. The file is fetched after `delay` seconds at the
    earliest, so that one message can report on several files. If the job runs earlier, it does
    nothing, and a sweep (periodic job) fetches the file later.
    """
    upload_id = uuid4()
    source = msgspec.json.encode(_Source(place.flow, place.key, ref, size))
    await execute(
        transaction,
        statements.BEGIN,
        upload=upload_id,
        person=person.id,
        kind=place.paper,
        from_channel=channel,
        sealed=person.key.seal(source, "uploads", "source", str(upload_id)),
        delay=delay,
    )
    await job_queue.defer(transaction, FETCH_TASK, upload=str(upload_id))
    return upload_id


async def sanitize(
    rt: Runtime, person_id: UUID, place: Awaited, chunks: AsyncIterator[bytes], address: str = ""
) -> Sanitized:
    """Sanitize a file that was uploaded by HTTP; store the result with `keep`.

    `address` is the sender's network address, for the limits on simultaneous uploads.
    """
    async with rt.pool.connection() as transaction:
        full = await _is_full(transaction, person_id)
    if full:
        return Sanitized(person_id, place, Refused(Refusal.DAILY_LIMIT))
    verdict = await rt.sanitizer.clean(chunks, sender=str(person_id), address=address)
    return Sanitized(person_id, place, verdict)


async def fetch(rt: Runtime, upload_id: UUID) -> Sanitized | None:
    """Fetch a file from a messenger and sanitize it; store the result with `keep`.

    Return None if the fetch is not due, if another process has claimed it, or if this attempt
    failed and will be retried.
    """
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, statements.CLAIM_FETCH, upload=upload_id)
        if row is None:
            return None
        person_id, key, epoch, paper, channel, sealed, attempt = row
        full = await _is_full(transaction, person_id, except_id=upload_id)
    person = identities.open_person(rt, person_id, key, epoch)
    assert sealed is not None, "a file that is fetched has a source"
    source = _source(person.key.unseal(sealed, "uploads", "source", str(upload_id)))
    if full:
        verdict: Verdict | None = Refused(Refusal.DAILY_LIMIT)
    elif source.size > MAX_FILE_BYTES:
        verdict = Refused(Refusal.TOO_LARGE)
    else:
        verdict = await _fetch(rt, rt.channels.get(channel or ""), source.ref, attempt)
    if verdict is None:
        await _fetch_later(rt, upload_id, attempt)
        return None
    place = Awaited(source.flow, source.key, paper)
    return Sanitized(person_id, place, verdict, upload_id, attempt)


async def _fetch(rt: Runtime, channel: Channel | None, ref: str, attempt: int) -> Verdict | None:
    """Fetch and sanitize a file from a messenger.

    Return the sanitizer's verdict, or None if a retry of the fetch may succeed.
    """
    if channel is None or attempt > MAX_FETCHES:
        return Refused(Refusal.INTERRUPTED)
    failure: SendError | None = None

    async def chunks(channel: Channel) -> AsyncIterator[bytes]:
        nonlocal failure
        try:
            async for chunk in channel.fetch(ref):
                yield chunk
        except SendError as error:
            failure = error
            raise

    verdict = await rt.sanitizer.clean(chunks(channel))
    if not isinstance(verdict, Refused) or verdict.reason is not Refusal.INTERRUPTED:
        return verdict
    if isinstance(failure, DoesNotFit):
        return Refused(Refusal.TOO_LARGE, verdict.received_size)
    may_succeed = failure is None or failure.retry
    return None if may_succeed and attempt < MAX_FETCHES else verdict


async def _fetch_later(rt: Runtime, upload_id: UUID, attempt: int) -> None:
    delay = with_jitter(backoff(attempt, most=MAX_BACKOFF))
    async with rt.pool.connection() as transaction:
        values = {"upload": upload_id, "attempt": attempt, "delay": delay}
        await execute(transaction, statements.FETCH_LATER, **values)


async def keep(
    rt: Runtime, transaction: Transaction, checked: Sanitized
) -> Stored | Refused | None:
    """Store a sanitized file, or the fact that it was refused, in the caller's transaction.

    Return None if the person was erased or another attempt has finished. Otherwise the caller
    reports the result to the person.
    """
    # Lock the person's row first, so that files stored concurrently cannot exceed the person's
    # daily limits.
    await execute(transaction, statements.LOCK_PERSON, person=checked.person_id)
    person = await identities.load(rt, transaction, checked.person_id)
    if person is None or not await _is_claimed(transaction, checked):
        return None
    verdict = await _check_limits(rt, transaction, checked)
    if isinstance(verdict, Refused):
        await _note_refused(transaction, checked, verdict)
        return verdict
    upload_id = checked.upload_id or uuid4()
    await _insert(rt, transaction, person, checked, upload_id, verdict)
    return Stored(upload_id, verdict.pages, verdict.hints)


async def receive(
    rt: Runtime, person_id: UUID, place: Awaited, chunks: AsyncIterator[bytes]
) -> Stored | Refused | None:
    """Sanitize and store a file in a transaction of its own; report nothing to the person."""
    with await sanitize(rt, person_id, place, chunks) as checked:
        async with rt.pool.connection() as transaction:
            return await keep(rt, transaction, checked)


async def _is_claimed(transaction: Transaction, checked: Sanitized) -> bool:
    if checked.upload_id is None:
        return True
    values = {"upload": checked.upload_id, "attempt": checked.attempt}
    return bool(await fetch_value(transaction, statements.IS_CLAIMED, **values))


async def _is_full(
    transaction: Transaction, person_id: UUID, except_id: UUID | None = None
) -> bool:
    """Return True if the person's files, without `except_id`, have reached a daily limit."""
    values: dict[str, Any] = {"person": person_id, "besides": except_id}
    values |= {"max_files": MAX_FILES, "max_bytes": MAX_BYTES}
    return bool(await fetch_value(transaction, statements.IS_FULL, **values))


async def _check_limits(rt: Runtime, transaction: Transaction, checked: Sanitized) -> Verdict:
    """Return the sanitizer's verdict; refuse a duplicate, and a file above a daily limit."""
    verdict = checked.verdict
    if isinstance(verdict, Refused):
        return verdict
    hashes = list(rt.vault.indexes("upload", _name(checked, verdict)))
    values = {"person": checked.person_id, "kind": checked.place.paper, "hashes": hashes}
    if await fetch_value(transaction, statements.IS_DUPLICATE, **values):
        return Refused(Refusal.DUPLICATE, verdict.received_size)
    if await _is_full(transaction, checked.person_id, except_id=checked.upload_id):
        return Refused(Refusal.DAILY_LIMIT, verdict.received_size)
    return verdict


def _name(checked: Sanitized, clean: Clean) -> str:
    """Return the text whose hash identifies a file, to find duplicates.

    The text has the person's id and the hash of the received file. The same file from two people is
    no duplicate.
    """
    return f"{checked.person_id}|{clean.received_hash.hex()}"


async def _note_refused(transaction: Transaction, checked: Sanitized, refused: Refused) -> None:
    """Store a refused file's metadata, because it counts towards the person's daily limits.

    A direct upload above the daily limits is not stored.
    """
    if checked.upload_id is None and refused.reason is Refusal.DAILY_LIMIT:
        return
    await execute(
        transaction,
        statements.REFUSE,
        upload=checked.upload_id or uuid4(),
        person=checked.person_id,
        kind=checked.place.paper,
        why=refused.reason.value,
        bytes=refused.received_size,
    )


async def _insert(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    checked: Sanitized,
    upload_id: UUID,
    clean: Clean,
) -> None:
    await execute(
        transaction,
        statements.KEEP,
        upload=upload_id,
        person=person.id,
        kind=checked.place.paper,
        file_hash=rt.vault.index("upload", _name(checked, clean)),
        sealed=person.key.seal(clean.contents.sha256, "uploads", "digest", str(upload_id)),
        type=clean.media_type,
        page_count=clean.pages,
        stored_size=clean.contents.size,
        bytes=clean.received_size,
    )
    for number, piece in enumerate(clean.contents.pieces(PIECE)):
        sealed = person.key.seal(piece, "upload_chunks", "body", f"{upload_id}|{number}")
        values = {"upload": upload_id, "position": number, "sealed": sealed}
        await execute(transaction, statements.ADD_CHUNK, **values)


async def listing(transaction: Transaction, person_id: UUID) -> tuple[Listed, ...]:
    """Return the person's uploaded files with their states, oldest first, without refused files."""
    found = await fetch_all(transaction, LISTING, person=person_id)
    return files_of_rows(found)


def files_of_rows(rows: Rows) -> tuple[Listed, ...]:
    """Convert rows of the statement LISTING to files."""
    return tuple(
        Listed(upload_id, paper, State(state), pages, at)
        for upload_id, paper, state, pages, at in rows
    )


async def picture(
    transaction: Transaction, person: Person, upload_id: UUID, number: int
) -> tuple[str, bytes] | None:
    """Return an upload's document kind, and its page `number` (from 0) as a JPEG.

    Return None if there is no such page, or if the file's content was deleted here after the
    transfer to the registry.
    """
    row = await fetch_one(transaction, statements.KIND, upload=upload_id, person=person.id)
    if row is None or row[1] is None:
        return None
    chunks = await fetch_all(transaction, statements.CHUNKS, upload=upload_id)
    data = b"".join(
        person.key.unseal(body, "upload_chunks", "body", f"{upload_id}|{at}") for at, body in chunks
    )
    page = picture_of(data, number) if row[1] == "application/pdf" else data
    return (row[0], page) if page else None


async def unfetched(transaction: Transaction) -> list[UUID]:
    """Return the files to fetch from a messenger now, including those whose last fetch crashed."""
    return await fetch_values(transaction, statements.UNFETCHED)
