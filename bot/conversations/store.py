"""Locks, reads and saves conversations. The row of a conversation is the lock of its person.

Claiming also records the update, and saving also queues the messages. Both commit together.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot import outbox
from bot.channels import ChannelCall, Inbound
from bot.channels.addresses import is_other_thread
from bot.conversations import deletable_messages, state_format, statements
from bot.db import pipeline
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_one, fetch_values
from bot.outbox import ClaimedMessage
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.conversation import step
from flows.engine.events import (
    DeleteInput,
    Event,
    Forget,
    Notice,
    Page,
    QuickExit,
    UpdateWithheld,
    UploadChecked,
)
from flows.engine.model_events import IntentChosen, Transcribed
from flows.engine.registration import Acknowledged
from flows.engine.state import Conversation, Turn

MIN_REFRESH_INTERVAL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LockedConversation:
    """A person's conversation while its row is locked; `now` is the database's time.

    `home` is the channel to return to after the secure page, else "". `visit` is this channel
    during a visit to the page, if `channel` is another channel than the page. `spoke_at` is when
    the person last wrote on a channel with a reply window, or opened a withheld message there.
    `blocked`: the platform rejects every message. `is_joined`: another chat may end this one.
    `address` is "" without a handle, or if the address has a new owner. `newer` are fields of a
    newer version of Kosh.
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
    newer: state_format.NewerFields = field(default_factory=dict)
    visit: str = ""
    is_joined: bool = False


def turn(rt: Runtime, held: LockedConversation, event: Event) -> Turn:
    """Return the turn that an event causes, without writing it."""
    channel = rt.channels.get(held.channel)
    page = channel.page if channel else Page.NEVER
    today = rt.content.on(held.now.date())
    return step(rt.flows, rt.languages, held.conversation, event, today, page, rt.understanding)


def window_refresh(rt: Runtime, held: LockedConversation, inbound: Inbound) -> datetime | None:
    """Return the time at which the person wrote, if it must be stored for a reply window.

    Returns None without a reply window, or if the stored time is at most 15 minutes earlier.
    """
    if not inbound.at or not rt.channels[held.channel].window:
        return None
    spoke_at = held.now - timedelta(seconds=max(0.0, time.time() - inbound.at))
    before = held.spoke_at
    return spoke_at if before is None or spoke_at - before > MIN_REFRESH_INTERVAL else None


async def claim(
    rt: Runtime, transaction: Transaction, inbound: Inbound
) -> tuple[LockedConversation | None, bool, datetime]:
    """Lock the sender's conversation; return it, whether the update is new, and database time.

    The conversation is None if no person has the sender's handle. The transaction stays open.
    """
    handles = rt.vault.indexes(inbound.channel, inbound.handle)
    keys = update_keys(rt, inbound.channel, inbound.external_id)
    values: dict[str, Any] = {"channel": inbound.channel}
    values |= {f"handle_{n}": each for n, each in enumerate(handles)}
    values |= {f"key_{n}": each for n, each in enumerate(keys)}
    (((*found, fresh, now),),) = await pipeline.begin(
        transaction, (statements.claim(len(keys)), values)
    )
    held = decrypt(rt, inbound.channel, found, now) if found[0] else None
    if held is not None and (held.is_joined or held.home):
        # The statement read the handle before it waited for the lock. Another chat may have ended
        # this one meanwhile, or the chat from which this page was opened.
        found_again = await identities.find(rt, transaction, inbound.channel, inbound.handle)
        held = held if found_again is not None else None
    if held is not None and fresh and _is_moved(held, inbound):
        await identities.readdress(transaction, held.person, held.channel, inbound.address)
        held = replace(held, address=inbound.address)
    return held, fresh, now


def _is_moved(held: LockedConversation, inbound: Inbound) -> bool:
    """Return True if messages must be sent to another address from now on.

    The person wrote in another thread of the chat, or the address got a new owner.
    """
    return not held.address or is_other_thread(held.address, inbound.address)


def update_keys(rt: Runtime, channel: str, external_id: str) -> tuple[bytes, ...]:
    """Return the keyed hashes of an update's id: with the current index key, then older ones."""
    return rt.vault.indexes("update", f"{channel}:{external_id}")


def decrypt(rt: Runtime, channel: str, found: Sequence[Any], now: datetime) -> LockedConversation:
    """Return the conversation in a row of a statement that locks conversations."""
    person_id, state, epoch, key, key_version, sealed, home, spoke_at, blocked, giver = found
    person = identities.open_person(rt, person_id, key, key_version)
    plain = person.key.unseal(state, "conversations", "state", "")
    address = identities.address(person, sealed, channel) if sealed is not None else ""
    conversation, newer = state_format.decode(plain), state_format.newer_fields(plain)
    rest = home or "", spoke_at, bool(blocked), newer, "", giver is not None
    return LockedConversation(person, conversation, channel, epoch, address, now, *rest)


async def choose_updates(transaction: Transaction, person: Person, channel: str) -> None:
    """Store the channel that a person chose for messages sent unasked, such as a new status."""
    await execute(transaction, statements.CHOOSE_UPDATES, person=person.id, channel=channel)


