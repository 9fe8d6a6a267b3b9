"""Papers on their way to the registry: each one document there, whatever the registry does.

A paper goes with its own idempotency key, which never changes, once its registration has a number.
What is not known is looked up by its key before it is sent again. What was accepted goes here.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from bot import cases
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.registrations.registry_codes import CODES
from bot.registry.client import Registry
from bot.registry.documents import Document, DocumentLabel
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError, Unavailable
from bot.runtime import Runtime
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
    """Let go what is ready and has a registration to go with; the sweep finds it within seconds.

    Without a registration papers wait where they are; so does one of a kind that the registry does
    not know.
    """
    cursor = await transaction.execute(
        "UPDATE uploads u SET state = 'pending', registration_id = r.id, due_at = kosh_now(),"
        " state_at = kosh_now()"
        " FROM (SELECT id FROM registrations WHERE person_id = %s"
        "   AND state NOT IN ('withdrawing', 'withdrawn') ORDER BY created_at DESC LIMIT 1) r"
        " WHERE u.person_id = %s AND u.state = 'ready' AND u.paper = ANY(%s)"
        " RETURNING u.id, u.paper",
        (person_id, person_id, list(CODES["paper"])),
    )
    return list(await cursor.fetchall())


_CLAIM: LiteralString = """
UPDATE uploads u SET state = 'sending', attempts = u.attempts + 1,
  due_at = kosh_now() + make_interval(secs => %(lease)s)
FROM uploads was
JOIN registrations r ON r.id = was.registration_id
JOIN people p ON p.id = was.person_id
WHERE u.id = %(id)s AND was.id = u.id AND u.state IN ('pending', 'unknown', 'sending')
  AND u.due_at <= kosh_now() AND r.number IS NOT NULL
RETURNING p.id, p.key, p.key_epoch, u.paper, was.state, u.attempts, r.number, r.state,
  u.media_type, u.pages, u.size, u.digest
"""


async def claim(rt: Runtime, upload_id: UUID) -> ClaimedUpload | None:
    """Take a paper that is due and whose registration has a number; None when it is not.

    One whose registration was withdrawn meanwhile goes nowhere any more, and is removed.
    """
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(_CLAIM, {"id": upload_id, "lease": LEASE_SECONDS})
        row = await cursor.fetchone()
        if row is None:
            return None
        if row[7] in ("withdrawing", "withdrawn"):
            await _remove(transaction, upload_id, "gone")
            return None
    person_id, key, epoch, paper, was, attempts, number, _state, media_type, pages, size, sealed = (
        row
    )
    person = identities.known(rt, person_id, bytes(key), epoch)
    digest = person.key.unseal(bytes(sealed), "uploads", "digest", str(upload_id))
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
            cursor = await transaction.execute(
                "SELECT body FROM upload_chunks WHERE upload_id = %s AND number = %s",
                (parcel.id, number),
            )
            row = await cursor.fetchone()
        if row is None:
            raise LookupError  # erased in the middle: the rest does not follow
        place = f"{parcel.id}|{number}"
        yield parcel.person.key.unseal(bytes(row[0]), "upload_chunks", "body", place)


async def record_outcome(
    transaction: Transaction, parcel: ClaimedUpload, document: Document
) -> Moved | None:
    """The registry has it: what was kept here goes. Moved once all of that kind are there."""
    await _remove(transaction, parcel.id, "accepted", document=document.id)
    cursor = await transaction.execute(
        "SELECT FROM uploads WHERE person_id = %s AND paper = %s"
        " AND state IN ('pending', 'sending', 'unknown', 'rejected')",
        (parcel.person.id, parcel.paper),
    )
    left = await cursor.fetchone()
    return None if left is not None else Moved(parcel.person.id, parcel.paper, "accepted")


async def postpone(rt: Runtime, parcel: ClaimedUpload, error: RegistryError) -> None:
    """Try later, and look the paper up first if it may be there."""
    state = "unknown" if isinstance(error, OutcomeUnknown) or parcel.doubtful else "pending"
    named = error.retry_after if isinstance(error, Unavailable) else None
    delay = named or min(MAX_BACKOFF, 2.0 ** min(parcel.attempts, 10)) * random.uniform(0.7, 1.3)
    _logger.info("uploads.postponed", code=error.code, attempt=parcel.attempts)
    async with rt.pool.connection() as transaction:
        await transaction.execute(
            "UPDATE uploads SET state = %s, reason = %s,"
            " due_at = kosh_now() + make_interval(secs => %s)"
            " WHERE id = %s AND state = 'sending' AND attempts = %s",
            (state, error.code, delay, parcel.id, parcel.attempts),
        )


async def refuse(
    transaction: Transaction, parcel: ClaimedUpload, error: Refused, language: str
) -> Moved | None:
    """A refusal goes to an officer; the paper stays until it is mended or its time is over."""
    _logger.warning("uploads.refused", code=error.code)
    done = await transaction.execute(
        "UPDATE uploads SET state = 'rejected', reason = %s, state_at = kosh_now()"
        " WHERE id = %s AND state = 'sending' AND attempts = %s",
        (error.problem, parcel.id, parcel.attempts),
    )
    if not done.rowcount:
        return None
    refused = OpenCase("registry_refused", urgent=True)
    await cases.open_case(transaction, parcel.person, refused, language)
    return Moved(parcel.person.id, parcel.paper, "rejected")


async def due(transaction: Transaction, limit: int = 20) -> list[UUID]:
    """Papers whose time has come: postponed ones, those a crash left, those that got a number."""
    cursor = await transaction.execute(
        "SELECT u.id FROM uploads u JOIN registrations r ON r.id = u.registration_id"
        " WHERE u.state IN ('pending', 'unknown', 'sending') AND r.number IS NOT NULL"
        " AND u.due_at <= kosh_now() - interval '1 second' ORDER BY u.due_at LIMIT %s",
        (limit,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _remove(
    transaction: Transaction, upload_id: UUID, state: str, *, document: UUID | None = None
) -> None:
    """Take a paper's bytes away; what it was and where it is stays."""
    await transaction.execute("DELETE FROM upload_chunks WHERE upload_id = %s", (upload_id,))
    await transaction.execute(
        "UPDATE uploads SET state = %s, document = %s, digest = NULL, reason = NULL,"
        " state_at = kosh_now() WHERE id = %s",
        (state, document, upload_id),
    )
