"""What people do: an arrival becomes one turn, in one transaction, or a just-ask turn in Valkey.

Follow `receive` from top to bottom; it is the whole journey of an update.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString, assert_never
from uuid import UUID, uuid4

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from bot import cases, live, log, outbox, people, privacy, registrations
from bot.channels import Act, Arrival, Blocked, Ignored, Inbound, Intruder, Message, SendError
from bot.live import Busy, LiveUnavailable
from bot.outbox import Parcel
from bot.people import Person
from bot.queue import Session
from bot.registry.errors import Refused, RegistryError
from bot.runtime import Runtime
from bot.vault import VaultError
from flows.engine.conversation import step
from flows.engine.events import (
    Acknowledged,
    CancelCase,
    ConsentGiven,
    DeleteInput,
    Effect,
    Event,
    Export,
    Forget,
    QuickExit,
    Relay,
    Stopped,
    Withdraw,
)
from flows.engine.flow import OpenCase, Submit
from flows.engine.state import Conversation, Turn
from flows.engine.text import _

POISON_AFTER = 5
HELD_TRIES = 200
HELD_PAUSE = 0.025
MOST_SEEN = 64
MOST_SENT = 100

_logger = log.get()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Conversation).decode


class Overloaded(Exception):
    """Nothing was accepted; the platform should bring the update again (503)."""

    code = "E_OVERLOADED"


@dataclass(frozen=True, slots=True)
class Held:
    """A person's conversation while its row is locked, and what the database's clock says."""

    person: Person
    conversation: Conversation
    channel: str
    epoch: int
    address: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is left to be done after the commit: claimed rows, and acts that have no row."""

    person: Person | None
    parcel: Parcel | None
    direct: tuple[tuple[str, Act], ...] = ()


# The row is locked before the update is noted, and the note is taken from the locked row: two
# deliveries of one update can neither deadlock nor leave a note without its work.
_CLAIM: LiteralString = """
WITH held AS MATERIALIZED (
  SELECT c.person_id, c.state, c.epoch, p.key, p.key_epoch, h.address
  FROM handles h
  JOIN conversations c ON c.person_id = h.person_id
  JOIN people p ON p.id = h.person_id
  WHERE h.channel = %(channel)s AND h.bidx = ANY(%(bidx)s)
  FOR UPDATE OF c
), fresh AS (
  INSERT INTO updates (channel, key) SELECT %(channel)s, %(key)s FROM held
  ON CONFLICT DO NOTHING RETURNING key
)
SELECT held.*, EXISTS (SELECT FROM fresh), kosh_now()
FROM (SELECT) one LEFT JOIN held ON true
"""

_SAVE: LiteralString = """
WITH saved AS (
  UPDATE conversations SET state = %(state)s, channel = %(channel)s, language = %(language)s,
    quiet = %(quiet)s, epoch = %(epoch)s, updated_at = kosh_now()
  WHERE person_id = %(person)s
), free AS MATERIALIZED (
  SELECT NOT EXISTS (
    SELECT FROM messages WHERE person_id = %(person)s AND state IN ('pending', 'sending')
  ) AS now
)
INSERT INTO messages
  (person_id, channel, act, body, epoch, external_id, state, attempt, lease_until)
SELECT %(person)s, %(channel)s, w.act, w.body, w.epoch, w.external_id,
  CASE WHEN w.place = 1 AND free.now THEN 'sending' ELSE 'pending' END,
  CASE WHEN w.place = 1 AND free.now THEN 1 ELSE 0 END,
  CASE WHEN w.place = 1 AND free.now THEN kosh_now() + make_interval(secs => %(lease)s) END
FROM unnest(%(acts)s::text[], %(bodies)s::bytea[], %(epochs)s::int[], %(external_ids)s::text[])
  WITH ORDINALITY AS w (act, body, epoch, external_id, place), free
ORDER BY w.place
RETURNING id, state
"""


async def receive(rt: Runtime, arrival: Arrival) -> Delivery | None:
    """Take one arrival; when this returns, what was accepted is committed."""
    match arrival:
        case Inbound():
            return await _receive(rt, arrival)
        case Blocked(channel, handle, blocked):
            async with rt.pool.connection() as session:
                await people.mark_blocked(rt, session, channel, handle, blocked)
        case Intruder(channel, address):
            await _perform(rt, channel, Act("leave", address))
        case Ignored():
            pass
        case _:
            assert_never(arrival)
    return None