async def bump_ownership(transaction: Transaction, held: LockedConversation) -> None:
    """Invalidate unsent messages of the previous owner, unless the bot leads the conversation."""
    if held.conversation.with_officer:
        await execute(transaction, statements.BUMP_OWNERSHIP, person=held.person.id)


async def lock(
    rt: Runtime,
    transaction: Transaction,
    person_id: UUID,
    *,
    for_updates: bool = False,
    on_page: bool = False,
) -> LockedConversation | None:
    """Lock a person's conversation until the end of the transaction, on the channel used last.

    With `for_updates`, this is the channel that the person chose for updates, if any. During and
    after a visit to the secure page, it is the channel of its origin, because the page may be
    closed; with `on_page`, it is the page during the visit. Returns None if the person was erased.
    """
    chosen = statements.LOCK_FOR_UPDATES if for_updates else statements.LOCK
    row = await fetch_one(transaction, chosen, person=person_id)
    held = decrypt(rt, row[-2], row[:-2], row[-1]) if row else None
    if held is None or not (home := held.conversation.visit_home):
        return held
    chosen = statements.LOCK_FOR_UPDATES_IN_VISIT if for_updates else statements.LOCK_IN_VISIT
    row = await fetch_one(transaction, chosen, person=person_id, home=home)
    held = decrypt(rt, row[-2], row[:-2], row[-1]) if row else None
    if held is not None and for_updates and not held.home:
        # The channel chosen for updates is neither the page nor its origin. The visit stays open.
        row = await fetch_one(transaction, statements.LOCK_IN_VISIT, person=person_id, home=home)
        return replace(held, visit=decrypt(rt, row[-2], row[:-2], row[-1]).home if row else "")
    if held is None or on_page or not held.home:
        return held
    row = await fetch_one(transaction, statements.LOCK_AT_HOME, person=person_id, home=home)
    at_home = decrypt(rt, row[-2], row[:-2], row[-1]) if row else held
    return at_home if at_home.home else replace(at_home, visit=held.home)


async def lock_for(
    rt: Runtime, transaction: Transaction, person_id: UUID, event: Event
) -> LockedConversation | None:
    """Lock a conversation on the channel to which the messages about an event must be sent.

    This is the secure page if the event is the result of what the person did there. If the event is
    a status from the registry and no officer has the conversation, it is the channel chosen for
    updates. Otherwise it is the one that `lock` selects. Returns None after an erasure.
    """
    on_page = isinstance(event, UploadChecked | IntentChosen | Transcribed)
    held = await lock(rt, transaction, person_id, on_page=on_page)
    if held is None or held.conversation.with_officer or not isinstance(event, Acknowledged):
        return held
    return await lock(rt, transaction, person_id, for_updates=True)


async def save_state(
    rt: Runtime, transaction: Transaction, held: LockedConversation, conversation: Conversation
) -> None:
    """Save a conversation without queuing messages."""
    await save(rt, transaction, held, conversation, ())


def deletable_note(
    rt: Runtime, held: LockedConversation, turn: Turn, inbound: Inbound
) -> str | None:
    """Return a note of a person's message (channel, time, id), by which it can be deleted later.

    Returns None for a press, for a message that is deleted now, or one that cannot be deleted.
    """
    is_deleted = any(isinstance(each, DeleteInput | QuickExit | Forget) for each in turn.effects)
    typed = inbound.message_id and not inbound.press_id
    if is_deleted or not typed or not rt.channels[inbound.channel].deletes:
        return None
    return deletable_messages.format_note(inbound.channel, held.now, inbound.message_id)


async def take_deletable(
    transaction: Transaction, held: LockedConversation, channel: str = ""
) -> dict[str, list[str]]:
    """Delete the notes of messages without an outbox row; return the deletable ids by channel.

    An empty `channel` means all channels.
    """
    values = {"person": held.person.id, "channel": channel}
    found = await fetch_values(transaction, statements.TAKE_DELETABLE, **values)
    return deletable_messages.deletable([each for notes in found for each in notes], held.now)


async def save(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    conversation: Conversation,
    written: Sequence[outbox.Row],
    *,
    note: str | None = None,
    last: bool = False,
) -> ClaimedMessage | None:
    """Save the conversation and queue messages; with `last`, commit in the same round trip.

    Returns the first message if this process has claimed it and may send it after the commit.
    """
    end = pipeline.commit if last else pipeline.execute_pipeline
    values = _values(held, conversation, written, note)
    (rows,) = await end(transaction, (statements.save(len(written)), values))
    return claimed_message(rt, held, written, rows)


async def save_delayed(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    written: Sequence[outbox.Row],
    inbound: Inbound,
    seconds: float,
) -> tuple[int, ...]:
    """Save the conversation and queue messages that are due in `seconds`; return their row ids.

    This also commits, in the same round trip.
    """
    note = deletable_note(rt, held, turn, inbound)
    values = _values(held, turn.conversation, written, note)
    values["delay"] = seconds
    call = (statements.save(len(written), delayed=bool(written)), values)
    (rows,) = await pipeline.commit(transaction, call)
    return tuple(row[0] for row in rows) if written else ()


