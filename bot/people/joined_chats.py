"""Chats of a person on several channels, and which of them may detach which other one."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, select

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_all, statement
from bot.people.identities import Person

_CHATS = statement(
    select(t.Handle.channel, func.max(t.Handle.joined_by), func.min(t.Handle.created_at))
    .where(t.Handle.person_id == bindparam("person"), t.Handle.home.is_(None))
    .group_by(t.Handle.channel)
    .order_by(func.min(t.Handle.created_at), t.Handle.channel)
)


@dataclass(frozen=True, slots=True)
class JoinedChat:
    """A chat of a person; `giver` is the channel whose code joined it, None for the first chat."""

    channel: str
    giver: str | None
    since: date


async def of_person(transaction: Transaction, person: Person) -> list[JoinedChat]:
    """Return the person's chats, the oldest first. Visits of the secure page do not count."""
    rows = await fetch_all(transaction, _CHATS, person=person.id)
    return [JoinedChat(channel, giver, at.date()) for channel, giver, at in rows]


def detachable(chats: list[JoinedChat], channel: str) -> list[JoinedChat]:
    """Return the chats that the chat on `channel` may detach; `chats` are ordered by age.

    These are the chats that joined by its code, or by the code of such a chat. A chat that is older
    than the one on `channel` is never among them, so that a new chat on a channel does not get the
    rights of an earlier chat there.
    """
    givers, found = set[str](), list[JoinedChat]()
    for chat in chats:
        if chat.channel == channel:
            givers.add(channel)
        elif chat.giver in givers:
            givers.add(chat.channel)
            found.append(chat)
    return found
