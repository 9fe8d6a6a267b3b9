"""A case as its page shows it: the talk, the notes, the registry, what may be done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bot import access, audit, cases, log, officers, uploads
from bot.access import Action, Allowed, Forbidden, Reason, Why
from bot.cases import Case
from bot.officers import Officer
from bot.people import Person
from bot.queue import Session
from bot.reading.form import conversation, person_of, road, seen
from bot.reading.lists import BESIDE, LINE, Line, last_event, line_of
from bot.runtime import Runtime
from bot.uploads import Listed
from flows.engine.house import titled
from flows.engine.text import Text

MOST_WORDS = 4000
ONE_READING = timedelta(minutes=15)
SOFT_BUDGET, HARD_BUDGET = 60, 120

_logger = log.get()


class ReasonNeeded(Exception):
    """Somebody who does not hold the case has to say why they read it."""

    code = "E_REASON"


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the talk. `delivery` is of an officer's: pending, sending, sent, delivered, read,
    waiting (for the platform's window), dropped (another officer took over: not sent), failed,
    undeliverable, gone (too long ago to know); `reason` is then an error's code.
    """

    id: int
    at: datetime
    by: str
    officer: str
    words: str
    delivery: str
    reason: str
    canned: str


@dataclass(frozen=True, slots=True)
class Noted:
    id: int
    at: datetime
    officer: str
    words: str


