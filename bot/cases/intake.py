"""Open cases, add the person's messages to them, and close them at the person's request.

A case is a person's request to the officers of a mission.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from bot.attachments import recordings
from bot.cases import statements, working_hours
from bot.cases.model import MESSAGE_CONTEXT, NOTE_CONTEXT, Case, median, open_of
from bot.cases.states import State
from bot.db.connection import Transaction
from bot.db.statements import database_time, execute, fetch_value
from bot.notifications import Kind, notify
from bot.officers import directory
from bot.people import identities
from bot.people.identities import Person
from flows.engine import safety
from flows.engine.effects import OpenCase
from flows.engine.events import Relay
from flows.engine.flow import Form
from flows.engine.state import waits
from flows.engine.text import Text
from flows.knowledge import missions


@dataclass(frozen=True, slots=True)
class Opened:
    """The person's open case; `promise` are texts with the expected time of an answer."""

    case_id: UUID
    promise: tuple[Text, ...]


def country(forms: Mapping[str, Form]) -> str:
    """Return the person's country of residence from the answers in their forms; '' if unknown."""
    known = {
        name: each.value
        for form in forms.values()
        for name, each in form.answers.items()
        if not waits(each)
    }
    at_home = known.get("location") == "origin"
    return known.get("residence_country") or (at_home and known.get("citizenship")) or ""


async def note_mission(
    transaction: Transaction, person_id: UUID, forms: Mapping[str, Form]
) -> None:
    """Store which mission serves the person, if their answers contain a country of residence."""
    if lives_in := country(forms):
        mission = missions.mission_of(lives_in, await directory.staffed_missions(transaction))
        await identities.set_mission(transaction, person_id, mission)


async def open_case(
    transaction: Transaction,
    person: Person,
    opened: OpenCase,
    language: str,
    forms: Mapping[str, Form] | None = None,
    *,
    network: bytes = b"",
    lives_in: str = "",
) -> Opened:
    """Open a case and queue it; if the person has an open case, add the request to that case.

    The mission that handles the case is selected by the country of residence. `network` is the
    keyed hash of the IP address of a web chat. `lives_in` is the country in an invitation, used if
    the person's answers contain none. Without both, the country of earlier answers counts.
    """
    found = await open_of(transaction, person.id)
    if found is not None:
        result = await _join(transaction, found, opened, language)
    else:
        result = await _insert(
            transaction, person, opened, language, country(forms or {}) or lives_in
        )
        if network:
            values = {"case": result.case_id, "network": network}
            await execute(transaction, statements.ADD_ORIGIN, **values)
        await notify(transaction, Kind.NEW_CASE, result.case_id)
    if opened.words:
        await add_words(transaction, person, result.case_id, opened.words)
    return result


async def _join(transaction: Transaction, case: Case, opened: OpenCase, language: str) -> Opened:
    """Add a request to the person's open case; an urgent request makes the case urgent.

    A case without an owner gets the person's current language, and the topic danger if the request
    has it. A case with an owner keeps both, because the owner may not know that language or handle
    that topic and would lose the case.
    """
    await execute(transaction, statements.ADD_TOPIC, case=case.id, about=opened.topic)
    is_unclaimed = case.owner is None
    if is_unclaimed and language:
        await execute(transaction, statements.SET_LANGUAGE, case=case.id, in_language=language)
    if is_unclaimed and opened.topic == safety.TOPIC:
        await execute(transaction, statements.MARK_DANGER, case=case.id)
    elif opened.urgent:
        await execute(transaction, statements.MARK_URGENT, case=case.id)
    desk, now = await person_waits_again(transaction, case)
    # A NEW_WORDS notification goes only to the owner of the case.
    kind = Kind.NEW_CASE if is_unclaimed and opened.urgent else Kind.NEW_WORDS
    await notify(transaction, kind, case.id)
    staffed = await directory.staffed_missions(transaction)
    urgent = case.urgent or opened.urgent
    return Opened(
        case.id, await _promise(transaction, desk, now, case.country, staffed, urgent=urgent)
    )


async def _insert(
    transaction: Transaction, person: Person, opened: OpenCase, language: str, lives_in: str
) -> Opened:
    # The registry's refusals open cases without the answers, and accepted answers are deleted.
    if not lives_in:
        lives_in = missions.country_of(await identities.mission(transaction, person.id))
    staffed = await directory.staffed_missions(transaction)
    mission = missions.candidates(lives_in, staffed)[0]
    desk, now = (
        await working_hours.mission_settings(transaction, mission),
        await database_time(transaction),
    )
    calendar, case_id = desk.calendar(), uuid4()
    await execute(
        transaction, statements.OPEN, case=case_id, person=person.id, to_mission=mission,
        about=opened.topic, is_urgent=opened.urgent, in_language=language, lives_in=lives_in,
        now=now, answer=calendar.after(now, desk.first_minutes),
        resolve=calendar.after(now, desk.resolve_minutes),
    )  # fmt: skip
    return Opened(
        case_id,
        await _promise(transaction, desk, now, lives_in, staffed, urgent=opened.urgent),
    )


