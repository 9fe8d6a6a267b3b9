"""Queue of writes to the registry.

A person has at most one registration that is neither withdrawn nor being withdrawn. Each
submission, answer, household change or withdrawal is a write with its own idempotency key. The
writes of a registration are sent in order, but no other write waits for a household change. A write
with an unknown outcome is looked up by its key before a retry.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID, uuid4

import msgspec

from bot.db import job_queue
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value, fetch_values
from bot.i18n import tag
from bot.people.identities import Person
from bot.registrations import repeated_details, statements
from bot.registrations.registry_codes import CODES, LANGUAGES, one_line, payload
from bot.registrations.registry_writes import Outcome, outcome, stored_state
from bot.registry.contract import QuestionAnswer, StatusCallback
from bot.registry.households import HouseholdInviting, HouseholdJoining
from bot.runtime import Runtime
from flows.engine.effects import Submit
from flows.engine.events import Withdraw
from flows.engine.flow import Form
from flows.engine.household import ChangeHousehold
from flows.engine.registration import AnswerRegistry
from flows.engine.state import Conversation

TASK = "registrations.write"


async def queue(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    conversation: Conversation,
    effect: Submit | Withdraw | AnswerRegistry | ChangeHousehold,
) -> None:
    """Queue the registry write that an effect of a turn requests, such as a submission."""
    match effect:
        case Submit():
            language, forms = conversation.language, conversation.forms
            await submit(rt, transaction, person, effect, language, forms)
        case Withdraw():
            await withdraw(transaction, person.id)
        case AnswerRegistry():
            await answer(rt, transaction, person, effect, conversation)
        case ChangeHousehold():
            await change_household(transaction, person, effect)
        case _:
            assert_never(effect)


async def submit(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    answers: Submit,
    language: str,
    forms: Mapping[str, Form],
) -> None:
    """Store a submission and queue its write.

    If the person has a registration already, the submission amends it.
    """
    body = payload(answers, language, await _consent(transaction, person.id))
    registration_id = await _active(transaction, person.id)
    await _add_write(
        transaction, person, registration_id, "submit", body.model_dump_json().encode()
    )
    submitted = answers.answers
    await repeated_details.note(
        rt, transaction, person, registration_id, submitted, language, forms
    )


async def answer(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    response: AnswerRegistry,
    conversation: Conversation,
) -> None:
    """Queue the answer to a question of the registry; do nothing without a registration."""
    registration_id = await fetch_value(
        transaction, statements.LOCK_NOT_WITHDRAWING, person=person.id
    )
    if registration_id is None:
        return
    codes = CODES.get(response.name)
    value = codes[response.key] if codes else one_line(response.key)
    body = QuestionAnswer.model_validate({"question": UUID(response.question.id), "value": value})
    plain = body.model_dump_json().encode()
    await _add_write(transaction, person, registration_id, "answer", plain)
    language, forms = conversation.language, conversation.forms
    await repeated_details.note_correction(
        rt, transaction, person, registration_id, response.name, language, forms
    )


async def change_household(
    transaction: Transaction, person: Person, change: ChangeHousehold
) -> None:
    """Queue a write about the person's household; do nothing without a registration.

    A write to invite or to join carries the person's consent to be linked.
    """
    registration_id = await fetch_value(
        transaction, statements.LOCK_NOT_WITHDRAWING, person=person.id
    )
    if registration_id is None:
        return
    body = b""
    if change.write != "leave":
        consent = await _consent(transaction, person.id, "household")
        joins = change.write == "join"
        model = HouseholdJoining if joins else HouseholdInviting
        fields = {"consent": consent} | ({"code": change.code} if joins else {})
        body = model.model_validate(fields).model_dump_json().encode()
    await _add_write(transaction, person, registration_id, change.write, body)


async def withdraw(transaction: Transaction, person_id: UUID) -> None:
    """Queue the withdrawal of a person's registrations; do nothing if there are none.

    Writes that were not sent are cancelled, so that the registry gets no data after the withdrawal.
    """
    found = await fetch_values(transaction, statements.LOCK_NOT_WITHDRAWING, person=person_id)
    for registration_id in found:
        await execute(transaction, statements.BEGIN_WITHDRAWAL, registration=registration_id)
        await execute(transaction, statements.CANCEL_UNSENT, registration=registration_id)
        await _add_write(transaction, None, registration_id, "withdraw", None)
    await repeated_details.forget(transaction, person_id)


async def request_erasure(rt: Runtime, transaction: Transaction, person_id: UUID) -> None:
    """Queue the erasure of a person at the registry, which also keeps withdrawn registrations.

    This must be called before Kosh erases the person, because it reads the person's consent. The
    registrations are marked as `withdrawing` (no withdrawal is sent), so that a write in doubt is
    looked up only after its last attempt has ended. Otherwise nothing would be found, and the
    registry would keep what arrives later.
    """
    for current in await fetch_values(
        transaction, statements.LOCK_NOT_WITHDRAWING, person=person_id
    ):
        await execute(transaction, statements.BEGIN_WITHDRAWAL, registration=current)
    found = await fetch_values(transaction, statements.LOCK_ALL, person=person_id)
    for registration_id in found:
        consent = await _consent(transaction, person_id)
        write_id = await _add_write(transaction, None, registration_id, "erase", None)
        # Encrypted with a key of the installation and not with the person's, because the write must
        # be readable after the person and their key are deleted.
        plain = msgspec.json.encode({name: consent[name] for name in ("text_sha256", "language")})
        sealed = rt.vault.seal_transient(plain, f"write|{write_id}")
        await execute(transaction, statements.SET_PAYLOAD, sealed=sealed, write=write_id)


async def reseal(rt: Runtime, transaction: Transaction) -> int:
    """Re-encrypt unsent erasure requests under the current epoch key; return their number."""
    version = rt.vault.epoch
    found = await fetch_all(transaction, statements.LOCK_ERASURES_OF_OTHER_KEYS, version=version)
    for write_id, sealed in found:
        assert sealed is not None
        resealed = rt.vault.reseal_transient(sealed, f"write|{write_id}")
        await execute(transaction, statements.SET_PAYLOAD, sealed=resealed, write=write_id)
    return len(found)


async def _consent(
    transaction: Transaction, person_id: UUID, purpose: str = "registration"
) -> dict[str, Any]:
    row = await fetch_one(transaction, statements.CONSENT, person=person_id, purpose=purpose)
    assert row is not None, "a write follows its consent"
    language = LANGUAGES.get(row[1], tag(row[1]))
    return {"text_sha256": row[0].hex(), "language": language, "given_at": row[2]}


async def _active(transaction: Transaction, person_id: UUID) -> UUID:
    found = await fetch_value(transaction, statements.LOCK_NOT_WITHDRAWING, person=person_id)
    if found is not None:
        await execute(transaction, statements.KEEP_ANSWERS, registration=found)
        return found
    registration_id = uuid4()
    values = {"registration": registration_id, "person": person_id}
    await execute(transaction, statements.CREATE, **values)
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
    values = {"registration": registration_id, "kind": kind, "sealed": sealed}
    await execute(transaction, statements.ADD_WRITE, write=write_id, **values)
    await job_queue.defer(transaction, TASK, write=str(write_id))
    return write_id


async def owner(transaction: Transaction, number: str) -> UUID | None:
    """Return the id of the person with this receipt number; None if the person was erased.

    Raises LookupError for an unknown number, because the registry's callback about a registration
    may arrive before Kosh has stored its receipt number.
    """
    row = await fetch_one(transaction, statements.OWNER, receipt=number)
    if row is None:
        raise LookupError
    return row[0]


async def record_status(transaction: Transaction, callback: StatusCallback) -> Outcome | None:
    """Apply the status in a registry's callback if its version is higher than the stored one.

    Returns None if the version is not higher, if the person was erased or has a later registration,
    or if a withdrawal is on its way.
    """
    new_state = stored_state(callback.state)
    values = {"receipt": callback.number, "new_version": callback.version, "new_state": new_state}
    row = await fetch_one(transaction, statements.RECORD_STATUS, **values)
    if row is None:
        return None
    person_id, stored, is_submission_open = row
    recorded = outcome((person_id, stored), new_state, callback)
    return recorded and replace(recorded, before_response=is_submission_open)


async def of_person(
    transaction: Transaction, person_id: UUID
) -> list[tuple[str, str | None, datetime]]:
    """Return state, receipt number and time of a person's registrations, newest first."""
    return await fetch_all(transaction, statements.OF_PERSON, person=person_id)