async def deliver(rt: Runtime, delivery: Delivery | None) -> None:
    """Send what a turn wrote, as soon as it is committed."""
    if delivery is None:
        return
    for channel, act in delivery.direct:
        await _perform(rt, channel, act)
    if delivery.person is not None:
        await outbox.deliver(rt, delivery.parcel, delivery.person)


async def _receive(rt: Runtime, inbound: Inbound) -> Delivery | None:
    try:
        for attempt in range(3):
            async with rt.pool.connection() as session:
                held, fresh, now = await _claim(rt, session, inbound)
                if held is not None:
                    return await _turn(rt, session, held, inbound) if fresh else None
            delivery, known = await _just_ask(rt, inbound, now, insist=attempt == 2)
            if not known:
                return delivery
    except (psycopg.OperationalError, PoolTimeout, Overloaded):
        raise
    except Exception as error:
        return await _poisoned(rt, inbound, error)
    raise Overloaded


async def _claim(
    rt: Runtime, session: Session, inbound: Inbound
) -> tuple[Held | None, bool, datetime]:
    cursor = await session.execute(
        _CLAIM,
        {
            "channel": inbound.channel,
            "bidx": list(rt.vault.indexes(inbound.channel, inbound.handle)),
            "key": update_key(rt, inbound.channel, inbound.external_id),
        },
    )
    row = await cursor.fetchone()
    assert row is not None
    *found, fresh, now = row
    return (_opened(rt, inbound.channel, found, now) if found[0] else None), fresh, now


def update_key(rt: Runtime, channel: str, external_id: str) -> bytes:
    """What is kept of an update's id: a keyed hash."""
    return rt.vault.index("update", f"{channel}:{external_id}")


def _opened(rt: Runtime, channel: str, found: Sequence[Any], now: datetime) -> Held:
    person_id, state, epoch, key, key_epoch, sealed = found
    person = people.known(rt, person_id, key, key_epoch)
    plain = person.key.unseal(state, "conversations", "state", "")
    address = people.address(person, sealed, channel)
    return Held(person, _decode(plain), channel, epoch, address, now)


async def _turn(rt: Runtime, session: Session, held: Held, inbound: Inbound) -> Delivery:
    """The durable turn: step, effects, save, outbox; the caller's block ends the transaction."""
    turn = step(rt.flows, rt.languages, held.conversation, inbound.event, held.now.date())
    return await _carry_out(rt, session, held, turn, inbound)


async def take_turn(
    rt: Runtime, session: Session, person_id: UUID, event: Event, *, moved: bool = False
) -> Delivery | None:
    """Let what happened elsewhere (a job, a callback, the desk) reach the conversation.

    In the caller's transaction; the answer goes to the channel that spoke last. `moved` says that
    the conversation changed hands, so that messages of before are dropped.
    """
    held = await lock(rt, session, person_id)
    if held is None:
        return None
    turn = step(rt.flows, rt.languages, held.conversation, event, held.now.date())
    return await _carry_out(rt, session, held, turn, None, moved=moved)


_LOCK: LiteralString = """
SELECT c.person_id, c.state, c.epoch, p.key, p.key_epoch, h.address, c.channel, kosh_now()
FROM conversations c
JOIN people p ON p.id = c.person_id
JOIN handles h ON h.person_id = c.person_id AND h.channel = c.channel
WHERE c.person_id = %s LIMIT 1 FOR UPDATE OF c
"""


async def lock(rt: Runtime, session: Session, person_id: UUID) -> Held | None:
    """A person's conversation, locked until the transaction ends; None when erased."""
    cursor = await session.execute(_LOCK, (person_id,))
    row = await cursor.fetchone()
    if row is None:
        return None
    *found, channel, now = row
    return _opened(rt, channel, found, now)


async def forget_answers(rt: Runtime, session: Session, person_id: UUID) -> None:
    """Drop the answers that the registry now holds; receipt and status stay."""
    held = await lock(rt, session, person_id)
    if held is not None:
        await _save(rt, session, held, replace(held.conversation, forms={}), held.epoch, ())