async def _promise(
    transaction: Transaction,
    desk: working_hours.MissionSettings,
    now: datetime,
    lives_in: str,
    staffed: Sequence[str],
    *,
    urgent: bool,
) -> tuple[Text, ...]:
    """Return texts with the expected time of an answer, or other contacts without officers."""
    if not staffed:
        return working_hours.without_officers(lives_in, now.date(), urgent=urgent)
    usual = await median(transaction, desk.mission)
    return working_hours.promise(desk, now, lives_in, usual, urgent=urgent)


async def relay(
    transaction: Transaction, person: Person, relayed: Relay, channel: str = ""
) -> None:
    """Add a message of the person to their open case; urgent words make the case urgent.

    The recording of a voice message is downloaded from the channel later, by a job.
    """
    case = await open_of(transaction, person.id)
    if case is not None:
        if relayed.urgent:
            await execute(transaction, statements.MARK_URGENT, case=case.id)
        await person_waits_again(transaction, case)
        message_id = await add_words(transaction, person, case.id, relayed.words)
        if relayed.recording:
            await recordings.begin(
                transaction, person, case.id, message_id, channel, relayed.recording
            )
        # A NEW_WORDS notification goes only to the owner of the case.
        is_news = case.owner is None and relayed.urgent and not case.urgent
        await notify(transaction, Kind.NEW_CASE if is_news else Kind.NEW_WORDS, case.id)


async def note_upload(transaction: Transaction, person: Person) -> None:
    """Record that an uploaded file awaits an officer's answer, if the person has an open case.

    The officer had requested the file.
    """
    case = await open_of(transaction, person.id)
    if case is not None:
        await person_waits_again(transaction, case)
        await notify(transaction, Kind.NEW_WORDS, case.id)


async def person_waits_again(
    transaction: Transaction, case: Case, *, moves: int = 0
) -> tuple[working_hours.MissionSettings, datetime]:
    """Reopen a case because the person awaits an answer: claimed if it has an owner, else queued.

    The answer deadline, and the time at which an owned case returns to the queue, are set unless
    they are already set. The resolution deadline is extended by the working time since the case was
    paused. `moves` is added to the version. Return the settings of the case's mission and the time,
    which were read for this.
    """
    desk, now = (
        await working_hours.mission_settings(transaction, case.mission),
        await database_time(transaction),
    )
    calendar = desk.calendar()
    allowed = desk.next_minutes if case.answered_at else desk.first_minutes
    returns = calendar.after(now, desk.claim_timeout_minutes) if case.owner else None
    await execute(
        transaction,
        statements.WAIT_AGAIN,
        **{"return": returns},
        case=case.id,
        next_state=(State.CLAIMED if case.owner else State.QUEUED).value,
        now=now,
        answer=calendar.after(now, allowed),
        resolve=_extended_deadline(case, calendar, now),
        moves=moves,
    )
    return desk, now


async def extend_deadline(transaction: Transaction, case: Case) -> None:
    """Extend the resolution deadline by the working time since the case was paused."""
    desk, now = (
        await working_hours.mission_settings(transaction, case.mission),
        await database_time(transaction),
    )
    resolve = _extended_deadline(case, desk.calendar(), now)
    await execute(transaction, statements.EXTEND, case=case.id, resolve=resolve)


def _extended_deadline(
    case: Case, calendar: working_hours.Calendar, now: datetime
) -> datetime | None:
    """Return the resolution deadline, extended by the working time since the case was paused."""
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
) -> int:
    """Store a message in a case; return its id.

    The message is from the person, or from the officer `officer` if that is set. `message_id` is
    the outbox row of an officer's message.
    """
    body = person.key.seal(words.encode(), *MESSAGE_CONTEXT, str(case_id))
    added = await fetch_value(
        transaction,
        statements.ADD_MESSAGE,
        case=case_id,
        person=person.id,
        by_officer=officer,
        sealed=body,
        canned_name=canned or None,
        message=message_id,
    )
    assert added is not None
    return added


async def add_note(
    transaction: Transaction, person: Person, case_id: UUID, officer: UUID, words: str
) -> None:
    """Store an officer's internal note, in its own table, so that it cannot be sent by mistake."""
    body = person.key.seal(words.encode(), *NOTE_CONTEXT, str(case_id))
    values = {"case": case_id, "person": person.id, "by_officer": officer, "sealed": body}
    await execute(transaction, statements.ADD_NOTE, **values)


async def cancel(transaction: Transaction, person_id: UUID) -> None:
    """Close the person's open case, because the person went back from the officers to the bot.

    A case about the registration that Kosh opened, or that joined the person's request, stays open:
    officers must still decide it.
    """
    await execute(transaction, statements.CANCEL, person=person_id)


async def rate(transaction: Transaction, person_id: UUID, rating: str) -> None:
    """Store the person's rating of their last case, without cases that are hidden from them.

    Do nothing if the case already has a rating, or was closed more than 7 days ago.
    """
    await execute(transaction, statements.RATE, person=person_id, said=rating)
