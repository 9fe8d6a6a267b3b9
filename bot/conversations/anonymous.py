"""Conversations of people without a database row: encrypted sessions in Valkey, for 30 minutes.

A session can be lost: if Valkey loses its data, the person starts at the menu again. While Valkey
rejects writes, each process keeps its own sessions in memory (`rt.valkey.local`).
"""

import asyncio
import dataclasses
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import NamedTuple
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from bot import cache, outbox
from bot.broadcasts import archive
from bot.cache import Busy, CacheUnavailable
from bot.channels import ChannelCall, Inbound, message_ids
from bot.conversations import deletable_messages, unsent_calls
from bot.conversations.bursts import WaitingTurn
from bot.conversations.lock_renewal import LockRenewal
from bot.conversations.unsent_calls import UnsentCall, UnsentRest
from bot.observability import logging, metrics
from bot.printing import share_links
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from bot.understanding import suggestions
from flows.engine import safety
from flows.engine.conversation import step
from flows.engine.events import (
    DeleteInput,
    Event,
    Forget,
    Kind,
    NotUnderstood,
    Page,
    Pressed,
    QuickExit,
    Said,
    Say,
    Started,
    SuggestPhrase,
)
from flows.engine.language_protocol import SAFETY
from flows.engine.state import Conversation, Turn

HELD_TRIES = 200
HELD_PAUSE = 0.025
# Seconds before each retry, in the background, of calls that failed during a turn.
LATER_PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0)
SESSION_SECONDS = 1800
MAX_SEEN = 64

_logger = logging.get()
_encode = msgspec.json.Encoder().encode


class Overloaded(Exception):
    """The update was not accepted: the caller responds 503, so that the platform redelivers it."""

    code = "E_OVERLOADED"


class AnonymousSession(msgspec.Struct, frozen=True):
    """An anonymous conversation, with the messages and calls of its chat.

    `seen` are the ids of the updates already processed, for detecting duplicates. `sent` are the
    ids of messages in the chat, of the bot and of the person, for deleting them. `unsent` are the
    channel calls that the platform has not accepted yet, in order.
    """

    conversation: Conversation = Conversation()
    seen: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    unsent: tuple[UnsentCall, ...] = ()


class OpenSession(NamedTuple):
    """A session with its Valkey key; `token` holds its lock, or is "" while Valkey is unavailable.

    `known` is True if the person's data has meanwhile been stored in the database.
    """

    key: str
    token: str
    ask: AnonymousSession
    known: bool = False


_decode = msgspec.json.Decoder(AnonymousSession).decode


async def hold(rt: Runtime, key: str, token: str) -> cache.LockAcquired | None:
    """Wait up to 5 s for the lock of a session; return the lock and the session.

    Return None if Valkey is unavailable. Raises Overloaded if another update holds the lock during
    all of this time.
    """
    try:
        for _try in range(HELD_TRIES):
            held = await rt.valkey.hold(key, token)
            if not isinstance(held, Busy):
                # A session in the memory of this process is newer than Valkey's copy, which was
                # stored before Valkey began to reject writes.
                local = None if held.known else rt.valkey.local.pop(key)
                return cache.LockAcquired(local or held.blob, held.known)
            await asyncio.sleep(HELD_PAUSE)
    except CacheUnavailable as error:
        _logger.warning("session.local", code=error.code)
        return None
    raise Overloaded


async def read_unlocked(rt: Runtime, key: str) -> bytes | None:
    """Return the encrypted session without acquiring its lock; used while Valkey rejects writes.

    Returns None if there is no session or the session cannot be read.
    """
    with suppress(CacheUnavailable):
        return rt.valkey.local.get(key) or await rt.valkey.peek(key)
    return None


async def keep(rt: Runtime, key: str, token: str, ask: AnonymousSession) -> None:
    """Store the session, and release its lock if `token` holds it.

    While Valkey rejects writes, the session is stored in the memory of this process. An empty
    session is not stored. An empty `token` means that the lock is not held.
    """
    has_content = ask != AnonymousSession()
    sealed = rt.vault.seal_transient(_encode(ask), key) if has_content else None
    try:
        if token:
            await rt.valkey.keep(key, token, sealed, ttl_s=SESSION_SECONDS)
    except CacheUnavailable:
        token = ""
    if not token and sealed is not None:
        rt.valkey.local.put(key, sealed, SESSION_SECONDS)


