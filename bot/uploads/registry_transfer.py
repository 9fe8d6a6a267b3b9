"""Transfer of uploaded files to the registry, where each file becomes exactly one document.

A file is sent once its registration has a number, always with the same idempotency key. If the
outcome of an attempt is unknown, the next attempt first searches the registry for this key. When
the registry accepts a file, its content is deleted from Kosh's database.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from bot import cases
from bot.concurrency.backoff import backoff, with_jitter
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value, fetch_values
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.registrations.registry_codes import CODES
from bot.registry.client import Registry
from bot.registry.documents import Document, DocumentLabel
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError, Unavailable
from bot.runtime import Runtime
from bot.uploads import statements
from bot.uploads.intake import PIECE
from flows.engine.effects import OpenCase

SEND_TASK = "uploads.send"
MAX_BACKOFF = 600

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class ClaimedUpload:
    """A file claimed by this process, with everything that the registry call needs."""

    id: UUID
    person: Person
    paper: str
    doubtful: bool
    attempts: int
    number: str
    label: DocumentLabel

    @property
    def key(self) -> str:
        return self.id.hex


@dataclass(frozen=True, slots=True)
class Moved:
    """The new state of a document kind, to be reported to the person: `accepted` or `rejected`."""

    person_id: UUID
    paper: str
    state: str


async def release(transaction: Transaction, person_id: UUID) -> int:
    """Mark a person's files for transfer to the registry, and enqueue a job for each of the files.

    Return the number of files.
    """
    released = await release_all(transaction, person_id)
    for upload_id, _kind in released:
        await job_queue.defer(transaction, SEND_TASK, upload=str(upload_id))
    return len(released)


async def release_all(transaction: Transaction, person_id: UUID) -> list[tuple[UUID, str]]:
    """Mark the person's stored files for transfer to the registry, if a registration exists.

    Return id and document kind of each marked file. Kinds of document that the registry does not
    accept are not marked. The sweep sends marked files within seconds.
    """
    kinds = list(CODES["paper"])
    return await fetch_all(transaction, statements.RELEASE, person=person_id, kinds=kinds)


async def claim(rt: Runtime, upload_id: UUID) -> ClaimedUpload | None:
    """Claim a file for its transfer to the registry.

    Return None if the transfer is not due, or if the registration has no number yet. If the
    registration was withdrawn, delete the file's content and return None.
    """
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, statements.CLAIM, upload=upload_id)
        if row is None:
            return None
        if row[7] in ("withdrawing", "withdrawn"):
            await _remove(transaction, upload_id, "gone")
            return None
    person_id, key, epoch, paper, was, attempts, number, _state, media_type, pages, size, sealed = (
        row
    )
    person = identities.open_person(rt, person_id, key, epoch)
    digest = person.key.unseal(sealed, "uploads", "digest", str(upload_id))
    label = DocumentLabel.model_validate(
        {
            "kind": CODES["paper"][paper],
            "media_type": media_type,
            "pages": pages,
            "size": size,
            "sha256": digest.hex(),
        }
    )
    return ClaimedUpload(upload_id, person, paper, was != "pending", attempts, number, label)


async def call(rt: Runtime, registry: Registry, upload: ClaimedUpload) -> Document:
    """Send a file to the registry in chunks, and return the registry's document.

    If the outcome of an earlier attempt is unknown, first search the registry for the document.
    Raises RegistryError, or LookupError if the file was erased during the transfer.
    """
    if upload.doubtful and (document := await _find(registry, upload)):
        return document
    return await registry.upload(
        upload.number, upload.label, lambda: _pieces(rt, upload), key=upload.key
    )


async def _find(registry: Registry, upload: ClaimedUpload) -> Document | None:
    """Return the document that an earlier attempt created, or None.

    A refused lookup does not tell whether the document exists, so it is tried again; but a registry
    that does not know the registration has no document of it.
    """
    try:
        documents = await registry.documents(upload.number)
    except Refused as error:
        if error.problem == "not-found":
            return None
        raise Unavailable("E_REGISTRY_LOOKUP", "the registry refused a lookup") from None
    return next((each for each in documents if each.idempotency_key == upload.key), None)


async def _pieces(rt: Runtime, upload: ClaimedUpload) -> AsyncIterator[bytes]:
    for number in range(-(-upload.label.size // PIECE)):
        async with rt.pool.connection() as transaction:
            values = {"upload": upload.id, "position": number}
            sealed = await fetch_value(transaction, statements.CHUNK, **values)
        if sealed is None:
            raise LookupError  # the file was erased meanwhile, so the transfer must stop
        place = f"{upload.id}|{number}"
        yield upload.person.key.unseal(sealed, "upload_chunks", "body", place)


async def record_outcome(
    transaction: Transaction, upload: ClaimedUpload, document: Document
) -> Moved | None:
    """Record that the registry accepted a file, and delete the file's content.

    Return the change to report if all files of the same document kind are accepted, else None. A
    file that the registry rejected before this file arrived does not count.
    """
    await _remove(transaction, upload.id, "accepted", document=document.id)
    values = {"upload": upload.id, "person": upload.person.id, "kind": upload.paper}
    left = await fetch_value(transaction, statements.IS_ONE_LEFT, **values)
    return None if left else Moved(upload.person.id, upload.paper, "accepted")


async def postpone(rt: Runtime, upload: ClaimedUpload, error: RegistryError) -> None:
    """Schedule the next attempt after a backoff, or after the delay that the registry named.

    If the outcome is unknown, the next attempt first searches the registry for the document.
    """
    state = "unknown" if isinstance(error, OutcomeUnknown) or upload.doubtful else "pending"
    named = error.retry_after if isinstance(error, Unavailable) else None
    delay = named or with_jitter(backoff(upload.attempts, most=MAX_BACKOFF))
    _logger.info("uploads.postponed", code=error.code, attempt=upload.attempts)
    async with rt.pool.connection() as transaction:
        await execute(
            transaction,
            statements.POSTPONE,
            upload=upload.id,
            attempt=upload.attempts,
            new_state=state,
            why=error.code,
            delay=delay,
        )


async def refuse(
    transaction: Transaction, upload: ClaimedUpload, error: Refused, language: str
) -> Moved | None:
    """Record that the registry rejected a file, and open an urgent case (request to an officer).

    The file is kept until its retention period ends. Return None if another attempt has claimed the
    file. If the person withdrew the registration during the call, delete the file's content, open
    no case, and return None.
    """
    _logger.warning("uploads.refused", code=error.code)
    values = {"upload": upload.id, "attempt": upload.attempts, "why": error.problem}
    if not await execute(transaction, statements.REJECT, **values):
        return None
    if await fetch_value(transaction, statements.IS_WITHDRAWN, upload=upload.id):
        await _remove(transaction, upload.id, "gone")
        return None
    refused = OpenCase("registry_refused", urgent=True)
    await cases.open_case(transaction, upload.person, refused, language)
    return Moved(upload.person.id, upload.paper, "rejected")


async def due(transaction: Transaction) -> list[UUID]:
    """Return the files whose transfer to the registry is due.

    These are retries, files of a crashed process, and files whose registration just got a number or
    was withdrawn without one.
    """
    return await fetch_values(transaction, statements.DUE)


async def _remove(
    transaction: Transaction, upload_id: UUID, state: str, *, document: UUID | None = None
) -> None:
    """Delete a file's content and set the state of its row, which keeps the metadata."""
    await execute(transaction, statements.DELETE_CHUNKS, upload=upload_id)
    values = {"upload": upload_id, "new_state": state, "document_id": document}
    await execute(transaction, statements.REMOVE, **values)
