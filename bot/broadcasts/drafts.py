"""Drafts of broadcasts: create, edit, read and test-send."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import msgspec

from bot import outbox
from bot.broadcasts import audience, content, model, statements
from bot.broadcasts.audience import Count
from bot.broadcasts.model import Broadcast, Draft, Refusal, Refused, Rule, Stale, State, Words
from bot.channels import ChannelCall, SendError
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_one
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime
from flows.knowledge.topics import TOPICS

MAX_TEXT = 4096
EDITABLE = (State.DRAFT, State.AWAITING, State.SCHEDULED)
PAGE = 25
# Years of the earliest and latest time of an announcement. PostgreSQL also stores years that Python
# cannot read, such as the year 10000.
MIN_YEAR, MAX_YEAR = 2000, 2100
# Subject of the audit entries about counts of recipients.
AUDIENCE = "audience"


async def draft(rt: Runtime, officer: Officer, new_draft: Draft) -> Broadcast:
    """Create a draft of a broadcast; nothing is sent."""
    permissions.require(officer, Action.BROADCAST_DRAFT, Subject(""))
    async with rt.pool.connection() as transaction:
        return await begin(rt, transaction, officer, new_draft)


async def begin(
    rt: Runtime, transaction: Transaction, officer: Officer, new_draft: Draft
) -> Broadcast:
    """Create a draft of a broadcast in the caller's transaction.

    The caller has checked the officer's permission.
    """
    _check(rt, new_draft)
    identity = uuid4()
    values = {"id": identity, "by": officer.id, "first": model.CANARY}
    await execute(transaction, statements.CREATE, **values)
    await _write(transaction, identity, new_draft)
    await append_audit(transaction, officer, "broadcast.drafted", identity)
    return await model.find(transaction, identity)


async def draft_once(
    rt: Runtime, officer: Officer, new_draft: Draft, key: str, digest: bytes
) -> Broadcast:
    """Create a draft once per idempotency key; return the existing draft if the key is repeated.

    `digest` is the hash of the request. Raises Refused if the officer used the key with another
    hash.
    """
    permissions.require(officer, Action.BROADCAST_DRAFT, Subject(""))
    async with rt.pool.connection() as transaction:
        # Serializes requests with the same idempotency key, so that the second request finds the
        # draft that the first one created.
        await execute(transaction, statements.LOCK_KEY, lock=f"{officer.id}/{key}")
        row = await fetch_one(transaction, statements.BY_KEY, by=officer.id, once=key)
        if row is not None:
            if row[1] != digest:
                raise Refused(Refusal.REUSED)
            return await model.find(transaction, row[0])
        broadcast = await begin(rt, transaction, officer, new_draft)
        values = {"by": officer.id, "once": key, "of": digest, "id": broadcast.id}
        await execute(transaction, statements.NOTE_KEY, **values)
        return broadcast


async def edit(
    rt: Runtime, officer: Officer, broadcast_id: UUID, new_draft: Draft, version: int
) -> Broadcast:
    """Replace a draft's content by `new_draft` and delete its approvals.

    Content that is equal to the stored one changes nothing: author, state and approvals remain.
    Raises Stale if the stored version of the broadcast is not `version`. Raises Refused if the
    broadcast was started, or if the new content is invalid.
    """
    permissions.require(officer, Action.BROADCAST_DRAFT, Subject(""))
    _check(rt, new_draft)
    async with rt.pool.connection() as transaction:
        before = await model.find(transaction, broadcast_id, lock=True)
        if before.state not in EDITABLE:
            raise Refused(Refusal.STATE, before.state)
        if before.version != version:
            raise Stale
        # Otherwise an officer could become the author of a colleague's text without a change, and
        # the colleague could then approve it.
        if before.draft == new_draft:
            return before
        await execute(transaction, statements.DELETE_APPROVALS, id=broadcast_id)
        # The last editor becomes the author, so that this officer cannot approve the edited text.
        await execute(transaction, statements.BACK_TO_DRAFT, id=broadcast_id, by=officer.id)
        await _write(transaction, broadcast_id, new_draft)
        await append_audit(transaction, officer, "broadcast.edited", broadcast_id)
        return await model.find(transaction, broadcast_id)


def _check(rt: Runtime, new_draft: Draft) -> None:
    """Raise Refused if the draft cannot be stored.

    Faults that only prevent sending, such as a missing language, are accepted here.
    """
    if new_draft.topic not in {each.key for each in TOPICS}:
        raise Refused(Refusal.TOPIC)
    if part := audience.unknown(rt, new_draft.rule):
        raise Refused(Refusal.AUDIENCE, part)
    # Texts in a derived script are rejected, because the link check would not see them.
    if not new_draft.texts.keys() <= set(content.written(rt)):
        raise Refused(Refusal.FORM, "texts")
    if any(len(words.body) > MAX_TEXT for words in new_draft.texts.values()):
        raise Refused(Refusal.TOO_LONG)
    for moment in (new_draft.not_before, new_draft.not_later_than):
        if moment is not None and moment.tzinfo is None:
            raise Refused(Refusal.LATE, "zone")
        if moment is not None and not MIN_YEAR <= moment.year <= MAX_YEAR:
            raise Refused(Refusal.LATE, "year")


async def _write(transaction: Transaction, broadcast_id: UUID, new_draft: Draft) -> None:
    opens, closes = new_draft.quiet or (None, None)
    values: dict[str, Any] = {
        "id": broadcast_id,
        "for_purpose": new_draft.purpose.value,
        "on_topic": new_draft.topic,
        "why": new_draft.why,
        "rule": msgspec.json.encode(new_draft.rule).decode(),
        "from": new_draft.not_before,
        "until": new_draft.not_later_than,
        "night_from": opens,
        "night_until": closes,
        "is_paid": new_draft.paid,
        "content": new_draft.content_hash,
        "text": new_draft.text_hash,
    }
    await execute(transaction, statements.WRITE, **values)
    await execute(transaction, statements.DELETE_TEXTS, id=broadcast_id)
    for language, words in new_draft.texts.items():
        text = {"in_language": language, "words": words.body, "by_template": words.template}
        await execute(transaction, statements.ADD_TEXT, id=broadcast_id, **text)


async def append_audit(
    transaction: Transaction, officer: Officer, action: str, about: UUID, more: str = ""
) -> None:
    """Record an officer's action on a broadcast in the audit log; notify open console pages."""
    await execute(transaction, statements.NOTIFY, broadcast=str(about))
    await directory.record_action(transaction, officer, action, str(about), more)


