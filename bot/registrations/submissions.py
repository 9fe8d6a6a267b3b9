"""Registrations: what people submit, written to the registry once, whatever the registry does.

Every submission or withdrawal is a write with its own idempotency key. Writes of a registration go
in order. A write whose outcome is not known is looked up by its key before it is tried again.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from bot.db import job_queue
from bot.db.connection import Transaction
from bot.i18n import tag
from bot.observability import logging
from bot.people.identities import Person
from bot.registrations.registry_codes import LANGUAGES, payload
from bot.registrations.registry_writes import Outcome
from bot.runtime import Runtime
from flows.engine.flow import Submit

TASK = "registrations.write"

"""The registry's code for every option; an option without one closes registration at start."""


_logger = logging.get()


async def submit(
    rt: Runtime, transaction: Transaction, person: Person, answers: Submit, language: str
) -> None:
    """Freeze a submission and ask for its write; a second one amends the first."""
    body = payload(answers, language, await _consent(transaction, person.id))
    registration_id = await _active(transaction, person.id)
    await _add_write(
        transaction, person, registration_id, "submit", body.model_dump_json().encode()
    )


async def withdraw(transaction: Transaction, person_id: UUID) -> None:
    """Ask for the registration to be taken back; nothing happens where none was sent."""
    cursor = await transaction.execute(
        "SELECT id FROM registrations WHERE person_id = %s AND state NOT IN ('withdrawing',"
        " 'withdrawn') FOR UPDATE",
        (person_id,),
    )
    for (registration_id,) in await cursor.fetchall():
        await transaction.execute(
            "UPDATE registrations SET state = 'withdrawing', state_at = kosh_now() WHERE id = %s",
            (registration_id,),
        )
        await _add_write(transaction, None, registration_id, "withdraw", None)


async def request_erasure(rt: Runtime, transaction: Transaction, person_id: UUID) -> None:
    """Ask the registry to erase what it holds, before the person is forgotten here."""
    cursor = await transaction.execute(
        "SELECT id FROM registrations WHERE person_id = %s AND state <> 'withdrawn' FOR UPDATE",
        (person_id,),
    )
    for (registration_id,) in await cursor.fetchall():
        consent = await _consent(transaction, person_id)
        write_id = await _add_write(transaction, None, registration_id, "erase", None)
        # The person's key goes with the person, and this write has to outlive both.
        plain = msgspec.json.encode({name: consent[name] for name in ("text_sha256", "language")})
        await transaction.execute(
            "UPDATE registry_writes SET payload = %s WHERE id = %s",
            (rt.vault.seal_transient(plain, f"write|{write_id}"), write_id),
        )


async def reseal(rt: Runtime, transaction: Transaction) -> int:
    """Seal what erasures still have to say under the epoch of now; how many there were."""
    cursor = await transaction.execute(
        "SELECT id, payload FROM registry_writes WHERE kind = 'erase' AND payload IS NOT NULL"
        " AND substring(payload FROM 2 FOR 4) <> int4send(%s) FOR UPDATE SKIP LOCKED",
        (rt.vault.epoch,),
    )
    found = await cursor.fetchall()
    for write_id, sealed in found:
        await transaction.execute(
            "UPDATE registry_writes SET payload = %s WHERE id = %s",
            (rt.vault.reseal_transient(bytes(sealed), f"write|{write_id}"), write_id),
        )
    return len(found)


async def _consent(transaction: Transaction, person_id: UUID) -> dict[str, Any]:
    cursor = await transaction.execute(
        "SELECT text_sha256, language, at FROM consents"
        " WHERE person_id = %s AND purpose = 'registration' AND given ORDER BY id DESC LIMIT 1",
        (person_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "a submission follows its consent"
    language = LANGUAGES.get(row[1], tag(row[1]))
    return {"text_sha256": bytes(row[0]).hex(), "language": language, "given_at": row[2]}


async def _active(transaction: Transaction, person_id: UUID) -> UUID:
    cursor = await transaction.execute(
        "SELECT id FROM registrations WHERE person_id = %s"
        " AND state NOT IN ('withdrawn', 'withdrawing') FOR UPDATE",
        (person_id,),
    )
    row = await cursor.fetchone()
    if row is not None:
        await transaction.execute(
            "UPDATE registrations SET answers_gone = false WHERE id = %s", (row[0],)
        )
        return UUID(str(row[0]))
    registration_id = uuid4()
    await transaction.execute(
        "INSERT INTO registrations (id, person_id, state) VALUES (%s, %s, 'pending')",
        (registration_id, person_id),
    )
    return registration_id


async def _add_write(
    transaction: Transaction,
    person: Person | None,
    registration_id: UUID,
    kind: str,
    body: bytes | None,
) -> UUID:
    write_id = uuid4()
    sealed = (
        person.key.seal(body, "registry_writes", "payload", str(write_id))
        if person and body
        else None
    )
    await transaction.execute(
        "INSERT INTO registry_writes (id, registration_id, number, kind, payload, state)"
        " SELECT %s, %s, coalesce(max(number), 0) + 1, %s, %s, 'pending'"
        " FROM registry_writes WHERE registration_id = %s",
        (write_id, registration_id, kind, sealed, registration_id),
    )
    await job_queue.defer(transaction, TASK, write=str(write_id))
    return write_id


async def owner(transaction: Transaction, number: str) -> UUID | None:
    """Whose receipt it is; None when erased. LookupError when it is not known here (yet)."""
    cursor = await transaction.execute(
        "SELECT person_id FROM registrations WHERE number = %s", (number,)
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError
    return row[0]  # type: ignore[no-any-return]


async def record_status(
    transaction: Transaction, number: str, state: str, version: int
) -> Outcome | None:
    """Take over a state of the registry; the highest version wins."""
    cursor = await transaction.execute(
        "UPDATE registrations SET state = %s, version = %s, state_at = kosh_now()"
        " WHERE number = %s AND version < %s RETURNING person_id",
        (state.lower(), version, number, version),
    )
    row = await cursor.fetchone()
    return Outcome(row[0], state.lower(), number) if row and row[0] else None


async def of_person(
    transaction: Transaction, person_id: UUID
) -> list[tuple[str, str | None, datetime]]:
    """State, receipt and time of a person's registrations, newest first."""
    cursor = await transaction.execute(
        "SELECT state, number, state_at FROM registrations WHERE person_id = %s"
        " ORDER BY created_at DESC",
        (person_id,),
    )
    return [tuple(row) for row in await cursor.fetchall()]
