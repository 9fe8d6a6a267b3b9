"""Many invented subscribers of announcements, and the officers who send them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, LiteralString
from uuid import UUID, uuid4

import msgspec
from psycopg import AsyncConnection

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, Words
from bot.broadcasts.content import mark
from bot.channels import ChannelCall, Rates, SendError
from bot.officers.directory import Officer
from bot.officers.permissions import Role
from bot.runtime import Runtime
from bot.security.vault import Vault
from flows.engine.state import Conversation

TOPIC = "events"
TEXTS: Mapping[str, Words] = {
    "kk": Words("Сынақ хабарландыру: сенбіде орталық ашық."),
    "ru": Words("Проба объявления: в субботу центр открыт."),
    "zh_Hans": Words("测试通知：中心周六开放。"),
    "uz": Words("Sinov eʼloni: shanba kuni markaz ochiq."),
}
TESTER = "999000001"
FIRST_CHAT = 5_000_000
_chats = count(FIRST_CHAT)
_BLANK = msgspec.json.encode(Conversation())
_WRITE: tuple[LiteralString, ...] = (
    "INSERT INTO people (id, key, key_version)"
    " SELECT * FROM unnest(%(ids)s::uuid[], %(keys)s::bytea[], %(epochs)s::int[])",
    "INSERT INTO handles (channel, blind_index, person_id, address)"
    " SELECT %(channel)s, mark, id, address FROM"
    " unnest(%(ids)s::uuid[], %(marks)s::bytea[], %(addresses)s::bytea[]) AS m (id, mark, address)",
    "INSERT INTO subscriptions (person_id, topic) SELECT unnest(%(ids)s::uuid[]), %(topic)s",
    "INSERT INTO conversations (person_id, state, channel, language, updated_at)"
    " SELECT id, state, %(channel)s,"
    " (%(languages)s::text[])[1 + mod(place - 1, cardinality(%(languages)s::text[]))],"
    " kosh_now() - interval '1 hour' FROM unnest(%(ids)s::uuid[], %(states)s::bytea[])"
    " WITH ORDINALITY AS p (id, state, place)",
)


@dataclass(frozen=True)
class Member:
    """A subscriber, and their address on the platform."""

    id: UUID
    address: str


type MemberRow = tuple[Member, bytes, int, bytes, bytes, bytes]


@dataclass(frozen=True)
class BroadcastOfficers:
    """The writer, the approvers and the sender of a broadcast, each a different officer."""

    editor: Officer
    approver: Officer
    second: Officer
    lead: Officer


def new_member_rows(
    vault: Vault, size: int, channel: str = "telegram", first: int | None = None
) -> Iterator[MemberRow]:
    """Yield the values of database rows of invented people, for a bulk insertion.

    The values are the member, the wrapped key, its epoch (version of the wrapping key), the blind
    index (keyed hash) of the address, the encrypted address and the encrypted state. The addresses
    are unused in this process, or count up from `first`.
    """
    chats = _chats if first is None else count(FIRST_CHAT + first)
    for _each in range(size):
        member = Member(uuid4(), str(next(chats)))
        wrapped = vault.new_key(member.id)
        key = vault.open(member.id, wrapped)
        sealed = key.seal(member.address.encode(), "handles", "address", channel)
        state = key.seal(_BLANK, "conversations", "state", "")
        mark = vault.index(channel, member.address)
        yield member, wrapped.wrapped, wrapped.epoch, mark, sealed, state


async def create_subscribers(
    rt: Runtime,
    size: int,
    *,
    channel: str = "telegram",
    languages: Sequence[str] = ("kk", "ru", "zh_Hans", "uz", "kk_Arab", "uz_Cyrl"),
    topic: str = TOPIC,
) -> list[Member]:
    """Create `size` people on a channel, subscribed to a topic and last active an hour ago."""
    made = list(new_member_rows(rt.vault, size, channel))
    async with rt.pool.connection() as session:
        await _written(session, made, channel, languages, topic)
    return [each[0] for each in made]


async def _written(
    session: AsyncConnection[object],
    made: Sequence[MemberRow],
    channel: str,
    languages: Sequence[str],
    topic: str,
) -> None:
    members, keys, epochs, marks, addresses, states = zip(*made, strict=True)
    values = {
        "ids": [each.id for each in members],
        "keys": list(keys),
        "epochs": list(epochs),
        "marks": list(marks),
        "addresses": list(addresses),
        "states": list(states),
        "channel": channel,
        "languages": list(languages),
        "topic": topic,
    }
    for statement in _WRITE:
        await session.execute(statement, values)


async def create_officers(rt: Runtime) -> BroadcastOfficers:
    """Create four officers: a writer, two approvers and a lead."""
    return BroadcastOfficers(
        await create_officer(rt, Role.EDITOR),
        await create_officer(rt, Role.APPROVER),
        await create_officer(rt, Role.APPROVER),
        await create_officer(rt, Role.LEAD),
    )


async def create_officer(rt: Runtime, *roles: Role) -> Officer:
    """Create an officer with these roles."""
    officer = Officer(uuid4(), f"Officer {uuid4().hex[:8]}", "general", frozenset(roles))
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO officers (id, name, mission, roles) VALUES (%s, %s, %s, %s)",
            (officer.id, officer.name, officer.mission, sorted(officer.roles)),
        )
    return officer


def new_draft(purpose: Purpose = Purpose.NEWS, **more: object) -> Draft:
    """Return a draft for all subscribers of TOPIC that may be sent at any hour."""
    chosen: dict[str, object] = {"quiet": None, "texts": TEXTS, "topic": TOPIC} | more
    return Draft(purpose, **chosen)  # type: ignore[arg-type]


async def mark_tested(rt: Runtime, found: Broadcast) -> None:
    """Record for each language that the announcement was seen on a tester's phone."""
    async with rt.pool.connection() as session:
        for language, words in found.draft.texts.items():
            await session.execute(
                "INSERT INTO broadcast_tests (broadcast_id, language, hash) VALUES (%s, %s, %s)"
                " ON CONFLICT (broadcast_id, language) DO UPDATE SET hash = excluded.hash",
                (found.id, language, mark(words)),
            )