async def mark_known(rt: Runtime, key: str) -> None:
    rt.valkey.local.pop(key)
    with suppress(CacheUnavailable):
        await rt.valkey.mark_known(key)


def decode(rt: Runtime, key: str, blob: bytes | None) -> AnonymousSession:
    if not blob:
        return AnonymousSession()
    try:
        return _decode(rt.vault.unseal_transient(blob, key))
    except (VaultError, msgspec.DecodeError):
        return AnonymousSession()


def greeting(rt: Runtime, today: date, page: Page) -> Turn:
    """Return the turn that greets a person: the messages shown before the person writes."""
    return _first_turn(rt, Started(), today, page)


def safety_answer(
    rt: Runtime, event: Event, today: date, page: Page, language: str
) -> tuple[Say, ...]:
    """Return the safety advice that answers a text, or nothing if the text needs none.

    The answer depends on the text alone and stores nothing, so that it also works where no chat can
    be opened. A text that speaks of danger is answered in its own language if this can be guessed,
    else in `language`, the language of the page.
    """
    if not isinstance(event, Said):
        return ()
    command = rt.languages.command(event.text)
    word = command[0] if command else rt.languages.reserved(event.text)
    if word in SAFETY:
        return _first_turn(rt, event, today, page, language).says
    for candidate in dict.fromkeys(("", language)):
        says = _first_turn(rt, event, today, page, candidate).says
        lines = {line for say in says for paragraph in say.paragraphs for line in paragraph}
        if lines & {safety.READ_ALONE, safety.ONE_SENTENCE}:
            return says
    return ()


def _first_turn(rt: Runtime, event: Event, today: date, page: Page, language: str = "") -> Turn:
    conversation = Conversation(language=language)
    return step(rt.flows, rt.languages, conversation, event, today, page, rt.understanding)


def at_beginning(
    rt: Runtime, ask: AnonymousSession, event: Event, today: date, page: Page
) -> AnonymousSession:
    """Return the session after the greeting if a button is pressed in an empty session.

    The web chat's page shows the greeting before there is a session. Its buttons must therefore
    work without a session. This also makes them work while Valkey rejects writes.
    """
    if not isinstance(event, Pressed) or ask != AnonymousSession():
        return ask
    return AnonymousSession(greeting(rt, today, page).conversation)


async def answer(
    rt: Runtime,
    inbound: Inbound,
    session: OpenSession,
    turn: Turn,
    waiting: WaitingTurn | None = None,
) -> AnonymousSession:
    """Send the bot's messages; return the session with their ids and the unsent calls.

    During the calls the session's lock is renewed. If `waiting` is given, nothing is sent: all
    calls stay unsent until it is decided whether this turn's answer is sent or retracted (see
    `bursts`).
    """
    ask, pressed = session.ask, inbound.message_id if inbound.press_id else ""
    deletable_ids, calls, notices = await _apply_effects(rt, inbound, ask, turn, pressed)
    says = (*await _messages(rt, turn), *notices)
    calls += map(unsent_calls.of_row, outbox.rows(rt, says, inbound.channel, 0, pressed))
    left, ids = tuple(calls), list[str]()
    if waiting is None:
        async with LockRenewal(rt, session.key, session.token):
            left, ids = await unsent_calls.send(rt, inbound.channel, inbound.address, calls)
    else:
        waiting.calls = left[len(ask.unsent) :]
    deletable_ids = [each for each in dict.fromkeys((*deletable_ids, *ids)) if each]
    return replace(ask, sent=tuple(deletable_ids[-deletable_messages.MAX_KEPT :]), unsent=left)


async def _apply_effects(
    rt: Runtime, inbound: Inbound, ask: AnonymousSession, turn: Turn, pressed: str
) -> tuple[list[str], list[UnsentCall], tuple[Say, ...]]:
    """Apply the effects of an anonymous turn that need no stored person.

    Returns the ids of the messages that a later quick exit must delete, the calls to make, and the
    notices to send. `pressed` is the id of the message whose button was pressed, or "".
    """
    typed = "" if inbound.press_id else inbound.message_id
    deletable_ids, calls = [*ask.sent, typed], [*ask.unsent]
    notices: tuple[Say, ...] = ()
    for effect in turn.effects:
        match effect:
            case QuickExit() | Forget():
                calls = _deletions(rt, inbound, (*deletable_ids, pressed))
                deletable_ids = []
                notices = outbox.undeleted_notice(rt, [inbound.channel], turn.conversation.language)
            case DeleteInput():
                deleted = message_ids.of_event(inbound)
                calls += _deletions(rt, inbound, deleted)
                deletable_ids = [each for each in deletable_ids if each not in deleted]
            case NotUnderstood(language, step):
                metrics.NOT_UNDERSTOOD.labels(language, step).inc()
            case SuggestPhrase(language, text):
                async with rt.pool.connection() as transaction:
                    await suggestions.add(transaction, language, text)
            case _:
                pass
    return deletable_ids, calls, notices


