"""Claim, send and settle writes to the registry."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bot import cases
from bot.db.connection import Transaction
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.registry.client import Registry
from bot.registry.contract import Acknowledgement, ConsentWithdrawal, PreRegistration
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError, Unavailable
from bot.runtime import Runtime
from flows.engine.flow import OpenCase

_logger = logging.get()

LEASE_SECONDS = 90
MAX_BACKOFF = 600
# A registry that is silent must not keep people out.
CHECK_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Write:
    """A write that this job has claimed, with what it needs for the call."""

    id: UUID
    registration_id: UUID
    person: Person | None
    kind: str
    doubtful: bool
    attempts: int
    asked_at: datetime
    body: PreRegistration | None
    consent: Mapping[str, str] | None
    receipt: str | None
    submitted: Sequence[UUID]

    @property
    def key(self) -> str:
        return self.id.hex


@dataclass(frozen=True, slots=True)
class Outcome:
    """The registry's word on a write, for the person's conversation."""

    person_id: UUID
    state: str
    number: str


_CLAIM = """
UPDATE registry_writes w SET state = 'sending', attempts = w.attempts + 1,
  due_at = kosh_now() + make_interval(secs => %(lease)s)
FROM registry_writes was
LEFT JOIN registrations r ON r.id = was.registration_id
LEFT JOIN people p ON p.id = r.person_id
WHERE w.id = %(id)s AND was.id = w.id AND w.state IN ('pending', 'unknown', 'sending')
  AND w.due_at <= kosh_now()
  AND NOT EXISTS (
    SELECT FROM registry_writes e WHERE e.registration_id = w.registration_id
      AND e.number < w.number AND e.state IN ('pending', 'unknown', 'sending'))
RETURNING w.registration_id, p.id, p.key, p.key_epoch, w.kind, was.state, w.attempts, w.payload,
  r.number, w.created_at, ARRAY(
    SELECT e.id FROM registry_writes e WHERE e.registration_id = w.registration_id
      AND e.number < w.number AND e.kind = 'submit' ORDER BY e.number DESC)
"""


async def claim(rt: Runtime, write_id: UUID) -> Write | None:
    """Take a write that is due and whose predecessors are settled; None when it is not."""
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(_CLAIM, {"id": write_id, "lease": LEASE_SECONDS})
        row = await cursor.fetchone()
    if row is None:
        return None
    registration_id, person_id, key, epoch, kind, was, attempts, sealed, *rest = row
    receipt, asked_at, submitted = rest
    person = identities.known(rt, person_id, bytes(key), epoch) if person_id else None
    body, consent = None, None
    if kind == "erase":
        consent = msgspec.json.decode(
            rt.vault.unseal_transient(bytes(sealed), f"write|{write_id}"), type=dict[str, str]
        )
    elif person and sealed:
        plain = person.key.unseal(bytes(sealed), "registry_writes", "payload", str(write_id))
        body = PreRegistration.model_validate_json(plain)
    doubtful = was != "pending"
    return Write(
        write_id,
        registration_id,
        person,
        kind,
        doubtful,
        attempts,
        asked_at,
        body,
        consent,
        receipt,
        submitted,
    )


async def call(registry: Registry, write: Write) -> Acknowledgement | None:
    """Make the write; None when there is nothing to do. Raises RegistryError."""
    if write.doubtful:
        found = await registry.find(write.key)
        if found is not None:
            return found
    if write.kind == "withdraw":
        receipt = write.receipt or await _looked_up(registry, write)
        return await registry.withdraw(receipt, key=write.key) if receipt else None
    if write.consent is not None:
        return await _erase(registry, write, write.consent)
    if write.body is None:
        return None
    if write.receipt is None:
        return await registry.create(write.body, key=write.key)
    return await registry.amend(write.receipt, write.body, key=write.key)


async def _looked_up(registry: Registry, write: Write) -> str | None:
    """The receipt of what counts as refused and may be there: in doubt, its lookup was refused."""
    for submitted in write.submitted:
        found = await registry.find(submitted.hex)
        if found is not None:
            return found.number
    return None


async def _erase(
    registry: Registry, write: Write, consent: Mapping[str, str]
) -> Acknowledgement | None:
    receipt = write.receipt or await _looked_up(registry, write)
    if receipt is None:
        return None
    taken_back = ConsentWithdrawal.model_validate(
        {
            "number": receipt,
            "text_sha256": consent["text_sha256"],
            "language": consent["language"],
            "withdrawn_at": write.asked_at,
        }
    )
    return await registry.withdraw_consent(taken_back, key=write.key)


async def record_outcome(
    transaction: Transaction, write: Write, acknowledged: Acknowledgement | None
) -> Outcome | None:
    """Record the registry's answer; its state counts only if it is newer than what is known."""
    if acknowledged is None:
        done = await transaction.execute(
            "UPDATE registry_writes SET state = 'cancelled', payload = NULL, reason = NULL,"
            " done_at = kosh_now() WHERE id = %s AND state = 'sending' AND attempts = %s",
            (write.id, write.attempts),
        )
        withdrawn = done.rowcount and write.kind == "withdraw"
        return await _end(transaction, write.registration_id) if withdrawn else None
    await transaction.execute(
        "UPDATE registry_writes SET state = 'accepted', payload = NULL, reason = NULL,"
        " done_at = kosh_now() WHERE id = %s",
        (write.id,),
    )
    return await record(transaction, write.registration_id, acknowledged)


