"""One-time codes that connect a second chat with a person, once both chats confirm."""

from dataclasses import dataclass
from secrets import choice, randbelow
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, insert, literal, select, update

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, any_of, execute, fetch_one, minutes_from_now, statement
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.join_screens import CODE_MINUTES

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_USABLE = (any_of(t.JoinCode.code, "codes"), t.JoinCode.expires_at > NOW)
_OF_PERSON = t.JoinCode.person_id == bindparam("person")
_DROP = statement(delete(t.JoinCode).where(_OF_PERSON))
_ISSUE = statement(
    insert(t.JoinCode).values(
        code=bindparam("index"),
        person_id=bindparam("person"),
        channel=bindparam("from_channel"),
        expires_at=minutes_from_now(CODE_MINUTES),
    )
)
# A person has at most one chat on a channel. With two, it would be unclear to which chat a reply
# goes.
_HAS_CHANNEL = exists().where(
    t.Handle.person_id == t.JoinCode.person_id,
    t.Handle.channel == bindparam("to_channel"),
    t.Handle.home.is_(None),
)
_FIND = statement(select(t.JoinCode.person_id, t.JoinCode.channel).where(*_USABLE, ~_HAS_CHANNEL))
_REQUEST = statement(
    update(t.JoinCode)
    .where(*_USABLE, t.JoinCode.chat.is_(None))
    .values(chat=bindparam("from_chat"))
)
_CONFIRM = statement(
    update(t.JoinCode)
    .where(_OF_PERSON, t.JoinCode.chat.is_not(None), t.JoinCode.expires_at > NOW)
    .values(confirmed_at=NOW)
)
_TAKE = statement(
    delete(t.JoinCode)
    .where(
        *_USABLE,
        t.JoinCode.chat == bindparam("from_chat"),
        t.JoinCode.confirmed_at.is_not(None),
    )
    .returning(literal(1))
)


@dataclass(frozen=True, slots=True)
class JoinCode:
    """A valid code: the id of its person, and the channel in which the code was created."""

    person_id: UUID
    channel: str


async def issue(rt: Runtime, transaction: Transaction, person: Person, channel: str) -> str:
    """Create and return a code; delete the person's earlier code."""
    letters = "".join(choice(ALPHABET) for _each in range(8))
    code = f"KOSH-{letters[:4]}-{letters[4:]}"
    await execute(transaction, _DROP, person=person.id)
    index = rt.vault.index("join", code)
    await execute(transaction, _ISSUE, index=index, person=person.id, from_channel=channel)
    return code


async def find(
    rt: Runtime, transaction: Transaction, code: str, to_channel: str
) -> JoinCode | None:
    """Return the person and channel of a valid code.

    Returns None if the code is not valid, or if its person has a chat on `to_channel` already.
    """
    values = {"codes": list(rt.vault.indexes("join", code)), "to_channel": to_channel}
    row = await fetch_one(transaction, _FIND, **values)
    return JoinCode(*row) if row else None


async def request(rt: Runtime, transaction: Transaction, code: str, chat: str) -> str:
    """Reserve a code for the chat in which it was typed; only the first chat can reserve it.

    Returns a two-digit number, which the person compares in both chats. Returns "" if the code is
    invalid or reserved.
    """
    values = {"codes": list(rt.vault.indexes("join", code)), "from_chat": _chat(rt, chat)}
    is_stored = await execute(transaction, _REQUEST, **values)
    return str(10 + randbelow(90)) if is_stored else ""


async def answer(transaction: Transaction, person: Person, *, is_confirmed: bool) -> None:
    """Store that the chat which typed the person's code may join, or delete the code."""
    await execute(transaction, _CONFIRM if is_confirmed else _DROP, person=person.id)


async def take(rt: Runtime, transaction: Transaction, code: str, chat: str) -> bool:
    """Redeem the code if it was confirmed for `chat`; otherwise return False."""
    values = {"codes": list(rt.vault.indexes("join", code)), "from_chat": _chat(rt, chat)}
    return bool(await execute(transaction, _TAKE, **values))


def _chat(rt: Runtime, chat: str) -> bytes:
    return rt.vault.index("join-chat", chat)