async def note_inbound(
    rt: Runtime, transaction: Transaction, held: LockedConversation, inbound: Inbound
) -> LockedConversation:
    """Mark the person as reachable; store when they wrote, if `window_refresh` returns a time."""
    spoke_at = window_refresh(rt, held, inbound)
    if spoke_at is None and not held.blocked:
        return held
    await identities.note_inbound(transaction, held.person, held.channel, spoke_at)
    if spoke_at is None:
        return held
    fresh = timedelta(seconds=rt.channels[held.channel].window) - MIN_REFRESH_INTERVAL
    if held.spoke_at is None or held.now - held.spoke_at > fresh:
        await outbox.requeue_waiting(transaction, held.person, held.channel)
    return replace(held, spoke_at=spoke_at)


def save_statement(
    rt: Runtime,
    held: LockedConversation,
    turn: Turn,
    written: Sequence[outbox.Row],
    inbound: Inbound,
) -> pipeline.Call:
    """Return the statement that saves a turn of a batch; a duplicate update yields no row."""
    note = deletable_note(rt, held, turn, inbound)
    values = _values(held, turn.conversation, written, note)
    values["noted"] = update_keys(rt, inbound.channel, inbound.external_id)[0]
    return statements.save(len(written), noting=True), values


def _values(
    held: LockedConversation,
    conversation: Conversation,
    written: Sequence[outbox.Row],
    note: str | None,
) -> dict[str, Any]:
    person, visit_home = held.person, held.home or held.visit
    state = state_format.encode(conversation, held.newer, visit_home)
    values: dict[str, Any] = {
        "person": person.id,
        "state_sealed": person.key.seal(state, "conversations", "state", ""),
        "channel": held.channel,
        "language_now": conversation.language,
        "is_quiet": conversation.muted,
        "ownership": held.epoch,
        "stays": note,
        "most": deletable_messages.MAX_KEPT,
        "lease": outbox.LEASE_SECONDS,
    }
    for place, row in enumerate(written, 1):
        values |= {
            f"act_{place}": row.act,
            f"body_{place}": outbox.seal(person, row.message),
            f"ownership_{place}": row.epoch,
            f"id_{place}": row.external_id or None,
        }
    return values


def is_closed(rt: Runtime, held: LockedConversation) -> bool:
    """Return True if the platform's reply window is closed, so that free text cannot be sent."""
    silence = (held.now - held.spoke_at).total_seconds() if held.spoke_at else None
    return outbox.is_window_closed(rt, held.channel, silence)


async def note_opening(transaction: Transaction, held: LockedConversation, turn: Turn) -> None:
    """Record that the person wrote now, if this turn shows messages that waited to be opened."""
    if held.conversation.update_waits and not turn.conversation.update_waits:
        await identities.note_inbound(transaction, held.person, held.channel, held.now)


def with_notice(rt: Runtime, held: LockedConversation, original: Turn) -> Turn:
    """If the platform's reply window is closed, return the turn with a notice before its messages.

    The platform accepts the notice also outside of the reply window. The messages wait until the
    person writes again.
    """
    if not original.says or not is_closed(rt, held):
        return original
    after = replace(held, conversation=original.conversation)
    first = turn(rt, after, UpdateWithheld(Notice.UPDATE))
    return Turn(first.conversation, (*first.says, *original.says), original.effects)


def claimed_message(
    rt: Runtime, held: LockedConversation, written: Sequence[outbox.Row], rows: pipeline.Rows
) -> ClaimedMessage | None:
    """Return the first queued message if it was inserted as claimed, else None.

    The result contains the message, so that the sender need not read it from the database.
    """
    if not rows or rows[0][1] != "sending" or not held.address:
        return None
    row, row_id = written[0], rows[0][0]
    shut = is_closed(rt, held)
    act = ChannelCall(row.act, held.address, row.message, row.external_id, str(row_id), shut)
    return ClaimedMessage(row_id, 1, held.person, held.channel, act)


async def begin(
    rt: Runtime, transaction: Transaction, held: LockedConversation, deletable_ids: Sequence[str]
) -> None:
    """Insert an empty conversation for a new person; the same transaction saves its state later.

    The last argument has the ids of messages that are in the chat already, for deleting them later.
    """
    ids = deletable_ids if rt.channels[held.channel].deletes else ()
    notes = [deletable_messages.format_note(held.channel, held.now, each) for each in ids]
    values = {"person": held.person.id, "channel": held.channel, "notes": notes}
    await execute(transaction, statements.BEGIN, **values)


async def note(
    rt: Runtime, transaction: Transaction, channel: str, external_ids: Iterable[str]
) -> bool:
    """Record updates that are processed outside of `claim`; return True if one of them is new."""
    keys = [update_keys(rt, channel, each)[0] for each in external_ids]
    return bool(await execute(transaction, statements.RECORD_UPDATES, channel=channel, keys=keys))
