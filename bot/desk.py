"""What officers do: look at the queue, take a case, answer, give the conversation back."""

from uuid import UUID

from bot import audit, cases, inbox, officers, outbox, people
from bot.channels import Message
from bot.outbox import Row
from bot.people import Person
from bot.queue import Session
from bot.runtime import Runtime
from flows.engine.events import Joined, Resolved
from flows.engine.text import _

OFFICER_SAYS = _("An officer writes:")


async def waiting(rt: Runtime) -> list[cases.Case]:
    """Open cases in the order in which they should be taken."""
    async with rt.pool.connection() as session:
        return await cases.waiting(session)


async def read(rt: Runtime, case_id: UUID, officer: officers.Officer) -> list[tuple[bool, str]]:
    """A case's words, oldest first, with whether an officer wrote them; the reading is audited."""
    async with rt.pool.connection() as session:
        case = await _found(session, case_id)
        person = await _person(rt, session, case)
        await audit.append(session, actor=str(officer.id), action="case.read", subject=str(case_id))
        return [
            (by_officer, words)
            for by_officer, words, _at in await cases.words(session, person, case_id)
        ]


async def claim(rt: Runtime, case_id: UUID, officer: officers.Officer) -> None:
    """Take a case; from this commit on no message of the form is sent any more."""
    async with rt.pool.connection() as session:
        case = await _found(session, case_id)
        await inbox.lock(rt, session, case.person_id)
        await cases.claim(session, case_id, officer.id)
        delivery = await inbox.take_turn(rt, session, case.person_id, Joined(), moved=True)
        await audit.append(
            session, actor=str(officer.id), action="case.claimed", subject=str(case_id)
        )
    await inbox.deliver(rt, delivery)


async def answer(rt: Runtime, case_id: UUID, officer: officers.Officer, words: str) -> None:
    """Write to the person, on the channel that spoke last."""
    async with rt.pool.connection() as session:
        held = await inbox.lock(rt, session, (await _found(session, case_id)).person_id)
        case = await _found(session, case_id)
        if held is None or case.owner != officer.id or case.state == cases.State.RESOLVED:
            raise cases.Taken
        language = held.conversation.language
        message = Message((rt.languages.render(OFFICER_SAYS, language), words), language=language)
        await cases.add_words(session, held.person, case_id, words, officer.id)
        row = Row("send", message, case_id=case_id, officer=officer.id)
        await outbox.post(session, held.person, held.channel, (row,))
    await outbox.deliver(rt, None, held.person)


async def resolve(rt: Runtime, case_id: UUID, officer: officers.Officer) -> None:
    """Close the case; the bot goes on where the person was."""
    async with rt.pool.connection() as session:
        case = await _found(session, case_id)
        await inbox.lock(rt, session, case.person_id)
        await cases.resolve(session, case_id, officer.id)
        delivery = await inbox.take_turn(rt, session, case.person_id, Resolved(), moved=True)
        await audit.append(
            session, actor=str(officer.id), action="case.resolved", subject=str(case_id)
        )
    await inbox.deliver(rt, delivery)


async def _found(session: Session, case_id: UUID) -> cases.Case:
    case = await cases.find(session, case_id)
    if case is None:
        raise LookupError("E_CASE: there is no such case; look at the list")
    return case


async def _person(rt: Runtime, session: Session, case: cases.Case) -> Person:
    person = await people.load(rt, session, case.person_id)
    if person is None:
        raise LookupError("E_CASE: this person was erased; nothing is left to read")
    return person
