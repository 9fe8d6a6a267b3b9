"""Drafts, approval and history of content; each action is one transaction and is audited.

Published content replaces content that is shipped with the program. An item of content is named
`KIND:KEY`. A version of an item is immutable: each save adds a version, and an approval is bound to
the version's hash. One transaction ends the live version, publishes the approved version and
increments the counter that processes poll.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from bot import notifications
from bot.cases.canned_replies import NAME
from bot.content import answers, live
from bot.content.cards import COUNTRIES
from bot.content.model import ENGLISH, WRITTEN, Body, Kind, digest, encode
from bot.db.connection import Transaction
from bot.db.statements import database_time, execute, fetch_all
from bot.editorial import checks, statements
from bot.editorial.refusals import Blocker, Refusal, Refused
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden, Subject
from bot.runtime import Runtime
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import COLLECTED
from flows.knowledge.intents.answers import BY_INTENT
from flows.knowledge.missions import GENERAL

SHIPPED = {f"{Kind.FACT}:{fact.key}": fact for fact in FACTS}
ANSWERED = frozenset(f"{Kind.ANSWER}:{intent}" for intent in BY_INTENT)
DESKS = frozenset({GENERAL, *COUNTRIES})
DRAFT, LIVE, REPLACED, WITHDRAWN = "draft", "live", "replaced", "withdrawn"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a content item; `restores` is the number of the version that it copies."""

    item: str
    number: int
    state: str
    body: Body
    content_hash: bytes
    author: UUID
    created_at: datetime
    approver: UUID | None
    approved_at: datetime | None
    ended_at: datetime | None
    restores: int | None


class NoSuchItem(LookupError):
    """The item does not exist: no such fact, answer or mission, or an invalid name of a notice."""

    code = "E_CONTENT_ITEM"


def kind_of(item: str) -> Kind:
    """Return the kind in the item name `KIND:KEY`.

    Raises NoSuchItem if no item can have this name.
    """
    kind, _colon, key = item.partition(":")
    known = {
        Kind.FACT: item in SHIPPED,
        Kind.CARD: key in COUNTRIES,
        Kind.NOTICE: key.isidentifier() and key.isascii() and len(key) <= 40,
        Kind.ANSWER: key in BY_INTENT,
        Kind.PHRASES: key in BY_INTENT,
        Kind.CANNED: is_canned(key),
    }
    if kind not in Kind or not known[Kind(kind)]:
        raise NoSuchItem(NoSuchItem.code)
    return Kind(kind)


def mission_of(item: str) -> str:
    """Return the mission that owns a content item; "" if the item belongs to no single mission."""
    kind, _colon, key = item.partition(":")
    return key.partition(".")[0] if kind in (Kind.CARD, Kind.CANNED) else ""


def is_canned(key: str) -> bool:
    """Return True if a key names a canned reply, in the form MISSION.NAME."""
    mission, _point, name = key.partition(".")
    return mission in DESKS and bool(NAME.fullmatch(name))


def shipped(rt: Runtime, item: str) -> Body:
    """Return a fact or answer that is shipped with the program, as the `Body` that editors edit."""
    if item in ANSWERED:
        return _shipped_answer(item.partition(":")[2])
    fact = SHIPPED[item]
    languages = [code for code in WRITTEN if code != ENGLISH]
    texts = {ENGLISH: rt.languages.render(fact.text, ENGLISH)}
    texts |= {code: rt.languages.render(fact.text, code) for code in languages}
    return Body(
        texts=texts,
        sources=fact.sources,
        as_of=fact.as_of,
        checked=fact.checked,
        since=fact.since,
        until=fact.until,
    )


def _shipped_answer(intent: str) -> Body:
    answer, start = BY_INTENT[intent], COLLECTED
    return Body(
        texts={},
        as_of=start,
        checked=start,
        until=date.max,
        opening=tuple(map(answers.token, answer.opening)),
        more=tuple(map(answers.token, answer.more)),
        flow=answer.flow or "",
    )


def may_edit(officer: Officer, item: str) -> bool:
    """Return True if the officer may write versions of the content item."""
    action, subject = _edit(item)
    return isinstance(permissions.check(officer, action, subject), permissions.Allowed)


def may_roll_back(officer: Officer, item: str) -> bool:
    """Return True if the officer may publish earlier versions of a content item, or withdraw it."""
    approves = (Action.CONTENT_APPROVE, Subject(""))
    allowed = [_edit(item)] if mission_of(item) else [_edit(item), approves]
    found = (permissions.check(officer, action, subject) for action, subject in allowed)
    return any(isinstance(each, permissions.Allowed) for each in found)