@dataclass(frozen=True, slots=True)
class Composer:
    """Whether free words can be sent, until when, and in which language the person reads."""

    open: bool
    closes_at: datetime | None
    language: str
    limit: int


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration, or one of its writes; `reason` names what the registry did not take."""

    kind: str
    number: str
    state: str
    attempts: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """A case as its page shows it; `at` is the last change it contains, to go on from.

    `papers` are those that the person has sent, `wanted` is what was asked for and has not come;
    `beside` are colleagues who look at it too.
    """

    line: Line
    thread: tuple[Said, ...]
    notes: tuple[Noted, ...]
    composer: Composer
    registry: tuple[Registered, ...]
    earlier: tuple[Line, ...]
    flow: Text | None
    step: Text | None
    may: frozenset[Action]
    epoch: int
    at: int
    papers: tuple[Listed, ...]
    wanted: str
    beside: tuple[str, ...]


async def view(rt: Runtime, officer: Officer, case_id: UUID, reason: Reason | None = None) -> View:
    """A case with its words; ReasonNeeded where none is given by somebody who does not hold it.

    Readings of one case by one officer within 15 minutes count, and are audited, as one.
    """
    async with officers.acting(rt, officer) as session:
        at = await last_event(session)
        line = await seen(rt, session, officer, case_id, Action.CASE_READ)
        fresh = await _account(session, officer, line.case, reason)
        person = await person_of(rt, session, line.case)
        talk, epoch = await conversation(session, person)
        found = road(rt, talk) if talk else None
        now = await cases.clock(session)
        composer = Composer(
            talk is not None and (line.window is None or line.window > now),
            line.window,
            talk.language if talk else line.case.language,
            MOST_WORDS,
        )
        step = found[2].current(found[1].cursor) if found else None
        page = View(
            line=line,
            thread=await _thread(session, person, case_id),
            notes=await _notes(session, person, case_id),
            composer=composer,
            registry=await _registry(session, person),
            earlier=await _earlier(rt, session, line.case),
            flow=found[0].title if found else None,
            step=titled(step, found[2]) if found and step else None,
            may=may(officer, line.case),
            epoch=epoch,
            at=at,
            papers=tuple(await uploads.listing(session, person.id)),
            wanted=talk.wanted if talk else "",
            beside=await _beside(session, officer, case_id),
        )
        if fresh:
            await _note(session, officer, Action.CASE_READ, case_id, reason)
    return page


def may(officer: Officer, case: Case) -> frozenset[Action]:
    """What the policy lets this officer do with the case now."""
    allowed = (isinstance(access.allows(officer, each, case.subject), Allowed) for each in Action)
    return frozenset(each for each, yes in zip(Action, allowed, strict=True) if yes)


async def _account(session: Session, officer: Officer, case: Case, reason: Reason | None) -> bool:
    """Whether this reading is a new one; then it has to have a reason and to be within budget."""
    cursor = await session.execute(
        "SELECT count(DISTINCT subject), coalesce(bool_or(subject = %s"
        " AND at > kosh_now() - %s), false) FROM audit"
        " WHERE actor = %s AND action = %s AND at > kosh_now() - interval '1 hour'",
        (str(case.id), ONE_READING, str(officer.id), Action.CASE_READ.value),
    )
    read, going_on = await cursor.fetchone() or (0, False)
    if going_on:
        return False
    if reason is None and case.owner != officer.id:
        raise ReasonNeeded
    if read >= HARD_BUDGET:
        raise Forbidden(Why.BUDGET)
    if read >= SOFT_BUDGET:
        _logger.warning("reading.many", count=read)
    return True


async def page(rt: Runtime, officer: Officer, case_id: UUID, upload_id: UUID, number: int) -> bytes:
    """A page of a paper that the person has sent, as pixels; the looking is audited."""
    async with officers.acting(rt, officer) as session:
        line = await seen(rt, session, officer, case_id, Action.CASE_PAGE)
        person = await person_of(rt, session, line.case)
        found = await uploads.picture(session, person, upload_id, number)
        if found is None:
            raise LookupError("E_CASE: this page is not here any more; look at the case")
        paper, picture = found
        await audit.append(
            session,
            actor=str(officer.id),
            action=Action.CASE_PAGE.value,
            subject=str(case_id),
            detail=paper,
        )
    return picture


async def _beside(session: Session, officer: Officer, case_id: UUID) -> tuple[str, ...]:
    """Who else looks at the case just now; and that this officer does."""
    await session.execute(
        "INSERT INTO case_readers (case_id, officer) VALUES (%s, %s)"
        " ON CONFLICT (case_id, officer) DO UPDATE SET at = kosh_now()"
        " WHERE case_readers.at < kosh_now() - interval '20 seconds'",
        (case_id, officer.id),
    )
    cursor = await session.execute(
        "SELECT o.name FROM case_readers r JOIN officers o ON o.id = r.officer"
        " WHERE r.case_id = %s AND r.officer <> %s AND r.at > kosh_now() - interval '1 minute'"
        " ORDER BY o.name",
        (case_id, officer.id),
    )
    return tuple(row[0] for row in await cursor.fetchall())


async def _note(
    session: Session, officer: Officer, action: Action, case_id: UUID, reason: Reason | None
) -> None:
    told = (reason or Reason.ANSWER).value
    await audit.append(
        session, actor=str(officer.id), action=action.value, subject=str(case_id), detail=told
    )


async def _thread(session: Session, person: Person, case_id: UUID) -> tuple[Said, ...]:
    cursor = await session.execute(
        "SELECT w.id, w.at, w.officer IS NULL, coalesce(o.name, ''), w.body,"
        " CASE WHEN w.officer IS NULL THEN '' ELSE coalesce(m.receipt, m.state, 'gone') END,"
        " coalesce(m.reason, ''), coalesce(w.canned, '') FROM case_words w"
        " LEFT JOIN officers o ON o.id = w.officer LEFT JOIN messages m ON m.id = w.message_id"
        " WHERE w.case_id = %s ORDER BY w.id",
        (case_id,),
    )
    place = ("case_words", "body", str(case_id))
    return tuple(
        Said(number, at, "person" if persons else "officer", name,
             person.key.unseal(bytes(body), *place).decode(), *rest)
        for number, at, persons, name, body, *rest in await cursor.fetchall()
    )  # fmt: skip


async def _notes(session: Session, person: Person, case_id: UUID) -> tuple[Noted, ...]:
    cursor = await session.execute(
        "SELECT n.id, n.at, coalesce(o.name, ''), n.body FROM notes n"
        " LEFT JOIN officers o ON o.id = n.officer WHERE n.case_id = %s ORDER BY n.id",
        (case_id,),
    )
    place = ("notes", "body", str(case_id))
    return tuple(
        Noted(number, at, name, person.key.unseal(bytes(body), *place).decode())
        for number, at, name, body in await cursor.fetchall()
    )


async def _registry(session: Session, person: Person) -> tuple[Registered, ...]:
    cursor = await session.execute(
        "SELECT 'registration', coalesce(r.number, ''), r.state, 0, '', r.state_at"
        " FROM registrations r WHERE r.person_id = %(id)s UNION ALL"
        " SELECT w.kind, coalesce(r.number, ''), w.state, w.attempts, coalesce(w.reason, ''),"
        " coalesce(w.done_at, w.created_at) FROM registry_writes w"
        " JOIN registrations r ON r.id = w.registration_id WHERE r.person_id = %(id)s ORDER BY 6",
        {"id": person.id},
    )
    return tuple(Registered(*row) for row in await cursor.fetchall())


async def _earlier(rt: Runtime, session: Session, case: Case) -> tuple[Line, ...]:
    cursor = await session.execute(
        f"{LINE} FROM cases k {BESIDE} WHERE k.person_id = %s AND k.id <> %s"
        " ORDER BY k.opened_at DESC LIMIT 25",
        (case.person_id, case.id),
    )
    return tuple(line_of(rt, row) for row in await cursor.fetchall())