async def find(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Return a broadcast by id. Raises LookupError if there is none."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        return await model.find(transaction, broadcast_id)


async def listing(rt: Runtime, officer: Officer, before: int | None = None) -> list[Broadcast]:
    """Return a page of broadcasts with a number below `before`, newest first."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        return await model.newest(transaction, PAGE, before)


async def count(rt: Runtime, officer: Officer, new_draft: Draft) -> Count:
    """Count the people that a draft would reach now, and the excluded people by reason.

    A count of a specific group is recorded in the audit log, because the count of a small group
    could reveal an attribute of a person.
    """
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    _check(rt, new_draft)
    async with rt.pool.connection() as transaction:
        found = await audience.count(rt, transaction, new_draft)
        if not new_draft.rule.public:
            await directory.record_action(
                transaction, officer, Action.BROADCAST_READ, AUDIENCE, _filters(new_draft.rule)
            )
        return found


def _filters(rule: Rule) -> str:
    """Return the filters of an audience rule for the audit log, such as "countries: CN, UZ"."""
    chosen = ((name, getattr(rule, name)) for name in rule.__struct_fields__)
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in chosen if values)


async def test_send(rt: Runtime, officer: Officer, broadcast_id: UUID, language: str) -> int:
    """Send the text of one language, in each of its scripts, to the operator's testers.

    Return the number of messages that the channels accepted; raise Refused if they accepted none.
    An unapproved text is never sent to anybody but the testers.
    """
    permissions.require(officer, Action.BROADCAST_DRAFT, Subject(""))
    async with rt.pool.connection() as transaction:
        found = await model.find(transaction, broadcast_id)
    words = found.draft.texts.get(language)
    if words is None or not words.body.strip():
        raise Refused(Refusal.LANGUAGE, language)
    arrived = 0
    for sample in content.samples(rt, replace(found.draft, texts={language: words})).values():
        for channel, address in rt.settings.testers:
            arrived += await _send_test(rt, channel, ChannelCall("send", address, sample))
    if not arrived:
        raise Refused(Refusal.TESTERS)
    await _note_test(rt, officer, found, language, words)
    return arrived


async def _send_test(rt: Runtime, channel: str, act: ChannelCall) -> bool:
    if channel not in rt.channels:
        return False
    try:
        await outbox.perform(rt, channel, act)
    except SendError:
        return False
    return True


async def _note_test(
    rt: Runtime, officer: Officer, found: Broadcast, language: str, words: Words
) -> None:
    async with rt.pool.connection() as transaction:
        values = {"id": found.id, "in_language": language, "shown": content.mark(words)}
        await execute(transaction, statements.NOTE_TEST, **values)
        await append_audit(transaction, officer, "broadcast.tested", found.id, language)