async def write_to_registry(rt: Runtime, write_id: UUID) -> Delivery | None:
    """One try at a write: claim, call, record the answer and let the person hear of it."""
    write = await registrations.claim(rt, write_id)
    if write is None or rt.registry is None:
        return None
    try:
        word = await registrations.call(rt.registry, write)
    except Refused as error:
        async with rt.pool.connection() as session:
            held = await lock(rt, session, write.person.id) if write.person else None
            language = held.conversation.language if held else ""
            await registrations.refuse(session, write, error, language)
        return None
    except RegistryError as error:
        await registrations.postpone(rt, write, error)
        return None
    async with rt.pool.connection() as session:
        if write.person is not None:
            await lock(rt, session, write.person.id)
        return await _tell(rt, session, await registrations.settle(session, write, word))


async def hear_registry(rt: Runtime, number: str, state: str, version: int) -> Delivery | None:
    """A status from the registry; LookupError while its receipt is not known here."""
    async with rt.pool.connection() as session:
        person_id = await registrations.owner(session, number)
        if person_id is not None:
            await lock(rt, session, person_id)
        settled = await registrations.record_status(session, number, state, version)
        return await _tell(rt, session, settled)


async def _tell(
    rt: Runtime, session: Session, settled: registrations.Settled | None
) -> Delivery | None:
    if settled is None:
        return None
    event = Acknowledged(settled.state, settled.number)
    return await take_turn(rt, session, settled.person_id, event)


@dataclass(slots=True)
class _Work:
    """What carrying out a turn's effects adds to it."""

    epoch: int
    rows: list[outbox.Row]
    erased: bool = False
    direct: tuple[str, ...] = ()


async def _carry_out(
    rt: Runtime,
    session: Session,
    held: Held,
    turn: Turn,
    inbound: Inbound | None,
    *,
    moved: bool = False,
) -> Delivery:
    work = _Work(held.epoch + moved, [])
    for effect in turn.effects:
        await _apply(rt, session, held, turn.conversation, effect, inbound, work)
    pressed = inbound.message_id if inbound and inbound.press_id else ""
    written = (*outbox.rows(rt, turn.says, held.channel, work.epoch, pressed), *work.rows)
    if work.erased:
        return _farewell(held, written, work.direct)
    saved = await _save(rt, session, held, turn.conversation, work.epoch, written)
    return Delivery(held.person, _first(held, written, saved))


async def _save(
    rt: Runtime,
    session: Session,
    held: Held,
    conversation: Conversation,
    epoch: int,
    written: Sequence[outbox.Row],
) -> list[tuple[int, str]]:
    person = held.person
    cursor = await session.execute(
        _SAVE,
        {
            "person": person.id,
            "state": person.key.seal(_encode(conversation), "conversations", "state", ""),
            "channel": held.channel,
            "language": conversation.language,
            "quiet": conversation.quiet,
            "epoch": epoch,
            "lease": outbox.LEASE_SECONDS,
            "acts": [row.act for row in written],
            "bodies": [outbox.seal(person, row.message) for row in written],
            "epochs": [row.epoch for row in written],
            "external_ids": [row.external_id or None for row in written],
        },
    )
    return await cursor.fetchall()


def _first(
    held: Held, written: Sequence[outbox.Row], saved: Sequence[tuple[int, str]]
) -> Parcel | None:
    """The first row, if it was born claimed: its text is at hand and need not be read back."""
    if not saved or saved[0][1] != "sending":
        return None
    row = written[0]
    act = Act(row.act, held.address, row.message, row.external_id, str(saved[0][0]))
    return Parcel(saved[0][0], 1, held.person, held.channel, act)


def _farewell(held: Held, written: Sequence[outbox.Row], chat: tuple[str, ...]) -> Delivery:
    """Nothing of an erased person is kept, so the last words go without a row."""
    rows = (*outbox.deletion(chat), *written)
    acts = [Act(row.act, held.address, row.message, row.external_id) for row in rows]
    return Delivery(None, None, tuple((held.channel, act) for act in acts))


