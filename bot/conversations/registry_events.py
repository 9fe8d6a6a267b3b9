"""Turns that the registry causes: outcomes of writes to it, and its status callbacks.

The registry is the state's list of ethnic Kazakhs abroad, in which people pre-register.
"""

from dataclasses import replace
from uuid import UUID

from bot import cases
from bot.conversations.effects import AfterCommit
from bot.conversations.receive import take_turn
from bot.conversations.store import lock
from bot.db.connection import Transaction
from bot.registrations import household_writes, open_answers, registry_writes, submissions
from bot.registrations.registry_writes import Write
from bot.registry.client import Registry
from bot.registry.contract import StatusCallback
from bot.registry.errors import Refused, RegistryError
from bot.registry.households import Household
from bot.runtime import Runtime
from flows.engine.effects import OpenCase
from flows.engine.registration import Acknowledged
from flows.registry_questions import SUBJECTS

# States of a registration for which a case (request to officers) is opened, with its topic. The
# state "duplicate" is not shown to the person.
OFFICER_TOPICS = {
    "rejected": "registry_refused",
    "needs_information": "registry_question",
    "duplicate": "registry_duplicate",
}


async def write_to_registry(rt: Runtime, write_id: UUID) -> AfterCommit | None:
    """Attempt a queued write to the registry once.

    Claims the write, calls the registry, records the outcome, and notifies the person. Returns None
    if there is nothing to send to the person.
    """
    write = await registry_writes.claim(rt, write_id)
    if write is None or rt.registry is None:
        return None
    if write.kind in household_writes.KINDS:
        return await _change_household(rt, rt.registry, write)
    try:
        word = await registry_writes.call(rt.registry, write)
    except Refused as error:
        if write.kind == "erase":
            await registry_writes.postpone_erasure(rt, write, error)
            return None
        async with rt.pool.connection() as transaction:
            held = await lock(rt, transaction, write.person.id) if write.person else None
            language = held.conversation.language if held else ""
            await registry_writes.refuse(transaction, write, error, language)
        return None
    except RegistryError as error:
        await registry_writes.postpone(rt, write, error)
        return None
    async with rt.pool.connection() as transaction:
        if write.person is not None:
            await lock(rt, transaction, write.person.id)
        return await _tell(
            rt, transaction, await registry_writes.record_outcome(transaction, write, word)
        )


async def _change_household(rt: Runtime, registry: Registry, write: Write) -> AfterCommit | None:
    """Attempt once to change the person's household in the registry; notify them of the outcome."""
    response: Household | Refused | None
    try:
        response = await household_writes.call(registry, write)
    except Refused as refusal:
        response = refusal
    except RegistryError as error:
        await registry_writes.postpone(rt, write, error)
        return None
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, write.person.id) if write.person else None
        language = held.conversation.language if held else ""
        if isinstance(response, Refused):
            event = await household_writes.refuse(transaction, write, response, language)
        else:
            event = await household_writes.record(transaction, write, response, language)
        if held is None or event is None:
            return None
        return await take_turn(rt, transaction, held.person.id, event)


async def record_status_callback(rt: Runtime, callback: StatusCallback) -> AfterCommit | None:
    """Record a registration's status that the registry sent, and notify the person.

    Raises LookupError if the receipt number is unknown, for example because it is not stored yet.
    """
    async with rt.pool.connection() as transaction:
        person_id = await submissions.owner(transaction, callback.number)
        if person_id is not None:
            await lock(rt, transaction, person_id)
        outcome = await submissions.record_status(transaction, callback)
        return await _tell(rt, transaction, outcome)


async def _tell(
    rt: Runtime, transaction: Transaction, outcome: registry_writes.Outcome | None
) -> AfterCommit | None:
    if outcome is not None and not outcome.state:
        outcome = await _overtaken(rt, transaction, outcome)
    if outcome is None:
        return None
    outcome = await _without_answered_question(rt, transaction, outcome)
    topic = OFFICER_TOPICS.get(outcome.state)
    # If the bot has a form for the registry's question, the bot asks the person, and no case is
    # needed.
    asks = outcome.question is not None and outcome.question.about in SUBJECTS
    if topic and not asks:
        await _open_case(rt, transaction, outcome, topic)
    event = Acknowledged(
        outcome.state,
        outcome.number,
        outcome.reason,
        outcome.question,
        outcome.step,
        outcome.is_response,
        outcome.before_response,
    )
    return await take_turn(rt, transaction, outcome.person_id, event)


async def _overtaken(
    rt: Runtime, transaction: Transaction, outcome: registry_writes.Outcome
) -> registry_writes.Outcome | None:
    """Return the response to a submission, with the status from a callback that arrived earlier.

    Returns None if Kosh has already announced this status to the person, or if the person has since
    sent another submission.
    """
    held = await lock(rt, transaction, outcome.person_id)
    known = held.conversation.registration if held else None
    if known is None or known.write_first or known.state == "sent":
        return None
    return replace(
        outcome,
        state=known.state,
        number=known.number,
        reason=known.reason,
        question=known.question,
        step=known.step,
    )


async def _without_answered_question(
    rt: Runtime, transaction: Transaction, outcome: registry_writes.Outcome
) -> registry_writes.Outcome:
    """Return the outcome; with state `answered` if the answer to its question is not sent yet.

    Otherwise the person would answer again, and the registry would refuse the second answer.
    """
    if outcome.question is None:
        return outcome
    held = await lock(rt, transaction, outcome.person_id)
    if held is None:
        return outcome
    if not await open_answers.is_on_its_way(transaction, held.person, outcome.question):
        return outcome
    return replace(outcome, state="answered", question=None)


async def _open_case(
    rt: Runtime, transaction: Transaction, outcome: registry_writes.Outcome, topic: str
) -> None:
    """Open a case for officers, or set the person's open case to waiting for an answer.

    The person is not notified. A report that repeats state, reason and question, as with a step of
    the platform, opens no case: officers had one about them. After a change or an answer of the
    person, the conversation has another state.
    """
    held = await lock(rt, transaction, outcome.person_id)
    if held is None:
        return
    conversation = held.conversation
    known = conversation.registration
    reported = (outcome.state, outcome.reason, outcome.question)
    if known and (known.state, known.reason, known.question) == reported:
        return
    opened = OpenCase(topic, urgent=topic != "registry_duplicate")
    await cases.open_case(
        transaction, held.person, opened, conversation.language, conversation.forms
    )