async def approve(rt: Runtime, officers: BroadcastOfficers, draft: Draft) -> Broadcast:
    """Write, test and approve an announcement; return it."""
    found = await broadcasts.draft(rt, officers.editor, draft)
    await mark_tested(rt, found)
    found = await broadcasts.ask_approval(rt, officers.editor, found.id)
    await broadcasts.approve(rt, officers.approver, found.id, found.draft.content_hash)
    if found.approvers > 1:
        await broadcasts.approve(rt, officers.second, found.id, found.draft.content_hash)
    return found


async def start(rt: Runtime, officers: BroadcastOfficers, draft: Draft) -> Broadcast:
    """Write, test, approve and start an announcement; return it."""
    found = await approve(rt, officers, draft)
    return await broadcasts.start(rt, officers.lead, found.id)


@dataclass
class ScriptedPlatform:
    """A scripted platform.

    `answers` maps an address to an error to raise or an event to wait for. All other messages are
    accepted.
    """

    name: str = "telegram"
    rates: Rates = field(default_factory=Rates)
    window: int = 0
    notifies: bool = True
    protects: bool = False
    edits: bool = True
    deletes: bool = True
    answers: dict[str, SendError | asyncio.Event] = field(default_factory=dict)
    sent: list[ChannelCall] = field(default_factory=list)
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, act: ChannelCall) -> str:
        self.sent.append(act)
        self.tried.set()
        match self.answers.get(act.address):
            case SendError() as error:
                raise error
            case asyncio.Event() as until:
                await until.wait()
            case _:
                pass
        return f"post-{len(self.sent)}"

    async def ping(self) -> None:
        return

    @property
    def addresses(self) -> list[str]:
        return [act.address for act in self.sent]


def with_platforms(rt: Runtime, *posts: ScriptedPlatform) -> Runtime:
    """Return the runtime with scripted platforms and without demo mode."""
    plain = rt.settings.model_copy(update={"demo": False})
    others: Any = {each.name: each for each in posts}
    return replace(rt, settings=plain, channels={**rt.channels, **others})


async def snapshot_all(rt: Runtime, found: Broadcast) -> None:
    """Create all recipients of a broadcast in one batch, without a canary group."""
    async with rt.pool.connection() as session:
        await session.execute("UPDATE broadcasts SET canary = 0 WHERE id = %s", (found.id,))
    await broadcasts.snapshot(rt, found.id)


async def count_states(rt: Runtime, found: Broadcast) -> dict[str, int]:
    """Return the number of recipients by state, with the reason after a space if there is one."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT trim(state || ' ' || reason), count(*) FROM broadcast_recipients"
            " WHERE broadcast_id = %s GROUP BY 1",
            (found.id,),
        )
        rows: list[tuple[str, int]] = await cursor.fetchall()
        return dict(rows)
