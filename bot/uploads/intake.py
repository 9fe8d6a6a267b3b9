"""Fetch files that people send, sanitize them and store them encrypted in chunks.

No transaction is open while a file is fetched or sanitized. `keep` stores it in the caller's
transaction, which also takes the conversation's turn.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, Self
from uuid import UUID, uuid4

import msgspec

from bot.channels import Channel, SendError
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.db.pipeline import Rows, TextStatement, run
from bot.file_sanitizer.pdf_writer import picture_of
from bot.file_sanitizer.sanitizer import Clean, Refused, Verdict
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import Awaited
from flows.engine.upload_states import Hint, Refusal, State

FETCH_TASK = "uploads.fetch"
PIECE = 256 * 1024
# Of a person in any 24 hours.
MAX_FILES = 30
MAX_BYTES = 100 * 1024 * 1024

# Longer than receiving, waiting for a place and decoding can take together.
FETCH_LEASE = 300
MAX_FETCHES = 5


class _Source(msgspec.Struct, frozen=True, array_like=True):
    """Which question a file answers, and where the messenger keeps it."""

    flow: str
    key: str
    ref: str


_source = msgspec.json.Decoder(_Source).decode


@dataclass(frozen=True, slots=True)
class Sanitized:
    """A file that was looked at and is not written down yet: leaving it gives its memory back.

    `upload_id` and `attempt` are set where its row exists already (`fetch`).
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
    """A paper that is kept, and what may be wrong with it."""

    upload_id: UUID
    pages: int
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper as its person sees it, and the officer of their case."""

    id: UUID
    paper: str
    state: State
    pages: int | None
    at: datetime


async def begin(
    transaction: Transaction, person: Person, place: Awaited, channel: str, ref: str
) -> UUID:
    """Note a file that a messenger keeps for us, and ask for its job; the turn's transaction."""
    upload_id = uuid4()
    source = msgspec.json.encode(_Source(place.flow, place.key, ref))
    await transaction.execute(
        "INSERT INTO uploads (id, person_id, paper, state, channel, source)"
        " VALUES (%s, %s, %s, 'fetching', %s, %s)",
        (
            upload_id,
            person.id,
            place.paper,
            channel,
            person.key.seal(source, "uploads", "source", str(upload_id)),
        ),
    )
    await job_queue.defer(transaction, FETCH_TASK, upload=str(upload_id))
    return upload_id


async def sanitize(
    rt: Runtime, person_id: UUID, place: Awaited, chunks: AsyncIterator[bytes]
) -> Sanitized:
    """A file that comes to us by itself, made safe; for `keep`."""
    async with rt.pool.connection() as transaction:
        full = await _is_full(transaction, person_id)
    verdict = Refused(Refusal.DAILY_LIMIT) if full else await rt.papers.clean(chunks)
    return Sanitized(person_id, place, verdict)


_CLAIM_FETCH: LiteralString = """
UPDATE uploads u SET state = 'checking', attempts = u.attempts + 1,
  due_at = kosh_now() + make_interval(secs => %(lease)s)
FROM people p
WHERE u.id = %(id)s AND p.id = u.person_id AND u.state IN ('fetching', 'checking')
  AND u.due_at <= kosh_now()
RETURNING p.id, p.key, p.key_epoch, u.paper, u.channel, u.source, u.attempts
"""


async def fetch(rt: Runtime, upload_id: UUID) -> Sanitized | None:
    """A file that a messenger keeps for us, fetched and made safe; for `keep`.

    None when it is not its time, somebody else is at it, or it is tried again later.
    """
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(_CLAIM_FETCH, {"id": upload_id, "lease": FETCH_LEASE})
        row = await cursor.fetchone()
        if row is None:
            return None
        person_id, key, epoch, paper, channel, sealed, attempt = row
        full = await _is_full(transaction, person_id, besides=upload_id)
    person = identities.known(rt, person_id, bytes(key), epoch)
    source = _source(person.key.unseal(bytes(sealed), "uploads", "source", str(upload_id)))
    if full:
        verdict: Verdict | None = Refused(Refusal.DAILY_LIMIT)
    else:
        verdict = await _fetched(rt, rt.channels.get(channel), source.ref, attempt)
    if verdict is None:
        await _fetch_later(rt, upload_id, attempt)
        return None
    place = Awaited(source.flow, source.key, paper)
    return Sanitized(person_id, place, verdict, upload_id, attempt)


