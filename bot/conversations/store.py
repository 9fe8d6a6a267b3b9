"""Locks, reads and saves conversations; the row is the lock of its person.

The claim also records the update, and the save also queues the messages; both commit together.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, LiteralString
from uuid import UUID

from bot import outbox
from bot.channels import ChannelCall, Inbound
from bot.conversations import deletable_messages, state_format
from bot.db import pipeline
from bot.db.connection import Transaction
from bot.db.pipeline import TextStatement
from bot.outbox import ClaimedMessage
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.conversation import step
from flows.engine.events import DeleteInput, Event, Forget, Page, QuickExit
from flows.engine.state import Conversation, Turn

SPOKE_ANEW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LockedConversation:
    """A person's conversation while its row is locked, and the database's time.

    `home` is the channel to return to after a visit to the secure page. `spoke_at` is when the
    person last wrote, on channels with a reply window. `blocked`: the platform refuses the bot's
    messages.
    """

    person: Person
    conversation: Conversation
    channel: str
    epoch: int
    address: str
    now: datetime
    home: str = ""
    spoke_at: datetime | None = None
    blocked: bool = False


def turn(rt: Runtime, held: LockedConversation, event: Event) -> Turn:
    """Return the turn that an event causes; nothing is written."""
    channel = rt.channels.get(held.channel)
    page = channel.page if channel else Page.NEVER
    today = held.now.date()
    return step(rt.flows, rt.languages, held.conversation, event, today, page, rt.understanding)


def window_refresh(rt: Runtime, held: LockedConversation, inbound: Inbound) -> datetime | None:
    """Return the new time of writing on a channel with a reply window.

    Returns None if it need not be stored.
    """
    if not inbound.at or not rt.channels[held.channel].window:
        return None
    spoke_at = held.now - timedelta(seconds=max(0.0, time.time() - inbound.at))
    before = held.spoke_at
    return spoke_at if before is None or spoke_at - before > SPOKE_ANEW else None


_HANDLE = """
  FROM handles h
  JOIN conversations c ON c.person_id = h.person_id
  JOIN people p ON p.id = h.person_id
  WHERE h.channel = %(channel)s AND h.bidx IN ({handles})
    AND (h.until IS NULL OR h.until > kosh_now())
"""

# Lock the row before noting the update, and note it from the locked row. Then two deliveries of one
# update cannot deadlock, and no note is left without its turn.
_CLAIM = """
WITH held AS MATERIALIZED (
  SELECT c.person_id, c.state, c.epoch, p.key, p.key_epoch, h.address, h.home, h.spoke_at, h.blocked
  {handle} FOR UPDATE OF c
), fresh AS (
  INSERT INTO updates (channel, key) SELECT %(channel)s, %(key_0)s FROM held {unless_noted}
  ON CONFLICT DO NOTHING RETURNING key
)
SELECT held.*, EXISTS (SELECT FROM fresh), kosh_now()
FROM (SELECT) one LEFT JOIN held ON true
"""

# Updates noted under an older index key stay noted during a key rotation.
_UNLESS_NOTED = """
  WHERE NOT EXISTS (SELECT FROM updates WHERE channel = %(channel)s AND key IN ({keys}))
"""


@cache
def _claiming(keys: int) -> TextStatement:
    """Return the statement that locks a conversation and notes the update, for `keys` index keys.

    Scalar parameters: for an array of unknown length, PostgreSQL makes a new plan each time.
    """
    handle = _HANDLE.format(handles=", ".join(f"%(handle_{n})s" for n in range(keys)))
    noted = ", ".join(f"%(key_{n})s" for n in range(1, keys))
    unless_noted = _UNLESS_NOTED.format(keys=noted) if noted else ""
    return TextStatement.of(_CLAIM.format(handle=handle, unless_noted=unless_noted))


# A batch skips locked rows: waiting could deadlock or delay the whole batch.
_LOOK = """
WITH held AS MATERIALIZED (
  SELECT c.person_id, c.state, c.epoch, p.key, p.key_epoch, h.address, h.home, h.spoke_at, h.blocked
  {handle} FOR UPDATE OF c SKIP LOCKED
)
SELECT held.*, CASE WHEN held.person_id IS NULL THEN EXISTS (SELECT {handle}) END, kosh_now()
FROM (SELECT) one LEFT JOIN held ON true
"""
_LOOKING = TextStatement.of(_LOOK.format(handle=_HANDLE.format(handles="%(handle_0)s")))

_KEEP = """
UPDATE conversations SET state = %(state)s, channel = %(channel)s, language = %(language)s,
  quiet = %(quiet)s, epoch = %(epoch)s, updated_at = kosh_now(),
  standing = CASE WHEN %(stays)s::text IS NULL THEN standing
    ELSE (standing || %(stays)s::text)[greatest(1, cardinality(standing) + 2 - %(most)s):] END
