"""Detects, by a keyed hash, details that two people registered, and opens a case for an officer.

The second person gets the usual confirmation. With a different reply, anyone could test if somebody
is registered.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, bindparam, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from bot import cases
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import any_of, execute, fetch_value, statement
from bot.i18n import normalization
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.conditions import Answers
from flows.engine.effects import OpenCase
from flows.engine.flow import Form

SAME_DETAILS = "same_details"
# The patronymic is not compared, because it is optional and may be given in one chat only.
COMPARED = ("surname", "given_name", "birth_year", "citizenship")

_PERSON = bindparam("person", type_=Uuid())
_REGISTRATION = bindparam("registration", type_=Uuid())
# Serializes submissions with the same details, so that concurrent ones see each other's row.
_LOCK = statement(select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("lock"), 0))))
_OF_OTHERS = statement(
    select(
        exists().where(
            t.Registration.id == t.RegistrationDetails.registration_id,
            t.Registration.state.not_in(["withdrawing", "withdrawn"]),
            t.RegistrationDetails.person_id != _PERSON,
            any_of(t.RegistrationDetails.details_hash, "hashes"),
        )
    )
)
_IS_NOTED = statement(
    select(
        exists().where(
            t.RegistrationDetails.registration_id == _REGISTRATION,
            t.RegistrationDetails.is_repeated,
            any_of(t.RegistrationDetails.details_hash, "hashes"),
        )
    )
)
_NEW = insert(t.RegistrationDetails).values(
    registration_id=_REGISTRATION,
    person_id=_PERSON,
    details_hash=bindparam("hash", type_=LargeBinary()),
    is_repeated=bindparam("repeated"),
)
_SAVE = statement(
    _NEW.on_conflict_do_update(
        index_elements=[t.RegistrationDetails.registration_id],
        set_={
            t.RegistrationDetails.details_hash: _NEW.excluded.details_hash,
            t.RegistrationDetails.is_repeated: _NEW.excluded.is_repeated,
        },
    )
)
_FORGET = statement(delete(t.RegistrationDetails).where(t.RegistrationDetails.person_id == _PERSON))


async def note(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    registration_id: UUID,
    answers: Answers,
    language: str,
    forms: Mapping[str, Form],
) -> None:
    """Store the hash of a submission's details; open a case if another person has the same hash.

    If the same hash was stored for this registration before, no case is opened.
    """
    hashes = [*rt.vault.indexes("details", _comparison_key(answers))]
    await fetch_value(transaction, _LOCK, lock=hashes[0].hex())
    repeated = await fetch_value(transaction, _OF_OTHERS, person=person.id, hashes=hashes)
    noted = await fetch_value(transaction, _IS_NOTED, registration=registration_id, hashes=hashes)
    await execute(
        transaction,
        _SAVE,
        registration=registration_id,
        person=person.id,
        hash=hashes[0],
        repeated=repeated,
    )
    if repeated and not noted:
        await cases.open_case(transaction, person, OpenCase(SAME_DETAILS), language, forms)


async def note_correction(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    registration_id: UUID,
    name: str,
    language: str,
    forms: Mapping[str, Form],
) -> None:
    """Replace the hash after the person corrected the answer `name` of the submitted form.

    If the form was deleted or is being changed, the hash is kept until the next submission.
    """
    found = (forms.get(each.name) for each in rt.flows.values() if each.registers)
    form = next(found, None)
    if name in COMPARED and form is not None and form.submitted:
        answers = {key: answer.value for key, answer in form.answers.items()}
        await note(rt, transaction, person, registration_id, answers, language, forms)


async def forget(transaction: Transaction, person_id: UUID) -> None:
    """Delete the hash of a person who withdraws the registration."""
    await execute(transaction, _FORGET, person=person_id)


def _comparison_key(answers: Answers) -> str:
    """Return the compared answers as one string, in lower case and without special letters."""
    details = (str(answers.get(name) or "") for name in COMPARED)
    return "\0".join(normalization.bare(each) for each in details)
