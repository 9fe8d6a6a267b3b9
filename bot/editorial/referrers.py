"""Organisations that refer people: their invitations, and rounded counts of registrations.

To protect people, a job releases each count once a day, rounded down to a multiple of `MIN_SHOWN`.
Rounding cannot hide everything: an organisation that makes invented registrations can find out how
many real ones are in its count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from secrets import choice, token_urlsafe
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, cast, insert, select, update
from sqlalchemy.types import Date

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, execute, fetch_all, fetch_one, fetch_value, statement
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime
from bot.security.token_hash import token_hash
from flows import lifetimes
from flows.engine.events import Effect
from flows.engine.referral_screens import MIN_SHOWN
from flows.engine.referrals import CountReferral

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
MAX_NAME = 80
SHOWN = 200

_R = t.Referrer
_TODAY = cast(NOW, Date())
_CODE = bindparam("of_code", type_=Text())
_TOKEN = bindparam("token", type_=LargeBinary())
_ENDS = cast(NOW, Date()) + lifetimes.REFERRER_DAYS
_IS_OPEN = _R.ends_on > _TODAY
_ADD = statement(
    insert(_R).values(
        code=_CODE,
        name=bindparam("words", type_=Text()),
        view_token_hash=_TOKEN,
        created_by=bindparam("by", type_=Uuid()),
        ends_on=_ENDS,
    )
)
_SHOWN = (_R.code, _R.name, _R.ends_on, _R.released, _R.released_on)
_LIST = statement(
    select(*_SHOWN, _R.created_by, _IS_OPEN).order_by(_R.ends_on.desc(), _R.name).limit(SHOWN)
)
_VIEW = statement(select(*_SHOWN, _IS_OPEN).where(_R.view_token_hash == _TOKEN))
_FIND = statement(select(_R.name).where(_R.code == _CODE, _IS_OPEN))
_COUNT = statement(
    update(_R).where(_R.code == _CODE, _IS_OPEN).values(registered=_R.registered + 1)
)
_RENEW = statement(
    update(_R).where(_R.code == _CODE, _IS_OPEN).values(view_token_hash=_TOKEN).returning(_R.code)
)
_END = statement(
    update(_R).where(_R.code == _CODE, _IS_OPEN).values(ends_on=_TODAY).returning(_R.code)
)
_RELEASE = statement(
    update(_R)
    .where(_R.released_on < _TODAY)
    .values(
        released=_R.registered - _R.registered % MIN_SHOWN,
        released_on=_TODAY,
    )
)


class Ended(Exception):
    """The invitation of an organisation that refers people has ended, or its code is unknown."""

    code = "E_REFERRER_ENDED"


class Unnamed(ValueError):
    """The organisation's name is empty or too long; nothing was changed."""

    code = "E_REFERRER_NAME"


@dataclass(frozen=True, slots=True)
class Referrer:
    """An organisation that refers people to Kosh.

    `registered` is the number of people who registered after its invitation, as of the last daily
    update and rounded down; None if it is 0. Officers and the organisation see the same number.
    """

    code: str
    name: str
    ends_on: date
    registered: int | None
    released_on: date
    is_open: bool
    created_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """A new organisation's invitation code, and the secret token in the link to its page."""

    code: str
    token: str


async def listing(rt: Runtime, officer: Officer) -> tuple[Referrer, ...]:
    """Return the organisations that refer people, by the last day of their invitation.

    The latest last day comes first.
    """
    permissions.require(officer, Action.REFERRER_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        rows = await fetch_all(transaction, _LIST)
    return tuple(
        Referrer(code, name, ends, _visible(count), released, is_open, by)
        for code, name, ends, count, released, by, is_open in rows
    )


async def add(rt: Runtime, officer: Officer, name: str) -> Created:
    """Create an organisation with an open invitation.

    Raises Unnamed if the name is empty or too long.
    """
    permissions.require(officer, Action.REFERRER_EDIT, Subject(officer.mission))
    words = " ".join(name.split())
    if not 0 < len(words) <= MAX_NAME or not words.isprintable():
        raise Unnamed(f"{Unnamed.code}: write a name of at most {MAX_NAME} characters")
    letters = "".join(choice(ALPHABET) for _each in range(8))
    created = Created(f"REF-{letters[:4]}-{letters[4:]}", token_urlsafe(24))
    async with directory.acting(rt, officer) as transaction:
        values = {"of_code": created.code, "words": words, "by": officer.id}
        await execute(transaction, _ADD, **values, token=token_hash(created.token))
        await directory.record_action(transaction, officer, "referrer.added", created.code)
    return created


async def renew(rt: Runtime, officer: Officer, code: str) -> Created:
    """Return a new token for the organisation's page; the old token becomes invalid.

    Raises Ended if the invitation is not open.
    """
    permissions.require(officer, Action.REFERRER_EDIT, Subject(officer.mission))
    created = Created(code, token_urlsafe(24))
    async with directory.acting(rt, officer) as transaction:
        if not await fetch_value(
            transaction, _RENEW, of_code=code, token=token_hash(created.token)
        ):
            raise Ended(f"{Ended.code}: load the page again")
        await directory.record_action(transaction, officer, "referrer.renewed", code)
    return created


async def end(rt: Runtime, officer: Officer, code: str) -> None:
    """End an invitation as of today. Raises Ended if it is not open."""
    permissions.require(officer, Action.REFERRER_EDIT, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        if not await fetch_value(transaction, _END, of_code=code):
            raise Ended(f"{Ended.code}: load the page again")
        await directory.record_action(transaction, officer, "referrer.ended", code)


async def find(transaction: Transaction, code: str) -> str:
    """Return the name of the organisation whose open invitation has this code; "" if none."""
    return await fetch_value(transaction, _FIND, of_code=code) or ""


async def count(transaction: Transaction, effects: Iterable[Effect]) -> None:
    """Add 1 to an organisation's count for each effect `CountReferral`, if its invitation is open.

    Effects are what a step of the conversation asks to have done. Call this in the transaction that
    stores the person's registration.
    """
    for effect in effects:
        if isinstance(effect, CountReferral):
            await execute(transaction, _COUNT, of_code=effect.code)


async def view(rt: Runtime, token: str) -> Referrer | None:
    """Return the data that the organisation with this token sees on its page.

    Return None if the token is unknown.
    """
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, _VIEW, token=token_hash(token))
    if row is None:
        return None
    code, name, ends, released, released_on, is_open = row
    return Referrer(code, name, ends, _visible(released), released_on, is_open)


async def release(rt: Runtime) -> None:
    """Publish the rounded count of each organisation whose count was not published today."""
    async with rt.pool.connection() as transaction:
        await execute(transaction, _RELEASE)


def _visible(released: int) -> int | None:
    return released or None
