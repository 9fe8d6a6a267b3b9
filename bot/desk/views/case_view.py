"""View of a case: dialogue, notes, registry writes and permitted actions.

A reply window is the time in which a platform accepts messages to a person: on WhatsApp, 24 hours
after the person's last message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot import uploads
from bot.attachments import case_files
from bot.attachments.case_files import CaseFile, NewFile
from bot.cases import Case
from bot.cases.model import MESSAGE_CONTEXT, NOTE_CONTEXT
from bot.db.pipeline import Call, Rows
from bot.db.statements import DATABASE_TIME
from bot.desk.views import case_statements
from bot.desk.views.case_lists import CaseRow, row_of
from bot.desk.views.case_statements import LOOK, READINGS, SEEN
from bot.desk.views.form_view import (
    form_path,
    load_case_row,
    open_conversation,
    open_person,
    person_of,
    require_allowed,
)
from bot.desk.views.list_statements import LAST_EVENT
from bot.observability import logging
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Allowed, DenialReason, Forbidden, Reason
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.uploads import Listed
from flows.engine.message_limits import MessageLimit
from flows.engine.screens import titled
from flows.engine.state import Conversation
from flows.engine.text import Text

MAX_WORDS = 4000
SOFT_BUDGET, HARD_BUDGET = 60, 120

_logger = logging.get()

# The officer is warned when the platform's reply window ends within this time.
WARN_BEFORE = timedelta(hours=2)
# A person who wrote within this number of minutes is assumed to be holding the phone.
PRESENT_MINUTES = 15


class ReasonNeeded(Exception):
    """An officer who does not own the case must give a reason to read it."""

    code = "E_REASON"


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message of the dialogue between person and officers.

    `delivery` is the status of an officer's message: pending, sending, sent, delivered, read,
    failed, undeliverable, waiting (for the reply window), dropped (another officer took over) or
    gone (record deleted). `reason` is an error code if the message failed. `canned` is the name of
    the canned reply, if the message is one.
    """

    id: int
    at: datetime
    by: str
    officer: str
    words: str
    delivery: str
    reason: str
    canned: str
    files: tuple[CaseFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    at: datetime
    officer: str
    words: str


@dataclass(frozen=True, slots=True)
class Composer:
    """State of the reply box: if a reply can be sent, and how it reaches the person.

    `closes_at` is the end of the platform's reply window. `closed`: the window has ended, so the
    person first gets a template. `closes_soon`: the window ends within 2 hours. `withheld`: the
    person gets a notice, and the reply once they open the notice. `protected`: the person's app
    does not let the person forward the reply.
    """

    open: bool
    closes_at: datetime | None
    closed: bool
    closes_soon: bool
    language: str
    limit: int
    withheld: bool
    protected: bool


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration of the person in the registry, or a later change of it.

    `reason` is the cause of a rejection.
    """

    kind: str
    number: str
    state: str
    attempts: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """A case as its page shows it; `at` is the id of the last change that the view includes.

    `notice` is the state and the reason of the last notice that a reply is waiting; None without
    such a notice. `papers` are the person's uploaded files; `wanted` is a requested file that has
    not arrived. `beside` are colleagues who view the case now, `writing` those of them who are
    typing. `limit` is a limit on the person's messages to officers.
    """

    line: CaseRow
    thread: tuple[ThreadMessage, ...]
    notes: tuple[Note, ...]
    notice: tuple[str, str] | None
    composer: Composer
    registry: tuple[Registered, ...]
    earlier: tuple[CaseRow, ...]
    flow: Text | None
    step: Text | None
    may: frozenset[Action]
    epoch: int
    at: int
    papers: tuple[Listed, ...]
    wanted: str
    beside: tuple[str, ...]
    writing: tuple[str, ...]
    limit: MessageLimit | None


async def view(rt: Runtime, officer: Officer, case_id: UUID, reason: Reason | None = None) -> View:
    """Return a case with its texts.

    This function raises the same errors and writes the same audit entries as `view_with_rows`.
    """
    found, _rows = await view_with_rows(rt, officer, case_id, reason, _no_calls)
    return found


def _no_calls(_case: Case) -> tuple[Call, ...]:
    return ()


async def view_with_rows(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    reason: Reason | None,
    more_calls: Callable[[Case], Sequence[Call]],
) -> tuple[View, list[Rows]]:
    """Return a case with its texts, and the rows of further statements.

    `more_calls` returns these statements for the case; they run in the same round trip as the read.

    Raises ReasonNeeded if the officer does not own the case and gives no reason. Repeated reads of
    a case by an officer within 15 minutes count as one. A new read is counted and audited in the
    same round trip, under a lock per officer. If the officer's read budget is exceeded, Forbidden
    is raised before anything is decrypted.
    """
    values = _record_read(officer, case_id, reason)
    (last,), rows, account = await directory.fetch_many(
        rt, officer, (LAST_EVENT, {}), (SEEN, values), (READINGS, values)
    )
    line = require_allowed(rt, officer, rows, Action.CASE_READ)
    fresh = _is_new(officer, line.case, reason, account)
    values["person"] = line.case.person_id
    more = more_calls(line.case)
    shown = ((each, values) for each in _SHOWN)
    noted = ((each, values) for each in (_NOTED if fresh else (LOOK,)))
    found = await directory.fetch_many(rt, officer, *shown, *more, *noted)
    of_case, rest = found[: len(_SHOWN)], found[len(_SHOWN) :]
    if fresh:
        _within(rest[len(more) + _NOTED.index(READINGS)])
    return _view(rt, officer, line, last[0], of_case), rest[: len(more)]


def _view(rt: Runtime, officer: Officer, line: CaseRow, at: int, found: Sequence[Rows]) -> View:
    """Build the view of a case from the rows that the statements `_SHOWN` return."""
    key, state, words, notes, notice, registry, earlier, papers, files, clock, viewers = found
    ((now,),) = clock
    person = open_person(rt, line.case, key)
    conversation, epoch = open_conversation(person, state)
    path = form_path(rt, conversation) if conversation else None
    step = path[2].current(path[1].cursor) if path else None
    return View(
        line=line,
        thread=_thread(person, line.case.id, words, files),
        notes=tuple(_note(person, line.case.id, *row) for row in notes),
        notice=(notice[0][0], notice[0][1]) if notice else None,
        composer=_composer(rt, line, conversation, [row[1] for row in words if row[2]], now),
        registry=tuple(Registered(*row) for row in registry),
        earlier=tuple(row_of(rt, row) for row in earlier),
        flow=path[0].title if path else None,
        step=titled(step, path[2]) if path and step else None,
        may=may(officer, line.case),
        epoch=epoch,
        at=at,
        papers=uploads.files_of_rows(papers),
        wanted=conversation.requested_upload if conversation else "",
        beside=tuple(name for name, _writes in viewers),
        writing=tuple(name for name, writes in viewers if writes),
        limit=_limit(conversation, now),
    )


def _limit(conversation: Conversation | None, now: datetime) -> MessageLimit | None:
    """Return the limit on the person's messages to officers; None if no limit applies today."""
    limit = conversation.limit if conversation else None
    return limit if limit is not None and now.date() <= limit.until else None


def _composer(
    rt: Runtime,
    line: CaseRow,
    conversation: Conversation | None,
    spoke_at: Sequence[datetime],
    now: datetime,
) -> Composer:
    closed = line.window is not None and line.window <= now
    closes_soon = line.window is not None and not closed and line.window - now <= WARN_BEFORE
    language = conversation.language if conversation else line.case.language
    seen_at = (each for each in (*spoke_at, line.spoke_at) if each)
    spoke = max(seen_at, default=line.case.opened_at)
    channel = rt.channels.get(line.channel)
    notifies = channel is not None and channel.notifies
    protected = channel is not None and channel.protects
    withheld = conversation is not None and notifies and is_withheld(conversation, spoke, now)
    open_now = conversation is not None and line.spoke_at is not None
    return Composer(
        open_now, line.window, closed, closes_soon, language, MAX_WORDS, withheld, protected
    )


def is_withheld(conversation: Conversation, spoke_at: datetime, now: datetime) -> bool:
    """Return True if a reply is withheld behind a notice, because others may see the screen.

    Others are assumed to see the screen if the person left the chat, stopped messages, or wrote
    nothing for 15 minutes. Call it only for channels with notifications: the page of the web chat
    shows the whole dialogue anyway.
    """
    return conversation.has_left or now - spoke_at > timedelta(minutes=PRESENT_MINUTES)


def may(officer: Officer, case: Case) -> frozenset[Action]:
    """Return the actions that the permissions allow the officer on the case now."""
    allowed = (
        isinstance(permissions.check(officer, each, case.subject), Allowed) for each in Action
    )
    return frozenset(each for each, yes in zip(Action, allowed, strict=True) if yes)


def _record_read(officer: Officer, case_id: UUID, reason: Reason | None) -> dict[str, Any]:
    """Return the SQL parameters of the statements that read a case, and count and audit the read.

    The caller adds the parameter for the person's id.
    """
    return {
        "case": case_id, "officer": officer.id, "turn": f"reading {officer.id}",
        "most": HARD_BUDGET, "actor": str(officer.id), "action": Action.CASE_READ.value,
        "subject": str(case_id),
        "detail": (reason or Reason.ANSWER).value,
    }  # fmt: skip


def _is_new(officer: Officer, case: Case, reason: Reason | None, found: Rows) -> bool:
    """Return True if this is a new read of the case, not a repetition within 15 minutes.

    Raises ReasonNeeded if the officer must give a reason, and Forbidden if the officer's read
    budget is used up.
    """
    ((read, going_on),) = found
    if going_on:
        return False
    if reason is None and case.owner != officer.id:
        raise ReasonNeeded
    if read >= HARD_BUDGET:
        _within(found)
    return True


def _within(found: Rows) -> None:
    """Limit the number of cases that an officer reads within an hour.

    Log a warning from SOFT_BUDGET cases on; raise Forbidden from HARD_BUDGET cases on. Repeated
    reads of the same case are not limited.
    """
    ((read, going_on),) = found
    if going_on:
        return
    if read >= SOFT_BUDGET:
        _logger.warning("read_budget.exceeded", count=read)
    if read >= HARD_BUDGET:
        raise Forbidden(DenialReason.BUDGET)


async def page(rt: Runtime, officer: Officer, case_id: UUID, upload_id: UUID, number: int) -> bytes:
    """Return a page of an uploaded file as an image; the access is audited."""
    async with directory.acting(rt, officer) as transaction:
        line = await load_case_row(rt, transaction, officer, case_id, Action.CASE_PAGE)
        person = await person_of(rt, transaction, line.case)
        found = await uploads.picture(transaction, person, upload_id, number)
        if found is None:
            raise LookupError("E_CASE: this page is not here any more; look at the case")
        paper, picture = found
        await directory.record_action(
            transaction, officer, Action.CASE_PAGE.value, str(case_id), paper
        )
    return picture


async def require(rt: Runtime, officer: Officer, case_id: UUID, action: Action) -> None:
    """Raise Forbidden or LookupError unless the officer may do the action on the case now."""
    async with directory.acting(rt, officer) as transaction:
        await load_case_row(rt, transaction, officer, case_id, action)


async def file(rt: Runtime, officer: Officer, case_id: UUID, file_id: UUID) -> NewFile:
    """Return a file of a case; the access is audited."""
    async with directory.acting(rt, officer) as transaction:
        line = await load_case_row(rt, transaction, officer, case_id, Action.CASE_PAGE)
        person = await person_of(rt, transaction, line.case)
        found = await case_files.load(transaction, person, file_id)
        if found is None:
            raise LookupError("E_CASE: this file is not here any more; look at the case")
        await directory.record_action(
            transaction, officer, Action.CASE_PAGE.value, str(case_id), found.media_type
        )
    return found


# A new read is recorded after all data is read. The lock makes the reads of one officer run one
# after another, so that each read counts the previous ones. The audit entry comes last, since
# appending it locks the audit log for all officers.
_NOTED = (
    case_statements.LOCK_READER,
    READINGS,
    case_statements.LOOK_IN_BUDGET,
    case_statements.AUDIT_IN_BUDGET,
)
# Statements that read a case, in the order in which `_view` unpacks their rows.
_SHOWN = (
    identities.KEY, case_statements.CONVERSATION, case_statements.THREAD, case_statements.NOTES,
    case_statements.NOTICE, case_statements.REGISTRY, case_statements.EARLIER, uploads.LISTING,
    case_files.LISTING,
    DATABASE_TIME, case_statements.VIEWERS,
)  # fmt: skip


def _thread(person: Person, case_id: UUID, words: Rows, files: Rows) -> tuple[ThreadMessage, ...]:
    """Return the messages between the person and the officers in a case, with their files."""
    held = case_files.files_of_rows(person, files)
    messages = (_thread_message(person, case_id, *row) for row in words)
    return tuple(replace(each, files=tuple(held.get(each.id, ()))) for each in messages)


def _thread_message(
    person: Person, case_id: UUID, number: int, at: datetime, persons: bool, name: str,
    body: bytes, delivery: str, reason: str, canned: str,
) -> ThreadMessage:  # fmt: skip
    words = person.key.unseal(body, *MESSAGE_CONTEXT, str(case_id)).decode()
    by = "person" if persons else "officer"
    return ThreadMessage(number, at, by, name, words, delivery, reason, canned)


def _note(person: Person, case_id: UUID, number: int, at: datetime, name: str, body: bytes) -> Note:
    words = person.key.unseal(body, *NOTE_CONTEXT, str(case_id)).decode()
    return Note(number, at, name, words)
