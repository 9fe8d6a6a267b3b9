"""Sentences that people donate for training the recognizer, stored without a link to the person."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, delete, insert, select, update

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_value, statement

SHOWN = 50
_ID = bindparam("sentence", type_=Uuid())
_ADD = statement(
    insert(t.SuggestedPhrase).values(
        language=bindparam("of_language", type_=Text()), body=bindparam("words", type_=Text())
    )
)
_NEW = statement(
    select(
        t.SuggestedPhrase.id,
        t.SuggestedPhrase.language,
        t.SuggestedPhrase.body,
        t.SuggestedPhrase.created_on,
    )
    .where(t.SuggestedPhrase.state == "new")
    .order_by(t.SuggestedPhrase.created_on, t.SuggestedPhrase.id)
    .limit(SHOWN)
)
_ACCEPTED = statement(
    select(t.SuggestedPhrase.language, t.SuggestedPhrase.intent, t.SuggestedPhrase.body)
    .where(t.SuggestedPhrase.state == "accepted")
    .order_by(t.SuggestedPhrase.language, t.SuggestedPhrase.intent, t.SuggestedPhrase.body)
)
_ACCEPT = statement(
    update(t.SuggestedPhrase)
    .where(t.SuggestedPhrase.id == _ID, t.SuggestedPhrase.state == "new")
    .values(state="accepted", intent=bindparam("of_intent", type_=Text()))
    .returning(t.SuggestedPhrase.language)
)
_DELETE = statement(
    delete(t.SuggestedPhrase)
    .where(t.SuggestedPhrase.id == _ID, t.SuggestedPhrase.state == "new")
    .returning(t.SuggestedPhrase.language)
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A donated sentence that waits for review."""

    id: UUID
    language: str
    body: str
    created_on: date


async def add(transaction: Transaction, language: str, sentence: str) -> None:
    """Store a donated sentence without its author."""
    await execute(transaction, _ADD, of_language=language, words=sentence)


async def listing(transaction: Transaction) -> tuple[Sentence, ...]:
    """Return the oldest sentences that wait for review, at most SHOWN."""
    return tuple(Sentence(*row) for row in await fetch_all(transaction, _NEW))


async def accept(transaction: Transaction, sentence: UUID, intent: str) -> str | None:
    """Accept a sentence as a phrase of an intent.

    Returns its language, or None if the sentence awaits no review.
    """
    return await fetch_value(transaction, _ACCEPT, sentence=sentence, of_intent=intent)


async def remove(transaction: Transaction, sentence: UUID) -> str | None:
    """Delete a sentence; return its language, or None if the sentence awaits no review."""
    return await fetch_value(transaction, _DELETE, sentence=sentence)


async def accepted(transaction: Transaction) -> list[tuple[str, str, str]]:
    """Return the accepted sentences as (language, intent, sentence)."""
    return list(await fetch_all(transaction, _ACCEPTED))