async def _end(transaction: Transaction, registration_id: UUID) -> Outcome | None:
    """Withdraw what the registry never had: it will send no word that could do it."""
    cursor = await transaction.execute(
        "UPDATE registrations SET state = 'withdrawn', state_at = kosh_now()"
        " WHERE id = %s AND state = 'withdrawing' AND number IS NULL RETURNING person_id",
        (registration_id,),
    )
    row = await cursor.fetchone()
    return Outcome(row[0], "withdrawn", "") if row and row[0] else None


async def record(
    transaction: Transaction, registration_id: UUID, word: Acknowledgement
) -> Outcome | None:
    """Take over a state of the registry, the highest version wins."""
    cursor = await transaction.execute(
        "UPDATE registrations SET number = %s, state = %s, version = %s, state_at = kosh_now()"
        " WHERE id = %s AND version < %s RETURNING person_id",
        (word.number, word.state.lower(), word.version, registration_id, word.version),
    )
    row = await cursor.fetchone()
    return Outcome(row[0], word.state.lower(), word.number) if row and row[0] else None


async def postpone(rt: Runtime, write: Write, error: RegistryError) -> None:
    """Try later, and look the write up first if its outcome is not known."""
    state = "unknown" if isinstance(error, OutcomeUnknown) or write.doubtful else "pending"
    named = error.retry_after if isinstance(error, Unavailable) else None
    delay = named or min(MAX_BACKOFF, 2.0 ** min(write.attempts, 10)) * random.uniform(0.7, 1.3)
    _logger.info("registry.postponed", code=error.code, attempt=write.attempts)
    async with rt.pool.connection() as transaction:
        await transaction.execute(
            "UPDATE registry_writes SET state = %s, reason = %s,"
            " due_at = kosh_now() + make_interval(secs => %s)"
            " WHERE id = %s AND state = 'sending' AND attempts = %s",
            (state, error.code, delay, write.id, write.attempts),
        )


async def refuse(transaction: Transaction, write: Write, error: Refused, language: str) -> None:
    """A refusal of the contract goes to an officer, never to the person."""
    _logger.warning("registry.refused", code=error.code)
    done = await transaction.execute(
        "UPDATE registry_writes SET state = 'rejected', reason = %s, payload = NULL,"
        " done_at = kosh_now() WHERE id = %s AND state = 'sending' AND attempts = %s",
        (error.problem, write.id, write.attempts),
    )
    if done.rowcount and write.person is not None:
        refused = OpenCase("registry_refused", urgent=True)
        await cases.open_case(transaction, write.person, refused, language)


async def after_restore(transaction: Transaction) -> None:
    """What a restored backup calls open may have been written since: it is looked up first."""
    await transaction.execute(
        "UPDATE registry_writes SET state = 'unknown' WHERE state IN ('pending', 'sending')"
    )


async def due(transaction: Transaction, limit: int = 50) -> list[UUID]:
    """Writes whose time and turn have come: postponed ones, and those a crash left."""
    cursor = await transaction.execute(
        "SELECT id FROM registry_writes w WHERE state IN ('pending', 'unknown', 'sending')"
        " AND due_at <= kosh_now() - interval '1 second' AND NOT EXISTS ("
        "  SELECT FROM registry_writes e WHERE e.registration_id = w.registration_id"
        "  AND e.number < w.number AND e.state IN ('pending', 'unknown', 'sending'))"
        " ORDER BY due_at LIMIT %s",
        (limit,),
    )
    return [row[0] for row in await cursor.fetchall()]