async def _fetched(rt: Runtime, channel: Channel | None, ref: str, attempt: int) -> Verdict | None:
    """The verdict on a messenger's file; None if the platform may still give it out."""
    if channel is None or attempt > MAX_FETCHES:
        return Refused(Refusal.INTERRUPTED)
    given_up = False

    async def chunks(channel: Channel) -> AsyncIterator[bytes]:
        nonlocal given_up
        try:
            async for chunk in channel.fetch(ref):
                yield chunk
        except SendError as error:
            given_up = not error.retry
            raise

    verdict = await rt.papers.clean(chunks(channel))
    broke_off = isinstance(verdict, Refused) and verdict.reason is Refusal.INTERRUPTED
    return None if broke_off and not given_up and attempt < MAX_FETCHES else verdict


async def _fetch_later(rt: Runtime, upload_id: UUID, attempt: int) -> None:
    async with rt.pool.connection() as transaction:
        await transaction.execute(
            "UPDATE uploads SET state = 'fetching', due_at = kosh_now()"
            " + make_interval(secs => %s) WHERE id = %s AND state = 'checking' AND attempts = %s",
            (2.0**attempt * random.uniform(0.7, 1.3), upload_id, attempt),
        )


async def keep(
    rt: Runtime, transaction: Transaction, checked: Sanitized
) -> Stored | Refused | None:
    """Write down what a file is, in the transaction that tells the conversation.

    None when the person was erased or another try has settled it: then nothing is to be told.
    """
    # The person's lock first: two files of one person must not pass one limit side by side.
    await transaction.execute(
        "SELECT FROM conversations WHERE person_id = %s FOR UPDATE", (checked.person_id,)
    )
    person = await identities.load(rt, transaction, checked.person_id)
    if person is None or not await _is_ours(transaction, checked):
        return None
    verdict = await _weighed(rt, transaction, checked)
    if isinstance(verdict, Refused):
        await _note_refused(transaction, checked, verdict)
        return verdict
    upload_id = checked.upload_id or uuid4()
    await _insert(rt, transaction, person, checked, upload_id, verdict)
    return Stored(upload_id, verdict.pages, verdict.hints)


async def receive(
    rt: Runtime, person_id: UUID, place: Awaited, chunks: AsyncIterator[bytes]
) -> Stored | Refused | None:
    """`sanitize` and `keep` in a transaction of its own, where there is no conversation to tell."""
    with await sanitize(rt, person_id, place, chunks) as checked:
        async with rt.pool.connection() as transaction:
            return await keep(rt, transaction, checked)


async def _is_ours(transaction: Transaction, checked: Sanitized) -> bool:
    if checked.upload_id is None:
        return True
    cursor = await transaction.execute(
        "SELECT FROM uploads WHERE id = %s AND state = 'checking' AND attempts = %s",
        (checked.upload_id, checked.attempt),
    )
    return await cursor.fetchone() is not None


