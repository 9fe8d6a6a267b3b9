"""Reports of badly worded sentences: counted from chats, with comments from officers.

People report a sentence with a button of the chat. Only the number of their reports is stored.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy import Text, Uuid, and_, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Date

from bot.budgets.spending import draw_report
from bot.channels import Inbound
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, execute, fetch_all, fetch_one, statement
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime
from flows.engine.events import Effect
from flows.engine.model_events import ReportWording

SHOWN = 100
MAX_COMMENT = 500
# Maximum of the count, which bounds the effect of a flood of reports. A higher count would not help
# editors.
MAX_COUNT = 999

_SENTENCE = bindparam("of_sentence", type_=Text())
_LANGUAGE = bindparam("in_language", type_=Text())
_ID = bindparam("report", type_=Uuid())
_BY = bindparam("by", type_=Uuid())
_OF_CHATS = and_(t.WordingReport.officer.is_(None), t.WordingReport.closed_on.is_(None))
_COUNT = statement(
    insert(t.WordingReport)
    .values(sentence=_SENTENCE, language=_LANGUAGE)
    .on_conflict_do_update(
        index_elements=[t.WordingReport.sentence, t.WordingReport.language],
        index_where=_OF_CHATS,
        set_={"count": func.least(t.WordingReport.count + 1, MAX_COUNT)},
    )
)
_ADD = statement(
    insert(t.WordingReport).values(
        sentence=_SENTENCE,
        language=_LANGUAGE,
        comment=bindparam("words", type_=Text()),
        officer=_BY,
    )
)
_OPEN = statement(
    select(
        t.WordingReport.id,
        t.WordingReport.sentence,
        t.WordingReport.language,
        t.WordingReport.comment,
        t.WordingReport.officer,
        t.WordingReport.count,
        t.WordingReport.created_on,
    )
    .where(t.WordingReport.closed_on.is_(None))
    .order_by(t.WordingReport.count.desc(), t.WordingReport.created_on, t.WordingReport.id)
    .limit(SHOWN)
)
_CLOSE = statement(
    update(t.WordingReport)
    .where(t.WordingReport.id == _ID, t.WordingReport.closed_on.is_(None))
    .values(closed_by=_BY, closed_on=cast(NOW, Date()))
    .returning(t.WordingReport.sentence, t.WordingReport.language)
)


class Closed(Exception):
    """The report was closed by another editor, or deleted at the end of its retention period."""

    code = "E_WORDING_CLOSED"


class Unclear(ValueError):
    """The comment is empty or too long; nothing was changed."""

    code = "E_WORDING_COMMENT"


@dataclass(frozen=True, slots=True)
class Report:
    """Open reports of a badly worded sentence: an officer's comment, or the count of chat reports.

    `officer` is the author of the comment, and None for a count.
    """

    id: UUID
    sentence: str
    language: str
    comment: str
    officer: UUID | None
    count: int
    created_on: date


@dataclass(frozen=True, slots=True)
class Counted:
    """A report that a sentence is badly worded.

    `channel` and `handle` are the chat of the reporting person. Each chat may send a limited number
    of reports. Kosh counts reports, and stores neither the chat nor the person.
    """

    channel: str
    handle: str
    language: str
    sentence: str


def reported_sentence(effects: Iterable[Effect], inbound: Inbound | None) -> Counted | None:
    """Return the sentence that a person reported as badly worded; None for any other event."""
    for effect in effects:
        if isinstance(effect, ReportWording) and inbound is not None:
            return Counted(inbound.channel, inbound.handle, effect.language, effect.sentence)
    return None


async def count(rt: Runtime, found: Counted | None) -> None:
    """Add 1 to the count of a reported sentence, unless the chat has sent too many reports.

    Call it after the event's commit, so that no lock is held while Valkey is called. Errors of the
    database are ignored, because a lost count does not matter.
    """
    if found is None or not await draw_report(rt, found.channel, found.handle):
        return
    with suppress(psycopg.Error, PoolTimeout):
        async with rt.pool.connection() as transaction:
            await execute(
                transaction, _COUNT, of_sentence=found.sentence, in_language=found.language
            )


async def listing(rt: Runtime, officer: Officer) -> tuple[Report, ...]:
    """Return the open reports of badly worded sentences, highest counts first, at most SHOWN."""
    permissions.require(officer, Action.WORDING_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        return tuple(Report(*row) for row in await fetch_all(transaction, _OPEN))


async def report(rt: Runtime, officer: Officer, sentence: str, language: str, comment: str) -> None:
    """Store an officer's comment that a sentence is badly worded.

    Raises Unclear if the comment is empty or too long.
    """
    permissions.require(officer, Action.WORDING_REPORT, Subject(officer.mission))
    words = " ".join(comment.split())
    if not 0 < len(words) <= MAX_COMMENT:
        raise Unclear(f"{Unclear.code}: write at most {MAX_COMMENT} characters")
    async with directory.acting(rt, officer) as transaction:
        values = {"of_sentence": sentence, "in_language": language}
        await execute(transaction, _ADD, words=words, by=officer.id, **values)
        await _note(transaction, officer, "wording.reported", sentence, language)


async def close(rt: Runtime, officer: Officer, report_id: UUID) -> None:
    """Close a report of a sentence.

    Raises Closed if the report was closed or deleted before.
    """
    permissions.require(officer, Action.WORDING_CLOSE, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        row = await fetch_one(transaction, _CLOSE, report=report_id, by=officer.id)
        if row is None:
            raise Closed(f"{Closed.code}: load the page again")
        await _note(transaction, officer, "wording.closed", *row)


async def _note(
    transaction: Transaction, officer: Officer, action: str, sentence: str, language: str
) -> None:
    await directory.record_action(transaction, officer, action, f"{language} {sentence}")
