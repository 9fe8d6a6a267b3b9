"""Voice messages to officers: fetch them from the messenger, validate and store them."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.attachments import ogg_opus
from bot.channels import Channel, SendError
from bot.concurrency.backoff import backoff
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    NOW,
    execute,
    fetch_one,
    fetch_value,
    fetch_values,
    seconds_from_now,
    statement,
)
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime

MEDIA_TYPE = "audio/ogg"
NAME = "voice.ogg"
# Seconds for which a process claims a recording: longer than the longest fetch, so that no second
# process fetches the same recording.
LEASE_SECONDS = 300
MAX_ATTEMPTS, MAX_BACKOFF = 5, 60

_ID = bindparam("file", type_=Uuid())
_ATTEMPT = bindparam("attempt", type_=Integer())
_FETCHING = t.CaseFile.state == "fetching"
_BEGIN = statement(
    insert(t.CaseFile).values(
        id=_ID,
        case_id=bindparam("case"),
        person_id=bindparam("person"),
        message_id=bindparam("message", type_=BigInteger()),
        media_type=MEDIA_TYPE,
        name=bindparam("named"),
        size=0,
        body=b"",
        state="fetching",
        channel=bindparam("on_channel"),
        source=bindparam("sealed"),
    )
)
_CLAIM = statement(
    update(t.CaseFile)
    .where(
        t.CaseFile.id == _ID, _FETCHING, t.CaseFile.due_at <= NOW,
        t.Person.id == t.CaseFile.person_id,
    )
    .values(attempts=t.CaseFile.attempts + 1, due_at=seconds_from_now("lease"))
    .returning(
        t.CaseFile.person_id, t.Person.key, t.Person.key_version, t.CaseFile.channel,
        t.CaseFile.source, t.CaseFile.attempts,
    )
)  # fmt: skip
_CLAIMED = (t.CaseFile.id == _ID, _FETCHING, t.CaseFile.attempts == _ATTEMPT)
_LATER = statement(update(t.CaseFile).where(*_CLAIMED).values(due_at=seconds_from_now("delay")))
_KEEP = statement(
    update(t.CaseFile)
    .where(*_CLAIMED)
    .values(
        state=bindparam("in_state"), body=bindparam("sealed"), size=bindparam("bytes"),
        source=None,
    )
    .returning(t.CaseFile.id)
)  # fmt: skip
_DUE = statement(
    select(t.CaseFile.id)
    .where(_FETCHING, t.CaseFile.due_at <= NOW)
    .order_by(t.CaseFile.due_at)
    .limit(20)
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A voice message fetched from the messenger; `contents` is None if Kosh refused it."""

    file_id: UUID
    attempt: int
    person: Person
    contents: bytes | None


async def begin(
    transaction: Transaction, person: Person, case_id: UUID, message_id: int, channel: str, ref: str
) -> None:
    """Insert a row for a voice message that must still be downloaded from the messenger.

    After the commit, a sweep (periodic job) fetches the recording by `ref`, its id at the
    messenger.
    """
    file_id = uuid4()
    own = str(file_id)
    await execute(
        transaction,
        _BEGIN,
        file=file_id,
        case=case_id,
        person=person.id,
        message=message_id,
        named=person.key.seal(NAME.encode(), "case_files", "name", own),
        on_channel=channel,
        sealed=person.key.seal(ref.encode(), "case_files", "source", own),
    )


async def due(transaction: Transaction) -> list[UUID]:
    """Return the ids of the voice messages that are due to be fetched from a messenger."""
    return await fetch_values(transaction, _DUE)


async def fetch(rt: Runtime, file_id: UUID) -> Fetched | None:
    """Try once to fetch a voice message from the messenger, and validate it.

    The caller stores the result with `keep`. Returns None if the fetch is not due, another process
    has claimed it, or it will be retried.
    """
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, _CLAIM, file=file_id, lease=LEASE_SECONDS)
    if row is None:
        return None
    person_id, key, epoch, channel, source, attempt = row
    person = identities.open_person(rt, person_id, key, epoch)
    assert source is not None, "a recording that is fetched has a source"
    ref = person.key.unseal(source, "case_files", "source", str(file_id)).decode()
    try:
        contents = await _fetch_recording(rt.channels.get(channel or ""), ref)
    except SendError as error:
        if error.retry and attempt < MAX_ATTEMPTS:
            delay = backoff(attempt, most=MAX_BACKOFF)
            async with rt.pool.connection() as transaction:
                values = {"file": file_id, "attempt": attempt, "delay": delay}
                await execute(transaction, _LATER, **values)
            return None
        contents = None
    return Fetched(file_id, attempt, person, contents)


async def _fetch_recording(channel: Channel | None, ref: str) -> bytes | None:
    """Return a recording with only its header and sound; None if it is too large or invalid.

    Raises SendError if the messenger does not deliver it.
    """
    if channel is None:
        return None
    held = bytearray()
    async for chunk in channel.fetch(ref):
        held += chunk
        if len(held) > ogg_opus.MAX_BYTES:
            return None
    try:
        return await asyncio.to_thread(ogg_opus.strip_metadata, bytes(held))
    except ogg_opus.Broken:
        return None


async def keep(transaction: Transaction, fetched: Fetched) -> bool:
    """Store a fetched voice message, or the fact that it was refused.

    Return False if another attempt has stored or claimed the recording, or if it was erased.
    """
    own, contents = str(fetched.file_id), fetched.contents or b""
    sealed = fetched.person.key.seal(contents, "case_files", "body", own)
    values = {
        "file": fetched.file_id,
        "attempt": fetched.attempt,
        "in_state": "ready" if contents else "refused",
        "sealed": sealed,
        "bytes": len(contents),
    }
    return await fetch_value(transaction, _KEEP, **values) is not None
