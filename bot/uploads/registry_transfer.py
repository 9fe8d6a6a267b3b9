"""Papers on their way to the registry: each one document there, whatever the registry does.

A paper goes with its own idempotency key, which never changes, once its registration has a number.
What is not known is looked up by its key before it is sent again. What was accepted goes here.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from bot import cases
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
from flows.engine.flow import OpenCase

SEND_TASK = "uploads.send"
LEASE_SECONDS = 120
MAX_BACKOFF = 600

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class ClaimedUpload:
    """A paper that this job has claimed, with what it needs for the call."""

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
    """What became of a kind of paper, for its person's conversation: `accepted`, `rejected`."""

    person_id: UUID
    paper: str
    state: str


async def release(transaction: Transaction, person_id: UUID) -> int:
    """Let go to the registry what a person has sent, and ask for the jobs; how many papers."""
    released = await release_all(transaction, person_id)
    for upload_id, _paper in released:
        await job_queue.defer(transaction, SEND_TASK, upload=str(upload_id))
    return len(released)


async def release_all(transaction: Transaction, person_id: UUID) -> list[tuple[UUID, str]]:
    """Release what is ready and has a registration to go with; the sweep finds it within seconds.

    Without a registration papers wait where they are; so does one of a kind that the registry does
    not know.
    """
    kinds = list(CODES["paper"])
    return await fetch_all(transaction, statements.RELEASE, person=person_id, kinds=kinds)


async def claim(rt: Runtime, upload_id: UUID) -> ClaimedUpload | None:
    """Take a paper that is due and whose registration has a number; None when it is not.

    One whose registration was withdrawn meanwhile goes nowhere any more, and is removed.
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
    person = identities.known(rt, person_id, key, epoch)
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


async def call(rt: Runtime, registry: Registry, parcel: ClaimedUpload) -> Document:
    """Send a paper, a piece at a time, or find that it is there. Raises RegistryError."""
    if parcel.doubtful:
        for document in await registry.documents(parcel.number):
            if document.idempotency_key == parcel.key:
                return document
    return await registry.upload(
        parcel.number, parcel.label, lambda: _pieces(rt, parcel), key=parcel.key
    )


async def _pieces(rt: Runtime, parcel: ClaimedUpload) -> AsyncIterator[bytes]:
    for number in range(-(-parcel.label.size // PIECE)):
        async with rt.pool.connection() as transaction:
            values = {"upload": parcel.id, "position": number}
            sealed = await fetch_value(transaction, statements.CHUNK, **values)
        if sealed is None:
            raise LookupError  # erased in the middle: the rest does not follow
        place = f"{parcel.id}|{number}"
        yield parcel.person.key.unseal(sealed, "upload_chunks", "body", place)


async def record_outcome(
    transaction: Transaction, parcel: ClaimedUpload, document: Document
) -> Moved | None:
    """The registry has it: what was kept here goes. Moved once all of that kind are there."""
    await _remove(transaction, parcel.id, "accepted", document=document.id)
    values = {"person": parcel.person.id, "kind": parcel.paper}
    left = await fetch_value(transaction, statements.IS_ONE_LEFT, **values)
    return None if left else Moved(parcel.person.id, parcel.paper, "accepted")


async def postpone(rt: Runtime, parcel: ClaimedUpload, error: RegistryError) -> None:
    """Try later, and look the paper up first if it may be there."""
    state = "unknown" if isinstance(error, OutcomeUnknown) or parcel.doubtful else "pending"
    named = error.retry_after if isinstance(error, Unavailable) else None
    delay = named or min(MAX_BACKOFF, 2.0 ** min(parcel.attempts, 10)) * random.uniform(0.7, 1.3)
    _logger.info("uploads.postponed", code=error.code, attempt=parcel.attempts)
    async with rt.pool.connection() as transaction:
        await execute(
            transaction,
            statements.POSTPONE,
            upload=parcel.id,
            attempt=parcel.attempts,
            new_state=state,
            why=error.code,
            delay=delay,
        )


async def refuse(
    transaction: Transaction, parcel: ClaimedUpload, error: Refused, language: str
) -> Moved | None:
    """A refusal goes to an officer; the paper stays until it is mended or its time is over."""
    _logger.warning("uploads.refused", code=error.code)
    values = {"upload": parcel.id, "attempt": parcel.attempts, "why": error.problem}
    if not await execute(transaction, statements.REJECT, **values):
        return None
    refused = OpenCase("registry_refused", urgent=True)
    await cases.open_case(transaction, parcel.person, refused, language)
    return Moved(parcel.person.id, parcel.paper, "rejected")


async def due(transaction: Transaction, limit: int = 20) -> list[UUID]:
    """Papers whose time has come: postponed ones, those a crash left, those that got a number."""
    return await fetch_values(transaction, statements.DUE, limit=limit)


async def _remove(
    transaction: Transaction, upload_id: UUID, state: str, *, document: UUID | None = None
) -> None:
    """Take a paper's bytes away; what it was and where it is stays."""
    await execute(transaction, statements.DELETE_CHUNKS, upload=upload_id)
    values = {"upload": upload_id, "new_state": state, "document_id": document}
    await execute(transaction, statements.REMOVE, **values)