async def _apply(
    rt: Runtime,
    session: Session,
    held: Held,
    conversation: Conversation,
    effect: Effect,
    inbound: Inbound | None,
    work: _Work,
) -> None:
    """Do what the engine asked for, in the turn's transaction."""
    person = held.person
    match effect:
        case ConsentGiven(purpose, text, language):
            shown = rt.languages.render(text, language)
            await people.record_consent(session, person, purpose, shown, language, held.channel)
        case Submit():
            await registrations.submit(rt, session, person, effect, conversation.language)
        case Withdraw():
            await registrations.withdraw(session, person.id)
        case OpenCase():
            await cases.open_case(session, person, effect, conversation.language)
            work.epoch += 1
        case Relay(words):
            await cases.relay(session, person, words)
        case CancelCase():
            await cases.cancel(session, person.id)
            work.epoch += 1
        case Stopped():
            pass
        case Forget():
            work.direct = await outbox.recent(session, person.id, held.channel)
            await privacy.erase(rt, session, person)
            work.erased = True
        case Export():
            work.rows.append(await privacy.export(rt, session, person, conversation))
        case DeleteInput() if inbound is not None:
            work.rows += outbox.deletion([inbound.message_id])
        case QuickExit():
            sent = await outbox.recent(session, person.id, held.channel)
            work.rows += outbox.deletion((*sent, inbound.message_id if inbound else ""))
        case DeleteInput():
            pass
        case _:
            assert_never(effect)


# Just asking: the same step, but the state lives in Valkey and nothing is written down.


class _Ask(msgspec.Struct, frozen=True):
    """A just-ask conversation, the updates it has seen and the messages it has sent."""

    conversation: Conversation = Conversation()
    seen: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()


_decode_ask = msgspec.json.Decoder(_Ask).decode


async def _just_ask(
    rt: Runtime, inbound: Inbound, now: datetime, *, insist: bool
) -> tuple[Delivery | None, bool]:
    """A turn of somebody unknown; True when it turns out that they are known by now."""
    key = rt.vault.ask_key(inbound.channel, inbound.handle, now.date())
    token = uuid4().hex
    held = await _hold(rt, key, token)
    if held is not None and held.known and not insist:
        await _settle(rt, key)
        return None, True
    ask = _asked(rt, key, held.blob if held else None)
    try:
        return await _ask_turn(rt, inbound, now, ask, key, token)
    except BaseException:
        await _keep(rt, key, token, ask)
        raise


async def _ask_turn(
    rt: Runtime, inbound: Inbound, now: datetime, ask: _Ask, key: str, token: str
) -> tuple[Delivery | None, bool]:
    if inbound.external_id in ask.seen:
        await _keep(rt, key, token, ask)
        return None, False
    turn = step(rt.flows, rt.languages, ask.conversation, inbound.event, now.date())
    if any(isinstance(effect, ConsentGiven) for effect in turn.effects):
        return await _begin(rt, inbound, ask, turn, now, key, token)
    sent = await _answer(rt, inbound, ask, turn)
    seen = (*ask.seen, inbound.external_id)[-MOST_SEEN:]
    await _keep(rt, key, token, _Ask(turn.conversation, seen, sent))
    return None, False


async def _begin(
    rt: Runtime,
    inbound: Inbound,
    ask: _Ask,
    turn: Turn,
    now: datetime,
    key: str,
    token: str,
) -> tuple[Delivery | None, bool]:
    """The first durable turn: from here on the promises hold."""
    async with rt.pool.connection() as session:
        person = await people.create(rt, session, inbound.channel, inbound.handle, inbound.address)
        if person is None:
            await session.rollback()
            await _settle(rt, key)
            return None, True
        held = Held(person, ask.conversation, inbound.channel, 0, inbound.address, now)
        await session.execute(
            "INSERT INTO conversations (person_id, state, channel, language)"
            " VALUES (%s, '', %s, '')",
            (person.id, inbound.channel),
        )
        await _note(rt, session, inbound.channel, (*ask.seen, inbound.external_id))
        delivery = await _carry_out(rt, session, held, turn, inbound)
    await _settle(rt, key)
    return delivery, False


async def _note(rt: Runtime, session: Session, channel: str, external_ids: Iterable[str]) -> None:
    keys = [update_key(rt, channel, each) for each in external_ids]
    await session.execute(
        "INSERT INTO updates (channel, key) SELECT %s, unnest(%s::bytea[]) ON CONFLICT DO NOTHING",
        (channel, keys),
    )