WHERE person_id = %(person)s
"""

_NOTE = """
INSERT INTO updates (channel, key) VALUES (%(channel)s, %(noted)s)
ON CONFLICT DO NOTHING RETURNING key
"""

_WRITE = """
INSERT INTO messages
  (person_id, channel, act, body, epoch, external_id, state, attempt, lease_until)
SELECT %(person)s, %(channel)s, w.act, w.body, w.epoch, w.external_id,
  CASE WHEN w.place = 1 AND free.now THEN 'sending' ELSE 'pending' END,
  CASE WHEN w.place = 1 AND free.now THEN 1 ELSE 0 END,
  CASE WHEN w.place = 1 AND free.now THEN kosh_now() + make_interval(secs => %(lease)s) END
FROM free, {noted}(VALUES {rows}) AS w (place, act, body, epoch, external_id)
ORDER BY w.place
RETURNING id, state
"""

_FREE = """
SELECT NOT EXISTS (
  SELECT FROM messages WHERE person_id = %(person)s AND state IN ('pending', 'sending')
) AS now
"""


@cache
def _saving(count: int, *, noting: bool = False) -> TextStatement:
    """Return the statement that saves a conversation and queues `count` messages.

    Scalar parameters are cheaper than arrays. The first message is inserted as claimed by this
    process if no other message of the person is open. With `noting`, nothing is written if the
    update was recorded before.
    """
    keep = f"{_KEEP} AND EXISTS (SELECT FROM noted)" if noting else _KEEP
    parts = [f"noted AS ({_NOTE})"] if noting else []
    if not count:
        return TextStatement.of(f"WITH {parts[0]} {keep} RETURNING 0, ''" if noting else keep)
    rows = ", ".join(
        f"({n}, %(act_{n})s::text, %(body_{n})s::bytea, %(epoch_{n})s::int, %(id_{n})s::text)"
        for n in range(1, count + 1)
    )
    parts += [f"saved AS ({keep})", f"free AS MATERIALIZED ({_FREE})"]
    write = _WRITE.format(rows=rows, noted="noted, " if noting else "")
    return TextStatement.of(f"WITH {', '.join(parts)} {write}")


async def claim(
    rt: Runtime, transaction: Transaction, inbound: Inbound
) -> tuple[LockedConversation | None, bool, datetime]:
    """Lock the person's conversation; return it, whether the update is new, and the time.

    The conversation is None for an unknown person. The transaction is open when this returns.
    """
    handles = rt.vault.indexes(inbound.channel, inbound.handle)
    keys = update_keys(rt, inbound.channel, inbound.external_id)
    values: dict[str, Any] = {"channel": inbound.channel}
    values |= {f"handle_{n}": each for n, each in enumerate(handles)}
    values |= {f"key_{n}": each for n, each in enumerate(keys)}
    (((*found, fresh, now),),) = await pipeline.begin(transaction, (_claiming(len(keys)), values))
    return (_opened(rt, inbound.channel, found, now) if found[0] else None), fresh, now


@dataclass(frozen=True, slots=True)
class Lookup:
    """Result of a lookup of one of several people.

    `held` is their locked conversation, None if another process has locked it or the person is
    unknown. `stranger` is True if no person has the handle.
    """

    held: LockedConversation | None
    stranger: bool
    now: datetime


async def look(rt: Runtime, transaction: Transaction, inbounds: Sequence[Inbound]) -> list[Lookup]:
    """Lock several people's conversations in one round trip; skip those that are already locked.

    `save_statement` detects duplicate updates. The transaction stays open.
    """
    calls: list[pipeline.Call] = [
        (_LOOKING, {"channel": each.channel, "handle_0": rt.vault.index(each.channel, each.handle)})
        for each in inbounds
    ]
    looked = []
    for inbound, rows in zip(inbounds, await pipeline.begin(transaction, *calls), strict=True):
        ((*row, known, now),) = rows
        looked.append(Lookup(_held(rt, inbound, row, now), not row[0] and not known, now))
    return looked


def _held(
    rt: Runtime, inbound: Inbound, row: Sequence[Any], now: datetime
) -> LockedConversation | None:
    """Return the conversation; None also if it cannot be decrypted, which its own turn reports."""
    try:
        return _opened(rt, inbound.channel, row, now) if row[0] else None
    except Exception:
        return None


def update_keys(rt: Runtime, channel: str, external_id: str) -> tuple[bytes, ...]:
    """Return the keyed hashes of an update's id: under the current index key, then older ones."""
    return rt.vault.indexes("update", f"{channel}:{external_id}")


