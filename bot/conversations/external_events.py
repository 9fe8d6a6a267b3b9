"""What jobs, callbacks and our own page bring to a conversation: papers, the registry's word.

Each is one try at one thing. What became of it reaches the person through `inbox.take_turn`, in the
transaction that writes it down.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

from bot import outbox, uploads
from bot.conversations.effects import Delivery
from bot.conversations.receive import take_turn
from bot.conversations.store import keep, lock
from bot.db.job_queue import Session
from bot.people import reminders
from bot.people.identities import Person
from bot.registrations import submissions
from bot.registry.errors import Refused, RegistryError
from bot.runtime import Runtime
from flows.engine import checklist_screens
from flows.engine.announcement_screens import SOMETHING_NEW
from flows.engine.conversation import awaited
from flows.engine.events import Acknowledged, Button, Papered, PaperMoved, Say
from flows.engine.screens import OPEN
from flows.engine.state import Conversation
from flows.preregistration import CLOSED


async def remind(rt: Runtime, person_id: UUID) -> Delivery | None:
    """Say once, in words that tell nothing, that a kept list waits; what is kept lives no longer.

    Not to whoever asked for silence meanwhile, nor while an officer has the conversation.
    """
    async with rt.pool.connection() as session:
        held = await lock(rt, session, person_id)
        if held is None or not await reminders.take(session, person_id):
            return None
        c = held.conversation
        if c.quiet or c.with_officer or c.mine is None:
            return None
        opening = Button(checklist_screens.CONTROL, OPEN)
        say = Say(((SOMETHING_NEW,),), (opening,), c.language, service=True)
        row = outbox.Row("send", outbox.rendered(rt, say))
        await outbox.post(session, held.person, held.channel, (row,))
    return Delivery(held.person, None)


async def forget_answers(rt: Runtime, person_id: UUID) -> None:
    """Drop the answers that the registry now holds; receipt and status stay, and other forms.

    A change that was begun and not sent is no such answer: it stays as long as a draft.
    """
    others = {name for name, flow in rt.flows.items() if not flow.registers} - {CLOSED.name}
    async with rt.pool.connection() as session:
        held = await lock(rt, session, person_id)
        sent, begun = await submissions.due_to_go(session, person_id)
        if held is None or not sent:
            return
        before = held.conversation.forms
        registering = {name: form for name, form in before.items() if name not in others}
        stay = {name for name, form in registering.items() if not (form.submitted or begun)}
        forms = {name: form for name, form in before.items() if name in others | stay}
        # Where nothing goes nothing is saved: that would count as if they had written.
        if forms != before:
            await keep(rt, session, held, replace(held.conversation, forms=forms))
        if not stay:
            await submissions.mark_spent(session, person_id)


async def forget_unfinished(rt: Runtime, person_id: UUID) -> None:
    """Of who is known for announcements alone, keep no more than that."""
    async with rt.pool.connection() as session:
        held = await lock(rt, session, person_id)
        if held is not None:
            c = held.conversation
            rest = Conversation(
                language=c.language,
                nonce=c.nonce,
                kept=True,
                quiet=c.quiet,
                consents=c.consents,
                topics=c.topics,
                locked=c.locked,
            )
            await reminders.put(session, person_id, 0)
            await keep(rt, session, held, rest)


async def write_to_registry(rt: Runtime, write_id: UUID) -> Delivery | None:
    """One try at a write: claim, call, record the answer and let the person hear of it."""
    write = await submissions.claim(rt, write_id)
    if write is None or rt.registry is None:
        return None
    try:
        word = await submissions.call(rt.registry, write)
    except Refused as error:
        async with rt.pool.connection() as session:
            held = await lock(rt, session, write.person.id) if write.person else None
            language = held.conversation.language if held else ""
            await submissions.refuse(session, write, error, language)
        return None
    except RegistryError as error:
        await submissions.postpone(rt, write, error)
        return None
    async with rt.pool.connection() as session:
        if write.person is not None:
            await lock(rt, session, write.person.id)
        return await _tell(rt, session, await submissions.settle(session, write, word))


async def hear_registry(rt: Runtime, number: str, state: str, version: int) -> Delivery | None:
    """A status from the registry; LookupError while its receipt is not known here."""
    async with rt.pool.connection() as session:
        person_id = await submissions.owner(session, number)
        if person_id is not None:
            await lock(rt, session, person_id)
        settled = await submissions.record_status(session, number, state, version)
        return await _tell(rt, session, settled)


async def _tell(
    rt: Runtime, session: Session, settled: submissions.Settled | None
) -> Delivery | None:
    if settled is None:
        return None
    event = Acknowledged(settled.state, settled.number)
    return await take_turn(rt, session, settled.person_id, event)


async def take_upload(
    rt: Runtime, person: Person | None, chunks: AsyncIterator[bytes]
) -> Delivery | None:
    """A file that comes over our own page: looked at, kept, and answered in the conversation.

    LookupError when none is waited for: the page may have been open since an earlier question.
    """
    if person is None:
        raise LookupError
    async with rt.pool.connection() as session:
        held = await lock(rt, session, person.id)
    place = awaited(rt.flows, held.conversation) if held else None
    if place is None:
        raise LookupError
    return await _papered(rt, await uploads.look(rt, person.id, place, chunks))


async def fetch_upload(rt: Runtime, upload_id: UUID) -> Delivery | None:
    """One try at a file that the messenger keeps for us: fetched, looked at, kept, answered."""
    checked = await uploads.fetch(rt, upload_id)
    return None if checked is None else await _papered(rt, checked)


async def _papered(rt: Runtime, checked: uploads.Checked) -> Delivery | None:
    """Keep a file and tell the conversation of it, in one transaction."""
    with checked:
        async with rt.pool.connection() as session:
            verdict = await uploads.keep(rt, session, checked)
            if verdict is None:
                return None
            refusal = verdict.reason if isinstance(verdict, uploads.Refused) else ""
            hints = () if isinstance(verdict, uploads.Refused) else verdict.hints
            event = Papered(checked.place.flow, checked.place.key, refusal, next(iter(hints), ""))
            return await take_turn(rt, session, checked.person_id, event)


async def send_upload(rt: Runtime, upload_id: UUID) -> Delivery | None:
    """One try at sending a paper to the registry: claim, call, record the answer."""
    parcel = await uploads.claim(rt, upload_id) if rt.registry else None
    if parcel is None or rt.registry is None:
        return None
    try:
        document = await uploads.call(rt, rt.registry, parcel)
    except Refused as error:
        async with rt.pool.connection() as session:
            held = await lock(rt, session, parcel.person.id)
            language = held.conversation.language if held else ""
            moved = await uploads.refuse(session, parcel, error, language)
            return await _tell_moved(rt, session, moved)
    except RegistryError as error:
        await uploads.postpone(rt, parcel, error)
        return None
    async with rt.pool.connection() as session:
        await lock(rt, session, parcel.person.id)
        return await _tell_moved(rt, session, await uploads.settle(session, parcel, document))


async def _tell_moved(
    rt: Runtime, session: Session, moved: uploads.Moved | None
) -> Delivery | None:
    if moved is None:
        return None
    return await take_turn(rt, session, moved.person_id, PaperMoved(moved.paper, moved.state))