async def _hold(rt: Runtime, key: str, token: str) -> live.Held | None:
    """Wait for one's turn; without Valkey everybody starts at the menu."""
    try:
        for _try in range(HELD_TRIES):
            held = await rt.live.hold(key, token)
            if not isinstance(held, Busy):
                return held
            await asyncio.sleep(HELD_PAUSE)
    except LiveUnavailable:
        return None
    raise Overloaded


async def _keep(rt: Runtime, key: str, token: str, ask: _Ask) -> None:
    with suppress(LiveUnavailable):
        await rt.live.keep(key, token, rt.vault.seal_transient(_encode(ask), key))


async def _settle(rt: Runtime, key: str) -> None:
    with suppress(LiveUnavailable):
        await rt.live.settle(key)


def _asked(rt: Runtime, key: str, blob: bytes | None) -> _Ask:
    if not blob:
        return _Ask()
    try:
        return _decode_ask(rt.vault.unseal_transient(blob, key))
    except (VaultError, msgspec.DecodeError):
        return _Ask()


async def _answer(rt: Runtime, inbound: Inbound, ask: _Ask, turn: Turn) -> tuple[str, ...]:
    """Say it at once; the ids of what now stands in the chat, for a quick exit."""
    stands = list(ask.sent)
    for effect in turn.effects:
        match effect:
            case QuickExit() | Forget():
                await _delete(rt, inbound, (*stands, inbound.message_id))
                stands = []
            case DeleteInput():
                await _delete(rt, inbound, (inbound.message_id,))
            case _:
                pass
    pressed = inbound.message_id if inbound.press_id else ""
    for row in outbox.rows(rt, turn.says, inbound.channel, 0, pressed):
        act = Act(row.act, inbound.address, row.message, row.external_id)
        stands.append(await _perform(rt, inbound.channel, act))
    return tuple(each for each in stands if each)[-MOST_SENT:]


async def _delete(rt: Runtime, inbound: Inbound, external_ids: Iterable[str]) -> None:
    for row in outbox.deletion(external_ids):
        await _perform(rt, inbound.channel, Act("delete", inbound.address, None, row.external_id))


async def _perform(rt: Runtime, channel: str, act: Act) -> str:
    """A call that nothing was promised about: failures are counted, not repeated."""
    try:
        return await outbox.perform(rt, channel, act)
    except SendError as error:
        _logger.info("message.failed", code=error.code, channel=channel)
        return ""


# What cannot be processed must not block what comes after it.

APOLOGY = _(
    "Something went wrong on our side. Your answers are safe. Please try again, or write “menu”."
)


async def _poisoned(rt: Runtime, inbound: Inbound, error: Exception) -> Delivery | None:
    """Count a failure; after five the update goes to quarantine and the person gets an apology."""
    _logger.exception("update.failed", channel=inbound.channel)
    async with rt.pool.connection() as session:
        attempts = await quarantine(
            rt, session, inbound.channel, inbound.external_id, "E_FAILED", 0
        )
    if attempts < POISON_AFTER:
        raise Overloaded from error
    async with rt.pool.connection() as session:
        held, fresh, _clock = await _claim(rt, session, inbound)
        if held is not None and fresh:
            message = apology(rt, held.conversation.language)
            row = outbox.Row("send", message)
            saved = await _save(rt, session, held, held.conversation, held.epoch, (row,))
            return Delivery(held.person, _first(held, (row,), saved))
    act = Act("send", inbound.address, apology(rt, ""))
    return Delivery(None, None, ((inbound.channel, act),)) if held is None else None


def apology(rt: Runtime, language: str) -> Message:
    """In the person's language where it is known, else in all of them."""
    codes = [language] if language else [code for code, _own in rt.languages.languages()]
    lines = [rt.languages.render(APOLOGY, code) for code in codes]
    return Message(tuple(lines), language=language)


async def quarantine(
    rt: Runtime, session: Session, channel: str, external_id: str, reason: str, size: int
) -> int:
    """Keep that something could not be processed (of strangers only reason and size); how often."""
    cursor = await session.execute(
        "INSERT INTO quarantine (channel, key, reason, size) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (channel, key) DO UPDATE SET attempts = quarantine.attempts + 1"
        " RETURNING attempts",
        (channel, update_key(rt, channel, external_id), reason, size),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