async def _is_full(transaction: Transaction, person_id: UUID, besides: UUID | None = None) -> bool:
    """Whether a person has sent as much as may be sent in a day; `besides`: before that file."""
    cursor = await transaction.execute(
        "SELECT count(*) >= %s OR coalesce(sum(received), 0) >= %s FROM uploads"
        " WHERE person_id = %s AND created_at > kosh_now() - interval '1 day'"
        " AND reason IS DISTINCT FROM 'daily_limit'"
        " AND (%s::uuid IS NULL OR created_at < (SELECT created_at FROM uploads WHERE id = %s))",
        (MAX_FILES, MAX_BYTES, person_id, besides, besides),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _weighed(rt: Runtime, transaction: Transaction, checked: Sanitized) -> Verdict:
    """The verdict, once it is known what else this person has sent."""
    verdict = checked.verdict
    if isinstance(verdict, Refused):
        return verdict
    cursor = await transaction.execute(
        "SELECT FROM uploads WHERE person_id = %s AND paper = %s AND mark = ANY(%s)"
        " AND state NOT IN ('refused', 'gone')",
        (
            checked.person_id,
            checked.place.paper,
            list(rt.vault.indexes("upload", _name(checked, verdict))),
        ),
    )
    if await cursor.fetchone() is not None:
        return Refused(Refusal.DUPLICATE, verdict.came_size)
    if await _is_full(transaction, checked.person_id, besides=checked.upload_id):
        return Refused(Refusal.DAILY_LIMIT, verdict.came_size)
    return verdict


def _name(checked: Sanitized, clean: Clean) -> str:
    """Under which a file is found again; of two people the same file has two."""
    return f"{checked.person_id}|{clean.came.hex()}"


async def _note_refused(transaction: Transaction, checked: Sanitized, refused: Refused) -> None:
    """It counts for the day and is forgotten after it; the limit itself leaves nothing behind."""
    if checked.upload_id is None and refused.reason is Refusal.DAILY_LIMIT:
        return
    await transaction.execute(
        "INSERT INTO uploads (id, person_id, paper, state, reason, received)"
        " VALUES (%s, %s, %s, 'refused', %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET state = 'refused', reason = excluded.reason,"
        "   received = excluded.received, source = NULL, channel = NULL, state_at = kosh_now()",
        (
            checked.upload_id or uuid4(),
            checked.person_id,
            checked.place.paper,
            refused.reason,
            refused.came_size,
        ),
    )


async def _insert(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    checked: Sanitized,
    upload_id: UUID,
    clean: Clean,
) -> None:
    row = {
        "id": upload_id,
        "person": person.id,
        "paper": checked.place.paper,
        "mark": rt.vault.index("upload", _name(checked, clean)),
        "digest": person.key.seal(clean.contents.sha256, "uploads", "digest", str(upload_id)),
        "media_type": clean.media_type,
        "pages": clean.pages,
        "size": clean.contents.size,
        "received": clean.came_size,
    }
    await transaction.execute(_KEEP, row)
    for number, piece in enumerate(clean.contents.pieces(PIECE)):
        sealed = person.key.seal(piece, "upload_chunks", "body", f"{upload_id}|{number}")
        await transaction.execute(
            "INSERT INTO upload_chunks (upload_id, number, body) VALUES (%s, %s, %s)",
            (upload_id, number, sealed),
        )


_KEEP: LiteralString = """
INSERT INTO uploads (id, person_id, paper, state, mark, digest, media_type, pages, size, received)
VALUES (%(id)s, %(person)s, %(paper)s, 'ready', %(mark)s, %(digest)s, %(media_type)s, %(pages)s,
  %(size)s, %(received)s)
ON CONFLICT (id) DO UPDATE SET state = 'ready', mark = excluded.mark, digest = excluded.digest,
  media_type = excluded.media_type, pages = excluded.pages, size = excluded.size,
  received = excluded.received, attempts = 0, source = NULL, channel = NULL, state_at = kosh_now()
"""


async def listing(transaction: Transaction, person_id: UUID) -> tuple[Listed, ...]:
    """Where each paper of a person is, the oldest first; what was not taken is not among them."""
    return listed(await run(transaction, LISTING, {"person": person_id}))


LISTING = TextStatement.of(
    "SELECT id, paper, state, pages, state_at FROM uploads WHERE person_id = %(person)s"
    " AND state NOT IN ('refused', 'gone') ORDER BY created_at, id"
)


def listed(rows: Rows) -> tuple[Listed, ...]:
    """The papers that `LISTING` found."""
    return tuple(
        Listed(upload_id, paper, State(state), pages, at)
        for upload_id, paper, state, pages, at in rows
    )


async def picture(
    transaction: Transaction, person: Person, upload_id: UUID, number: int
) -> tuple[str, bytes] | None:
    """A page of a paper that is kept here, counted from 0, as a JPEG; with the paper's kind.

    None when there is no such page, or it is gone to the registry.
    """
    cursor = await transaction.execute(
        "SELECT paper, media_type FROM uploads WHERE id = %s AND person_id = %s",
        (upload_id, person.id),
    )
    row = await cursor.fetchone()
    if row is None or row[1] is None:
        return None
    cursor = await transaction.execute(
        "SELECT number, body FROM upload_chunks WHERE upload_id = %s ORDER BY number", (upload_id,)
    )
    data = b"".join(
        person.key.unseal(bytes(body), "upload_chunks", "body", f"{upload_id}|{at}")
        for at, body in await cursor.fetchall()
    )
    page = picture_of(data, number) if row[1] == "application/pdf" else data
    return (row[0], page) if page else None


async def unfetched(transaction: Transaction, limit: int = 20) -> list[UUID]:
    """Files whose time to be fetched has come: those that failed before, and what a crash left."""
    cursor = await transaction.execute(
        "SELECT id FROM uploads WHERE state IN ('fetching', 'checking') AND source IS NOT NULL"
        " AND due_at <= kosh_now() - interval '1 second' ORDER BY due_at LIMIT %s",
        (limit,),
    )
    return [row[0] for row in await cursor.fetchall()]
