"""A case begins, people's words come to it, and it ends by the person's own wish."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from bot.cases import statements, working_hours
from bot.cases.model import Case, clock, median, open_of
from bot.cases.states import State
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.officers import directory
from bot.people.identities import Person
from flows.engine.flow import Form, OpenCase
from flows.engine.text import Text
from flows.knowledge import missions


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that a person is in now, and what can be promised; nothing for one open before."""

    case_id: UUID
    promise: tuple[Text, ...] = ()


def country(forms: Mapping[str, Form]) -> str:
    """Where a person lives as far as they told; empty when they did not."""
    told = {name: each.value for form in forms.values() for name, each in form.answers.items()}
    at_home = told.get("location") == "origin"
    return told.get("residence_country") or (at_home and told.get("citizenship")) or ""


async def open_case(
    transaction: Transaction,
    person: Person,
    opened: OpenCase,
    language: str,
    forms: Mapping[str, Form] | None = None,
) -> Opened:
    """Put a person into the queue; one open case a person, a second request adds to it.

    The mission comes from the country of residence, and is stored with the case alone.
    """
    found = await open_of(transaction, person.id)
    if found is not None:
        await person_waits_again(transaction, found)
        result = Opened(found.id)
    else:
        result = await _insert(transaction, person, opened, language, country(forms or {}))
    if opened.words:
        await add_words(transaction, person, result.case_id, opened.words)
    return result


async def _insert(
    transaction: Transaction, person: Person, opened: OpenCase, language: str, lives_in: str
) -> Opened:
    mission = missions.candidates(lives_in, await directory.staffed(transaction))[0]
    desk, now = await working_hours.mission_settings(transaction, mission), await clock(transaction)
    calendar, case_id = desk.calendar(), uuid4()
    await execute(
        transaction, statements.OPEN, case=case_id, person=person.id, to_mission=mission,
        about=opened.topic, is_urgent=opened.urgent, in_language=language, lives_in=lives_in,
        now=now, answer=calendar.after(now, desk.first_minutes),
        resolve=calendar.after(now, desk.resolve_minutes),
    )  # fmt: skip
    usual = await median(transaction, mission)
    told = working_hours.promise(desk, now, lives_in, usual, urgent=opened.urgent)
    return Opened(case_id, told)


async def relay(transaction: Transaction, person: Person, words: str) -> None:
    """Words of the person for whoever holds their case."""
    case = await open_of(transaction, person.id)
    if case is not None:
        await person_waits_again(transaction, case)
        await add_words(transaction, person, case.id, words)


async def paper_came(transaction: Transaction, person: Person) -> None:
    """The person sent what they were asked for: now it is their officer's turn."""
    case = await open_of(transaction, person.id)
    if case is not None:
        await person_waits_again(transaction, case)


async def person_waits_again(transaction: Transaction, case: Case) -> None:
    """The person waits again: a case that waited for them, or slept, is somebody's turn now."""
    desk, now = (
        await working_hours.mission_settings(transaction, case.mission),
        await clock(transaction),
    )
    calendar = desk.calendar()
    allowed = desk.next_minutes if case.answered_at else desk.first_minutes
    returns = calendar.after(now, desk.return_minutes) if case.owner else None
    await execute(
        transaction,
        statements.WAIT_AGAIN,
        **{"return": returns},
        case=case.id,
        next_state=(State.CLAIMED if case.owner else State.QUEUED).value,
        now=now,
        answer=calendar.after(now, allowed),
        resolve=_resumed(case, calendar, now),
    )


def _resumed(case: Case, calendar: working_hours.Calendar, now: datetime) -> datetime | None:
    """The day by which to close, later by as much working time as the case stood still."""
    if case.paused_at is None or case.resolve_due is None:
        return case.resolve_due
    return calendar.after(case.resolve_due, calendar.minutes(case.paused_at, now))


async def add_words(
    transaction: Transaction,
    person: Person,
    case_id: UUID,
    words: str,
    officer: UUID | None = None,
    canned: str = "",
    message_id: int | None = None,
) -> None:
    """Keep words of the person, or of the officer who answers with the message of that id."""
    body = person.key.seal(words.encode(), "case_words", "body", str(case_id))
    await execute(
        transaction,
        statements.ADD_MESSAGE,
        case=case_id,
        person=person.id,
        by_officer=officer,
        sealed=body,
        canned_name=canned or None,
        message=message_id,
    )


async def add_note(
    transaction: Transaction, person: Person, case_id: UUID, officer: UUID, words: str
) -> None:
    """Keep what one officer tells others; it has its own table, so that it cannot be sent."""
    body = person.key.seal(words.encode(), "notes", "body", str(case_id))
    values = {"case": case_id, "person": person.id, "by_officer": officer, "sealed": body}
    await execute(transaction, statements.ADD_NOTE, **values)


async def cancel(transaction: Transaction, person_id: UUID) -> None:
    """The person goes on with the bot."""
    await execute(transaction, statements.CANCEL, person=person_id)


async def rate(transaction: Transaction, person_id: UUID, rating: str) -> None:
    """What the person says of a case that was closed in the last week; the first word counts."""
    await execute(transaction, statements.RATE, person=person_id, said=rating)