async def _messages(rt: Runtime, turn: Turn) -> list[Say]:
    """Return the turn's messages with working links to the web chat and to shared checklists.

    If the turn asks for the archive of announcements, the archive precedes the messages.
    """
    linked, sheet = share_links.add_links(rt, turn)
    says = [_leading_to_web_chat(rt, say) for say in linked]
    if sheet is not None:
        await share_links.create_link(rt, sheet)
    if archive.is_requested(turn):
        async with rt.pool.connection() as transaction:
            says = [*await archive.render(transaction, turn), *says]
    return says


def _leading_to_web_chat(rt: Runtime, say: Say) -> Say:
    """Return the message with each link to the secure page replaced by a link to the web chat.

    Only a person with a database row can have a secure page.
    """
    url = f"{rt.settings.public_url}/chat"
    buttons = tuple(
        dataclasses.replace(each, payload=url) if each.kind is Kind.PAGE else each
        for each in say.buttons
    )
    return dataclasses.replace(say, buttons=buttons)


def _deletions(rt: Runtime, inbound: Inbound, external_ids: Iterable[str]) -> list[UnsentCall]:
    rows = outbox.deletion(rt, inbound.channel, external_ids)
    return [unsent_calls.of_row(row) for row in rows]


def without_calls(ask: AnonymousSession, calls: tuple[UnsentCall, ...]) -> AnonymousSession | None:
    """Return the session without `calls`, which must be the last of its unsent channel calls.

    Returns None if the session's unsent calls do not end with `calls`.
    """
    first = len(ask.unsent) - len(calls)
    return replace(ask, unsent=ask.unsent[:first]) if ask.unsent[first:] == calls else None


def add_id(ask: AnonymousSession, inbound: Inbound) -> AnonymousSession:
    """Return the session with the update's id added, by which its redelivery is detected."""
    return replace(ask, seen=(*ask.seen, inbound.external_id)[-MAX_SEEN:])


def send_later(rt: Runtime, rest: UnsentRest) -> None:
    """Retry the failed channel calls of a session in the background, for about a minute.

    The next turn of the session also retries them.
    """
    task = asyncio.create_task(_send_rest(rt, rest))
    rt.background_tasks.add(task)
    task.add_done_callback(rt.background_tasks.discard)


async def _send_rest(rt: Runtime, rest: UnsentRest) -> None:
    for pause in LATER_PAUSES:
        await asyncio.sleep(pause)
        if await send_rest(rt, rest):
            return


async def send_rest(rt: Runtime, rest: UnsentRest) -> bool:
    """Repeat the failed channel calls of a session; return False if a call failed again."""
    token = uuid4().hex
    try:
        held = await hold(rt, rest.key, token)
    except Overloaded:
        return False
    if held is None or held.known:
        return True
    ask = decode(rt, rest.key, held.blob)
    try:
        async with LockRenewal(rt, rest.key, token):
            left, ids = await unsent_calls.send(rt, rest.channel, rest.address, ask.unsent)
        ask = replace(ask, sent=(*ask.sent, *ids), unsent=left)
    finally:
        await keep(rt, rest.key, token, ask)
    return not ask.unsent


async def perform(rt: Runtime, channel: str, act: ChannelCall) -> list[str]:
    """Make a channel call that no session stores; return the ids of the messages sent.

    Temporary errors are retried for at most 2.5 s; after that the call is dropped.
    """
    call = UnsentCall(act.kind, act.message, act.external_id)
    _left, ids = await unsent_calls.send(rt, channel, act.address, [call])
    return ids


async def begin_again(rt: Runtime, key: str, language: str, sent: Iterable[str]) -> None:
    """Store the ids of the last messages to an erased person in a new anonymous session.

    With these ids, the person can still delete the messages from the chat (quick exit).
    """
    token = uuid4().hex
    held = await hold(rt, key, token)
    ask = AnonymousSession(Conversation(language=language), sent=tuple(sent))
    await keep(rt, key, token if held else "", ask)