def may_discard(officer: Officer, item: str) -> bool:
    """Return True if the officer may discard the draft of the content item.

    These are the officers who may write drafts of the item, and those who may approve them.
    """
    approval = permissions.check(officer, Action.CONTENT_APPROVE, Subject(""))
    return may_edit(officer, item) or isinstance(approval, permissions.Allowed)


def _require_roll_back(officer: Officer, item: str) -> None:
    kind_of(item)
    if not may_roll_back(officer, item):
        raise Forbidden(DenialReason.MISSION if mission_of(item) else DenialReason.ROLE)


def _edit(item: str) -> tuple[Action, Subject]:
    if mission := mission_of(item):
        return Action.CONTENT_CARD, Subject(mission)
    return Action.CONTENT_EDIT, Subject("")


async def overview(rt: Runtime, officer: Officer) -> dict[str, list[Version]]:
    """Return the draft and the live version of every content item, keyed by item.

    An item may have only a draft, or only a live version.
    """
    permissions.require(officer, Action.CONTENT_READ, Subject(""))
    async with directory.acting(rt, officer) as transaction:
        rows = await fetch_all(transaction, statements.OPEN)
    found: dict[str, list[Version]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(_version(row))
    return found


async def history(rt: Runtime, officer: Officer, item: str) -> list[Version]:
    """Return all versions of a content item, newest first."""
    permissions.require(officer, Action.CONTENT_READ, Subject(""))
    kind_of(item)
    async with directory.acting(rt, officer) as transaction:
        return await _versions(transaction, item)


async def save(
    rt: Runtime, officer: Officer, item: str, body: Body, seen_version: int
) -> list[Blocker]:
    """Save new content of an item as a draft, unless it has faults; return the faults.

    Content that is equal to the draft is not saved again, so that its author remains the author.
    `seen_version` is the number of the newest version that the editor's page showed. Raises
    Refused if there is a newer version.
    """
    permissions.require(officer, *_edit(item))
    kind = kind_of(item)
    async with directory.acting(rt, officer) as transaction:
        day = (await database_time(transaction)).date()
        key = item.partition(":")[2]
        found = checks.blockers(rt, kind, body, day, _shipped_body(rt, item), key)
        if found:
            return found
        values = {"of_item": item, "of_mission": mission_of(item)}
        await execute(transaction, statements.ENTER, **values)
        await execute(transaction, statements.LOCK, of_item=item)
        versions = await _versions(transaction, item)
        newest = _newest(versions)
        if newest != seen_version:
            raise Refused(Refusal.CHANGED)
        if any(each.state == DRAFT and each.body == body for each in versions):
            return []
        await execute(transaction, statements.DISCARD, of_item=item)
        await _add(transaction, officer, item, newest + 1, body)
        await _note(transaction, officer, "content.drafted", item, newest + 1)
        draft = notifications.ContentDraft(item, officer.id)
        await notifications.notify(transaction, notifications.Kind.CONTENT_APPROVAL, str(draft))
    return []


async def approve(
    rt: Runtime, officer: Officer, item: str, number: int, content_hash: bytes
) -> None:
    """Publish the newest draft of a content item if it has this number and hash.

    Raises Refused if the officer wrote the draft, if it is not the newest draft, or if a check of
    its content fails now.
    """
    permissions.require(officer, Action.CONTENT_APPROVE, Subject(""))
    kind = kind_of(item)
    async with directory.acting(rt, officer) as transaction:
        await execute(transaction, statements.LOCK, of_item=item)
        draft = _draft_of(await _versions(transaction, item))
        if (draft.number, draft.content_hash) != (number, content_hash):
            raise Refused(Refusal.CHANGED)
        if draft.author == officer.id:
            raise Refused(Refusal.OWN)
        day = (await database_time(transaction)).date()
        key = item.partition(":")[2]
        if found := checks.blockers(rt, kind, draft.body, day, _shipped_body(rt, item), key):
            raise Refused(found[0].why, found[0].detail)
        await execute(transaction, statements.END, of_item=item, in_state=REPLACED)
        await execute(
            transaction, statements.PUBLISH, of_item=item, of_number=number, by=officer.id
        )
        await _record_publication(transaction, officer, "content.published", item, number)
    await live.announce(rt.valkey)


async def discard(rt: Runtime, officer: Officer, item: str, number: int) -> None:
    """Discard the draft of a content item if it has this number; published content is unchanged.

    Raises Refused if there is no draft, or only a newer one.
    """
    kind_of(item)
    if not may_discard(officer, item):
        raise Forbidden(DenialReason.ROLE)
    async with directory.acting(rt, officer) as transaction:
        await execute(transaction, statements.LOCK, of_item=item)
        draft = _draft_of(await _versions(transaction, item))
        if draft.number != number:
            raise Refused(Refusal.CHANGED)
        await execute(transaction, statements.DISCARD, of_item=item)
        await _note(transaction, officer, "content.discarded", item, number)


async def roll_back(rt: Runtime, officer: Officer, item: str, number: int, seen_live: int) -> None:
    """Publish an earlier version of a content item again.

    `seen_live` is the number of the live version that the officer saw, 0 if there was none. The
    earlier approval by a second person is still valid. Raises Refused if the version was never
    approved, is live, or has expired, or if another version is live now.
    """
    _require_roll_back(officer, item)
    async with directory.acting(rt, officer) as transaction:
        await execute(transaction, statements.LOCK, of_item=item)
        versions = await _versions(transaction, item)
        _require_live(versions, seen_live)
        old = next((each for each in versions if each.number == number), None)
        if old is None or old.approver is None or old.state == LIVE:
            raise Refused(Refusal.STATE)
        if old.body.until < (await database_time(transaction)).date():
            raise Refused(Refusal.EXPIRED, old.body.until.isoformat())
        newest = _newest(versions) + 1
        await execute(transaction, statements.END, of_item=item, in_state=REPLACED)
        again = replace(old, state=LIVE)
        await _add(transaction, officer, item, newest, old.body, again)
        await _record_publication(transaction, officer, "content.rolled_back", item, newest)
    await live.announce(rt.valkey)


async def withdraw(rt: Runtime, officer: Officer, item: str, seen_live: int) -> None:
    """End the live version of a content item, so that content shipped with Kosh applies again.

    `seen_live` is the number of the live version that the officer saw. Raises Refused if no version
    is live, or another one.
    """
    _require_roll_back(officer, item)
    async with directory.acting(rt, officer) as transaction:
        await execute(transaction, statements.LOCK, of_item=item)
        _require_live(await _versions(transaction, item), seen_live)
        if not await execute(transaction, statements.END, of_item=item, in_state=WITHDRAWN):
            raise Refused(Refusal.STATE)
        await _record_publication(transaction, officer, "content.withdrawn", item, 0)
    await live.announce(rt.valkey)


def _shipped_body(rt: Runtime, item: str) -> Body | None:
    return shipped(rt, item) if item in SHIPPED or item in ANSWERED else None


async def _versions(transaction: Transaction, item: str) -> list[Version]:
    return [_version(row) for row in await fetch_all(transaction, statements.HISTORY, of_item=item)]


def _version(row: tuple[Any, ...]) -> Version:
    item, number, state, body, *rest = row
    return Version(item, number, state, msgspec.convert(body, Body), *rest)


def _require_live(versions: list[Version], number: int) -> None:
    """Raise Refused if the live version is not `number` (0 for none): a colleague changed it."""
    live_number = next((each.number for each in versions if each.state == LIVE), 0)
    if live_number != number:
        raise Refused(Refusal.CHANGED)


def _draft_of(versions: list[Version]) -> Version:
    """Return the draft among an item's versions. Raises Refused if there is none."""
    draft = next((each for each in versions if each.state == DRAFT), None)
    if draft is None:
        raise Refused(Refusal.STATE)
    return draft


def _newest(versions: list[Version]) -> int:
    return versions[0].number if versions else 0


async def _add(
    transaction: Transaction,
    officer: Officer,
    item: str,
    number: int,
    body: Body,
    again: Version | None = None,
) -> None:
    """Insert a version of an item: a draft, or a copy of the earlier version `again`.

    A copy has the state and the approval of `again`.
    """
    await execute(
        transaction,
        statements.ADD,
        of_item=item,
        of_number=number,
        in_state=again.state if again else DRAFT,
        content=encode(body).decode(),
        hash=digest(item, body),
        by=officer.id,
        agreed_by=again.approver if again else None,
        agreed_at=again.approved_at if again else None,
        again=again.number if again else None,
    )


async def _record_publication(
    transaction: Transaction, officer: Officer, action: str, item: str, number: int
) -> None:
    await execute(transaction, statements.COUNT)
    await _note(transaction, officer, action, item, number)


async def _note(
    transaction: Transaction, officer: Officer, action: str, item: str, number: int
) -> None:
    detail = str(number) if number else ""
    await directory.record_action(transaction, officer, action, item, detail)
