"""Answers to questions of the registry that Kosh has yet to send."""

from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_all, statement
from bot.people.identities import Person
from bot.registrations.statements import OPEN_WRITES
from flows.engine.registration import RegistryQuestion

_OPEN_ANSWERS = statement(
    select(t.RegistryWrite.id, t.RegistryWrite.payload)
    .join(t.Registration, t.Registration.id == t.RegistryWrite.registration_id)
    .where(
        t.Registration.person_id == bindparam("person"),
        t.RegistryWrite.kind == "answer",
        t.RegistryWrite.state.in_(OPEN_WRITES),
        t.RegistryWrite.payload.is_not(None),
    )
)


class _Answer(msgspec.Struct):
    """The question that an answer is for; its value is not read."""

    question: UUID


async def is_on_its_way(
    transaction: Transaction, person: Person, question: RegistryQuestion
) -> bool:
    """Return True if an answer of the person to this question has yet to reach the registry.

    Until then, the registry repeats the question in each report.
    """
    for write_id, sealed in await fetch_all(transaction, _OPEN_ANSWERS, person=person.id):
        assert sealed is not None
        plain = person.key.unseal(sealed, "registry_writes", "payload", str(write_id))
        if msgspec.json.decode(plain, type=_Answer).question == UUID(question.id):
            return True
    return False
