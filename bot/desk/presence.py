"""Presence of officers in a case: colleagues see who is writing, but not the text.

A case is a person's request to officers.
"""

from uuid import UUID

from sqlalchemy import bindparam, or_
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.statements import NOW, ago, execute, statement
from bot.desk.transaction import require_case
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Action
from bot.runtime import Runtime

NOTED_SECONDS = 5
_WRITING = statement(
    insert(t.CaseViewer)
    .values(case_id=bindparam("case"), officer=bindparam("officer"), typed_at=NOW)
    .on_conflict_do_update(
        index_elements=[t.CaseViewer.case_id, t.CaseViewer.officer],
        set_={t.CaseViewer.typed_at: NOW, t.CaseViewer.seen_at: NOW},
        where=or_(
            t.CaseViewer.typed_at.is_(None), t.CaseViewer.typed_at < ago(seconds=NOTED_SECONDS)
        ),
    )
)


async def note_writing(rt: Runtime, officer: Officer, case_id: UUID) -> None:
    """Record that the officer is writing in a case, at most once in NOTED_SECONDS seconds.

    Colleagues who have the case open then see that the officer is writing.
    """
    async with directory.acting(rt, officer) as transaction:
        await require_case(transaction, officer, Action.CASE_NOTE, case_id)
        await execute(transaction, _WRITING, case=case_id, officer=officer.id)