def _opened(rt: Runtime, channel: str, found: Sequence[Any], now: datetime) -> LockedConversation:
    person_id, state, epoch, key, key_epoch, sealed, home, spoke_at, blocked = found
    person = identities.known(rt, person_id, key, key_epoch)
    plain = person.key.unseal(state, "conversations", "state", "")
    address = identities.address(person, sealed, channel)
    said, home = state_format.decode(plain), home or ""
    return LockedConversation(person, said, channel, epoch, address, now, home, spoke_at, blocked)


async def bump_ownership(transaction: Transaction, person_id: UUID) -> None:
    """Change the owner of a conversation without a message; unsent messages become outdated."""
    await transaction.execute(
        "UPDATE conversations SET epoch = epoch + 1 WHERE person_id = %s", (person_id,)
    )


# An expired visit to the secure page is skipped in favour of the original channel.
_LOCK: LiteralString = """
SELECT c.person_id, c.state, c.epoch, p.key, p.key_epoch, h.address, h.home, h.spoke_at, h.blocked,
  h.channel, kosh_now()
FROM conversations c
JOIN people p ON p.id = c.person_id
CROSS JOIN LATERAL (
  SELECT * FROM handles h
  WHERE h.person_id = c.person_id AND (h.until IS NULL OR h.until > kosh_now())
  ORDER BY h.channel = c.channel DESC, h.spoke_at DESC NULLS LAST LIMIT 1
) h
WHERE c.person_id = %s FOR UPDATE OF c
"""


async def lock(rt: Runtime, transaction: Transaction, person_id: UUID) -> LockedConversation | None:
    """Lock a person's conversation until the end of the transaction.

    Returns None if the person was erased.
    """
    row = await (await transaction.execute(_LOCK, (person_id,))).fetchone()
    if row is None:
        return None
    *found, channel, now = row
    return _opened(rt, channel, found, now)


async def save_state(
    rt: Runtime, transaction: Transaction, held: LockedConversation, conversation: Conversation
) -> None:
    """Save a conversation without messages."""
    await save(rt, transaction, held, conversation, held.epoch, ())


def deletable_note(
    rt: Runtime, held: LockedConversation, turn: Turn, inbound: Inbound
) -> str | None:
    """Return the note of a message of the person that stays in the chat, for later deletion."""
    goes = any(isinstance(effect, DeleteInput | QuickExit | Forget) for effect in turn.effects)
    typed = inbound.message_id and not inbound.press_id
    if goes or not typed or not rt.channels[inbound.channel].deletes:
        return None
    return deletable_messages.noted(inbound.channel, held.now, inbound.message_id)


