"""Worker side of writes to the registry: claim a write, send it, and record its outcome."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from pydantic import ValidationError

from bot import cases
from bot.concurrency.backoff import backoff, with_jitter
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_one, fetch_value, fetch_values
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.registrations import statements, write_statements
from bot.registry.client import Registry
from bot.registry.contract import (
    Acknowledgement,
    ConsentWithdrawal,
    PreRegistration,
    QuestionAnswer,
    StatusCallback,
    known_state,
)
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError, Unavailable
from bot.registry.households import HouseholdInviting, HouseholdJoining
from bot.runtime import Runtime
from flows.engine.effects import OpenCase
from flows.engine.registration import PlatformStep, RegistryQuestion

_logger = logging.get()

MAX_BACKOFF = 600
# Timeout in seconds of the check of codes (`verify_codes`) at startup, which a slow registry must
# not delay.
CHECK_SECONDS = 3


type WriteBody = PreRegistration | QuestionAnswer | HouseholdInviting | HouseholdJoining
_BODIES: dict[str, type[WriteBody]] = {
    "submit": PreRegistration,
    "answer": QuestionAnswer,
    "invite": HouseholdInviting,
    "join": HouseholdJoining,
}
# Kinds of writes without a person's data.
_WITHOUT_BODY = frozenset({"leave", "withdraw", "erase"})


class NewerWrite(Exception):
    """A newer version of Kosh queued this write, in a form that this version cannot send."""

    code = "E_WRITE_NEWER"


@dataclass(frozen=True, slots=True)
class Write:
    """A claimed write with all data that the call of the registry needs.

    `doubtful` means that an earlier attempt may have reached the registry. `submitted` are the ids
    of earlier submissions of this registration, newest first. `is_withdrawing`: the person has
    withdrawn the registration.
    """

    id: UUID
    registration_id: UUID
    person: Person | None
    kind: str
    doubtful: bool
    attempts: int
    asked_at: datetime
    body: WriteBody | None
    consent: Mapping[str, str] | None
    receipt: str | None
    submitted: Sequence[UUID]
    is_withdrawing: bool

    @property
    def key(self) -> str:
        return self.id.hex


@dataclass(frozen=True, slots=True)
class Outcome:
    """The registry's status of a registration, to be stored in the person's conversation.

    `is_response`, `before_response`: see `Acknowledged`. `state` is empty if the conversation has
    the status already, from a callback that arrived before the response.
    """

    person_id: UUID
    state: str
    number: str
    reason: str = ""
    question: RegistryQuestion | None = None
    step: PlatformStep | None = None
    is_response: bool = False
    before_response: bool = False


def outcome(
    row: tuple[UUID | None, str] | None, state: str, report: Acknowledgement | StatusCallback
) -> Outcome | None:
    """Convert a registry's response or callback to what the person's conversation must know.

    `row` has the person and the stored state, if the report was stored. Returns None if it was not,
    if the person was erased or has a later registration, or if the stored state is not `state`, as
    during a withdrawal.
    """
    person_id, stored = row or (None, "")
    if person_id is None or stored != state:
        return None
    question, step = report.question, report.step
    return Outcome(
        person_id,
        state,
        report.number,
        report.reason_code or "",
        RegistryQuestion(question.id.hex, question.about, question.until) if question else None,
        PlatformStep(step.step, step.status, step.until) if step else None,
    )


async def claim(rt: Runtime, write_id: UUID) -> Write | None:
    """Claim a write for sending.

    Returns None if the write is not due, or if it waits for an earlier write of the registration.
    Also returns None for a write of a newer version, and leaves it unchanged to a newer
    worker.
    """
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, write_statements.CLAIM, write=write_id)
    if row is None:
        return None
    try:
        return _read(rt, write_id, row)
    except NewerWrite as error:
        was, attempts = row[5:7]
        values = {"write": write_id, "attempt": attempts, "new_state": was, "why": error.code}
        async with rt.pool.connection() as transaction:
            await execute(transaction, write_statements.RELEASE_WRITE, **values)
        _logger.warning("registry.write_newer", code=error.code)
        return None


def _read(rt: Runtime, write_id: UUID, row: tuple[Any, ...]) -> Write:
    """Convert a row of CLAIM. Raises NewerWrite if this version cannot read it."""
    registration_id, person_id, key, epoch, kind, was, attempts, sealed, *rest = row
    receipt, asked_at, submitted, is_withdrawing = rest
    if kind not in _BODIES and kind not in _WITHOUT_BODY:
        raise NewerWrite
    person = identities.open_person(rt, person_id, key, epoch) if person_id else None
    body, consent = None, None
    if kind == "erase":
        consent = msgspec.json.decode(
            rt.vault.unseal_transient(sealed, f"write|{write_id}"), type=dict[str, str]
        )
    elif person and sealed:
        plain = person.key.unseal(sealed, "registry_writes", "payload", str(write_id))
        body = _body(kind, plain)
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
        is_withdrawing,
    )


def _body(kind: str, plain: bytes) -> WriteBody:
    """Parse the stored body of a write; reject a body with members that this version would lose."""
    body = None
    with suppress(KeyError, ValidationError):
        body = _BODIES[kind].model_validate_json(plain)
    # Raised outside the `with` block, so that no context is chained: it could name members of the
    # body, which contain personal data.
    if body is None:
        raise NewerWrite
    return body


async def call(registry: Registry, write: Write) -> Acknowledgement | None:
    """Send a write to the registry; if it may have been sent before, look it up by its key first.

    A write with the person's data that the registry does not have is not sent after a withdrawal.
    Returns None if the registry does not have the registration. Raises RegistryError.
    """
    if write.doubtful:
        found = await find(registry, write.key)
        if found is not None:
            return found
    if write.is_withdrawing and write.body is not None:
        return None
    receipt = write.receipt or await looked_up(registry, write)
    if isinstance(write.body, PreRegistration):
        if receipt is None:
            return await registry.create(write.body, key=write.key)
        return await registry.amend(receipt, write.body, key=write.key)
    if receipt is None:
        return None
    if write.kind == "withdraw":
        return await registry.withdraw(receipt, key=write.key)
    if write.consent is not None:
        return await _erase(registry, write, receipt, write.consent)
    if isinstance(write.body, QuestionAnswer):
        return await registry.answer(receipt, write.body, key=write.key)
    return None


async def find(registry: Registry, key: str) -> Acknowledgement | None:
    """Look up the write with this idempotency key. Raises RegistryError, but never `Refused`.

    A refused lookup does not tell whether the registry has the write, so it is tried again.
    """
    try:
        return await registry.find(key)
    except Refused:
        raise Unavailable("E_REGISTRY_LOOKUP", "the registry refused a lookup") from None


async def looked_up(registry: Registry, write: Write) -> str | None:
    """Return the receipt number of the newest earlier submission that the registry has, or None.

    Submissions that are stored as rejected are looked up too: the registry may have such a
    submission, if an attempt whose outcome was unknown arrived after the refused one.
    """
    for submitted in write.submitted:
        found = await find(registry, submitted.hex)
        if found is not None:
            return found.number
    return None


async def _erase(
    registry: Registry, write: Write, receipt: str, consent: Mapping[str, str]
) -> Acknowledgement:
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
    """Record the registry's response to a write; apply its status if newer than the stored one.

    `acknowledged` is None if the registry does not have the registration. Returns None if the
    conversation need not change.
    """
    if acknowledged is None:
        values = {"write": write.id, "attempt": write.attempts}
        is_recorded = await execute(transaction, write_statements.CANCEL_WRITE, **values)
        withdrawn = is_recorded and write.kind == "withdraw"
        return await _end(transaction, write.registration_id) if withdrawn else None
    is_first = await execute(transaction, write_statements.ACCEPT_WRITE, write=write.id)
    recorded = await record(transaction, write.registration_id, acknowledged)
    if not is_first or write.kind != "submit":
        return recorded
    if recorded is not None:
        return replace(recorded, is_response=True)
    values = {"registration": write.registration_id}
    person_id = await fetch_value(transaction, statements.TO_NOTIFY, **values)
    return Outcome(person_id, "", acknowledged.number, is_response=True) if person_id else None


async def _end(transaction: Transaction, registration_id: UUID) -> Outcome | None:
    """Mark a registration as withdrawn if the registry never received it.

    Otherwise the registration would stay in state `withdrawing`, since the registry sends no status
    for it. Returns None if the registration has a number or is in another state.
    """
    values = {"registration": registration_id}
    person_id = await fetch_value(transaction, write_statements.END_WITHDRAWAL, **values)
    return Outcome(person_id, "withdrawn", "") if person_id else None


async def record(
    transaction: Transaction, registration_id: UUID, word: Acknowledgement
) -> Outcome | None:
    """Store a status of the registry.

    Returns None if the stored status is as new or newer, if the person has a later registration, or
    if a withdrawal is on its way.
    """
    new_state = stored_state(word.state)
    values = {"receipt": word.number, "new_state": new_state, "new_version": word.version}
    row = await fetch_one(transaction, statements.RECORD, registration=registration_id, **values)
    return outcome(row, new_state, word)


def stored_state(code: str) -> str:
    """Return the state to store for a state of the registry.

    A state that a later version of the contract added is logged and stored as `received`. The
    person then reads that the registration is being checked.
    """
    if known_state(code) is None:
        _logger.warning("registry.unknown_state", state=code.lower())
        return "received"
    return code.lower()


async def postpone(rt: Runtime, write: Write, error: RegistryError) -> None:
    """Schedule a retry of a write, with backoff or after the delay that the registry named.

    If the outcome is unknown, the retry first looks the write up.
    """
    state = "unknown" if isinstance(error, OutcomeUnknown) or write.doubtful else "pending"
    named = error.retry_after if isinstance(error, Unavailable) else None
    delay = named or with_jitter(backoff(write.attempts, most=MAX_BACKOFF))
    _logger.info("registry.postponed", code=error.code, attempt=write.attempts)
    async with rt.pool.connection() as transaction:
        await execute(
            transaction,
            write_statements.POSTPONE_WRITE,
            write=write.id,
            attempt=write.attempts,
            new_state=state,
            why=error.code,
            delay=delay,
        )


async def postpone_erasure(rt: Runtime, write: Write, error: Refused) -> None:
    """Schedule a retry of an erasure that the registry refused, and alert the engineer on call.

    Kosh has already deleted the person, who read that the registry is asked to erase the data. So a
    case would have no person, and the erasure would not be asked for again.
    """
    _logger.error("registry.erasure_refused", code=error.code, reason=error.problem)
    await postpone(rt, write, error)


async def refuse(transaction: Transaction, write: Write, error: Refused, language: str) -> bool:
    """Record that the registry refused a write, and open a case (request to an officer).

    Returns False if this was recorded before. The person is not notified.
    """
    _logger.warning("registry.refused", code=error.code)
    values = {"write": write.id, "attempt": write.attempts, "why": error.problem}
    is_recorded = await execute(transaction, write_statements.REJECT_WRITE, **values)
    if is_recorded:
        await open_refusal(transaction, write, language)
    return bool(is_recorded)


async def open_refusal(transaction: Transaction, write: Write, language: str) -> None:
    """Open a case for an officer about a refused write, unless the person was erased.

    If the person withdrew the registration during the call, only a refused withdrawal opens a case.
    """
    if write.person is None:
        return
    withdraws = write.kind == "withdraw"
    locked = statements.LOCK_ALL if withdraws else statements.LOCK_NOT_WITHDRAWING
    # The person may have been erased during the call; then they have no registration.
    remaining = await fetch_values(transaction, locked, person=write.person.id)
    if write.registration_id in remaining:
        refused = OpenCase("registry_refused", urgent=True)
        await cases.open_case(transaction, write.person, refused, language)


async def after_restore(transaction: Transaction) -> None:
    """Set pending writes to "unknown" after a restore, so that a retry first looks a write up."""
    await execute(transaction, write_statements.SUSPECT_OPEN)


async def due(transaction: Transaction, limit: int = 50) -> list[UUID]:
    """Return the ids of writes that are due: postponed writes, and writes whose worker crashed."""
    return await fetch_values(transaction, write_statements.DUE, limit=limit)
