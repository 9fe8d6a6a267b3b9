"""Invitations: an external system leads a person to an officer by a one-time link.

The system sends a topic, a language and a country, but no data about the person. The person opens
the link and consents in a channel. The system can then read whether the person's case is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.cases import intake
from bot.cases.intake import Opened
from bot.cases.states import State
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, any_of, execute, fetch_one, statement
from bot.people.identities import Person
from bot.runtime import Runtime
from flows import lifetimes
from flows.engine.effects import OpenCase
from flows.engine.flow import Form
from flows.engine.invitations import InvitationFound, start_word

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12

_OWN = t.CaseInvitation.officer_id == bindparam("officer")
_CREATE = statement(
    insert(t.CaseInvitation)
    .values(
        id=bindparam("invitation"),
        officer_id=bindparam("officer"),
        request=bindparam("request_index"),
        code=bindparam("code_index"),
        topic=bindparam("about"),
        language=bindparam("in_language"),
        country=bindparam("lives_in"),
        expires_at=NOW + timedelta(days=lifetimes.INVITATION_DAYS),
    )
    .on_conflict_do_nothing(index_elements=[t.CaseInvitation.request])
)
_READ = (
    t.CaseInvitation.id,
    t.CaseInvitation.topic,
    t.CaseInvitation.language,
    t.CaseInvitation.country,
    t.CaseInvitation.expires_at,
    t.CaseInvitation.opened_at,
    t.CaseInvitation.expires_at < NOW,
    t.Case.state,
)
_OF_REQUEST = statement(
    select(*_READ)
    .outerjoin(t.Case, t.Case.id == t.CaseInvitation.case_id)
    .where(t.CaseInvitation.request == bindparam("request_index"), _OWN)
)
_FIND = statement(
    select(*_READ)
    .outerjoin(t.Case, t.Case.id == t.CaseInvitation.case_id)
    .where(t.CaseInvitation.id == bindparam("invitation"), _OWN)
)
_USABLE = (
    any_of(t.CaseInvitation.code, "codes"),
    t.CaseInvitation.opened_at.is_(None),
    t.CaseInvitation.expires_at > NOW,
)
_LOOK_UP = statement(select(t.CaseInvitation.topic, t.CaseInvitation.language).where(*_USABLE))
_COUNTRY = statement(select(t.CaseInvitation.country).where(*_USABLE))
_ATTACH = statement(
    update(t.CaseInvitation).where(*_USABLE).values(case_id=bindparam("case"), opened_at=NOW)
)


class InvitationState(StrEnum):
    """The state of an invitation that the inviting system can read."""

    INVITED = "invited"
    EXPIRED = "expired"
    OPEN = "open"
    CLOSED = "closed"


class KeyReused(Exception):
    """The idempotency key was used before with other content."""


@dataclass(frozen=True, slots=True)
class CaseInvitation:
    """A person's invitation to ask an officer, as far as the inviting system may read it."""

    id: UUID
    topic: str
    language: str
    country: str
    expires_at: datetime
    state: InvitationState


async def invite(
    rt: Runtime,
    transaction: Transaction,
    officer: UUID,
    key: str,
    *,
    topic: str,
    language: str,
    country: str,
) -> tuple[CaseInvitation, str]:
    """Return the invitation with this idempotency key, and the start word of its link.

    The start word is the text that the link sends to the bot. Create the invitation if it does not
    exist. The invitation's code is derived from the account and the key, so that a repeated request
    returns the same code although the code is not stored. Raises KeyReused if the invitation has
    another topic, language or country.
    """
    request_key = f"{officer} {key}"
    request_index = rt.vault.index("invitation-request", request_key)
    await execute(
        transaction,
        _CREATE,
        invitation=uuid4(),
        officer=officer,
        request_index=request_index,
        code_index=rt.vault.index("invitation", _code(rt, request_key)),
        about=topic,
        in_language=language,
        lives_in=country,
    )
    values = {"request_index": request_index, "officer": officer}
    row = await fetch_one(transaction, _OF_REQUEST, **values)
    assert row is not None
    found = _read(row)
    if (found.topic, found.language, found.country) != (topic, language, country):
        raise KeyReused
    return found, start_word(_code(rt, request_key))


async def find(transaction: Transaction, officer: UUID, invitation: UUID) -> CaseInvitation:
    """Return an invitation of this API account.

    Raises LookupError if the account has no such invitation.
    """
    row = await fetch_one(transaction, _FIND, invitation=invitation, officer=officer)
    if row is None:
        raise LookupError("there is no such invitation")
    return _read(row)


async def look_up(rt: Runtime, transaction: Transaction, code: str) -> InvitationFound:
    """Return topic and language of an invitation code; both are empty for an invalid code.

    A code can be used once, until it expires.
    """
    codes = list(rt.vault.indexes("invitation", code))
    row = await fetch_one(transaction, _LOOK_UP, codes=codes)
    return InvitationFound(code, *row) if row else InvitationFound(code)


async def open_case(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    opened: OpenCase,
    language: str,
    forms: Mapping[str, Form],
    *,
    network: bytes = b"",
) -> Opened:
    """Open a person's case, and attach it to the invitation whose link the person opened.

    `opened.invitation` is the code of the invitation. A used or expired code is ignored.
    """
    codes = list(rt.vault.indexes("invitation", opened.invitation)) if opened.invitation else []
    row = await fetch_one(transaction, _COUNTRY, codes=codes) if codes else None
    result = await intake.open_case(
        transaction,
        person,
        opened,
        language,
        forms,
        network=network,
        lives_in=row[0] if row else "",
    )
    if row:
        await execute(transaction, _ATTACH, codes=codes, case=result.case_id)
    return result


def _code(rt: Runtime, request_key: str) -> str:
    number = int.from_bytes(rt.vault.index("invitation-code", request_key))
    letters = []
    for _each in range(CODE_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def _read(row: tuple[object, ...]) -> CaseInvitation:
    identity, topic, language, country, expires_at, opened_at, is_expired, state = row
    assert isinstance(identity, UUID)
    assert isinstance(expires_at, datetime)
    if opened_at is None:
        shown_state = InvitationState.EXPIRED if is_expired else InvitationState.INVITED
    else:
        is_open = state is not None and state != State.RESOLVED
        shown_state = InvitationState.OPEN if is_open else InvitationState.CLOSED
    return CaseInvitation(
        identity, str(topic), str(language), str(country), expires_at, shown_state
    )
