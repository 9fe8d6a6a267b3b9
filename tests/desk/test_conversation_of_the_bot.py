"""Officers' work on a case while the bot leads the conversation keeps the bot's unsent answers.

The bot leads the conversation during a hidden case, and if the person left the conversation with
the officers but the case is about the registration and therefore stays open.
"""

import pytest

from bot import cases, desk
from bot.conversations import receive
from bot.desk import ToOfficer, ToTopic, case_sweeps
from bot.officers.directory import Officer
from bot.outbox import sender
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.desk.desks import case_of, insert_officer, new_idempotency_key, stored_case
from tests.person_client import Guest
from tests.registrations.registries import REFUSED, StoringRegistry, write_due


async def _claimed_case(rt: Runtime, guest: Guest, officer: Officer, kind: str) -> cases.Case:
    """Return a case that the officer claimed, during which the bot leads the conversation."""
    if kind == "hidden":
        await Guest(rt).register()
    await guest.register()
    if kind == "left":
        registry = StoringRegistry()
        registry.fails = {"create": REFUSED}
        await write_due(rt, registry)
    case = await case_of(guest)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE cases SET mission = 'general'")
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    if kind == "left":
        await guest.go("/menu", "yes")
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer
    return await stored_case(rt, case.id)


@pytest.mark.parametrize("way", ["sweep", "release", "officer", "topic", "resolve"])
@pytest.mark.parametrize("kind", ["hidden", "left"])
async def test_answer_of_the_bot_is_sent_when_a_case_changes_its_owner(
    rt: Runtime, kind: str, way: str
) -> None:
    """Change the owner of the case while the bot's answer to a command waits in the outbox."""
    officer, other = await insert_officer(rt), await insert_officer(rt, "Officer Other")
    guest = Guest(rt)
    case = await _claimed_case(rt, guest, officer, kind)
    before = len(await guest.rows())
    await receive.receive(rt, guest.inbound(Said("/status")))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE messages SET state = 'pending' WHERE state = 'sending'")
        if way == "sweep":
            await session.execute("UPDATE cases SET return_due = kosh_now()")
    match way:
        case "sweep":
            await case_sweeps.sweep_cases(rt)
        case "release":
            await desk.release(rt, officer, case.id, case.version, key=new_idempotency_key())
        case "resolve":
            await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
        case _:
            goal = ToTopic("registration") if way == "topic" else ToOfficer(other.id)
            await desk.transfer(
                rt, officer, case.id, case.version, key=new_idempotency_key(), to=goal
            )
    assert (await stored_case(rt, case.id)).version == case.version + 1
    await sender._catch_up(rt, case.person_id)
    assert {state for _id, _act, state in (await guest.rows())[before:]} == {"sent"}