async def take_standing(
    transaction: Transaction, held: LockedConversation, channel: str = ""
) -> dict[str, list[str]]:
    """Remove the notes of messages without a row, of one channel or all.

    Returns the deletable ids.
    """
    cursor = await transaction.execute(
        "UPDATE conversations c SET standing = ARRAY(SELECT note FROM unnest(stood.standing) note"
        "   WHERE %(channel)s <> '' AND split_part(note, ' ', 1) <> %(channel)s)"
        " FROM conversations stood WHERE c.person_id = %(person)s"
        " AND stood.person_id = c.person_id RETURNING stood.standing",
        {"person": held.person.id, "channel": channel},
    )
    notes = [each for (noted,) in await cursor.fetchall() for each in noted]
    return deletable_messages.deletable(notes, held.now)


async def save(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    conversation: Conversation,
    epoch: int,
    written: Sequence[outbox.Row],
    *,
    stays: str | None = None,
    last: bool = False,
) -> ClaimedMessage | None:
    """Save the conversation and queue messages; with `last`, commit in the same round trip.

    The returned message may be sent after the commit.
    """
    end = pipeline.commit if last else pipeline.execute_pipeline
    values = _values(held, conversation, epoch, written, stays)
    (rows,) = await end(transaction, (_saving(len(written)), values))
    return claimed_message(rt, held, written, rows)


def save_statement(
    rt: Runtime,
    held: LockedConversation,
    turn: Turn,
    written: Sequence[outbox.Row],
    inbound: Inbound,
) -> pipeline.Call:
    """Return the save statement for one person of a batch, which also notes the update.

    If the update was noted before, it writes nothing and returns no row.
    """
    stays = deletable_note(rt, held, turn, inbound)
    values = _values(held, turn.conversation, held.epoch, written, stays)
    values["noted"] = update_keys(rt, inbound.channel, inbound.external_id)[0]
    return _saving(len(written), noting=True), values


def _values(
    held: LockedConversation,
    conversation: Conversation,
    epoch: int,
    written: Sequence[outbox.Row],
    stays: str | None,
) -> dict[str, Any]:
    person = held.person
    values: dict[str, Any] = {
        "person": person.id,
        "state": person.key.seal(state_format.encode(conversation), "conversations", "state", ""),
        "channel": held.channel,
        "language": conversation.language,
        "quiet": conversation.muted,
        "epoch": epoch,
        "stays": stays,
        "most": deletable_messages.MAX_KEPT,
        "lease": outbox.LEASE_SECONDS,
    }
    for place, row in enumerate(written, 1):
        values |= {
            f"act_{place}": row.act,
            f"body_{place}": outbox.seal(person, row.message),
            f"epoch_{place}": row.epoch,
            f"id_{place}": row.external_id or None,
        }
    return values


def claimed_message(
    rt: Runtime, held: LockedConversation, written: Sequence[outbox.Row], rows: pipeline.Rows
) -> ClaimedMessage | None:
    """Return the first message if it was inserted as claimed; its text need not be read back."""
    if not rows or rows[0][1] != "sending":
        return None
    row, row_id = written[0], rows[0][0]
    silence = (held.now - held.spoke_at).total_seconds() if held.spoke_at else None
    shut = outbox.closed(rt, held.channel, silence)
    act = ChannelCall(row.act, held.address, row.message, row.external_id, str(row_id), shut)
    return ClaimedMessage(row_id, 1, held.person, held.channel, act)


async def begin(
    rt: Runtime, transaction: Transaction, held: LockedConversation, stands: Sequence[str]
) -> None:
    """Insert the row of a new person; the same transaction saves into it.

    The given ids are those of earlier messages in the chat, from both sides.
    """
    kept = stands if rt.channels[held.channel].deletes else ()
    notes = [deletable_messages.noted(held.channel, held.now, each) for each in kept]
    await transaction.execute(
        "INSERT INTO conversations (person_id, state, channel, language, standing)"
        " VALUES (%s, '', %s, '', %s)",
        (held.person.id, held.channel, notes),
    )


async def note(
    rt: Runtime, transaction: Transaction, channel: str, external_ids: Iterable[str]
) -> None:
    """Note updates that were processed before there was a row to lock."""
    keys = [update_keys(rt, channel, each)[0] for each in external_ids]
    await transaction.execute(
        "INSERT INTO updates (channel, key) SELECT %s, unnest(%s::bytea[]) ON CONFLICT DO NOTHING",
        (channel, keys),
    )
